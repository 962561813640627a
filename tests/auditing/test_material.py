"""The images of an audit."""

import numpy as np
import pytest
from PIL import Image

from sparsight.auditing import material


@pytest.fixture
def photos(tmp_path):
    draws = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for i in range(3):
            Image.fromarray(draws.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(tmp_path / name / f"{i}.png")
    return tmp_path


def test_images_are_as_large_as_the_models_take_them_unless_it_is_said_otherwise(photos):
    assert material(str(photos)).images.shape[2:] == (64, 64)
    assert material(str(photos), side=48).images.shape[2:] == (48, 48)
    assert material(str(photos), more={"image_size": 32}, side=48).images.shape[2:] == (32, 32)


def test_without_concepts_all_images_are_looked_at(photos):
    read = material(str(photos))
    assert len(read.splits["test"]) == 6
    assert not len(read.splits["train"])


def test_an_audit_needs_no_validation_folder(photos, tmp_path_factory):
    root = tmp_path_factory.mktemp("split") / "set"
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            (root / split).mkdir(parents=True, exist_ok=True)
            (photos / name).rename(root / split / name) if split == "train" else None
    draws = np.random.default_rng(1)
    for name in ("cat", "dog"):
        (root / "test" / name).mkdir()
        Image.fromarray(draws.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(root / "test" / name / "a.png")
    sizes = [len(material(str(root)).splits[split]) for split in ("train", "validation", "test")]
    assert sizes == [6, 0, 2]
    (root / "concepts.csv").write_text("class,furry\ncat,1\ndog,0\n")
    read = material(str(root))
    assert read.concept_names == ("furry",)
    assert [len(read.splits[split]) for split in ("train", "validation", "test")] == [6, 0, 2]


def test_a_size_that_nobody_has_named_is_told(photos):
    said = "no model says how large its images are; they are read at 64 x 64 pixels, and --image-size says otherwise"
    assert said in material(str(photos)).notes
    for more, side in (({"image_size": 64}, None), (None, 64)):
        assert not [note for note in material(str(photos), more=more, side=side).notes if "pixels" in note]


def test_concepts_that_leave_few_images_to_an_audit_are_reported_before(photos):
    draws = np.random.default_rng(3)
    for name in ("cat", "dog"):
        for i in range(3, 60):
            Image.fromarray(draws.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(photos / name / f"{i}.png")

    class Hears:
        said = ()

        def note(self, text):
            self.said = (*self.said, text)

        def decoded(self, done, total):
            pass

    assert not [note for note in material(str(photos)).notes if "an audit compares" in note]
    table = photos / "concepts.csv"
    table.write_text("class,furry\ncat,1\ndog,0\n")
    hears = Hears()
    read = material(str(photos), reader=hears)
    said = f"{table}: because of these concepts an audit compares models on the 24 test images of 120"
    assert len(read.splits["test"]) == 24
    assert [note for note in read.notes if note.startswith(said)]
    assert [note for note in hears.said if note.startswith(said)]
    table.rename(photos.parent / "away.csv")
    assert len(material(str(photos)).splits["test"]) == 120, "the remedy"
    assert "leave it out" in material(str(photos), concepts=str(photos.parent / "away.csv")).notes[-2]
