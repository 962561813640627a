"""``package.module:function``: found without running anything, run from the bytes that were hashed."""

import copy
import hashlib
import os
import random
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from sparsight.errors import InputError
from sparsight.models import ModelSettings, build_model, own_source, placed
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


REGISTERED = """\
from torch import nn
from . import registry
def build(num_classes):
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, num_classes))
registry.register(build)
"""
REGISTRY = """\
KNOWN = {}
def register(function):
    if function.__name__ in KNOWN:
        raise ValueError(f"{function.__name__} is registered already")
    KNOWN[function.__name__] = function
    return function
"""


@pytest.mark.parametrize("first", ["", "from .nets import build\n", "from . import nets\n", "import zoo.nets\n"])
def test_a_package_that_registers_its_networks_is_executed_once(first, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "zoo", raising=False)
    for name in ("zoo.nets", "zoo.registry"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    package = tmp_path / "zoo"
    package.mkdir()
    (package / "__init__.py").write_text(f"# {tmp_path}\n{first}")
    (package / "registry.py").write_text(REGISTRY)
    (package / "nets.py").write_text(REGISTERED + f"# {tmp_path}\n")
    settings = ModelSettings(name="zoo.nets:build")
    one, two = (build_model(settings, 3, 0).state_dict() for _ in range(2))
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    for name in ("zoo", "zoo.nets", "zoo.registry"):
        sys.modules.pop(name)


def test_a_module_that_can_be_executed_once_alone_is_used_as_it_was_imported():
    """torchvision registers what it defines; a second time it refuses."""
    import torchvision

    model = build_model(ModelSettings(name="torchvision.models.resnet:resnet18"), 3, 0)
    assert isinstance(model, torchvision.models.ResNet)
    assert sys.modules["torchvision.models.resnet"] is torchvision.models.resnet


SETTINGS = """\
import os, random, sys, warnings
import numpy, torch
from torch import nn
def change():
    os.chdir("/")
    sys.stdout = sys.stderr = None
    warnings.simplefilter("error")
    numpy.seterr(all="raise")
    numpy.random.seed(3)
    random.seed(3)
    torch.manual_seed(3)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True, warn_only=True)
    sys.setrecursionlimit(5000)
"""


@pytest.mark.parametrize("where", ["in import", "in the function", "in the forward pass"])
def test_what_its_code_changes_of_the_process_is_put_back(where, place):
    body = {
        "in import": "change()\ndef build(num_classes):\n    return nn.Linear(2, num_classes)\n",
        "in the function": "def build(num_classes):\n    change()\n    return nn.Linear(2, num_classes)\n",
        "in the forward pass": "class Net(nn.Linear):\n    def forward(self, x):\n        change()\n"
        "        return super().forward(x)\ndef build(num_classes):\n    return Net(2, num_classes)\n",
    }[where]
    name = f"changing_{where.replace(' ', '_')}"
    (place / f"{name}.py").write_text(SETTINGS + body)

    def process():
        draws = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())  # noqa: NPY002
        return (
            (Path.cwd(), sys.stdout, sys.stderr, list(warnings.filters), np.geterr(), sys.getrecursionlimit()),
            (torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads()),
            torch.are_deterministic_algorithms_enabled(),
            draws if where != "in the forward pass" else None,
        )

    images, before = torch.rand(4, 2), process()
    model = build_model(ModelSettings(name=f"{name}:build"), 3, 0)
    assert process() == before
    assert model(images).dtype == torch.float32
    assert process() == before
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32}


@pytest.mark.parametrize(
    "code", ["sys.exit(0)", "sys.exit('why')", "os._exit(0)", "raise GeneratorExit", "exit()", "quit(1)"]
)
@pytest.mark.parametrize("where", ["import", "build", "forward"])
def test_code_that_leaves_is_one_line(code, where, place):
    line = {place_: code if place_ == where else "pass" for place_ in ("import", "build", "forward")}
    name = f"leaving_{where}_{abs(hash(code))}"
    (place / f"{name}.py").write_text(
        f"import os, sys\nfrom torch import nn\n{line['import']}\nclass Net(nn.Linear):\n    def forward(self, x):\n"
        f"        {line['forward']}\n        return x\n"
        f"def build(num_classes):\n    {line['build']}\n    return Net(2, 3)\n"
    )
    with pytest.raises(InputError, match=rf"^model.name: .*{name}") as caught:
        build_model(ModelSettings(name=f"{name}:build"), 3, 0)(torch.rand(2, 2))
    assert "\n" not in str(caught.value)
    said = "GeneratorExit" if "Generator" in code else "take the call of exit out"
    assert said in str(caught.value)
    assert os._exit.__module__ == "posix"


def test_its_network_is_given_images_of_its_own_as_they_are_usually_laid_out(place):
    (place / "viewing.py").write_text(
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self, k):\n        super().__init__()\n"
        "        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4 * 36, k)\n    def forward(self, x):\n"
        "        x.mul_(2)\n        return self.head(self.conv(x).view(len(x), -1))\n"
        "def build(num_classes):\n    return Net(num_classes)\n"
    )
    model = placed(build_model(ModelSettings(name="viewing:build"), 3, 0), torch.device("cpu"))
    images = torch.rand(2, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    before = images.clone()
    assert model(images).shape == (2, 3)
    assert torch.equal(images, before)
    copied = copy.deepcopy(model)
    with torch.no_grad():
        copied.head.bias.fill_(3.0)
    assert not torch.equal(copied(images), model(images))
    assert list(model.state_dict()) == ["conv.weight", "conv.bias", "head.weight", "head.bias"]
    assert type(model).__name__ == "Net"
