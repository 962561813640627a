"""Which layers multiply by a weight whose zeros are those of its parameter, and which make others of it."""

import copy

import pytest
import torch
from torch import nn
from torch.ao.nn import qat
from torch.ao.quantization import default_qat_qconfig
from torch.func import functional_call
from torch.nn import functional

from sparsight.errors import InputError
from sparsight.models import ModelSettings, build_model
from sparsight.pruning import check_in_effect, prunable
from sparsight.pruning.in_effect import lost_zeros

IMAGES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


class Standardised(nn.Conv2d):
    """Weight standardisation, as it is written by hand."""

    def forward(self, x):
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return self._conv_forward(x, weight / (weight.std((1, 2, 3), keepdim=True) + 1e-5), self.bias)


class Changed(nn.Conv2d):
    """A convolution by a function of its weight."""

    def __init__(self, function):
        super().__init__(3, 3, 3)
        self.function = function

    def forward(self, x):
        return self._conv_forward(x, self.function(self.weight), self.bias)


class ChangedInPlace(nn.Conv2d):
    def forward(self, x):
        return self._conv_forward(x, self.weight.clone().sub_(self.weight.mean()), self.bias)


class ChangedLinear(nn.Linear):
    def forward(self, x):
        return functional.linear(x, self.weight.softmax(1), self.bias)


class CentredAttention(nn.MultiheadAttention):
    def forward(self, x):
        weight = self.in_proj_weight - self.in_proj_weight.mean()
        return (functional.linear(x, weight).chunk(3, -1)[0] @ self.out_proj.weight,)


class Moved(nn.Conv2d):
    """A fixed part is added, as of a low rank that is learned beside it."""

    def __init__(self):
        super().__init__(3, 3, 3)
        self.first, self.second = nn.Parameter(torch.randn(27, 2)), nn.Parameter(torch.randn(2, 3))

    def forward(self, x):
        return self._conv_forward(x, self.weight + (self.first @ self.second).T.reshape(3, 3, 3, 3), self.bias)


def orthogonal(weight):
    """One step towards an orthogonal matrix: the weight meets itself in a product."""
    flat = weight.flatten(1)
    return (1.5 * flat - 0.5 * flat @ flat.T @ flat).reshape(weight.shape)


def by_batch_norm(weight):
    return functional.batch_norm(weight.reshape(1, 3, 27), None, None, training=True).reshape(weight.shape)


def to_one_or_minus_one(weight):
    return torch.where(weight >= 0, 1.0, -1.0)


CHANGED = {
    "standardised": lambda: Standardised(3, 3, 3),
    "standardised twice": lambda: nn.Sequential(Standardised(3, 4, 3), Standardised(4, 4, 3)),
    "by batch norm": lambda: Changed(by_batch_norm),
    "in place": lambda: ChangedInPlace(3, 3, 3),
    "to two values": lambda: Changed(to_one_or_minus_one),
    "orthogonal": lambda: Changed(orthogonal),
    "softmax": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), ChangedLinear(3, 4)),
    "attention": lambda: nn.Sequential(nn.Flatten(2), CentredAttention(1024, 2)),
    "a part beside it": Moved,
    "half precision": lambda: Changed(lambda w: (w.half() - w.half().mean()).float()),
}


@pytest.mark.parametrize("what", CHANGED)
def test_zeros_that_are_lost_before_the_product_are_refused(what):
    torch.manual_seed(0)
    model = CHANGED[what]().train()
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(
        InputError, match=r"^model\.name: mine: \w+ of layer '.*' \(\w+\) is changed in each pass"
    ) as caught:
        check_in_effect("mine", model, IMAGES)
    assert "\n" not in str(caught.value)
    assert ("1 more is" in str(caught.value)) == ("twice" in what)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_remedy_ends_well():
    model = nn.Sequential(Standardised(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))
    assert lost_zeros(model, IMAGES) == ["0.weight"]
    model[0] = nn.Conv2d(3, 4, 3)
    check_in_effect("mine", model, IMAGES)


class Functional(nn.Module):
    """Layers whose weights are used by functions, and never called."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)

    def forward(self, x):
        return functional.linear(functional.conv2d(x, self.conv.weight).mean((2, 3)), self.head.weight)


class Called(Functional):
    def forward(self, x):
        return functional_call(self.conv, {"weight": 2 * self.conv.weight}, (x,))


class Cast(Functional):
    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            return self.head(self.conv(x).mean((2, 3)))


class FromConstants(Functional):
    """A bias that a matrix makes of constants, as of relative positions."""

    def forward(self, x):
        bias = torch.relu(self.head(torch.ones(5, 4))).mean()
        return self.conv(x).mean((2, 3)) + bias


class ByFourier(nn.Conv2d):
    """A circular convolution by a product of transforms."""

    def forward(self, x):
        weight = torch.fft.rfft2(self.weight.sum(1), s=(32, 32))
        return torch.fft.irfft2(torch.fft.rfft2(x) * weight, s=(32, 32))


class Factors(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 2), nn.Linear(2, 4)

    def forward(self, x):
        return functional.linear(x.mean((2, 3)), self.second.weight @ self.first.weight)


class Joined(nn.Module):
    """Three projections in one product, and one of them cut."""

    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(3, 4) for _ in range(3))

    def forward(self, x):
        return functional.linear(x.mean((2, 3)), torch.cat([one.weight[:3] for one in self.parts]))


class Compiled(Functional):
    def __init__(self):
        super().__init__()
        self.part = torch.compile(torch.relu, backend="eager")

    def forward(self, x):
        return self.head(self.part(self.conv(x)).mean((2, 3)))


class Branched(Functional):
    """An operation that holds others."""

    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda one: self.conv(one), lambda one: -self.conv(one), (x,))


class Unwatched(Functional):
    """An operation that torch refuses to watch."""

    def forward(self, x):
        if torch.utils._python_dispatch._get_current_dispatch_mode() is not None:
            raise NotImplementedError
        return super().forward(x)


class Vmapped(nn.Conv2d):
    def forward(self, x):
        return torch.vmap(super().forward)(x)


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.rows = kind(96, 5, batch_first=True)

    def forward(self, x):
        return self.rows(x.permute(0, 2, 1, 3).flatten(2))[0][:, -1]


class Attended(nn.Module):
    def __init__(self, **how):
        super().__init__()
        self.first = nn.Linear(3, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, **how)

    def forward(self, x):
        return self.layer(self.first(x[..., :4, :4].flatten(2).transpose(1, 2))).mean(1)


class Bilinear(nn.Module):
    def __init__(self):
        super().__init__()
        self.pair = nn.Bilinear(3, 3, 4)

    def forward(self, x):
        return self.pair(x.mean((2, 3)), x.amax((2, 3)))


class Unused(nn.Module):
    """An auxiliary classifier, which is used in training alone."""

    def __init__(self):
        super().__init__()
        self.conv, self.auxiliary = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)

    def forward(self, x):
        return self.conv(x).mean((2, 3))


def quantised():
    return qat.Conv2d(3, 4, 3, qconfig=default_qat_qconfig)


KEPT = {
    "plain": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ConvTranspose2d(4, 3, 3)),
    "one number": lambda: nn.Sequential(nn.Conv2d(3, 3, 1, groups=3), nn.Conv2d(3, 1, 1), nn.Conv2d(1, 1, 1)),
    "functions": Functional,
    "functional call": Called,
    "autocast": Cast,
    "in double precision": lambda: Changed(lambda w: w.double().float()),
    "channels last": lambda: nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last),
    "matrix of constants": FromConstants,
    "by Fourier": lambda: ByFourier(3, 3, 3),
    "factors": Factors,
    "joined": Joined,
    "scaled by hand": lambda: Changed(lambda w: w / w.flatten(1).norm(dim=1)[:, None, None, None]),
    "scaled by a spectral norm": lambda: Changed(lambda w: w / (torch.ones(3) @ w.flatten(1)).norm()),
    "by its sign": lambda: Changed(torch.sign),
    "by a mask": lambda: Changed(lambda w: w * (w.abs() > w.abs().median())),
    "fake quantisation": quantised,
    "attention": Attended,
    "attention with norms first": lambda: Attended(norm_first=True, activation="gelu"),
    "recurrent": lambda: Recurrent(nn.LSTM),
    "gated": lambda: Recurrent(nn.GRU),
    "bilinear": Bilinear,
    "never used": Unused,
    "compiled": Compiled,
    "branched": Branched,
    "in a vmap": lambda: Vmapped(3, 4, 3),
    "not to be watched": Unwatched,
}


@pytest.mark.parametrize("what", KEPT)
def test_zeros_that_reach_a_product_pass(what):
    torch.manual_seed(0)
    model = KEPT[what]()
    assert prunable(model)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    assert lost_zeros(model, IMAGES) == []
    assert all(torch.equal(value, before[name]) for name, value in model.named_parameters())


@pytest.mark.parametrize("name", ["resnet8", "torchvision:shufflenet_v2_x0_5", "torchvision:swin_v2_t"])
def test_known_networks_pass(name):
    check_in_effect(name, build_model(ModelSettings(name=name), 4, 0), IMAGES)


@pytest.mark.parametrize(
    ("name", "lost"), [("resnetv2_50x1_bit", 1), ("nf_regnet_b0", 1), ("resnet10t", 0), ("levit_128s", 0)]
)
def test_networks_of_timm(name, lost):
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    model = timm.create_model(name, num_classes=4)
    side = 224 if name == "levit_128s" else 32
    assert bool(lost_zeros(model, torch.randn(1, 3, side, side))) == bool(lost)
