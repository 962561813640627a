"""Pictures that contradict themselves: refused with both paths, or all of them left out."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from sparsight.data import FolderSettings, HamSettings, examine, load_dataset
from sparsight.errors import InputError
from tests.data.ham10000.conftest import draw_ham


def save(path, *seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (24, 32, 3), dtype=np.uint8)).save(path)


@pytest.fixture
def birds(tmp_path):
    for k, name in enumerate(("ara", "crow")):
        for i in range(10):
            save(tmp_path / "birds" / name / f"{i}.png", k, i)
    return tmp_path / "birds"


def settings(root, **more):
    return FolderSettings(path=root, image_size=16, **more)


def bytes_of(source, target):
    shutil.copy(source, target.with_name("also.png"))


def saved_again(source, target):
    Image.open(source).save(target.with_name("also.tif"))


def with_alpha(source, target):
    Image.open(source).convert("RGBA").save(target.with_name("also.webp"), lossless=True)


def turned(source, target):
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.open(source).transpose(Image.Transpose.ROTATE_180).save(target.with_name("also.png"), exif=exif)


@pytest.mark.parametrize("copy", [bytes_of, saved_again, with_alpha, turned])
def test_one_picture_in_two_classes_is_refused_with_both_paths_or_left_out(birds, copy):
    copy(birds / "crow" / "3.png", birds / "ara" / "3.png")
    with pytest.raises(InputError) as error:
        load_dataset(settings(birds))
    (also,) = (birds / "ara").glob("also.*")
    assert str(error.value) == (
        f"{also} and {birds / 'crow' / '3.png'}: one picture in two classes, 'ara' and 'crow'; keep it in one, or "
        "leave all of it out by --set data.duplicates=leave-out"
    )
    data = load_dataset(settings(birds, duplicates="leave-out"))
    assert len(torch.cat(list(data.splits.values()))) == 19
    assert f"2 images that contradict others are left out: ara/{also.name}, crow/3.png" in data.notes
    also.unlink()
    load_dataset(settings(birds))


def test_copies_within_a_class_are_left_out_as_ever(birds):
    shutil.copy(birds / "ara" / "0.png", birds / "ara" / "copy.png")
    assert "1 copy of an image left out" in load_dataset(settings(birds)).notes


def test_one_picture_on_two_sides_that_folders_give_is_refused(tmp_path):
    for s, side in enumerate(("train", "val", "test")):
        for k, name in enumerate(("ara", "crow")):
            for i in range(3):
                save(tmp_path / "given" / side / name / f"{i}.png", s, k, i)
    root = tmp_path / "given"
    shutil.copy(root / "train/ara/1.png", root / "test/ara/again.png")
    with pytest.raises(InputError, match=r"test/ara/again\.png and .*train/ara/1\.png: one picture on two"):
        load_dataset(settings(root))
    data = load_dataset(settings(root, duplicates="leave-out"))
    assert [len(data.splits[split]) for split in ("train", "validation", "test")] == [5, 6, 6]
    shutil.copy(root / "train/ara/1.png", root / "train/crow/again.png")
    problems = examine(settings(root))[1]
    assert len(problems) == 1
    assert "(and 1 more of it): one picture in two classes" in problems[0]


def test_copies_whose_lines_contradict_each_other_are_named(birds, tmp_path):
    shutil.copy(birds / "ara" / "0.png", birds / "ara" / "copy.png")
    table = tmp_path / "labels.csv"
    table.write_text("image,striped,red\nara/0.png,1,1\nara/copy.png,0,\n")
    assert examine(settings(birds, concepts=table))[1] == (
        f"ara/0.png and ara/copy.png: one picture, and striped is present in the first and absent in the second; "
        f"correct {table}",
    )


def test_one_lesion_of_two_labels_is_refused_or_left_out(tmp_path):
    ham = draw_ham(tmp_path / "HAM10000")
    table = next(ham.glob("HAM10000_metadata*"))
    lines = table.read_text().splitlines()
    header, rows = lines[0].split(","), [line.split(",") for line in lines[1:]]
    lesion, dx, image = (header.index(name) for name in ("lesion_id", "dx", "image_id"))
    of_one = [row for row in rows if [other[lesion] for other in rows].count(row[lesion]) > 1][:1][0][lesion]
    mine = [row for row in rows if row[lesion] == of_one]
    mine[0][dx], mine[1][dx] = "nv", "mel"
    table.write_text("\n".join([lines[0], *(",".join(row) for row in rows)]) + "\n")
    wanted = HamSettings(path=ham, image_size=24, concepts="none")
    (problem,) = [line for line in examine(wanted)[1] if "one lesion in two classes" in line]
    assert mine[0][image] in problem
    assert "correct the metadata, or leave all of it out by --set data.duplicates=leave-out" in problem
    data, problems = examine(wanted.model_copy(update={"duplicates": "leave-out"}))
    assert not [line for line in problems if "lesion" in line]
    assert any(note.startswith(f"{len(mine)} images that contradict others are left out") for note in data.notes)


@pytest.mark.parametrize("copy", [bytes_of, saved_again])
def test_one_picture_as_positive_and_negative_example_is_refused_or_left_out(birds, tmp_path, copy):
    for s, kind in enumerate(("positive", "negative")):
        for i in range(12):
            save(tmp_path / "shown" / "striped" / kind / f"{i}.png", 7, s, i)
    copy(tmp_path / "shown/striped/positive/0.png", tmp_path / "shown/striped/negative/0.png")
    wanted = settings(birds, concepts=tmp_path / "shown", concept_examples=7, concept_held_out=7)
    with pytest.raises(InputError, match=r"positive/0\.png and .*also\.\w+: one picture, a positive and a negative"):
        load_dataset(wanted)
    data = load_dataset(wanted.model_copy(update={"duplicates": "leave-out"}))
    assert len(data.example_images) == 23
    assert any("2 " in note and "left out" in note for note in data.notes)
