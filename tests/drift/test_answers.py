import torch
from hypothesis import given
from hypothesis import strategies as st

from sparsight.drift import STRATA, flips, strata


def test_by_hand():
    labels = torch.tensor([0, 0, 0, 0, 0])
    dense = torch.tensor([0, 0, 1, 1, 1])
    own = torch.tensor([0, 1, 0, 1, 2])
    assert flips(dense, own).tolist() == [False, True, True, False, True]
    assert [STRATA[i] for i in strata(labels, dense, own)] == [
        "both right", "flipped", "flipped", "both wrong", "flipped",
    ]  # fmt: skip


def test_no_images():
    none = torch.zeros(0, dtype=torch.int64)
    assert strata(none, none, none).tolist() == []


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1))
def test_every_image_is_of_one_kind(rows):
    labels, dense, own = torch.tensor(rows).T
    found = strata(labels, dense, own)
    assert torch.equal(found == 0, (dense == labels) & (own == labels))
    assert torch.equal(found == 1, flips(dense, own))
    assert torch.equal(found == 2, (dense != labels) & (own == dense))
    assert torch.equal(found, strata(labels, own, dense))
