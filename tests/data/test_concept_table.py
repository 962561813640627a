"""Tables of concepts, by whatever program they were saved."""

import pytest

from sparsight.data.concept_cells import concept_value
from sparsight.data.concept_table import read_concepts
from sparsight.data.tree import read_tree
from sparsight.errors import InputError

ROWS = (("image", "red", "color:blue"), ("a/1.png", "1", "0"), ("a/2.png", "0", ""), ("b/3.png", "", "1"))
EXPECTED = [[1, 0], [0, -1], [-1, 1]]


@pytest.fixture
def tree(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/3.png"):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).touch()
    return read_tree(tmp_path / "set")


def written(tree, content, encoding="utf-8"):
    path = tree.root / "concepts.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def text(parted=",", end="\n", rows=ROWS, change=lambda cell: cell):
    return end.join(parted.join(map(change, row)) for row in rows) + end


def spelled(present, absent, unknown=""):
    return text(change=lambda cell: {"1": present, "0": absent, "": unknown}.get(cell, cell))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (text(), "utf-8"),
        (text(";"), "utf-8"),
        (text("\t"), "utf-8"),
        (text("|"), "utf-8"),
        (text(end="\r\n"), "utf-8"),
        (text(end="\r"), "utf-8"),
        (text(), "utf-8-sig"),
        (text(";", "\r\n"), "utf-16"),
        (text("\t"), "utf-16-le"),
        (text(), "utf-16-be"),
        (text(), "utf-32"),
        ("sep=;\r\n" + text(";", "\r\n"), "utf-8"),
        ('"sep=|"\n' + text("|"), "utf-8"),
        (text(change=lambda cell: f'"{cell}"'), "utf-8"),
        (text(change=lambda cell: f" {cell}  "), "utf-8"),
        ("\n" + text() + "\n\n,,\n", "utf-8"),
        ("image,red,color:blue,,\na/1.png,1,0,,\na/2.png,0,,,\nb/3.png,,1,,\n", "utf-8"),
        ("image,red,color:blue\na/1.png,1,0,\na/2.png,0,,\nb/3.png,,1,\n", "utf-8"),
        (",image,red,color:blue\n0,a/1.png,1,0\n1,a/2.png,0,\n2,b/3.png,,1\n", "utf-8"),
        (spelled("TRUE", "FALSE"), "utf-8"),
        (spelled("true", "false", "nan"), "utf-8"),
        (spelled("Yes", "no", "?"), "utf-8"),
        (spelled("1.0", "0.0", "NA"), "utf-8"),
        (spelled("1.0", "0", "-1"), "utf-8"),
        (spelled("1", "0", "-1.0"), "utf-8"),
        (text(";", change=lambda cell: {"1": "1,0", "0": "0,0"}.get(cell, cell)), "utf-8"),
        (text().replace("image", "Image"), "utf-8"),
        (text().replace("a/", "a\\").replace("b/", ".\\b\\"), "utf-8"),
        (text().replace("a/", "set/a/").replace("b/", "./b/"), "utf-8"),
    ],
)
def test_tables_are_read_however_they_were_saved(tree, content, encoding):
    table = read_concepts(written(tree, content, encoding), tree)
    assert (table.values.tolist(), table.names, table.unnamed) == (EXPECTED, ("red", "color_blue"), 0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (spelled("1", "0.25"), r"line 2, column 'color:blue': '0.25' is not read .and 1 more cells.*probability"),
        (spelled("0,7", "0").replace(",", ";").replace("0;7", "0,7"), r"column 'red': '0,7' is not read.*probability"),
        (spelled("1", "2"), r"'2' is not read.*write 1 for present, 0 for absent, or leave the cell empty"),
        (spelled("maybe", "0"), r"line 2, column 'red': 'maybe' is not read"),
        (spelled("1", "-1"), "cells are 1 and -1, and none is 0: write 0 where a concept is absent"),
        ("red,blue\n1,0\n1,1\n", "the first column is 'red': call the column of images image"),
        (text().replace("b/3.png", "b/3.PNG"), "line 4: no image 'b/3.PNG' in .*'b/3.png' differs from it in capitals"),
        (text().replace(".png", ".jpg"), r"\(3 of 3 rows name none\); 'a/1.png' differs from it in its ending alone"),
        (text().replace("a/1", "c/1"), "line 2: no image 'c/1.png'.*'a/1.png' is there"),
        (text().replace("image", "class").replace("a/1.png", "A"), "no class 'A' in .*'a' differs"),
        (text().replace("a/1.png,1,0", "a/1.png,1"), "line 2: has 2 cells, the header 3"),
        (text().replace("a/1.png,1,0", "a/1.png,1,0,1"), "line 2: has 4 cells, the header 3"),
        (text().encode() + b"\xff\xe4,1,0\n", "line 5: not a text file in UTF-8; save the table as CSV UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not a text"),
        ('image,red,blue\na/1.png,1,"0\n', "not a row of a CSV file"),
    ],
)
def test_what_is_refused_shows_the_cell_and_a_remedy(tree, content, says):
    with pytest.raises(InputError, match=says) as error:
        read_concepts(written(tree, content), tree)
    assert "\n" not in str(error.value)
    assert "concepts.csv" in str(error.value)


def test_the_remedies_end_well(tree):
    rounded = spelled("1", "0.25").replace("0.25", "0")
    assert read_concepts(written(tree, rounded), tree).values.tolist() == EXPECTED
    assert read_concepts(written(tree, spelled("1", "-1").replace("-1", "0")), tree).values.tolist() == EXPECTED


def test_images_of_splits_may_be_named_without_the_split(tmp_path):
    for side in ("Train", "Test"):
        for name in ("a/1.png", "b/2.png"):
            (tmp_path / side / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / side / name.replace(".", side[1:] + ".")).touch()
    tree = read_tree(tmp_path, needed=("train", "test"))
    names = [entry.path.relative_to(entry.path.parts[0]).as_posix() for entry in tree.entries]
    path = written(tree, "image,red\n" + "".join(f"{name},1\n" for name in names))
    assert read_concepts(path, tree).values.tolist() == [[1]] * 4


@pytest.mark.parametrize("cell", ["2", "0.5", "inf", "1_0", "-2", "yes!", "1 0", "0x1"])
def test_other_cells_are_no_values(cell):
    assert concept_value(cell) is None


@pytest.mark.parametrize(
    "heads",
    ["Filename", "file", "path", "image_id", "img", "File Name", "photo", "id", "name", "Bild", "", "Unnamed: 0"],
)
@pytest.mark.parametrize("ending", [".png", ""])
def test_a_column_is_of_images_by_its_name_or_because_its_cells_are(tree, heads, ending):
    rows = [(heads, *ROWS[0][1:]), *((row[0].replace(".png", ending), *row[1:]) for row in ROWS[1:])]
    assert read_concepts(written(tree, text(rows=rows)), tree).values.tolist() == EXPECTED
    last = [(*row[1:], row[0]) for row in rows]
    if heads in ("Filename", "image_id"):
        assert read_concepts(written(tree, text(";", rows=last)), tree).values.tolist() == EXPECTED


def test_a_column_is_of_classes_because_its_cells_are(tree):
    read = read_concepts(written(tree, "species,red\nb,0\na,1\n"), tree)
    assert read.values.tolist() == [[1], [1], [0]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("image,red\na/1.png,1\na/2.png,\n", "none is 0: write 0 where a concept is absent"),
        ("image,red\n", "holds a header alone"),
        ("image,red,who\na/1.png,1,ann\na/2.png,0,bob\n", r"column 'who'.*--set data\.groups=who"),
        ("image,who\na/1.png,ann\n", "has no column 'Who', which data.groups names, but who"),
    ],
)
def test_tables_that_say_nothing_or_lack_a_column(tree, content, says):
    with pytest.raises(InputError, match=says):
        read_concepts(written(tree, content), tree, ("Who",) if "Who" in says else ())
    if "data" in says and "Who" not in says:  # the remedy ends well
        assert read_concepts(tree.root / "concepts.csv", tree, ("who",)).apart["who"] == ["ann", "bob", ""]
