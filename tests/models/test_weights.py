import pytest
import torch
from safetensors.torch import save_file

from sparsight.errors import InputError
from sparsight.models import ModelSettings, build_model, load_weights, weights_notices
from sparsight.models.catalogue import class_layers
from sparsight.models.weights import fit_notices

FC = {"fc": "fc"}


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


@pytest.fixture
def other():
    """Trained elsewhere, for seven classes."""
    return build_model(ModelSettings(), 7, 1).state_dict()


def test_without_a_known_head_a_file_fits_whole_or_is_refused(model, other, tmp_path):
    backbone = {name: value for name, value in model.state_dict().items() if not name.startswith("fc")}
    refused(model, saved(tmp_path, backbone), "missing fc.bias, fc.weight", "whole state dict")
    refused(model, saved(tmp_path, other), "fc.weight (file (7, 64), network (4, 64))")


@pytest.mark.parametrize("classes", [True, False])
def test_a_head_of_another_size_or_none_is_left_as_it_was_drawn(model, other, tmp_path, classes):
    fresh = model.fc.weight.detach().clone()
    kept = other if classes else {name: value for name, value in other.items() if not name.startswith("fc")}
    path = saved(tmp_path, kept)
    (notice,) = fit_notices(model, path, FC)
    assert notice.startswith(
        f"w.safetensors {'has 7 classes, not 4' if classes else 'holds no classifier'}: the head fc"
    )
    load_weights(model, path, FC)
    assert torch.equal(model.fc.weight, fresh)
    assert torch.equal(model.conv1.weight, other["conv1.weight"])


def test_a_head_that_fits_is_loaded_without_a_word(model, tmp_path):
    path = saved(tmp_path, build_model(ModelSettings(), 4, 1).state_dict())
    assert fit_notices(model, path, FC) == []
    load_weights(model, path, FC)
    assert torch.equal(model.fc.weight, build_model(ModelSettings(), 4, 1).fc.weight)


@pytest.mark.parametrize("broken", [{"fc.weight": torch.zeros(7, 65)}, {"fc.bias": None}])
def test_a_head_of_another_network_is_refused(model, other, tmp_path, broken):
    tensors = {name: value for name, value in (other | broken).items() if value is not None}
    with pytest.raises(InputError, match="does not fit the network"):
        load_weights(model, saved(tmp_path, tensors), FC)


def test_a_child_alone_is_taken_for_itself(tmp_path):
    from torchvision.models import mobilenet_v2

    made = mobilenet_v2(num_classes=3)
    path = saved(tmp_path, made.features.state_dict())
    settings = ModelSettings(name="torchvision:mobilenet_v2", weights=path)
    loaded = build_model(settings, 5, 0)
    drawn = build_model(settings.model_copy(update={"weights": None}), 5, 0)
    assert all(
        torch.equal(value, loaded.features.state_dict()[name]) for name, value in made.features.state_dict().items()
    )
    assert torch.equal(loaded.classifier[1].weight, drawn.classifier[1].weight)
    assert weights_notices(settings, 5, path)[0].startswith("w.safetensors holds no classifier: the head classifier.1")
    assert weights_notices(settings, 5, None) == []


def test_auxiliary_classifiers_count_as_heads(tmp_path):
    name = "torchvision:googlenet"
    other = build_model(ModelSettings(name=name), 7, 1).state_dict()
    drawn = build_model(ModelSettings(name=name), 4, 0).state_dict()
    path = saved(tmp_path, other)
    loaded = build_model(ModelSettings(name=name, weights=path), 4, 0).state_dict()
    fresh = [f"{layer}.{part}" for layer in ("aux1.fc2", "aux2.fc2", "fc") for part in ("weight", "bias")]
    assert all(torch.equal(loaded[key], (drawn if key in fresh else other)[key]) for key in loaded)
    assert weights_notices(ModelSettings(name=name, weights=path), 4, path) == [
        "w.safetensors has 7 classes, not 4: the heads aux1.fc2, aux2.fc2, fc start from weights drawn by the seed"
    ]
    without = ModelSettings(name=name, auxiliary=False, weights=path)
    assert not any(key.startswith("aux") for key in build_model(without, 7, 0).state_dict())
    assert weights_notices(without, 7, without.weights) == []

    plain = saved(tmp_path, {key: value for key, value in other.items() if not key.startswith("aux")})
    loaded = build_model(ModelSettings(name=name, weights=plain), 7, 0).state_dict()
    first = build_model(ModelSettings(name=name), 7, 0).state_dict()
    assert all(torch.equal(loaded[key], (first if key.startswith("aux") else other)[key]) for key in loaded)
    assert "the heads aux1, aux2 start" in weights_notices(ModelSettings(name=name, weights=plain), 7, plain)[0]


def test_a_classifier_of_several_layers_may_be_missing_whole_but_not_half(tmp_path):
    settings = ModelSettings(name="torchvision:mobilenet_v3_small")
    state = build_model(settings, 3, 1).state_dict()
    backbone = saved(tmp_path, {key: value for key, value in state.items() if key.startswith("features")})
    loaded = build_model(settings.model_copy(update={"weights": backbone}), 3, 0).state_dict()
    drawn = build_model(settings, 3, 0).state_dict()
    assert all(torch.equal(loaded[key], (state if key.startswith("features") else drawn)[key]) for key in loaded)
    half = saved(tmp_path, {key: value for key, value in state.items() if not key.startswith("classifier.0")})
    with pytest.raises(InputError, match=r"missing classifier.0.bias, classifier.0.weight"):
        build_model(settings.model_copy(update={"weights": half}), 3, 0)


def test_the_layers_that_go_with_the_classes():
    assert class_layers("torchvision:resnet18", True) == {"fc": "fc"}
    assert class_layers("torchvision:inception_v3", True) == {"AuxLogits.fc": "AuxLogits", "fc": "fc"}
    assert class_layers("torchvision:inception_v3", False) == {"fc": "fc"}
    assert class_layers("torchvision:mobilenet_v3_small", True) == {"classifier.3": "classifier"}


def test_the_real_features(test_data):
    path = test_data / "weights" / "mobilenet_v2-imagenet-features.safetensors"
    model = build_model(ModelSettings(name="torchvision:mobilenet_v2", weights=path), 5, 0)
    assert float(model.features[0][0].weight.detach().abs().max()) > 1  # no initialiser draws that


def test_integers_where_real_numbers_are_expected(model, tmp_path):
    tensors = model.state_dict()
    tensors["fc.weight"] = tensors["fc.weight"].to(torch.int8)
    refused(model, saved(tmp_path, tensors), "fc.weight (torch.int8)")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite(model, tmp_path, value):
    tensors = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    tensors["layer1.0.conv1.weight"][0, 0, 0, 0] = value
    kind = "NaN" if value != value else "infinite"
    refused(model, saved(tmp_path, tensors), f"not finite numbers: layer1.0.conv1.weight (1 of 2,304 {kind})")


def test_missing_file_truncated_file_and_pickled_network(model, tmp_path):
    refused(model, tmp_path / "none.safetensors", "cannot be read")
    whole = saved(tmp_path, model.state_dict())
    whole.write_bytes(whole.read_bytes()[:5000])
    refused(model, whole, "safetensors")
    torch.save(model, tmp_path / "w.pt")
    refused(model, tmp_path / "w.pt", "pickle")


def test_half_precision_is_converted(model, tmp_path):
    tensors = {name: v.half() if v.is_floating_point() else v for name, v in model.state_dict().items()}
    load_weights(model, saved(tmp_path, tensors))
    assert model.fc.weight.dtype == torch.float32
    assert torch.equal(model.fc.weight, tensors["fc.weight"].float())


class _Indexed(torch.nn.Module):
    def __init__(self, index):
        super().__init__()
        self.bn = torch.nn.BatchNorm2d(4)
        self.register_buffer("index", torch.tensor(index))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_whole_numbers_that_were_converted_with_all_the_rest_are_whole_again(tmp_path, kind):
    source, model = _Indexed([0, 168, 255]), _Indexed([0, 0, 0])
    source.bn.num_batches_tracked += 100_000  # infinite in half precision
    load_weights(model, saved(tmp_path, {name: value.to(kind) for name, value in source.state_dict().items()}))
    assert model.index.tolist() == [0, 168, 255]
    assert model.index.dtype == torch.int64


@pytest.mark.parametrize("index", [[0, 168, 2209], [0, 168, 0.5]])
def test_numbers_that_half_precision_may_have_rounded_are_refused(tmp_path, index):
    tensors = _Indexed([0, 0, 0]).state_dict() | {"index": torch.tensor(index, dtype=torch.float16)}
    refused(_Indexed([0, 0, 0]), saved(tmp_path, tensors), "index (torch.float32)")


def test_files_without_batch_counters_load(model, tmp_path):
    source = build_model(ModelSettings(), 4, 5).state_dict()
    load_weights(model, saved(tmp_path, {n: v for n, v in source.items() if not n.endswith("num_batches_tracked")}))
    assert all(torch.equal(value, source[name]) for name, value in model.state_dict().items())
