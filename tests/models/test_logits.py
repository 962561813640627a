"""Networks that give something else than logits, and what the refusal says to return in their place."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from sparsight.errors import InputError
from sparsight.models import ModelSettings, find_split

IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
OWN = ModelSettings(name="mine:net")


class Ends(nn.Module):
    """A small network, and what it does to its logits."""

    def __init__(self, end=None):
        super().__init__()
        torch.manual_seed(1)
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU())
        self.head = nn.Linear(6, 5)
        self.end = end

    def forward(self, x):
        logits = self.head(self.features(x).mean((2, 3)))
        return logits if self.end is None else self.end(logits)


NO_LOGITS = {
    "softmax": (lambda z: z.softmax(1), "probabilities, whose sum is 1"),
    "sharp softmax": (lambda z: (100 * z).softmax(1), "probabilities, whose sum is 1"),
    "softmax in half precision": (lambda z: z.half().softmax(1).float(), "probabilities, whose sum is 1"),
    "log-softmax": (lambda z: z.log_softmax(1), "logarithms of probabilities"),
    "sigmoid": (torch.sigmoid, "a sigmoid of its logits"),
    "log-sigmoid": (functional.logsigmoid, "logarithms of a sigmoid"),
}


@pytest.mark.parametrize("named", [None, "head"])
@pytest.mark.parametrize("what", NO_LOGITS)
def test_probabilities_are_refused_even_with_a_head_by_name(what, named):
    end, says = NO_LOGITS[what]
    with pytest.raises(InputError) as caught:
        find_split(OWN.model_copy(update={"head": named}), Ends(end), IMAGES)
    assert f"gives {says}" in str(caught.value)
    assert "return what its last linear layer 'head' gives, the logits" in str(caught.value)
    assert "model.head" not in str(caught.value)


FUNCTIONS = {
    "temperature": lambda z: z / 2,
    "limit": lambda z: z.clamp(-0.01, 0.01),
    "hyperbolic tangent": torch.tanh,
    "shift": lambda z: z + 1,
}


@pytest.mark.parametrize("what", FUNCTIONS)
def test_functions_of_the_logits_are_refused_unless_the_head_is_named(what):
    with pytest.raises(InputError, match=r"as a temperature or a limit does; return what its last linear layer 'head'"):
        find_split(OWN, Ends(FUNCTIONS[what]), IMAGES)
    assert find_split(OWN.model_copy(update={"head": "head"}), Ends(FUNCTIONS[what]), IMAGES).head == "head"


def test_the_remedy_ends_well():
    assert find_split(OWN, Ends(), IMAGES).head == "head"


class Convolved(nn.Module):
    """Logits, or probabilities, that come from no linear layer."""

    def __init__(self, end):
        super().__init__()
        self.last, self.end = nn.Conv2d(3, 5, 3), end

    def forward(self, x):
        return self.end(self.last(x).mean((2, 3)))


def test_a_network_without_a_linear_layer_is_told_what_to_end_in_or_to_return():
    with pytest.raises(InputError, match=r"let it end in one nn\.Linear, whose output are the logits"):
        find_split(OWN, Convolved(nn.Identity()), IMAGES)
    with pytest.raises(InputError, match=r"gives probabilities.*; return the logits: cross-entropy"):
        find_split(OWN, Convolved(nn.Softmax(1)), IMAGES)


class Several(nn.Module):
    """The mean of two heads, after a hidden layer of another size."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Conv2d(3, 6, 3)
        self.hidden = nn.Linear(6, 6)
        self.first, self.second = nn.Linear(6, 5), nn.Linear(6, 5)

    def forward(self, x):
        x = self.features(x).mean((2, 3))
        return (self.first(x) + self.second(torch.relu(self.hidden(x)))) / 2


def test_candidates_for_the_head_are_linear_layers_of_as_many_outputs_and_each_ends_well():
    settings = OWN.model_copy(update={"features": "features"})
    with pytest.raises(InputError, match=r"candidates are second, first$"):
        find_split(settings, Several(), IMAGES)
    for name in ("second", "first"):
        assert find_split(settings.model_copy(update={"head": name}), Several(), IMAGES).head == name
