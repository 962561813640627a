"""Tables of any width are parted; a cell that the reader cannot hold is named, whatever the delimiter."""

import csv

import pytest

from sparsight.data.cells import read_cells
from sparsight.errors import InputError

LARGEST = csv.field_size_limit()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_header_longer_than_the_largest_cell_is_parted(tmp_path, delimiter):
    names = ["class", *(f"a concept of number {i}" for i in range(LARGEST // 20))]
    path = tmp_path / "wide.csv"
    path.write_text("\n".join([delimiter.join(names), delimiter.join(["ara", *"1" * (len(names) - 1)])]))
    assert len(delimiter.join(names)) > LARGEST
    assert [cells[:2] for _, cells in read_cells(path, ["class"], "mend it")] == [names[:2], ["ara", "1"]]


@pytest.mark.parametrize("content", ["{", "class,red\nara,"])
def test_a_cell_that_is_too_large_is_refused_with_its_line(tmp_path, content):
    path = tmp_path / "long.csv"
    path.write_text(content + "x" * (LARGEST + 1))
    with pytest.raises(InputError, match=rf"long.csv: line {content.count(chr(10)) + 1}: not a row .*; mend it"):
        read_cells(path, ["class"], "mend it")
