"""``package.module:function``: found without running anything, run from the bytes that were hashed."""

import hashlib
import sys

import pytest
import torch

from sparsight.errors import InputError
from sparsight.models import ModelSettings, build_model, own_source
from sparsight.models.settings import is_own

NET = """\
from torch import nn
WIDTH = 4
def build(num_classes):
    return nn.Sequential(nn.Conv2d(3, WIDTH, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTH, num_classes))
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    package = tmp_path / "mine" / "nets"
    package.mkdir(parents=True)
    (tmp_path / "mine" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (package / "small.py").write_text(NET)
    (tmp_path / "freshnet.py").write_text(NET)
    (tmp_path / "spaced").mkdir()
    (tmp_path / "spaced" / "below").mkdir()
    (tmp_path / "spaced" / "below" / "deep.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names():
    assert is_own("package.module:function")
    assert is_own("module:Class")
    for name in (
        "resnet8",
        "torchvision:resnet9",
        "module",
        "module:",
        ":f",
        "a b:f",
        "a..b:f",
        "../a:f",
        "a:f()",
        "if:f",
    ):
        assert not is_own(name)
    assert not is_own("m" * 300 + ":f")


def test_the_file_is_found_and_nothing_is_run(place):
    file = own_source("mine.nets.small:build")
    assert file.path == place / "mine" / "nets" / "small.py"
    assert file.digest == hashlib.sha256(NET.encode()).hexdigest()
    assert own_source("spaced.below.deep:build").path.name == "deep.py"
    assert not {"mine", "mine.nets", "mine.nets.small", "spaced"} & set(sys.modules)
    assert str(place) not in sys.path
    with pytest.raises(InputError, match=r"importing mine.nets.small fails in .*: RuntimeError: imported"):
        build_model(ModelSettings(name="mine.nets.small:build"), 3, 0)


def test_the_seed_fixes_the_weights_and_the_global_generator_is_untouched(place):
    before = torch.get_rng_state()
    settings = ModelSettings(name="freshnet:build")
    first, again, other = (build_model(settings, 3, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert not torch.equal(first["0.weight"], other["0.weight"])
    assert first["3.weight"].shape == (3, 4)
    assert not list(place.rglob("__pycache__"))


def test_a_file_that_has_changed_is_run_as_it_is_now_or_refused(place):
    digest = own_source("freshnet:build").digest
    assert build_model(ModelSettings(name="freshnet:build", source=digest), 3, 0)[0].out_channels == 4
    (place / "freshnet.py").write_text(NET.replace("WIDTH = 4", "WIDTH = 5"))  # of the same length, in the same second
    assert build_model(ModelSettings(name="freshnet:build"), 3, 0)[0].out_channels == 5
    with pytest.raises(InputError, match=r"model.source: .*freshnet.py has changed"):
        build_model(ModelSettings(name="freshnet:build", source=digest), 3, 0)


def test_a_module_that_the_users_program_has_imported_stays_its_own(place, monkeypatch):
    own = type(sys)("freshnet")
    monkeypatch.setitem(sys.modules, "freshnet", own)
    build_model(ModelSettings(name="freshnet:build"), 3, 0)
    assert sys.modules["freshnet"] is own


def test_parts_and_source_belong_to_own_networks():
    for key, value in (("features", "layer2"), ("head", "fc"), ("source", "0" * 64)):
        with pytest.raises(InputError, match=f"model.{key}: resnet8 is known"):
            ModelSettings(**{key: value})
        assert getattr(ModelSettings(name="a.b:c", **{key: value}), key) == value
