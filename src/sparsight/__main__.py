"""``python -m sparsight``."""

from sparsight.cli import main

if __name__ == "__main__":  # worker processes import this file and must not start a second command
    main()
