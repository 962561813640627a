"""The official folder: found, or refused with the file and the line."""

import pytest

from sparsight.data.cub.layout import read_layout
from sparsight.errors import InputError


def change(root, place, old, new):
    path = root / place
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_tables_are_read(cub):
    layout = read_layout(cub)
    assert layout.class_names[0] == "Drawn Bird A"
    assert [image.official_train for image in layout.images[:6]] == [True] * 4 + [False] * 2
    assert (layout.images[6].label, all(layout.present), layout.notes) == (2, True, ())


def test_the_folder_above_is_good_enough(cub, tmp_path):
    layout = read_layout(tmp_path)
    assert layout.root == cub
    assert layout.notes == ("read from CUB_200_2011 in the folder that was named",)


def test_what_lies_there_and_is_not_named_is_counted(cub):
    (cub / "images" / "001.Drawn_Bird_A" / "mine.jpg").write_bytes(b"")
    assert read_layout(cub).notes == ("1 image files in no line of images.txt were left out: mine.jpg",)


@pytest.mark.parametrize(
    ("place", "old", "new", "says"),
    [
        ("images.txt", "1 001", "1 ../001", "line 1: .* leads out of the folder"),
        ("images.txt", "1 001", "1 /001", "line 1: .* leads out of the folder"),
        ("images.txt", "2 001", "1 001", "line 2: 1 stands twice"),
        ("images.txt", "2 001", "two 001", "line 2: invalid literal"),
        ("images.txt", "Bird_0_1", "Bird_0_0", "001.Drawn_Bird_A/Bird_0_0.jpg stands twice"),
        ("images.txt", "1 001.Drawn_Bird_A/Bird_0_0.jpg\n", "1\n", "line 1: has 1 cells, not 2"),
        ("image_class_labels.txt", "1 1\n", "1 99\n", "line 1: 99 is not from 1 to 12"),
        ("image_class_labels.txt", "1 1\n", "", "no line for 1 images of images.txt, as 1"),
        ("train_test_split.txt", "1 1\n", "1 7\n", "line 1: 7 is not from 0 to 1"),
        ("train_test_split.txt", "1 1\n", "1 1\n999 1\n", "1 ids are in no line of images.txt, as 999"),
        ("classes.txt", "2 002", "20 002", "numbered from 1 without a gap"),
    ],
)
def test_tables_that_cannot_be_are_named(cub, place, old, new, says):
    change(cub, place, old, new)
    with pytest.raises(InputError, match=says) as error:
        read_layout(cub)
    assert place in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("place", ["images.txt", "classes.txt", "image_class_labels.txt", "train_test_split.txt"])
def test_a_missing_or_empty_table_is_named(cub, place):
    (cub / place).write_bytes(b"")
    with pytest.raises(InputError, match=f"{place}: empty|holds no images.txt"):
        read_layout(cub)
    (cub / place).unlink()
    with pytest.raises(InputError, match=f"{place}: cannot be read|holds no images.txt"):
        read_layout(cub)


def test_an_archive_a_file_and_nothing_are_told_apart(tmp_path):
    (tmp_path / "CUB_200_2011.tgz").write_bytes(b"x")
    (tmp_path / "other").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    for name, says in (
        ("CUB_200_2011.tgz", "an archive; unpack it"),
        ("other", "not a folder"),
        ("absent", "does not exist"),
        ("empty", r"holds no images\.txt"),
    ):
        with pytest.raises(InputError, match=says):
            read_layout(tmp_path / name)
    with pytest.raises(InputError, match=r"data\.path: .*--data"):
        read_layout(None)


def test_a_folder_without_any_image_is_refused(cub):
    for path in (cub / "images").rglob("*.jpg"):
        path.unlink()
    with pytest.raises(InputError, match=r"holds none of the images of images\.txt"):
        read_layout(cub)
