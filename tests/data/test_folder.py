"""Class folders as a data set."""

import numpy as np
import pytest
import torch
from PIL import Image

from sparsight.data import FolderSettings, load_dataset
from sparsight.data.folder_concepts import NO_CONCEPTS
from sparsight.errors import InputError


def save(path, seed, size=(20, 20)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


_TABLES = ("concepts.csv", "crow/of-mine.csv")


@pytest.fixture
def birds(tmp_path):
    """Three classes of ten images, two concepts by class and one by image."""
    root = tmp_path / "birds"
    rows = ["image,color:red,color:blue,striped"]
    for k, name in enumerate(("<b>ara", "Blåmes", "crow")):
        for i in range(10):
            save(root / name / f"{i}.png", 100 * k + i)
            rows.append(f"{name}/{i}.png,{int(k == 0)},{int(k == 1)},{'' if i == 9 else i % 2}")
    (root / "concepts.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root


def load(root, **more):
    return load_dataset(FolderSettings(path=root, image_size=16, **more))


def test_classes_concepts_and_groups_are_read(birds):
    data = load(birds)
    assert sorted(data.class_names) == sorted(("<b>ara", "Blåmes", "crow"))
    assert data.concept_names == ("color_red", "color_blue", "striped")
    assert data.concept_groups == ("color", "color", "striped")
    assert data.images.shape == (30, 3, 16, 16)
    assert (data.concepts[:, 2] == -1).sum() == 3
    red = data.class_names.index("<b>ara")
    assert bool(((data.concepts[:, 0] == 1) == (data.labels == red)).all())
    chosen = data.images[data.splits["train"]].double() / 255
    assert data.mean == pytest.approx(chosen.mean((0, 2, 3)).tolist(), abs=1e-5)


def test_without_a_table_there_are_no_concepts_and_that_is_said(birds):
    told = load(birds)
    (birds / "concepts.csv").unlink()
    data = load(birds)
    assert (data.concept_names, data.concept_groups, data.concepts.shape) == ((), (), (30, 0))
    assert [note for note in data.notes if note not in told.notes] == [NO_CONCEPTS]
    assert torch.equal(data.images, told.images)
    assert all(torch.equal(data.splits[split], told.splits[split]) for split in told.splits)


def test_a_table_that_was_named_or_whose_link_is_broken_is_not_passed_over(birds):
    (birds / "concepts.csv").unlink()
    with pytest.raises(InputError, match=r"nowhere\.csv"):
        load(birds, concepts=birds / "nowhere.csv")
    (birds / "concepts.csv").symlink_to(birds / "gone.csv")
    with pytest.raises(InputError, match=r"concepts\.csv"):
        load(birds)


def test_every_class_stands_in_every_split_and_equal_settings_give_equal_pixels(birds):
    first, again, other = load(birds), load(birds), load(birds, seed=1)
    for split, indices in first.splits.items():
        assert len(first.labels[indices].unique()) == 3
        assert torch.equal(indices, again.splits[split])
    assert [len(first.splits[split]) for split in ("train", "validation", "test")] == [18, 6, 6]
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.splits["train"], other.splits["train"])


def test_one_image_without_a_line_is_counted_as_one(birds):
    lines = (birds / "concepts.csv").read_text(encoding="utf-8").splitlines()
    (birds / "concepts.csv").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    assert "1 image has no line in concepts.csv, so that concepts are unknown" in load(birds).notes


def test_copies_stand_once(birds):
    (birds / "crow" / "copy.png").write_bytes((birds / "crow" / "0.png").read_bytes())
    data = load(birds)
    chosen = torch.cat(list(data.splits.values()))
    assert len(chosen) == 30
    assert len({data.images[i].numpy().tobytes() for i in chosen.tolist()}) == 30
    assert any(note == "1 copy of an image left out" for note in data.notes)


def test_what_is_no_image_is_counted_but_the_table_of_concepts_is_none_of_it(birds):
    def ignored(**more):
        return [note for note in load(birds, **more).notes if note.startswith("not taken")]

    assert ignored() == []
    (birds / "crow" / "notes.txt").write_text("mine")
    assert ignored() == ["not taken: 1 .txt file, as crow/notes.txt"]
    named = birds / "crow" / "of-mine.csv"
    named.write_bytes((birds / "concepts.csv").read_bytes())
    table, other = (f"not taken: 1 .csv file, as {name}; 1 .txt file, as crow/notes.txt" for name in _TABLES)
    assert (ignored(concepts=named), ignored()) == ([table], [other]), "of two tables one is used"


def test_folders_of_splits_are_taken_as_they_are(tmp_path):
    for s, (split, count) in enumerate((("train", 4), ("val", 2), ("test", 3))):
        for name in ("a", "b"):
            for i in range(count):
                save(tmp_path / "set" / split / name / f"{i}.png", 1000 * s + 10 * i + (name == "b"))
    (tmp_path / "labels.csv").write_text("class,tall\na,1\nb,0\n")
    data = load(tmp_path / "set", concepts=tmp_path / "labels.csv")
    assert [len(data.splits[split]) for split in ("train", "validation", "test")] == [8, 4, 6]
    assert bool(((data.concepts[:, 0] == 1) == (data.labels == data.class_names.index("a"))).all())


def test_a_split_of_which_nothing_is_wanted_need_not_be_there(tmp_path):
    for s, split in enumerate(("train", "test")):
        for k, name in enumerate(("a", "b")):
            for i in range(2):
                save(tmp_path / "set" / split / name / f"{i}.png", 100 * s + 10 * i + k)
    with pytest.raises(InputError, match="no folder validation beside train"):
        load(tmp_path / "set")
    data = load(tmp_path / "set", validation=0.0)
    assert [len(data.splits[split]) for split in ("train", "validation", "test")] == [4, 0, 4]
    (tmp_path / "set" / "test").rename(tmp_path / "set" / "val")
    with pytest.raises(InputError, match="no folder test beside train"):
        load(tmp_path / "set", validation=0.0)


def test_a_hidden_folder_of_images_is_named(birds):
    save(birds / ".thrush" / "0.png", 7)
    (birds / ".cache").mkdir()
    data = load(birds)
    assert len(data.class_names) == 3
    said = "folders with images whose names start with a dot are no classes: .thrush; rename them"
    assert said in data.notes


def test_masks_lie_beside_their_images(birds, tmp_path):
    for image in birds.rglob("*.png"):
        mask = np.zeros((20, 20), dtype=np.uint8)
        mask[:10] = 255
        path = tmp_path / "masks" / image.relative_to(birds)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(path)
    data = load(birds, masks=tmp_path / "masks")
    assert data.object_masks[:, :8].all()
    assert not data.object_masks[:, 8:].any()
    next((tmp_path / "masks").rglob("3.png")).unlink()
    with pytest.raises(InputError, match="no mask"):
        load(birds, masks=tmp_path / "masks")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "concepts.csv"),
        ("picture,red\n", "concepts.csv"),
        ("image,red\nnowhere/1.png,1\n", "nowhere"),
        ("image,red\ncrow/1.png,2\n", "concepts.csv"),
        ("image,red,red\ncrow/1.png,1,1\n", "red"),
        ("image,red\ncrow/1.png,1\ncrow/1.png,0\n", "crow/1.png"),
        ("class,red\ncrows,1\n", "crows"),
        ("image,red\ncrow/1.png\n", "concepts.csv"),
        (
            "image,a:x,a:y,b:x,b:y\ncrow/1.png,1,0,1,1\ncrow/2.png,1,1,0,0\n",
            "line 2: two values of one group are present, in this file of 'b', 'a'; write concepts that may without",
        ),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_its_line(birds, text, says):
    (birds / "concepts.csv").write_text(text)
    with pytest.raises(InputError, match=says) as error:
        load(birds)
    assert "\n" not in str(error.value)
