import torch
from torch import nn

from sparsight.pruning import full_mask, is_bias, is_norm_statistic, rewind


def test_rewinding_gives_the_start_bit_for_bit_norm_statistics_included():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(2))
    images = torch.randn(8, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    net(images)
    start = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        optimiser.zero_grad()
        net(images).square().sum().backward()
        optimiser.step()
    mask = full_mask(start, ["0.weight"])
    mask["0.weight"].flatten()[::2] = False
    state = rewind(start, mask)
    assert state.keys() == start.keys()
    for name in start:
        expected = start[name] * mask[name] if name in mask else start[name]
        assert torch.equal(state[name], expected)
        assert not torch.equal(state[name], net.state_dict()[name])
        assert state[name].data_ptr() != start[name].data_ptr()


def test_what_is_carried_overrides_the_start():
    start = {"w": torch.ones(2), "bias": torch.zeros(2)}
    state = rewind(start, {"w": torch.tensor([True, False])}, {"bias": torch.full((2,), 7.0)})
    assert state["w"].tolist() == [1, 0]
    assert state["bias"].tolist() == [7, 7]


def test_names():
    assert is_bias("layer1.0.bn1.bias")
    assert not is_bias("bias_net.weight")
    assert is_norm_statistic("bn.running_var")
    assert not is_norm_statistic("bn.weight")
