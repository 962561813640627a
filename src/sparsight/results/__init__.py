"""A run's ``results/`` folder: tables and pictures made from all networks' evidence, and read back for the report."""

from sparsight.results.read import read_results
from sparsight.results.write import write_results

__all__ = ["read_results", "write_results"]
