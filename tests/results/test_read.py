"""Result tables are read back as they were written, whatever a class or a concept is called."""

import pytest

from sparsight.io import write_csv
from sparsight.report import COLUMNS
from sparsight.results.read import read_table

NAMES = ["=HYPERLINK(1)", "-", "'s-Hertogenbosch", "a\\x1b", "\x1b[2J", "two\nlines", "\u202e", "nan", "1e3"]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_read_back(tmp_path, name):
    path = tmp_path / "concepts.csv"
    write_csv(path, COLUMNS["concepts"], [("magnitude", 0, None, 0, 1.0, name, 1, name, -0.25)])
    read = read_table(path, COLUMNS["concepts"])
    assert read["class"].tolist() == read["concept"].tolist() == [name]
    assert read["weight"].tolist() == [-0.25]
    assert "\x1b" not in path.read_text()
