"""Which images a folder holds, and on which side each stands."""

import pytest

from sparsight.data.tree import ignored_notes, read_tree, sides_of
from sparsight.errors import InputError

CLASSES = ("a/1.png", "a/2.png", "b/1.png")


def lay(root, *names):
    """Empty files: nothing is opened."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def taken(tree):
    return {entry.path.as_posix(): (tree.class_names[entry.label], entry.split) for entry in tree.entries}


def said(tree):
    return " | ".join([*tree.notes, *ignored_notes(tree, tree.root / "concepts.csv")])


def test_class_folders(tmp_path):
    tree = read_tree(lay(tmp_path, *CLASSES))
    assert taken(tree) == {"a/1.png": ("a", None), "a/2.png": ("a", None), "b/1.png": ("b", None)}
    assert said(tree) == ""


def test_images_below_a_class_are_of_it_and_that_is_reported(tmp_path):
    tree = read_tree(lay(tmp_path, *CLASSES, "a/juvenile/1.PNG", "a/juvenile/deep/2.jpg"))
    assert taken(tree)["a/juvenile/1.PNG"] == taken(tree)["a/juvenile/deep/2.jpg"] == ("a", None)
    assert said(tree) == (
        "2 images lie in folders below their class, and are of it: a/juvenile (1), a/juvenile/deep (1)"
    )


@pytest.mark.parametrize(
    "names",
    [
        ("Train", "Val", "Test"),
        ("TRAIN", "VALID", "TEST"),
        ("training", "validation", "testing"),
        ("train_set", "dev", "test_set"),
        ("train", "eval", "holdout"),
        ("Training Data", "validation-images", "test.split"),
        ("train2017", "val2017", "test2017"),
        ("images_train", "data-val", "dataset test"),
    ],
)
def test_folders_of_splits_are_known_by_their_usual_names(tmp_path, names):
    root = lay(tmp_path, *(f"{side}/{kind}/1.png" for side in names for kind in "ab"))
    splits = ("train", "validation", "test")
    assert taken(read_tree(root)) == {
        f"{side}/{kind}/1.png": (kind, split) for side, split in zip(names, splits, strict=True) for kind in "ab"
    }
    assert set(sides_of(root)) == set(splits)


@pytest.mark.parametrize("within", ["set", "set/images", "a b/c/d"])
def test_a_folder_around_the_folders_is_looked_into(tmp_path, within):
    for number, names in enumerate((CLASSES, tuple(f"{side}/{k}/1.png" for side in ("train", "test") for k in "ab"))):
        root = lay(tmp_path / str(number), *(f"{within}/{name}" for name in names), "licence.txt", "docs/more.txt")
        tree = read_tree(root, needed=("train", "test"))
        assert tree.root == root / within
        assert set(taken(tree)) == set(names)
        assert f"images are read from {within} in the folder that was named" in said(tree)
        assert "not taken: 2 .txt files" in said(tree)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ((), "holds no folders"),
        (("1.png", "2.png"), "2 images and no folder with images"),
        (("a/1.png", "a/2.png"), "1 class folder "),
        (("a/1.heic", "b/1.heic"), "without an image that is read .not taken: 2 .heic files, as a/1.heic"),
        (("set.zip",), "1 .zip archive, as set.zip .unpack"),
        (("train/a/1.png", "train/b/1.png"), "no folder validation and no folder test beside train; add it, or name"),
        (("test/a/1.png", "val/a/1.png", "val/b/1.png"), "no folder train beside val, test"),
        (("train/a/1.png", "train/b/1.png", "val/a/1.png", "test/1.png"), "test: holds images but no class folders"),
        (("train/a/1.png", "train/b/1.png", "gulls/1.png"), "'gulls' stands beside train"),
        (("a/1.png", "b/1.png", "test/a/1.png", "test/b/1.png"), "'a' stands beside test"),
        (("val/a/1.png", "eval/a/1.png", "train/a/1.png"), "both eval and val are taken for validation.* to test"),
        (("train/1.png", "test/1.png"), "train hold images but no class folders"),
        (("a/train/1.png", "a/test/1.png", "b/train/1.png"), "lie in the class folders, as a/t"),
    ],
)
def test_what_fits_no_layout_is_refused_with_what_was_seen(tmp_path, names, says):
    with pytest.raises(InputError, match=says) as error:
        read_tree(lay(tmp_path, *names))
    assert "\n" not in str(error.value)


def test_the_remedy_for_a_lonely_split_is_right(tmp_path):
    lay(tmp_path, "train/a/1.png", "train/b/1.png")
    with pytest.raises(InputError, match=f"name {tmp_path / 'train'} alone"):
        read_tree(tmp_path)
    assert taken(read_tree(tmp_path / "train")) == {"a/1.png": ("a", None), "b/1.png": ("b", None)}
    assert sides_of(tmp_path) == ("train",)


def test_classes_that_are_called_as_splits_are_classes(tmp_path):
    tree = read_tree(lay(tmp_path / "1", "train/1.png", "bus/1.png"))
    assert (tree.class_names, tree.notes) == (("bus", "train"), ())
    tree = read_tree(lay(tmp_path / "2", "valid/1.png", "invalid/1.png"))
    assert (tree.class_names, tree.notes) == (("invalid", "valid"), ())
    tree = read_tree(lay(tmp_path / "3", "test/1.png", "gull/1.png"))
    assert tree.notes == ("folder 'test' is taken for a class, as it holds images and no class folders",)


def test_what_is_not_taken_is_counted_by_kind_and_named(tmp_path):
    root = lay(tmp_path, *CLASSES, "a/3.heic", "b/x/4.HEIC", "a/5.dcm", "a/._1.png", "b/Thumbs.db", "b/old.zip")
    lay(root, "outside.png", "a/notes", "a/.DS_Store", "a/.hidden.png", ".git/config")
    (root / "b" / "picture").write_bytes(b"\x89PNG\r\n\x1a\n")
    (root / "a" / "gone.png").symlink_to(root / "nowhere.png")
    (root / "a" / "round").symlink_to(root)
    tree = read_tree(root)
    assert set(taken(tree)) == set(CLASSES)
    assert said(tree) == (
        "not taken: 2 .heic files, as a/3.heic (convert to PNG or JPEG); 1 .dcm file, as a/5.dcm (convert to PNG or "
        "JPEG); 1 .zip archive, as b/old.zip (unpack); 1 broken link, as a/gone.png (mend or remove); 1 file of macOS, "
        "as a/._1.png; 1 file without an ending, as a/notes; 1 hidden .png file, as a/.hidden.png (rename: no dot "
        "first); 1 image outside class folders, as outside.png; 1 link to a folder above, or too deep a folder, as "
        "a/round; 1 picture without an ending, as b/picture (rename: .png, .jpg, ...); 1 system file Thumbs.db, as "
        "b/Thumbs.db"
    )


def test_links_to_folders_are_followed(tmp_path):
    lay(tmp_path, "store/1.png", "set/b/1.png")
    (tmp_path / "set" / "a").symlink_to(tmp_path / "store")
    assert set(taken(read_tree(tmp_path / "set"))) == {"a/1.png", "b/1.png"}


def test_a_class_whose_images_are_of_another_kind_says_so(tmp_path):
    tree = read_tree(lay(tmp_path, *CLASSES, "c/1.heic", "c/2.heic"))
    assert tree.without == {"c": " (not taken: 2 .heic files, as c/1.heic (convert to PNG or JPEG))"}


def test_masks_are_no_images(tmp_path):
    tree = read_tree(lay(tmp_path / "1", *(f"{kind}/{name}" for kind in ("images", "masks") for name in CLASSES)))
    assert (tree.root.name, set(taken(tree))) == ("images", set(CLASSES))
    tree = read_tree(lay(tmp_path / "2", *CLASSES, *(f"masks/{name}" for name in CLASSES)))
    assert set(taken(tree)) == set(CLASSES)
    assert f"data.masks={tmp_path / '2' / 'masks'}" in said(tree)
    tree = read_tree(lay(tmp_path / "3", *CLASSES, "a/masks/1.png"))
    assert set(taken(tree)) == set(CLASSES)
    assert "1 image outside class folders, as a/masks/1.png" in said(tree)
    tree = read_tree(lay(tmp_path / "4", *CLASSES, "a/1_mask.png"))
    assert "1 image is by its name the mask of another image, as a/1_mask.png" in said(tree)
    tree = read_tree(lay(tmp_path / "6", "photos/1.jpg", "photos/2.jpg", "outlines/1_segmentation.png"))
    assert "1 image is by its name the mask of another image, as outlines/1_segmentation.png" in said(tree)
    tree = read_tree(lay(tmp_path / "5", "mask/1.png", "no_mask/1.png"))
    assert (tree.class_names, said(tree)) == (("mask", "no_mask"), "")


def test_folders_that_could_be_the_classes_are_named(tmp_path):
    tree = read_tree(lay(tmp_path, *(f"{fold}/{name}" for fold in ("one", "two") for name in CLASSES)))
    assert "each holds the folders a, b; if these are the classes, name one of the former" in said(tree)


def test_a_whole_disk_is_no_folder_of_images(tmp_path, monkeypatch):
    monkeypatch.setattr("sparsight.data.walk.MOST", 4)
    with pytest.raises(InputError, match="more than 4 files; name the folder of class folders"):
        read_tree(lay(tmp_path, *CLASSES))


@pytest.mark.parametrize(
    "names",
    [
        ("01_train", "02_val", "03_test"),
        ("seg_train", "seg_val", "seg_test"),
        ("Birds-Training", "Birds-Validation", "Birds-Testing"),
        ("my birds train", "my birds dev", "my birds test"),
        ("1train", "2val", "3test"),
        ("train_v2", "val_v2", "test_v2"),
    ],
)
@pytest.mark.parametrize("inside", ["", "images/", "{name}/"])
def test_splits_by_the_word_in_which_their_names_differ(tmp_path, names, inside):
    paths = [f"{n}/{inside.format(name=n)}{kind}/{i}.png" for n in names for kind in "ab" for i in range(2)]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    tree = read_tree(tmp_path)
    assert tree.class_names == ("a", "b")
    assert [entry.split for entry in tree.entries].count("validation") == 4
    assert tree.notes == (
        f"folders are taken for splits: {names[0]} for train, {names[1]} for validation, {names[2]} for test",
    )


@pytest.mark.parametrize(
    "names", [("red_train", "blue_train"), ("train_bus", "test_tube"), ("night train", "dev tools")]
)
def test_names_that_share_nothing_but_a_word_are_classes(tmp_path, names):
    for name in names:
        for inner in ("x", "y"):
            (tmp_path / name / inner).mkdir(parents=True)
            (tmp_path / name / inner / "1.png").touch()
    assert read_tree(tmp_path).class_names == tuple(sorted(names))


def test_one_folder_in_each_split_around_its_classes_is_no_class(tmp_path):
    for name in ("train", "val", "test"):
        for kind in "ab":
            (tmp_path / name / "images" / kind).mkdir(parents=True)
            (tmp_path / name / "images" / kind / "1.png").touch()
    tree = read_tree(tmp_path)
    assert tree.class_names == ("a", "b")
    assert tree.entries[0].path.as_posix() == "test/images/a/1.png"
