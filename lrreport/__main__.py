"""`python -m lrreport`."""

from lrreport.cli import main

if __name__ == "__main__":
    main()
