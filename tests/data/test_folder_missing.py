"""Classes without an image on a side: the line says why."""

import shutil

import pytest

from sparsight.data import FolderSettings, load_dataset
from sparsight.errors import InputError
from tests.data.test_folder_groups import lay

SPLITS = ("train", "val", "test")


def test_classes_that_differ_in_capitals_alone_are_named(tmp_path):
    names = [
        f"{split}/{kind}/{i}.png"
        for split in SPLITS
        for kind in ("Ant" if split == "test" else "ant", "bee")
        for i in range(3)
    ]
    root = lay(tmp_path / "set", names)
    with pytest.raises(InputError, match=r"class 'Ant' has no image for train, validation; if 'ant' is the same class"):
        load_dataset(FolderSettings(path=root, image_size=8))
    (root / "test/Ant").rename(root / "test/x")
    (root / "test/x").rename(root / "test/ant")
    load_dataset(FolderSettings(path=root, image_size=8))


@pytest.mark.parametrize("twin", ["Ant", "ant ", "an_t"])
def test_twins_are_noted_where_all_have_images(tmp_path, twin):
    root = lay(tmp_path / "set", [f"{kind}/{i}.png" for kind in ("ant", twin, "bee") for i in range(4)])
    assert any(note.startswith("classes differ in capitals") for note in load_dataset(FolderSettings(path=root)).notes)


def test_a_folder_without_images_is_to_be_removed(tmp_path):
    root = lay(tmp_path / "set", [f"{kind}/{i}.png" for kind in ("ant", "bee") for i in range(4)])
    (root / "notes").mkdir()
    with pytest.raises(
        InputError, match=r"class 'notes' has no image .*; add some, or remove the folder if it is no class"
    ):
        load_dataset(FolderSettings(path=root))
    shutil.rmtree(root / "notes")
    load_dataset(FolderSettings(path=root))
