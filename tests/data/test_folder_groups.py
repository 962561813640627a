"""Images of one patient stand on one side."""

import numpy as np
import pytest
import torch
from PIL import Image

from sparsight.config import training_digest, validated
from sparsight.data import SPLITS, FolderSettings, load_dataset
from sparsight.data.tree import read_tree
from sparsight.draws import generator
from sparsight.errors import InputError

PATTERN = r"(p\d+)_"


def lay(root, names):
    draw = np.random.default_rng(0)
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 255, (12, 12, 3), dtype=np.uint8)).save(root / name)
    return root


@pytest.fixture
def patients(tmp_path):
    """Two classes of twelve patients with one to four images each."""
    return lay(
        tmp_path / "set",
        [
            f"{kind}/p{10 * k + p}_{i}.png"
            for k, kind in ((1, "benign"), (3, "malignant"))
            for p in range(12)
            for i in range(1 + p % 4)
        ],
    )


def load(root, **more):
    return load_dataset(FolderSettings(path=root, image_size=16, **more))


def who(root, data):
    """The patients of each side."""
    entries = read_tree(root).entries
    return {split: {entries[i].path.name.split("_")[0] for i in data.splits[split].tolist()} for split in SPLITS}


def test_a_person_stands_on_one_side_and_shares_are_kept_nearly(patients):
    data = load(patients, groups=PATTERN)
    sides = who(patients, data)
    assert sum(len(own) for own in sides.values()) == len(set.union(*sides.values())) == 24
    counts = [len(data.splits[split]) for split in SPLITS]
    assert sum(counts) == 60
    assert abs(counts[1] - 12) <= 4
    assert abs(counts[2] - 12) <= 4
    assert all(len(data.labels[data.splits[split]].unique()) == 2 for split in SPLITS)
    assert rf"24 groups of images by the pattern {PATTERN}; all of a group stand on one side" in data.notes


def test_the_split_is_drawn_by_the_seed_and_the_groups_alone(patients):
    first, again, other = (load(patients, groups=PATTERN, seed=seed) for seed in (0, 0, 1))
    assert all(torch.equal(first.splits[split], again.splits[split]) for split in SPLITS)
    assert who(patients, first) != who(patients, other)
    rows = ["image,patient"] + [f"{p.name},{p.name.split('_')[0]}" for p in patients.rglob("*.png")]
    (patients / "concepts.csv").write_text("\n".join(rows))
    by_column = load(patients, groups="patient")
    assert who(patients, by_column) == who(patients, first)
    assert (by_column.concept_names, by_column.concepts.shape[1]) == ((), 0)


def test_without_groups_nothing_changes(patients):
    """The split of each class as it was drawn before there were groups, and the digest of such settings then."""
    data = load(patients)
    mine = [i for i, entry in enumerate(read_tree(patients).entries) if entry.label == 0]
    order = torch.randperm(len(mine), generator=generator("split", "folder", 0, "benign")).tolist()
    trained = {mine[j] for j in order[:18]}
    assert trained == set(data.splits["train"].tolist()) & set(mine)
    plain, grouped = (
        training_digest(validated({"data": {"name": "folder", "path": "/birds", **more}}, "test"))
        for more in ({}, {"groups": PATTERN})
    )
    assert plain == "6cc9ec3ee6acb19af1083ad7696951e7f8e4056414f0a896bf70312708e5cb60" != grouped


def test_concepts_beside_the_column_are_concepts(patients):
    rows = ["image,patient,red"] + [f"{p.name},{p.name.split('_')[0]},1" for p in patients.rglob("*.png")]
    (patients / "concepts.csv").write_text("\n".join(rows))
    data = load(patients, groups="patient")
    assert data.concept_names == ("red",)
    assert bool((data.concepts == 1).all())
    with pytest.raises(InputError, match=r"column 'patient': 'p.*' is not read"):
        load(patients)


def test_a_group_with_two_labels_and_images_without_a_group_are_named(patients):
    lay(patients, ["benign/p30_9.png", "benign/odd.png"])
    notes = load(patients, groups=PATTERN).notes
    assert "1 group has images of several classes ('p30': benign, malignant)" in notes
    assert rf"1 image has no group by the pattern {PATTERN}, as benign/odd.png: each is one of its own" in notes


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        (r"(q\d+)_", r"data.groups: the pattern .q.* gives no image a group, as benign/p10_0.png"),
        ("patient", r"has no column 'patient', which data.groups names, but red; name one of these, or give a pattern"),
    ],
)
def test_what_gives_no_groups_is_refused(patients, groups, says):
    (patients / "concepts.csv").write_text("class,red\nbenign,1\nmalignant,0\n")
    with pytest.raises(InputError, match=says):
        load(patients, groups=groups)


@pytest.mark.parametrize(("groups", "says"), [("(p", "no regular expression"), (r"(p)(\d)", "one pair of brackets")])
def test_a_pattern_that_is_none_is_refused(patients, groups, says):
    with pytest.raises(ValueError, match=says):
        FolderSettings(path=patients, groups=groups)


def test_groups_that_cross_the_sides_of_folders_are_refused_and_named(tmp_path):
    sides = {"train": (1, 2), "val": (3,), "test": (4, 1)}
    root = lay(
        tmp_path / "set",
        [f"{side}/{kind}/p{p}_{side}{kind}.png" for side, own in sides.items() for kind in "ab" for p in own],
    )
    says = r"group 'p1' stands on several sides, as train/./p1_train..png and test/./p1_test..png; move all images"
    with pytest.raises(InputError, match=says):
        load(root, groups=PATTERN)
    for path in (root / "test").rglob("p1_*"):
        path.unlink()
    assert len(load(root, groups=PATTERN).splits["test"]) == 2


@pytest.mark.parametrize("groups", ["patient", r"p\d+"])
def test_groups_by_a_column_that_no_table_has_are_refused(patients, groups):
    with pytest.raises(InputError, match=r"is the name of a column, and there is no table of concepts"):
        load(patients, groups=groups)


def test_too_few_groups_of_a_class_are_named_as_the_reason(tmp_path):
    root = lay(tmp_path / "set", [f"{kind}/{kind}p{i // 4}_{i}.png" for kind in "ab" for i in range(8)])
    with pytest.raises(
        InputError, match=r"class 'a' has no image for test; its images are of 2 groups by data\.groups"
    ):
        load(root, groups=r"(.p\d)_")
    load(root, groups=r"(.p\d_\d)")  # smaller ones
