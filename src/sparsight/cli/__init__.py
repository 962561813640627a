"""The command line."""

from sparsight.cli.main import main

__all__ = ["main"]
