"""Concepts of CUB: the paper's rule, and the names."""

import pytest
import torch

from sparsight.config import validated
from sparsight.data import ConceptDataset
from sparsight.data.cub.attributes import class_majority, spoken
from sparsight.data.cub.layout import read_layout
from sparsight.errors import InputError
from sparsight.making import check_concepts

PRINTED = {
    "back_color": "brown buff grey white yellow",
    "back_pattern": "multicolored solid striped",
    "belly_color": "black buff grey white yellow",
    "bill_color": "black grey",
    "bill_length": "about_same_as_head",
    "bill_shape": "allpurpose cone dagger hooked_seabird",
    "breast_color": "black brown buff grey white",
    "breast_pattern": "solid striped",
    "crown_color": "black blue brown grey yellow",
    "forehead_color": "black blue brown grey red yellow",
    "head_pattern": "capped plain",
    "leg_color": "black buff grey",
    "nape_color": "black blue buff grey yellow",
    "primary_color": "brown buff grey yellow",
    "size": "medium_9_16_in very_small_3_5_in",
    "tail_pattern": "multicolored solid",
    "tail_shape": "notched_tail",
    "throat_color": "black grey white yellow",
    "under_tail_color": "black brown buff grey white yellow",
    "underparts_color": "black brown buff grey white yellow",
    "upper_tail_color": "black grey white",
    "upperparts_color": "black buff grey",
    "wing_color": "black buff grey white yellow",
    "wing_pattern": "multicolored solid striped",
    "wing_shape": "roundedwings",
}
"""All the concepts in the paper's tables of birds, by group."""


@pytest.mark.parametrize(
    ("attribute", "name", "group"),
    [
        ("has_bill_shape::hooked_seabird", "bill_shape_hooked_seabird", "bill_shape"),
        ("has_size::medium_(9_-_16_in)", "size_medium_9_16_in", "size"),
        ("has_bill_length::about_the_same_as_head", "bill_length_about_same_as_head", "bill_length"),
        ("has_wing_shape::rounded-wings", "wing_shape_roundedwings", "wing_shape"),
        ("has_back_pattern::multi-colored", "back_pattern_multicolored", "back_pattern"),
    ],
)
def test_names(attribute, name, group):
    assert spoken(attribute) == (name, group)


def test_other_names_are_refused():
    with pytest.raises(ValueError, match="not has_GROUP::VALUE"):
        spoken("bill")


def test_a_class_has_what_more_than_half_saw_and_rare_attributes_are_dropped(cub):
    found = class_majority(read_layout(cub))
    assert found.names == ("bill_shape_hooked_seabird", "bill_shape_allpurpose", "size_medium_9_16_in")
    assert found.present[:3].tolist() == [[False, True, True], [True, False, True], [True, True, True]]


def test_the_real_file_gives_the_papers_108(test_data):
    found = class_majority(read_layout(test_data / "CUB_200_2011"))
    assert found.present.shape == (200, 108)
    assert {f"{group}_{value}" for group, values in PRINTED.items() for value in values.split()} <= {*found.names}
    assert set(PRINTED) <= set(found.groups)
    assert len(set(found.names)) == 108


def test_22_of_the_108_are_constant_on_the_25_classes_and_dropped_by_name(test_data):
    layout = read_layout(test_data / "CUB_200_2011")
    labels = sorted({image.label for image, there in zip(layout.images, layout.present, strict=True) if there})
    found = class_majority(layout)
    n = len(labels)
    data = ConceptDataset(
        name="cub200",
        images=torch.zeros(2 * n, 3, 1, 1, dtype=torch.uint8),
        labels=torch.arange(n).repeat(2),
        concepts=torch.from_numpy(found.present[[label - 1 for label in labels]]).to(torch.int8).repeat(2, 1),
        splits={"train": torch.arange(n), "test": torch.arange(n, 2 * n)},
        class_names=tuple(layout.class_names[label - 1] for label in labels),
        concept_names=found.names,
        concept_groups=found.groups,
    )
    equal, line = check_concepts(validated({"data": {"name": "cub200"}}, "test"), data)
    assert n == 25
    assert line.startswith("22 of 108 concepts are constant in training and were dropped: bill_shape_dagger, ")
    assert equal.startswith(
        "86 concepts differ between the images that they are learned from, 57 of them are distinct: "
    )


def test_the_official_archive_has_the_names_beside_its_folder(cub):
    (cub / "attributes" / "attributes.txt").rename(cub.parent / "attributes.txt")
    assert len(class_majority(read_layout(cub)).names) == 3
    (cub.parent / "attributes.txt").unlink()
    with pytest.raises(InputError, match=r"attributes\.txt: missing, and not beside"):
        class_majority(read_layout(cub))


def test_a_table_of_another_shape_is_refused(cub):
    path = cub / "attributes" / "class_attribute_labels_continuous.txt"
    path.write_text(path.read_text().split("\n", 1)[1])
    with pytest.raises(InputError, match="holds 11 x 4 numbers, not 12 x 4"):
        class_majority(read_layout(cub))


@pytest.mark.parametrize(("cell", "says"), [("nan", "not from 0 to 100"), ("101", "not from 0 to 100"), ("x", "not 4")])
def test_numbers_that_are_no_percentages_are_refused(cub, cell, says):
    path = cub / "attributes" / "class_attribute_labels_continuous.txt"
    path.write_text(path.read_text().replace("80.0", cell, 1))
    with pytest.raises(InputError, match=says):
        class_majority(read_layout(cub))


def test_a_longer_line_is_refused(cub):
    path = cub / "attributes" / "class_attribute_labels_continuous.txt"
    path.write_text("1 " + path.read_text())
    with pytest.raises(InputError, match="not 4 numbers a line"):
        class_majority(read_layout(cub))


def test_attributes_go_by_their_numbers_not_by_their_order(cub):
    path = cub / "attributes" / "attributes.txt"
    expected = class_majority(read_layout(cub)).names
    path.write_text("\n".join(reversed(path.read_text().splitlines())) + "\n")
    assert class_majority(read_layout(cub)).names == expected
    path.write_text(path.read_text().replace("4 has", "5 has"))
    with pytest.raises(InputError, match=r"attributes\.txt: lines must be numbered from 1 without a gap"):
        class_majority(read_layout(cub))
