"""The data set that the official files become."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sparsight.data import HamSettings, examine, load_dataset
from sparsight.data.mask import read_mask
from sparsight.data.picture import read_picture
from sparsight.errors import InputError
from tests.data.ham10000.conftest import rows_of

DX = [row[2] for row in rows_of()]


def load(root, **more):
    return load_dataset(HamSettings(path=root, image_size=24, **more))


def test_images_masks_and_labels_stand_by_image_id(ham):
    data = load(ham)
    assert data.class_names == ("Benign", "Malignant")
    assert data.labels.tolist() == [int(dx in ("mel", "bcc")) for dx in DX]
    assert (data.mean, data.flip, data.notes) == ((0.485, 0.456, 0.406), True, ())
    for i in (0, 1, 3, 55):
        one = rows_of()[i][1]
        picture = read_picture(next(ham.glob(f"*/{one}.jpg")), 24)
        assert np.array_equal(data.images[i].permute(1, 2, 0).numpy(), picture.pixels)
        mask = read_mask(next(ham.glob(f"*/{one}_segmentation.png")), 24, (40, 30), 128, as_shown=True).inside
        assert np.array_equal(data.object_masks[i].numpy(), mask)
        dark = data.images[i, 0] < 175
        assert (dark != data.object_masks[i]).float().mean() < 0.04


def test_akiec_and_the_diagnosis_are_choices(ham):
    assert load(ham, akiec="malignant").labels.tolist() == [int(dx in ("mel", "bcc", "akiec")) for dx in DX]
    data = load(ham, target="diagnosis")
    assert [data.class_names[k] for k in data.labels.tolist()] == DX


def test_lesions_stand_on_one_side_unless_released_and_then_it_is_said(ham):
    lesions = [row[0] for row in rows_of()]
    shown = [{lesions[i] for i in chosen.tolist()} for chosen in load(ham).splits.values()]
    assert sum(map(len, shown)) == len(set(lesions))
    data = load(ham, split="image-released")
    assert {split: len(chosen) for split, chosen in data.splits.items()} == {"train": 40, "validation": 8, "test": 8}
    assert len(data.notes) == 1
    assert "lesions stand on several sides" in data.notes[0]
    assert "of 8 test images show a lesion that trains as well: accuracy leaks" in data.notes[0]


def test_concepts_are_cut_from_the_masks_by_training_images(ham):
    data = load(ham)
    size = data.concepts[:, data.concept_names.index("size_large")]
    train = data.splits["train"]
    area = data.object_masks.flatten(1).sum(1)
    assert set(size[train].tolist()) == {-1, 0, 1}
    assert area[size == 1].min() > area[size == 0].max()
    assert data.concept_groups == data.concept_names  # they do not exclude each other


def test_a_lesion_without_a_mask_has_unknown_concepts(ham):
    next(ham.glob("*/ISIC_0000003_segmentation.png")).unlink()
    data = load(ham)
    assert not data.object_masks[2].any()
    assert set(data.concepts[2].tolist()) == {-1}
    assert data.notes == ("1 of 56 images have no segmentation: ISIC_0000003",)


def test_without_masks_concepts_need_another_source(ham):
    (ham / "HAM10000_segmentations_lesion_tschandl").rename(ham.parent / "elsewhere")
    with pytest.raises(InputError, match="holds no segmentations"):
        load(ham)
    data = load(ham, concepts="none")
    assert (data.object_masks, data.concepts.shape) == (None, (56, 0))
    assert data.notes == ("no segmentations: nothing is said of whether networks look at the lesion",)
    with pytest.raises(InputError, match=r"data\.concept_path: concepts derm7pt come as images"):
        load(ham, concepts="derm7pt")


def test_example_images_can_be_the_concepts(ham):
    for concept, colour in (("blue veil", (40, 60, 160)), ("streaks", (90, 40, 20))):
        for kind in ("positive", "negative"):
            folder = ham.parent / "shown" / concept / kind
            folder.mkdir(parents=True)
            for k in range(12):
                pixels = np.random.default_rng([*colour, k, len(kind), kind == "positive"]).integers(
                    0, 255, (20, 20, 3)
                )
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{k}.png")
    data = load(ham, concepts="examples", concept_path=ham.parent / "shown", concept_examples=6, concept_held_out=6)
    assert data.concept_names == ("blue veil", "streaks")
    assert set(data.concepts.unique().tolist()) == {-1}
    assert data.example_images.shape == (48, 3, 24, 24)
    assert (data.example_concepts != -1).sum(0).tolist() == [24, 24]
    assert data.example_held_out.sum() == 24
    assert data.object_masks is not None
    assert not any("test images" in note for note in data.notes)


def test_examples_that_are_test_images_too_are_counted(ham):
    data = load(ham)
    own, first = sorted(ham.rglob("ISIC_*.jpg")), int(data.splits["test"][0])
    for k in range(24):
        folder = ham.parent / "shown" / "streaks" / ("positive" if k % 2 else "negative")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(k).integers(0, 255, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{k}.png")
    shutil.copy(own[first], folder / "23.png")
    data = load(ham, concepts="examples", concept_path=ham.parent / "shown", concept_examples=6, concept_held_out=6)
    assert "1 of 24 examples are test images of ham10000 as well" in data.notes


def test_what_would_fill_the_memory_is_refused_before_it_is_read(ham, monkeypatch):
    n = len(load(ham))
    monkeypatch.setattr("sparsight.data.ham10000.build.MOST_BYTES", n * 4 * 24 * 24)
    assert len(load(ham)) == n
    with pytest.raises(InputError, match=r"images and masks of 24 x 24 take \d+ KiB, more than .*fewer data\.images"):
        load(ham, whole_size=24)


def test_what_is_wrong_with_the_files_is_told_at_once(ham):
    next(ham.glob("*/ISIC_0000001.jpg")).write_bytes(b"\xff\xd8\xffcut off")
    Image.new("L", (10, 10)).save(next(ham.glob("*/ISIC_0000002_segmentation.png")))
    _, problems = examine(HamSettings(path=ham, image_size=24))
    assert len(problems) == 2
    assert "ISIC_0000001.jpg" in problems[0]
    assert "ISIC_0000002_segmentation.png: is 10 x 10, its image 40 x 30" in problems[1]


def test_greyscale_cmyk_and_16_bit_images_are_converted(ham):
    files = [next(ham.glob(f"*/ISIC_000000{k}.jpg")) for k in (1, 2, 3)]
    pictures = [Image.open(file).convert(mode) for file, mode in zip(files, ("L", "CMYK", "I;16"), strict=True)]
    for file, picture in zip(files, pictures, strict=True):
        file.unlink()
        sixteen = picture.mode.startswith("I")
        picture.save(file.with_suffix(".png") if sixteen else file, **({} if sixteen else {"quality": 95}))
    data = load(ham)
    assert data.images[0, 0].equal(data.images[0, 2])
    assert len(data) == 56


def test_a_class_without_images_on_a_side_is_named(ham):
    lines = (ham / "HAM10000_metadata").read_text().splitlines()
    kept = [line for line in lines if ",mel," not in line and ",bcc," not in line] + [
        line for line in lines if ",mel," in line
    ][:2]
    (ham / "HAM10000_metadata").write_text("\n".join(kept) + "\n")
    _, problems = examine(HamSettings(path=ham, image_size=24))
    assert problems == (
        "data set ham10000: class 'Malignant' has no image for validation, test; a class needs one in each",
    )


def test_settings_that_contradict_each_other_are_refused(ham):
    with pytest.raises(ValueError, match="must stay below 1"):
        HamSettings(path=ham, validation=0.5, test=0.5)
    with pytest.raises(ValueError, match="concepts none as well"):
        HamSettings(path=ham, masks="none")


REAL = Path(os.environ.get("SPARSIGHT_TEST_DATA", "/nowhere")) / "HAM10000"


@pytest.mark.skipif(not REAL.is_dir(), reason="SPARSIGHT_TEST_DATA names no folder with HAM10000")
def test_the_real_files():
    settings = HamSettings(path=REAL, image_size=64, images=120, target="diagnosis")
    data, problems = examine(settings)
    assert not [line for line in problems if "has no image for" not in line]
    assert 100 < len(data) <= 120
    assert [str(note) for note in data.notes if "were drawn" in note]
    nv = data.class_names.index("nv")
    assert 0.55 < (data.labels == nv).float().mean() < 0.9
    assert data.object_masks.any((1, 2)).all()
    known = (data.concepts != -1).float().mean(0)
    assert (known > 0.3).all()
    inside = data.images.float().mean(1)[data.object_masks].mean()
    outside = data.images.float().mean(1)[~data.object_masks].mean()
    assert inside < outside - 15  # lesions are darker than skin
    again = load_dataset(settings.model_copy(update={"target": "malignant"}))
    assert torch.equal(again.images, data.images)
