from itertools import pairwise

import pytest
import torch
from safetensors.torch import save_file

from sparsight.models import CifarResNet, ModelSettings, build_model


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in a.keys() | b.keys())


@pytest.mark.parametrize("name", ["resnet8", "torchvision:resnet18", "torchvision:mobilenet_v2"])
def test_a_seed_fixes_every_bit_and_the_global_generator_is_untouched(name):
    before = torch.get_rng_state()
    first = build_model(ModelSettings(name=name), 5, generator_seed=2**62 + 1).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)  # what was drawn elsewhere does not matter
    assert same(first, build_model(ModelSettings(name=name), 5, generator_seed=2**62 + 1).state_dict())
    other = build_model(ModelSettings(name=name), 5, generator_seed=2**62 + 2).state_dict()
    drawn = [key for key, value in first.items() if value.ndim > 1]
    assert drawn
    assert not any(torch.equal(first[key], other[key]) for key in drawn)


def test_the_global_generator_is_put_back_when_building_fails():
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError):
        build_model(ModelSettings(), -1, generator_seed=0)
    assert torch.equal(torch.get_rng_state(), before)


def parameters_by_hand(depth, classes):
    """From the paper's description: every convolution is 3x3 without bias and has a norm of two vectors."""
    n = (depth - 2) // 6
    channels = [3] + [16] * (1 + 2 * n) + [32] * 2 * n + [64] * 2 * n
    convolutions = sum(9 * i * o for i, o in pairwise(channels))
    return convolutions + 2 * sum(channels[1:]) + 64 * classes + classes


@pytest.mark.parametrize(("name", "depth"), [("resnet8", 8), ("resnet20", 20)])
def test_parameter_counts(name, depth):
    model = build_model(ModelSettings(name=name), 10, 0)
    assert sum(p.numel() for p in model.parameters()) == parameters_by_hand(depth, 10)


def test_resnet20_has_the_papers_size():
    assert round(parameters_by_hand(20, 10) / 1e6, 2) == 0.27


@pytest.mark.parametrize(("stride", "side"), [(1, 9), (2, 5)])
def test_the_last_feature_map_is_a_quarter_of_the_stems(stride, side):
    model = build_model(ModelSettings(stem_stride=stride), 4, 0)
    seen = []
    model.layer3.register_forward_hook(lambda _m, _i, output: seen.append(output.shape))
    assert model(torch.zeros(2, 3, 33, 33)).shape == (2, 4)
    assert seen == [(2, 64, side, side)]


def test_a_stage_shortcut_takes_every_second_pixel_and_pads_channels_with_zeros():
    block = build_model(ModelSettings(), 4, 0).layer2[0]
    torch.nn.init.zeros_(block.bn2.weight)  # silence the convolutions: what is left is the shortcut
    x = torch.rand(2, 16, 7, 8)
    y = block(x)
    assert torch.equal(y[:, :16], x[:, :, ::2, ::2])
    assert not y[:, 16:].any()


def test_no_norm_scale_starts_at_zero():
    model = build_model(ModelSettings(name="resnet20"), 4, 0)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(norms) == 19
    assert all(torch.equal(m.weight, torch.ones_like(m.weight)) for m in norms)


def test_depths_that_do_not_exist():
    for depth in (2, 9, -4):
        with pytest.raises(ValueError, match="6n"):
            CifarResNet(depth, 10)


def test_a_weights_file_replaces_the_initial_weights(tmp_path):
    source = build_model(ModelSettings(), 4, 1).state_dict()
    save_file(source, tmp_path / "w.safetensors")
    loaded = build_model(ModelSettings(weights=tmp_path / "w.safetensors"), 4, 2).state_dict()
    assert same(source, loaded)
