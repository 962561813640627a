"""Concepts of CUB by the votes of single images."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sparsight.data import CubSettings, load_dataset
from sparsight.data.cub.attributes import class_majority, concepts_of, read_attributes
from sparsight.data.cub.layout import read_layout
from sparsight.data.cub.votes import PUBLISHED, image_vote, published
from sparsight.errors import InputError
from tests.data.cub.conftest import ATTRIBUTES, CLASSES, EACH


def votes(root, seed=0, more=""):
    """Draw the file of votes, with ties, and with lines that have cells too many, as the official one."""
    draw = np.random.default_rng(seed)
    rows = [
        (n, a, int(draw.random() < 0.6), int(draw.integers(1, 5)), round(draw.random() * 9, 3))
        for n in range(1, CLASSES * EACH + 1)
        for a in range(1, len(ATTRIBUTES) + 1)
    ]
    lines = [" ".join(map(str, row)) + (" 0 1.5" if i % 50 == 7 else "") for i, row in enumerate(rows)]
    path = root / "attributes" / "image_attribute_labels.txt"
    path.write_text("\n".join(lines) + "\n" + more)
    return pd.DataFrame(rows, columns=["image", "attribute", "present", "certainty", "time"])


@pytest.mark.parametrize("seed", range(4))
def test_votes_against_another_way_to_count(cub, seed):
    table = votes(cub, seed)
    training = np.array([n for n in range(1, CLASSES * EACH + 1) if (n - 1) % EACH < 4])
    found = image_vote(read_layout(cub), training)
    table["class"] = (table["image"] - 1) // EACH
    seen = table[table["image"].isin(training) & ~((table["present"] == 0) & (table["certainty"] == 1))]
    share = seen.pivot_table(index="class", columns="attribute", values="present", aggfunc="mean", fill_value=1.0)
    expected = (share.to_numpy() >= 0.5)[:, (share >= 0.5).sum().to_numpy() >= 10]
    assert np.array_equal(found.present, expected)


def test_a_class_that_nobody_could_judge_counts_as_having_it(cub):
    table = votes(cub)
    table.loc[table["image"] <= EACH, ["present", "certainty"]] = (0, 1)
    path = cub / "attributes" / "image_attribute_labels.txt"
    path.write_text("\n".join(" ".join(map(str, row[1:])) for row in table.astype(int).itertuples()) + "\n")
    found = image_vote(read_layout(cub), np.arange(1, CLASSES * EACH + 1))
    assert found.present[0].all()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("1 9 1 3 1.0\n", "line 289: attribute 9 is not from 1 to 4"),
        ("1 1 2 3 1.0\n", "line 289: present 2 is not from 0 to 1"),
        ("1 1 1 0 1.0\n", "line 289: certainty 0 is not from 1 to 4"),
        ("99999 1 1 3 1.0\n", "1 ids are in no line of images.txt, as 99999"),
        ("1 one 1 3 1.0\n", "not four numbers a line"),
        ("1 1 1\n", "not four numbers a line"),
    ],
)
def test_votes_that_cannot_be_are_named(cub, more, says):
    votes(cub, more=more)
    with pytest.raises(InputError, match=says):
        image_vote(read_layout(cub), np.array([1, 2]))


def test_a_file_that_is_cut_off_is_named(cub):
    votes(cub)
    path = cub / "attributes" / "image_attribute_labels.txt"
    path.write_text("\n".join(path.read_text().splitlines()[: 70 * len(ATTRIBUTES)]) + "\n")
    with pytest.raises(InputError, match=r"no line for 2 images of images\.txt, as 71, 72"):
        image_vote(read_layout(cub), np.array([1, 2]))


def test_without_votes_the_file_is_named(cub):
    with pytest.raises(InputError, match=r"image_attribute_labels\.txt: missing; data\.concepts image-vote"):
        image_vote(read_layout(cub), np.array([1]))


def test_classes_that_are_not_studied_vote_as_well(cub):
    votes(cub, 3)
    room = {"path": cub, "image_size": 8, "masks": "none", "parts": False, "concepts": "image-vote"}
    whole, some = (load_dataset(CubSettings(**room, classes=classes)) for classes in (None, 3))
    assert 0 < len(whole.concept_names) < len(ATTRIBUTES)
    assert some.concept_names == whole.concept_names
    assert some.concepts.equal(whole.concepts[whole.labels < 3])


def test_validation_and_test_images_do_not_vote(cub):
    table = votes(cub, 3)
    data = load_dataset(CubSettings(path=cub, image_size=8, masks="none", parts=False, concepts="image-vote"))
    assert 0 < len(data.concept_names) < len(ATTRIBUTES)
    trains = {int(i) + 1 for i in data.splits["train"]}
    table.loc[~table["image"].isin(trains), "present"] = 1 - table["present"]
    path = cub / "attributes" / "image_attribute_labels.txt"
    path.write_text("\n".join(" ".join(map(str, row[1:])) for row in table.astype(int).itertuples()) + "\n")
    again = load_dataset(CubSettings(path=cub, image_size=8, masks="none", parts=False, concepts="image-vote"))
    assert (again.concept_names, again.concepts.tolist()) == (data.concept_names, data.concepts.tolist())


def test_of_the_official_tables_the_112_attributes_of_the_authors_are_taken(test_data):
    layout = read_layout(test_data / "CUB_200_2011")
    attributes = read_attributes(layout.root)
    kept = published(layout, len(attributes))
    found = concepts_of(np.zeros((200, 312), dtype=bool), attributes, kept)
    assert found.present.shape == (200, 112)
    assert len(set(found.names)) == 112
    assert len(set(found.names) & set(class_majority(layout).names)) == 104
    assert published(replace(layout, images=layout.images[1:]), 312) is None


def test_the_authors_list_is_in_order():
    assert list(PUBLISHED) == sorted(set(PUBLISHED))
    assert (len(PUBLISHED), PUBLISHED[0], PUBLISHED[-1]) == (112, 2, 312)
