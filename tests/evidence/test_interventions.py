"""Effects of interventions on networks whose answer is a known function of the pixels."""

import pytest
import torch
from torch import nn

from sparsight.data import load_dataset
from sparsight.data.toybirds import HABITATS, PARTS, ToyBirdsSettings, intervene
from sparsight.evidence import dependence, effects

SETTINGS = ToyBirdsSettings(train=12, validation=12, test=12, image_size=32)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def scene():
    return load_dataset(SETTINGS), intervene(SETTINGS, 3)


class Looks(nn.Module):
    """Logits are fixed multiples of the mean of the pixels that it looks at."""

    def __init__(self, where: torch.Tensor, weights: list[float]) -> None:
        super().__init__()
        self.register_buffer("where", where)
        self.register_buffer("factors", torch.tensor(weights))

    def forward(self, images):
        seen = (images * self.where).mean(dim=(1, 2, 3))
        return seen[:, None] * self.factors


def everywhere() -> torch.Tensor:
    return torch.ones(3, 32, 32)


def seen_by(net, data, pictures):
    from sparsight.data import normalise

    return net(normalise(pictures, data, CPU))


def test_effects_are_the_differences_written_by_hand(scene):
    data, drawn = scene
    net = Looks(everywhere(), [1.0, -2.0])
    found = effects(net, drawn, data, 7, CPU)
    for i in range(3):
        logits = seen_by(net, data, drawn.images[i])
        for p in range(len(PARTS)):
            torch.testing.assert_close(found.parts[i, p], logits[0] - logits[drawn.parts[i, p]])
        for h in range(len(HABITATS)):
            others = [int(drawn.habitats[i, o]) for o in range(len(HABITATS)) if o != h]
            expected = logits[drawn.habitats[i, h]] - logits[others].mean(0)
            torch.testing.assert_close(found.habitats[i, h], expected)
        for c, group in enumerate(drawn.concept_groups):
            others = [int(drawn.concepts[i, o]) for o, g in enumerate(drawn.concept_groups) if g == group and o != c]
            expected = logits[drawn.concepts[i, c]] - logits[others].mean(0)
            torch.testing.assert_close(found.concepts[i, c], expected)


def test_a_network_that_is_constant_depends_on_nothing(scene):
    data, drawn = scene
    found = effects(Looks(everywhere() * 0, [1.0, 2.0, 3.0]), drawn, data, 64, CPU)
    for change in (found.concepts, found.parts, found.habitats):
        assert bool((change == 0).all())
        assert bool((dependence(change) == 0).all())


def test_a_network_that_sees_the_birds_own_pixels_alone_is_blind_to_the_habitat(scene):
    data, drawn = scene
    one = drawn.images[:1]
    same = torch.ones(32, 32, dtype=torch.bool)
    for h in range(len(HABITATS)):
        same &= (one[0, drawn.habitats[0, h]] == one[0, 0]).all(0)
    assert int(same.sum()) > 20
    first = type(drawn)(
        one,
        drawn.concepts[:1],
        drawn.parts[:1],
        drawn.habitats[:1],
        drawn.concept_names,
        drawn.concept_groups,
        drawn.part_names,
        drawn.habitat_names,
    )
    found = effects(Looks(everywhere() * same, [1.0, -1.0]), first, data, 64, CPU)
    assert float(found.habitats.abs().max()) < 1e-6
    assert float(found.parts.abs().max()) > 1e-3


def test_dependence_counts_what_moves_the_decision():
    change = torch.tensor([[[1.0, 1.0, 1.0], [3.0, 0.0, -3.0]]])
    torch.testing.assert_close(dependence(change), torch.tensor([[0.0, 6.0**0.5]]))


def test_the_network_is_left_as_it_was(scene):
    data, drawn = scene
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    net.train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    effects(net, drawn, data, 50, CPU)
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
