import pytest
import torch
from safetensors.torch import save_file

from sparsight.errors import InputError
from sparsight.models import ModelSettings, build_model, load_weights


@pytest.fixture
def model():
    return build_model(ModelSettings(), 4, 0)


def saved(tmp_path, tensors):
    save_file({name: value.contiguous() for name, value in tensors.items()}, tmp_path / "w.safetensors")
    return tmp_path / "w.safetensors"


def refused(model, path, *words):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(InputError) as error:
        load_weights(model, path)
    message = str(error.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    for word in words:
        assert word in message
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_missing_and_unexpected_names_are_listed_and_the_rest_counted(model, tmp_path):
    tensors = model.state_dict()
    for name in [key for key in tensors if key.startswith("layer3")]:
        tensors["module." + name] = tensors.pop(name)
    refused(
        model,
        saved(tmp_path, tensors),
        "missing layer3.0.bn1.bias, layer3.0.bn1.running_mean, layer3.0.bn1.running_var and 7 more",
        "unexpected module.layer3.0.bn1.bias",
    )


def test_a_backbone_alone_is_refused(model, tmp_path):
    tensors = {name: value for name, value in model.state_dict().items() if not name.startswith("fc")}
    refused(model, saved(tmp_path, tensors), "missing fc.bias, fc.weight", "whole state dict")


def test_another_number_of_classes_is_refused_with_both_shapes(model, tmp_path):
    other = build_model(ModelSettings(), 7, 0).state_dict()
    refused(model, saved(tmp_path, other), "fc.weight (file (7, 64), network (4, 64))")


def test_integers_where_real_numbers_are_expected(model, tmp_path):
    tensors = model.state_dict()
    tensors["fc.weight"] = tensors["fc.weight"].to(torch.int8)
    refused(model, saved(tmp_path, tensors), "fc.weight (torch.int8)")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite(model, tmp_path, value):
    tensors = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    tensors["layer1.0.conv1.weight"][0, 0, 0, 0] = value
    refused(model, saved(tmp_path, tensors), "not a finite number in layer1.0.conv1.weight")


def test_missing_file_truncated_file_and_pickle(model, tmp_path):
    refused(model, tmp_path / "none.safetensors", "cannot be read")
    whole = saved(tmp_path, model.state_dict())
    whole.write_bytes(whole.read_bytes()[:5000])
    refused(model, whole, "safetensors")
    torch.save(model.state_dict(), tmp_path / "w.pt")
    refused(model, tmp_path / "w.pt", "pickle")


def test_half_precision_is_converted(model, tmp_path):
    tensors = {name: v.half() if v.is_floating_point() else v for name, v in model.state_dict().items()}
    load_weights(model, saved(tmp_path, tensors))
    assert model.fc.weight.dtype == torch.float32
    assert torch.equal(model.fc.weight, tensors["fc.weight"].float())


def test_files_without_batch_counters_load(model, tmp_path):
    source = build_model(ModelSettings(), 4, 5).state_dict()
    load_weights(model, saved(tmp_path, {n: v for n, v in source.items() if not n.endswith("num_batches_tracked")}))
    assert all(torch.equal(value, source[name]) for name, value in model.state_dict().items())
