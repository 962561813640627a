"""Which images of class folders train, validate and test."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.data import FolderSettings
from sparsight.data.folder_shares import counts_of


@given(n=st.integers(3, 500), train=st.integers(1, 98), validation=st.integers(1, 98))
@settings(max_examples=60, deadline=None)
def test_shares_never_ask_for_more_than_there_are_and_leave_no_split_empty(n, train, validation):
    if train + validation > 99:
        return
    wanted = FolderSettings(
        path="x", train=train / 100, validation=validation / 100, test=(100 - train - validation) / 100
    )
    counts = counts_of(n, wanted)
    assert sum(counts.values()) == n
    assert min(counts.values()) >= 1
