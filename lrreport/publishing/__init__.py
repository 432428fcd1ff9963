"""The output folder: what may be written there, and how a new report takes the place of the old one."""
