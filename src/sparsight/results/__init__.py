"""A run's ``results/`` folder: tables and pictures made from all networks' evidence, and read back for the report."""

from sparsight.results.read import RESULT_FILES, read_results, result_flaws
from sparsight.results.rules import other_rules
from sparsight.results.write import result_files, write_results

__all__ = ["RESULT_FILES", "other_rules", "read_results", "result_files", "result_flaws", "write_results"]
