"""What the program asks of the operating system: folders, files, locks, processes, signals. No stage of a build."""
