"""Which images of CUB stand on which side."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.data.cub.splits import official, released


def test_the_real_birds_split_as_the_released_codes(test_data):
    lines = (test_data / "CUB_200_2011" / "image_class_labels.txt").read_text().splitlines()
    labels = torch.tensor([int(line.split()[1]) for line in lines])
    assert {side: len(chosen) for side, chosen in released(labels, 0).items()} == {
        "train": 9422,
        "validation": 1183,
        "test": 1183,
    }


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=120), st.floats(0.01, 0.9))
def test_every_image_stands_on_one_side(rows, validation):
    labels, trains = torch.tensor([label for label, _ in rows]), torch.tensor([train for _, train in rows])
    for sides in (official(labels, trains, validation, 0), released(labels, 0)):
        assert sorted(i for chosen in sides.values() for i in chosen.tolist()) == list(range(len(rows)))
    sides = official(labels, trains, validation, 0)
    assert not trains[sides["test"]].any()
    assert trains[torch.cat([sides["train"], sides["validation"]])].all()


def test_a_class_keeps_its_split_when_others_leave():
    labels = torch.arange(60) % 3
    alone = released(labels[labels == 1], 0)
    among = released(labels, 0)
    mine = [i for i in among["test"].tolist() if labels[i] == 1]
    assert [i // 3 for i in mine] == alone["test"].tolist()
