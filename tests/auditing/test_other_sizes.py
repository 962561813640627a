"""Models that expect images of different sizes: what their note advises is done, and ends well."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from sparsight import audit_models
from sparsight.auditing import AuditSettings
from sparsight.data import ToyBirdsSettings, load_dataset
from sparsight.models import Given, ModelSettings, build_model
from tests import process

HALF = ((0.5,) * 3,) * 2
SIDES = {"teacher": 48, "student": 32}
WRAPPED = """\\
from torch import nn
from torch.nn.functional import interpolate
class Resized(nn.Module):
    def __init__(self, model, side):
        super().__init__()
        self.model, self.side = model, side
    def forward(self, images):
        return self.model(interpolate(images, (self.side, self.side), mode="bilinear", antialias=True))
def net(num_classes):
    maps = (nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU())
    return nn.Sequential(*maps, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, num_classes))
def teacher(num_classes):
    return Resized(net(num_classes), 48)
def student(num_classes):
    return Resized(net(num_classes), 32)
"""


class Resized(nn.Module):
    def __init__(self, model, side):
        super().__init__()
        self.model, self.side = model, side

    def forward(self, images):
        return self.model(interpolate(images, (self.side, self.side), mode="bilinear", antialias=True))


@pytest.fixture(scope="module")
def birds():
    return load_dataset(ToyBirdsSettings(train=48, validation=12, test=36, image_size=48))


@pytest.fixture(scope="module")
def models():
    return {name: build_model(ModelSettings(name="resnet8", stem_stride=2), 12, side) for name, side in SIDES.items()}


def cautions(audit):
    return [note for note in audit.data.notices if re.search("expects? images of", note)]


def test_models_that_are_wrapped_as_their_note_advises_are_compared_each_at_its_size(birds, models):
    settings = AuditSettings(normalise=HALF)
    plain = [Given(name, model.eval(), normalisation=HALF, side=SIDES[name]) for name, model in models.items()]
    (said,) = cautions(audit_models(*plain, birds, settings=settings))
    assert said.startswith("CAUTION: student expects images of 32 pixels and is given 48, as all models are; ")
    assert said.endswith("or wrap each in a function whose network resizes its images to 32")
    wrapped = {name: Resized(model, SIDES[name]).eval() for name, model in models.items()}
    audit = audit_models(*(Given(name, model, normalisation=HALF) for name, model in wrapped.items()), birds)
    assert cautions(audit) == []
    assert not [note for note in audit.data.notices if ": no " in note], "maps, concepts and embeddings are found"
    tested = birds.splits["test"]
    images = (birds.images[tested].float() / 255 - 0.5) / 0.5
    with torch.no_grad():
        right = {name: (wrapped[name](images).argmax(1) == birds.labels[tested]).double().mean() for name in SIDES}
    rows = audit.data.accuracy.query("of == 'f' and metric == 'accuracy'").set_index("model")["value"]
    assert rows.to_dict() == {name: pytest.approx(float(one)) for name, one in right.items()}


def test_the_same_is_done_on_the_command_line(tmp_path):
    (tmp_path / "nets.py").write_text(WRAPPED)
    asked = ("--data", "toybirds", "--image-size", "48", "--set", "data.train=48", "--set", "data.test=36")
    ended = process.run(("audit", "nets:teacher", "nets:student", *asked, "--margin", "0.1", "--out", "new"), tmp_path)
    assert ended.returncode == 0, ended.stderr
    printed = " ".join((ended.stdout + ended.stderr).split())
    assert "expects images of" not in printed
    assert "no maps" not in printed
    assert Path(tmp_path / "new" / "index.html").exists() or list((tmp_path / "new").rglob("index.html"))
