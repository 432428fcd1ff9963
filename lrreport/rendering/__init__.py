"""From results to the files of a report; what has not changed since an earlier build is kept."""
