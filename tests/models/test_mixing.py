"""Networks whose answer for an image depends on the images beside it."""

import copy
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional

from sparsight.errors import InputError
from sparsight.models import ModelSettings
from sparsight.models.find import check_unknown
from sparsight.models.mixing import check_mixing, scales_by_batch, stirred

IMAGES = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


class Net(nn.Module):
    """Two convolutions, and something between or after them."""

    def __init__(self, between=None, after=None):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3)
        self.between, self.after = between or nn.Identity(), after or nn.Identity()
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        x = torch.relu(self.second(torch.relu(self.between(self.first(x)))))
        return self.after(self.head(x.mean((2, 3))))


class Does(nn.Module):
    """A function of somebody's own."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class LeftInTraining(nn.BatchNorm2d):
    """A batch norm that its forward pass puts into training mode."""

    def forward(self, x):
        self.train()
        return super().forward(x)


class Gated(nn.Module):
    """A branch that mixes, behind a scale that starts at zero."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(6, 1, 1))
        self.norm = nn.BatchNorm2d(6, track_running_stats=False)

    def forward(self, x):
        return x + self.scale * self.norm(x)


def by_brightness(x):
    """The rows of a batch, sorted by their sum."""
    return x[x.flatten(1).sum(1).argsort()]


def own_batch_norm(x):
    return functional.batch_norm(x, None, None, training=True)


MIXING = {
    "batch norm without statistics": lambda: Net(nn.BatchNorm2d(6, track_running_stats=False)),
    "batch norm left in training": lambda: Net(LeftInTraining(6)),
    "functional batch norm": lambda: Net(Does(own_batch_norm)),
    "a batch mean": lambda: Net(Does(lambda x: x - x.mean(0, keepdim=True))),
    "a small share of a batch mean": lambda: Net(Does(lambda x: x - 0.01 * x.mean(0, keepdim=True))),
    "softmax over the batch": lambda: Net(after=nn.Softmax(0)),
    "the batch sorted": lambda: Net(after=Does(lambda x: x.sort(0).values)),
    "rows sorted by brightness": lambda: Net(Does(by_brightness)),
    "rows moved on": lambda: Net(Does(lambda x: x.roll(1, 0))),
    "pairs": lambda: Net(Does(lambda x: x + 0.1 * x[torch.arange(len(x)) // 2 * 2])),
    "the largest of the batch as scale": lambda: Net(Does(lambda x: x / x.abs().max())),
    "attention over the batch": lambda: Net(after=Does(lambda x: (x @ x.T).softmax(1) @ x)),
    "a norm that needs two images": lambda: Net(after=nn.BatchNorm1d(4, track_running_stats=False)),
}


@pytest.mark.parametrize("what", MIXING)
def test_a_network_that_mixes_images_is_refused(what):
    torch.manual_seed(0)
    with pytest.raises(InputError, match=r"^mine: .*batch.*track_running_stats=True"):
        check_mixing("mine", MIXING[what](), IMAGES)


ALONE = {
    "batch norm": lambda: Net(nn.BatchNorm2d(6)),
    "batch norm with other statistics in training": lambda: Net(nn.SyncBatchNorm(6)),
    "instance norm": lambda: Net(nn.InstanceNorm2d(6)),
    "instance norm with statistics": lambda: Net(nn.InstanceNorm2d(6, track_running_stats=True)),
    "group norm": lambda: Net(nn.GroupNorm(2, 6)),
    "local response": lambda: Net(nn.LocalResponseNorm(2)),
    "dropout": lambda: Net(nn.Dropout(0.5)),
    "softmax over classes": lambda: Net(after=nn.Softmax(1)),
    "its own mean": lambda: Net(Does(lambda x: x - x.mean(1, keepdim=True))),
}


PRECISIONS = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
WITHOUT_HALF = {"local response"}  # torch has no such norm in half precision on a CPU


@pytest.mark.parametrize(
    ("what", "kind"), [(what, kind) for what in ALONE for kind in PRECISIONS[: 2 if what in WITHOUT_HALF else None]]
)
def test_a_network_that_takes_each_image_for_itself_passes(what, kind):
    torch.manual_seed(0)
    model = ALONE[what]().to(kind).train()
    state = copy.deepcopy(model.state_dict())
    assert check_mixing("mine", model, IMAGES.to(kind)) is None
    assert model.training
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_the_remedy_that_is_named_ends_well():
    check_mixing("mine", Net(nn.BatchNorm2d(6, track_running_stats=True)), IMAGES)


def test_of_one_image_that_stands_twice_it_is_seen_too():
    torch.manual_seed(0)
    twice = IMAGES[:1].repeat(2, 1, 1, 1)
    with pytest.raises(InputError, match="depends on the other images of its batch"):
        check_mixing("mine", Net(nn.BatchNorm2d(6, track_running_stats=False)), twice)


def quantised() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(Net().eval(), {nn.Linear}, dtype=torch.qint8)


@pytest.mark.parametrize("scripted", [False, True])
def test_a_scale_of_a_whole_batch_is_noted_of_dynamic_quantisation_alone(scripted):
    torch.manual_seed(0)
    model = quantised()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = torch.jit.trace(model, IMAGES) if scripted else model
    assert scales_by_batch(model)
    assert not scales_by_batch(Net())
    said = check_mixing("small", model, torch.cat([IMAGES, 5 * IMAGES]))
    assert said is not None
    assert said.startswith("small: its dynamic quantisation takes a scale from the whole batch")


def test_dynamic_quantisation_is_no_excuse_for_mixing():
    torch.manual_seed(0)
    model = quantised()
    model.between = nn.BatchNorm2d(6, track_running_stats=False)
    with pytest.raises(InputError, match="depends on the other images of its batch"):
        check_mixing("small", model, IMAGES)


def test_a_branch_that_starts_at_zero_is_seen_in_a_study():
    torch.manual_seed(0)
    check_mixing("mine", Net(Gated()), IMAGES)
    with pytest.raises(InputError, match="depends on the other images"):
        check_mixing("mine", stirred(Net(Gated())), IMAGES)

    def make():
        torch.manual_seed(0)
        return Net(Gated())

    with pytest.raises(InputError, match=r"^model\.name: mine:net: its answer .* depends on the other images"):
        check_unknown(ModelSettings(name="mine:net"), make, IMAGES, 4)
