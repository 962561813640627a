"""Images that cannot be read: refused with the remedy, or left out, named, and nothing else moved."""

import struct
import zlib
from pathlib import PurePath

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from sparsight.data import CubSettings, FolderSettings, HamSettings, examine, load_dataset, write_dataset
from sparsight.data.load import check_command
from sparsight.data.unreadable import without_unreadable
from sparsight.errors import InputError
from tests.data.cub.conftest import draw_cub
from tests.data.ham10000.conftest import draw_ham

EACH = 10


def save(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (20, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def bomb(path):
    """A PNG whose header speaks of 60,000 x 60,000 pixels."""
    whole = path.read_bytes()
    header = whole[12:16] + struct.pack(">II", 60_000, 60_000) + whole[24:29]
    path.write_bytes(whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:])


@pytest.fixture
def birds(tmp_path):
    for k, name in enumerate(("ara", "crow", "gull")):
        for i in range(EACH):
            save(tmp_path / "birds" / name / f"{i}.png", 100 * k + i)
    return tmp_path / "birds"


@pytest.fixture
def masks(birds, tmp_path):
    for path in birds.rglob("*.png"):
        mask = tmp_path / "masks" / path.relative_to(birds)
        mask.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (24, 20), 255).save(mask)
    return tmp_path / "masks"


def load(root, **more):
    return load_dataset(FolderSettings(path=root, image_size=16, **more))


SPOILT = {
    "text": lambda path: path.write_text("not an image"),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-700]),
    "empty": lambda path: path.write_bytes(b""),
    "a bomb": bomb,
}


@pytest.mark.parametrize("kind", SPOILT)
def test_it_is_refused_with_the_remedy_or_left_out_and_named(birds, kind):
    SPOILT[kind](birds / "crow" / "3.png")
    with pytest.raises(InputError, match=r"crow/3\.png: .*, or leave such images out by --skip-bad$"):
        load(birds)
    data = load(birds, skip_bad=True)
    assert "1 image that cannot be read is left out: crow/3.png" in data.notes
    assert EACH + 3 not in torch.cat(list(data.splits.values())).tolist()
    assert sum(map(len, data.splits.values())) == 3 * EACH - 1


def test_nothing_else_moves_and_it_is_the_same_every_time(birds, tmp_path):
    whole = load(birds)
    bad = [2, 3, EACH + 1, 2 * EACH + 9]
    for i in bad:
        (birds / ("ara", "crow", "gull")[i // EACH] / f"{i % EACH}.png").write_bytes(b"bad")
    first, again = load(birds, skip_bad=True), load(birds, skip_bad=True)
    for split, chosen in whole.splits.items():
        assert first.splits[split].tolist() == [i for i in chosen.tolist() if i not in bad]
        assert torch.equal(first.images[first.splits[split]], whole.images[first.splits[split]])
    assert "4 images that cannot be read are left out: ara/2.png, ara/3.png, crow/1.png, gull/9.png" in first.notes
    for name, data in (("first", first), ("again", again)):
        write_dataset(tmp_path / f"{name}.safetensors", data)
    assert (tmp_path / "first.safetensors").read_bytes() == (tmp_path / "again.safetensors").read_bytes()


def test_another_set_of_bad_files_is_another_data_set(birds, tmp_path):
    made = []
    for i in range(2):
        (birds / "ara" / f"{i}.png").write_bytes(b"bad")
        write_dataset(tmp_path / f"{i}.safetensors", load(birds, skip_bad=True))
        made.append((tmp_path / f"{i}.safetensors").read_bytes())
    assert made[0] != made[1]


def test_a_class_without_images_is_refused_and_why_is_said(birds):
    for path in (birds / "gull").iterdir():
        path.write_bytes(b"bad")
    with pytest.raises(
        InputError, match=r"class 'gull' has no image for train, validation, test; .*10 images that"
    ) as e:
        load(birds, skip_bad=True)
    assert str(e.value).endswith("gull/0.png, gull/1.png, gull/2.png, gull/3.png, gull/4.png, ...)")
    for path in birds.rglob("*.png"):
        path.write_bytes(b"bad")
    with pytest.raises(InputError, match=r"class 'ara' has no image .*30 images that cannot be read"):
        load(birds, skip_bad=True)


def test_a_mask_counts_as_its_image_does_but_one_that_misfits_or_is_missing_is_a_mistake(birds, masks):
    (masks / "crow" / "3.png").write_bytes(b"bad")
    (birds / "crow" / "4.png").write_bytes(b"bad")
    problems = examine(FolderSettings(path=birds, image_size=16, masks=masks))[1]
    assert len(problems) == 2
    assert str(masks / "crow" / "3.png") in problems[0]
    assert str(birds / "crow" / "4.png") in problems[1]
    data = load(birds, masks=masks, skip_bad=True)
    assert "2 images that cannot be read are left out: crow/3.png, crow/4.png" in data.notes
    assert data.object_masks[torch.cat(list(data.splits.values()))].all()
    (masks / "crow" / "4.png").unlink()  # of an image that is left out anyway
    load(birds, masks=masks, skip_bad=True)
    Image.new("L", (20, 20), 255).save(masks / "ara" / "0.png")
    (masks / "ara" / "1.png").unlink()
    wanted = FolderSettings(path=birds, image_size=16, masks=masks, skip_bad=True)
    problems = examine(wanted)[1]
    assert len(problems) == 2
    assert "ara/1: no mask for ara/1.png" in problems[0]
    assert problems[1].endswith("ara/0.png: is 20 x 20, its image 24 x 20; make them equal")
    assert "--set skip_bad=true" in check_command(wanted)


def test_given_sides_keep_their_images(birds, tmp_path):
    for split in ("train", "validation", "test"):
        for k, name in enumerate(("a", "b")):
            for i in range(3):
                save(tmp_path / "given" / split / name / f"{i}.png", len(split) * 1000 + 10 * k + i)
    (tmp_path / "given" / "test" / "a" / "1.png").write_bytes(b"bad")
    data = load(tmp_path / "given", skip_bad=True)
    assert [len(data.splits[split]) for split in ("train", "validation", "test")] == [6, 6, 5]


def test_rows_of_a_table_may_name_what_is_left_out(birds):
    rows = [f"{path.relative_to(birds)},{i % 2}" for i, path in enumerate(sorted(birds.rglob("*.png")))]
    (birds / "concepts.csv").write_text("\n".join(["image,red", *rows]) + "\n")
    (birds / "gull" / "7.png").write_bytes(b"bad")
    assert load(birds, skip_bad=True).concepts.shape == (3 * EACH, 1)


def test_what_can_be_read_is_decoded_once(birds, tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSIGHT_CACHE", str(tmp_path / "cache"))

    class Heard:
        ticks = 0

        def note(self, text):
            pass

        def decoded(self, done, total):
            self.ticks += 1

    (birds / "ara" / "0.png").write_bytes(b"bad")
    wanted, first, again = FolderSettings(path=birds, image_size=16, skip_bad=True), Heard(), Heard()
    one, other = load_dataset(wanted, first), load_dataset(wanted, again)
    assert (first.ticks, again.ticks) == (3 * EACH, 0)
    assert one.notes == other.notes
    assert torch.equal(one.images, other.images)
    with pytest.raises(InputError, match="not an image of"):
        load(birds)
    save(birds / "ara" / "0.png", 0)
    assert len(torch.cat(list(load(birds).splits.values()))) == 3 * EACH


def test_names_are_data(birds):
    (birds / "ara" / "a\nb\x1b[31m.png").write_bytes(b"bad")
    (note,) = [note for note in load(birds, skip_bad=True).notes if "left out" in note]
    assert note.isprintable()
    assert "ara/a" in note


def test_examples_are_left_out_and_too_few_are_refused(birds, tmp_path):
    for s, kind in enumerate(("positive", "negative")):
        for i in range(14):
            save(tmp_path / "shown" / "striped" / kind / f"{i}.png", 5000 + 100 * s + i)
    wanted = {"concepts": tmp_path / "shown", "concept_examples": 7, "concept_held_out": 7}
    whole = load(birds, **wanted)
    (tmp_path / "shown" / "striped" / "positive" / "0.png").write_bytes(b"bad")
    with pytest.raises(InputError, match=r"striped/positive/0\.png: .* --skip-bad$"):
        load(birds, **wanted)
    data = load(birds, **wanted, skip_bad=True)
    assert "1 example that cannot be read is left out: striped/positive/0.png" in data.notes
    assert any(note.startswith("fewer than 7 + 7 examples") for note in data.notes)
    assert (len(whole.example_images), len(data.example_images), len(data.example_held_out)) == (28, 27, 27)
    assert {image.numpy().tobytes() for image in data.example_images} < {
        image.numpy().tobytes() for image in whole.example_images
    }
    for i in range(1, 6):
        (tmp_path / "shown" / "striped" / "positive" / f"{i}.png").write_bytes(b"bad %d" % i)
    with pytest.raises(InputError, match="concept striped: 14 positive examples give"):
        load(birds, **wanted, skip_bad=True)


def test_the_official_data_sets_do_the_same(tmp_path):
    cub = draw_cub(tmp_path / "CUB_200_2011", segmentations=True)
    ham = draw_ham(tmp_path / "HAM10000")
    wanted = CubSettings(path=cub, image_size=16), HamSettings(path=ham, image_size=24, concepts="none")
    whole = [examine(one)[0] for one in wanted]
    (cub / "images" / "001.Drawn_Bird_A" / "Bird_0_0.jpg").write_bytes(b"bad")
    (cub / "segmentations" / "001.Drawn_Bird_A" / "Bird_0_1.png").write_bytes(b"bad")
    next(ham.glob("*/ISIC_0000001.jpg")).write_bytes(b"bad")
    next(ham.glob("*/ISIC_0000002_segmentation.png")).write_bytes(b"bad")
    named = (
        "001.Drawn_Bird_A/Bird_0_0.jpg, 001.Drawn_Bird_A/Bird_0_1.jpg",
        "ISIC_0000001.jpg, ISIC_0000002.jpg",
    )
    for settings_, before, names in zip(wanted, whole, named, strict=True):
        problems = examine(settings_)[1]
        assert sum(line.endswith(", or leave such images out by --skip-bad") for line in problems) == 2
        data, left = examine(settings_.model_copy(update={"skip_bad": True}))
        assert not [line for line in left if "--skip-bad" in line]
        assert f"2 images that cannot be read are left out: {names}" in data.notes
        for split, chosen in before.splits.items():
            assert data.splits[split].tolist() == [i for i in chosen.tolist() if i not in (0, 1)]


@given(sides=st.lists(st.sampled_from(("train", "validation", "test")), max_size=30), data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_who_is_left_keeps_side_and_order(sides, data):
    unread = data.draw(st.sets(st.sampled_from(range(len(sides)))) if sides else st.just(set()))
    splits = {
        split: torch.tensor([i for i, side in enumerate(sides) if side == split], dtype=torch.int64)
        for split in ("train", "validation", "test")
    }
    names = [PurePath(f"{i}.png") for i in range(len(sides))]
    found = without_unreadable(splits, dict.fromkeys(unread, "bad"), names, True)
    assert {split: chosen.tolist() for split, chosen in found.splits.items()} == {
        split: [i for i in chosen.tolist() if i not in unread] for split, chosen in splits.items()
    }
    assert bool(found.notes) == bool(unread)
