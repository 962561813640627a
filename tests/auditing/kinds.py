"""Networks of many kinds, as users have them: each is made from a plain one and must be audited, or refused in one
line."""

import os
import sys
from collections import OrderedDict, namedtuple
from pathlib import Path

import torch
from torch import nn

CLASSES, SIDE = 2, 32
Pair = namedtuple("Pair", "features logits")


class Net(nn.Module):
    """The plain one: two convolutions, and a linear layer behind their mean."""

    def __init__(self, channels=3, outputs=CLASSES):
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Sequential(nn.Conv2d(channels, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU())
        self.head = nn.Linear(8, outputs)

    def embedding(self, images):
        return self.features(images).mean((2, 3))

    def forward(self, images):
        return self.head(self.embedding(images))


def doing(forward, **settings):
    """A network whose forward pass is another one."""
    return type("Doing", (Net,), {"forward": forward})(**settings).eval()


def returning(make):
    return doing(lambda self, images: make(self.head(self.embedding(images))))


class Output(OrderedDict):
    """As transformers gives it."""

    @property
    def logits(self):
        return self["logits"]


class NoBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values):
        return values * 1

    @staticmethod
    def vjp(ctx, gradient):
        raise NotImplementedError("nobody wrote it")


class Breaking(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values):
        return values * 1

    @staticmethod
    def backward(ctx, gradient):
        raise ValueError("nobody wrote it")


def dynamic_int8():
    return torch.ao.quantization.quantize_dynamic(Net().eval(), {nn.Linear}, dtype=torch.qint8)


def static_int8():
    from torch.ao.quantization import DeQuantStub, QuantStub, convert, get_default_qconfig, prepare

    net = nn.Sequential(
        QuantStub(), *Net().features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2), DeQuantStub()
    )
    net.eval().qconfig = get_default_qconfig("fbgemm")
    prepared = prepare(net)
    prepared(torch.rand(8, 3, SIDE, SIDE))
    return convert(prepared)


def fx_int8():
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    example = torch.rand(8, 3, SIDE, SIDE)
    prepared = prepare_fx(Net().eval(), get_default_qconfig_mapping("fbgemm"), (example,))
    prepared(example)
    return convert_fx(prepared)


def exported(rows=None):
    example = torch.rand(rows or 2, 3, SIDE, SIDE)
    free = None if rows else {"images": {0: torch.export.Dim("rows", min=1, max=512)}}
    return torch.export.export(Net().eval(), (example,), dynamic_shapes=free).module()


def tied():
    net = Net()
    net.features = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, 3), nn.ReLU())
    net.features[3].weight = net.features[2].weight
    return net.eval()


def flattening():
    net = doing(lambda self, images: self.head(self.features(images).view(len(images), -1)))
    net.head = nn.Linear(8 * 13 * 13, CLASSES)
    return net


def volume():
    net = doing(lambda self, images: self.head(self.depth(images[:, None]).mean((2, 3, 4))))
    net.depth = nn.Conv3d(1, 8, 3, 2, padding=1)
    return net


def masked():
    net = doing(lambda self, images: self.head(self.embedding(images)) + self.bound[0, 0])
    net.register_buffer("bound", torch.zeros(4, 4).masked_fill(torch.ones(4, 4).triu(1).bool(), -torch.inf))
    net.register_buffer("unset", torch.full((3,), torch.nan))
    return net


def wave():
    net = doing(lambda self, images: self.head((self.embedding(images) * self.turn).abs()))
    net.turn = nn.Parameter(torch.ones(8, dtype=torch.complex64))
    return net


def sparse():
    net = doing(lambda self, images: (self.rows @ self.embedding(images).T).T)
    net.rows = nn.Parameter(net.head.weight.detach().to_sparse_csr(), requires_grad=False)
    return net


def in_place(self, images):
    images.mul_(0.5).add_(0.1)
    return Net.forward(self, images)


def inference(self, images):
    with torch.inference_mode():
        return Net.forward(self, images)


def changing(self, images):
    """Everything that a process shares."""
    import random
    import warnings

    import numpy

    os.chdir("/")
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    warnings.simplefilter("error")
    numpy.seterr(all="raise")
    random.seed(0)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    return Net.forward(self, images)


def leaving(how):
    def forward(self, images):
        how()

    return doing(forward)


def deep(self, images):
    return deep(self, images)


def raising(error):
    def forward(self, images):
        raise error

    return doing(forward)


def cut_short(self, images):
    return self.head(self.embedding(images).detach())


def half():
    return Net().half().eval()


AUDITED = {
    "plain": Net,
    "frozen": lambda: Net().requires_grad_(False),
    "half": half,
    "double": lambda: Net().double(),
    "tied": tied,
    "in place": lambda: doing(in_place),
    "masked": masked,
    "complex": wave,
    "prints": lambda: doing(lambda self, images: (print("hello"), Net.forward(self, images))[1]),
    "dict": lambda: returning(lambda z: {"loss": None, "logits": z}),
    "one of a dict": lambda: returning(lambda z: {"out": z, "embedding": torch.zeros(len(z), 5)}),
    "output": lambda: returning(lambda z: Output(logits=z)),
    "named tuple": lambda: returning(lambda z: Pair(torch.zeros(len(z), 8), z)),
    "tuple": lambda: returning(lambda z: (z, torch.zeros(len(z), 8))),
    "list": lambda: returning(lambda z: [z]),
    "with places": lambda: returning(lambda z: z[:, :, None, None]),
    "one logit": lambda: Net(outputs=1),
    "one flat logit": lambda: doing(lambda self, images: Net.forward(self, images)[:, 0], outputs=1),
    "one probability": lambda: doing(lambda self, images: Net.forward(self, images).sigmoid(), outputs=1),
    "grey": lambda: Net(channels=1),
}
"""Networks whose maps and embeddings are there."""

WITHOUT_MAPS = {
    "flattening": flattening,
    "volume": volume,
    "changing": lambda: doing(changing),
    "dynamic int8": dynamic_int8,
    "static int8": static_int8,
    "fx int8": fx_int8,
    "inference mode": lambda: doing(inference),
    "no grad": lambda: doing(torch.no_grad()(Net.forward)),
    "detached": lambda: doing(cut_short),
    "no backward": lambda: doing(lambda self, images: self.head(NoBackward.apply(self.embedding(images)))),
    "breaking backward": lambda: doing(lambda self, images: self.head(Breaking.apply(self.embedding(images)))),
    "script": lambda: torch.jit.script(Net().eval()),
    "trace": lambda: torch.jit.trace(Net().eval(), torch.rand(2, 3, SIDE, SIDE)),
    "frozen script": lambda: torch.jit.freeze(torch.jit.script(Net().eval())),
    "half script": lambda: torch.jit.script(Net().half().eval()),
    "exported": exported,
    "exported for four": lambda: exported(4),
    "exported for one": lambda: exported(1),
    "ends in a convolution": lambda: nn.Sequential(
        Net().features, nn.Conv2d(8, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ),
    "softmax": lambda: nn.Sequential(Net(), nn.Softmax(1)),
    "sparse": sparse,
}
"""Networks that are audited for what they give."""

REFUSED = {
    "leaves": (lambda: leaving(lambda: sys.exit(0)), "ends the process"),
    "leaves at once": (lambda: leaving(lambda: os._exit(0)), "ends the process"),
    "generator": (lambda: raising(GeneratorExit()), "GeneratorExit"),
    "stop": (lambda: raising(StopIteration()), "StopIteration"),
    "deep": (lambda: doing(deep), "RecursionError"),
    "warning": (lambda: raising(UserWarning("odd")), "UserWarning: odd"),
    "memory": (lambda: raising(MemoryError()), "MemoryError"),
    "two arguments": (
        lambda: doing(lambda self, images, ages: Net.forward(self, images)),
        "missing 1 required",
    ),
    "nothing": (lambda: returning(lambda z: None), "gives NoneType"),
    "words": (lambda: returning(lambda z: ["a"]), "may be logits"),
    "two of a kind": (lambda: returning(lambda z: (z, z)), "more than one may be logits"),
    "mean": (lambda: returning(lambda z: z.mean()), "wrap it"),
    "one row": (lambda: returning(lambda z: z[:1]), "wrap it"),
    "lazy": (lambda: nn.Sequential(nn.LazyConv2d(8, 3), nn.Flatten(), nn.LazyLinear(2)), "lazy"),
    "meta": (lambda: Net().to("meta"), "meta"),
    "nan": (lambda: returning(lambda z: z * torch.nan), "not finite"),
    "other size": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 28 * 28, 2)), "--image-size 28"),
    "at random": (lambda: returning(lambda z: z + torch.rand_like(z)), "gives other logits for the same images"),
}
"""Networks that are refused, with words of the reason."""
