"""``sparsight study --skip-bad``."""

import json

import numpy as np
import pytest
from PIL import Image

SETTINGS = """\
data: {name: folder, path: birds, image_size: 16}
model: {name: resnet8, stem_stride: 2}
training: {epochs: 1, batch_size: 8}
pruning: {rounds: 1}
evidence: {sanity: 2, refits: 0}
study: {seeds: [0], arms: [magnitude], retrains: 0}
"""
SAID = "1 image that cannot be read is left out: crow/3.png"


@pytest.fixture
def birds(tmp_path):
    draw = np.random.default_rng(0)
    for name in ("ara", "crow"):
        (tmp_path / "birds" / name).mkdir(parents=True)
        for i in range(12):
            pixels = draw.integers(0, 255, (20, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "birds" / name / f"{i}.png")
    (tmp_path / "birds" / "crow" / "3.png").write_bytes(b"bad")
    (tmp_path / "birds.yaml").write_text(SETTINGS)
    return tmp_path / "birds"


def test_a_study_goes_on_without_and_is_not_resumed_on_other_images(call, birds, tmp_path):
    study = ("study", "birds.yaml", "--out", "run", "--workers", "0")
    code, _, err = call(*study)
    assert code == 2
    assert "crow/3.png: not an image of" in err
    assert err.endswith("convert or remove it, or leave such images out by --skip-bad\n")
    assert not (tmp_path / "run").exists()
    code, out, err = call(*study, "--skip-bad")
    assert (code, err) == (0, "")
    assert out.count(SAID) == 1
    assert SAID in json.loads((tmp_path / "run" / "manifest.json").read_text())["notices"]
    assert SAID in (tmp_path / "run" / "report" / "index.html").read_text().replace("<wbr>", "")
    (birds / "ara" / "1.png").write_bytes(b"bad")
    assert call(*study, "--skip-bad")[1].count(SAID) == 1  # the run holds its images
    (tmp_path / "run" / "data.safetensors").unlink()
    code, _, err = call(*study, "--set", "data.skip_bad=true")
    assert code == 2
    assert "the data have changed since this run was made" in err


def test_data_without_files_have_none_that_are_bad(call, tmp_path):
    code, _, err = call("study", "toybirds", "--skip-bad")
    assert code == 2
    assert "data.skip_bad: unknown key" in err
    assert err.count("\n") == 1
