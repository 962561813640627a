"""Derm7pt's official folder, drawn: eight concepts from the training and validation rows."""

from collections import Counter

import pytest

from sparsight.data import ExampleSettings, choose_examples
from sparsight.data.derm7pt import CONCEPTS, read_derm7pt
from sparsight.errors import InputError
from tests.data.derm7pt.conftest import ROWS, value


def meta(root, old, new):
    path = root / "meta" / "meta.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def rows_of(files):
    return [int(file.stem.removeprefix("Nel")) for file in files]


def test_positives_have_the_type_negatives_lack_the_criterion_and_the_other_type_is_neither(derm):
    source = read_derm7pt(derm)
    assert [concept.name for concept in source.concepts] == [
        "TypicalPigmentNetwork",
        "AtypicalPigmentNetwork",
        "RegularStreaks",
        "IrregularStreaks",
        "RegularDG",
        "IrregularDG",
        "RegressionStructures",
        "BWV",
    ]
    used = [row for row in range(ROWS) if row % 5]
    for concept in source.concepts:
        column, values = CONCEPTS[concept.name]
        assert concept.group == column
        assert rows_of(concept.positive) == [row for row in used if value(column, row) in values]
        assert rows_of(concept.negative) == [row for row in used if value(column, row) == "absent"]
    assert Counter(value("regression_structures", row) for row in rows_of(source.concepts[6].positive)).keys() == {
        "blue areas",
        "white areas",
        "combinations",
    }
    assert source.notes == ()


def test_a_case_is_one_image_of_all_its_concepts(derm):
    chosen = choose_examples(read_derm7pt(derm), ExampleSettings(concept_examples=8, concept_held_out=8), 0)
    assert len(set(chosen.paths)) == len(chosen.paths) <= ROWS
    learned, tested = chosen.concepts[~chosen.held_out], chosen.concepts[chosen.held_out]
    for side in (learned, tested):
        assert (side == 0).sum(0).tolist() == [8] * 8
        assert (side == 1).sum(0).tolist() == [8] * 8
    assert ((chosen.concepts != -1).sum(1) > 1).any()
    # The two types of a criterion exclude each other.
    assert not ((chosen.concepts[:, 0] == 1) & (chosen.concepts[:, 1] == 1)).any()


def test_fewer_cases_than_asked_for_are_drawn_once_each(derm):
    source = read_derm7pt(derm)
    chosen = choose_examples(source, ExampleSettings(), 0)
    for c, concept in enumerate(source.concepts):
        assert int((chosen.concepts[:, c] == 1).sum()) == min(100, len(concept.positive))
    assert chosen.notes[0].startswith("fewer than 50 + 50 examples (learned from + tested on): TypicalPigmentNetwork ")


def test_the_folder_around_the_release_will_do_and_capitals_may_differ(derm):
    (derm / "images" / "NEL" / "Nel001.jpg").rename(derm / "images" / "NEL" / "NEL001.JPG")
    source = read_derm7pt(derm.parent)
    assert source.notes == (f"Derm7pt read from {derm.name}",)
    assert any(file.name == "NEL001.JPG" for concept in source.concepts for file in concept.positive + concept.negative)


def test_images_that_are_not_there_are_counted(derm):
    for row in (1, 2, 5):
        (derm / "images" / "NEL" / f"Nel{row:03d}.jpg").unlink()
    source = read_derm7pt(derm)
    assert source.notes == ("Derm7pt: 2 of 96 images of meta.csv are not there, as NEL/Nel001.jpg, NEL/Nel002.jpg",)
    for file in (derm / "images" / "NEL").iterdir():
        file.unlink()
    with pytest.raises(InputError, match=r"images: holds none of the images of meta\.csv, as NEL/Nel001\.jpg"):
        read_derm7pt(derm)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("blue_whitish_veil", "veil", r"meta\.csv: line 1: no column blue_whitish_veil"),
        (",typical,", ",tpical,", "pigment_network is 'tpical', not one of absent, typical, atypical"),
        ("NEL/Nel004.jpg", "../Nel004.jpg", r"line 6: derm is '\.\./Nel004\.jpg', no path below"),
    ],
)
def test_a_table_that_says_what_cannot_be_is_refused(derm, old, new, said):
    meta(derm, old, new)
    with pytest.raises(InputError, match=said):
        read_derm7pt(derm)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("index\n1\n", "no column indexes"),
        ("indexes\n120\n", "line 2: index '120' is no row of meta.csv, whose rows are 0 to 119"),
        ("indexes\n-1\n", "line 2: index '-1' is no row"),
        ("indexes\n1\n", r"line 2: index 1 stands in train_indexes\.csv already"),
    ],
)
def test_indexes_are_rows_and_stand_once(derm, content, said):
    (derm / "meta" / "valid_indexes.csv").write_text(content)
    with pytest.raises(InputError, match=said):
        read_derm7pt(derm)


def test_another_folder_is_refused(derm, tmp_path):
    (derm / "meta" / "valid_indexes.csv").unlink()
    with pytest.raises(InputError, match=r"valid_indexes\.csv: cannot be read"):
        read_derm7pt(derm)
    with pytest.raises(InputError, match=r"images: holds no meta/meta\.csv; name the folder of Derm7pt"):
        read_derm7pt(derm / "images")
    packed = tmp_path / "release_v0.zip"
    packed.write_bytes(b"PK")
    with pytest.raises(InputError, match=r"release_v0\.zip: an archive; unpack it"):
        read_derm7pt(packed)
