"""State dicts as tools write them; nothing in a file is run."""

import argparse
import pickle
import types

import numpy as np
import pytest
import safetensors.numpy
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune

from sparsight.errors import InputError
from sparsight.models import ModelSettings, build_model, read_state, read_state_file
from sparsight.models.weights import fitted


def net():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("holder", [None, "state_dict", "model_state_dict", "model"])
def test_a_pickle_of_tensors_is_read_also_from_a_checkpoint(tmp_path, holder, legacy):
    state = net().state_dict()
    path = tmp_path / "w.pth"
    whole = state if holder is None else {"epoch": 3, holder: state, "optimizer": {"lr": 0.1}}
    torch.save(whole, path, _use_new_zipfile_serialization=not legacy)
    assert same(read_state(path), state)
    assert not any(value.requires_grad for value in read_state(path).values())


def test_what_a_file_is_is_told_by_its_content(tmp_path):
    state = net().state_dict()
    for length in range(8, 265, 8):  # of a name that is not needed: so the head's length begins with every byte
        save_file({"x" * length: torch.zeros(1), **state}, tmp_path / f"{length}.pt")
        assert read_state(tmp_path / f"{length}.pt").keys() == {"x" * length, *state}
    torch.save(state, tmp_path / "w.safetensors")
    assert same(read_state(tmp_path / "w.safetensors"), state)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
def test_what_wrappers_put_before_all_names_goes(tmp_path, prefix):
    state = net().state_dict()
    save_file({prefix + name: value for name, value in state.items()}, tmp_path / "w")
    assert same(read_state(tmp_path / "w"), state)
    some = {prefix + "a": torch.zeros(1), "b": torch.zeros(1)}
    save_file(some, tmp_path / "w")
    assert read_state(tmp_path / "w").keys() == {prefix.replace("_orig_mod.", "") + "a", "b"}
    both = {"_orig_mod.a": torch.zeros(1), "a": torch.ones(1)}
    save_file(both, tmp_path / "w")
    assert read_state(tmp_path / "w").keys() == both.keys(), "no tensor takes another's place"


def test_weights_that_torch_has_pruned_are_multiplied_by_their_masks(tmp_path):
    pruned = net()
    prune.l1_unstructured(pruned[0], "weight", 0.5)
    prune.random_unstructured(pruned[3], "bias", 1)
    torch.save(pruned.state_dict(), tmp_path / "w.pt")
    read = read_state_file(tmp_path / "w.pt")
    found = fitted(net().state_dict(), read).state
    assert found.keys() == net().state_dict().keys()
    assert torch.equal(found["0.weight"], pruned[0].weight)
    assert int((found["0.weight"] == 0).sum()) == 54
    assert torch.equal(found["3.bias"], pruned[3].bias)
    as_it_is = fitted(pruned.state_dict(), read).state
    assert as_it_is.keys() == pruned.state_dict().keys(), "a network that is pruned so takes them as they are"
    misfit = {"w_orig": torch.ones(2), "w_mask": torch.ones(3)}
    torch.save(misfit, tmp_path / "w.pt")
    with pytest.raises(InputError, match=r"w_mask is \(3,\) and w_orig \(2,\)"):
        fitted({"w": torch.ones(2)}, read_state_file(tmp_path / "w.pt"))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_becomes_single(tmp_path, dtype):
    torch.save({"w": torch.tensor([0.1, -3], dtype=dtype), "n": torch.tensor(3)}, tmp_path / "w.pt")
    found = read_state(tmp_path / "w.pt")
    assert found["w"].dtype == torch.float32
    assert torch.equal(found["w"], torch.tensor([0.1, -3], dtype=dtype).float())
    assert found["n"].dtype == torch.int64


def test_old_names_of_densenet(tmp_path):
    state = build_model(ModelSettings(name="torchvision:densenet121"), 2, 0).state_dict()
    old = {
        name.replace("norm1.", "norm.1.").replace("conv2.", "conv.2.") if "denselayer" in name else name: value
        for name, value in state.items()
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    torch.save({name: value for name, value in old.items() if "num_batches" not in name}, tmp_path / "w.pth")
    assert read_state(tmp_path / "w.pth").keys() == {name for name in state if "num_batches" not in name}


class Bomb:
    def __reduce__(self):
        return (open, ("exploded", "w"))


@pytest.mark.parametrize("kind", ["network", "bomb", "plain bomb"])
def test_a_pickle_that_could_run_code_is_refused_and_not_run(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "w.pt"
    if kind == "network":
        torch.save(net(), path)
    elif kind == "bomb":
        torch.save({"w": Bomb()}, path)
    else:
        path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(
        InputError, match=r"w.pt: a pickle (of more than tensors|that torch.save has not written).*save_file"
    ) as error:
        read_state(path)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "exploded").exists()


def remedied(content, path):
    """What the message asks for, done."""
    if isinstance(content, nn.Module):
        return content.state_dict()
    return content["model"].state_dict() if isinstance(content.get("model"), nn.Module) else content["state_dict"]


@pytest.mark.parametrize(
    ("content", "asks"),
    [
        (net(), "Sequential"),
        ({"model": net(), "epoch": 3}, "Sequential"),
        ({"state_dict": net().state_dict(), "args": types.SimpleNamespace(lr=0.1)}, "SimpleNamespace"),
    ],
)
@pytest.mark.parametrize("legacy", [False, True])
def test_the_remedy_for_what_stands_beside_weights_ends_well(content, asks, legacy, tmp_path):
    path = tmp_path / "w.pt"
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    said = rf"asks for \S*{asks}\).*torch\.load\('w\.pt', weights_only=False\), save the network's state dict with"
    with pytest.raises(InputError, match=said) as error:
        read_state(path)
    assert "model.state_dict()" not in str(error.value), "it may be just that, with something beside it"
    save_file(remedied(torch.load(path, weights_only=False), path), tmp_path / "saved")
    assert read_state(tmp_path / "saved").keys() == net().state_dict().keys()


@pytest.mark.parametrize(
    "value",
    [np.float64(0.9), np.float32(0.5), np.float16(2), np.int64(3), np.uint8(1), np.bool_(True), np.str_("adam")],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("core", ["core", "_core"])
def test_single_numbers_of_numpy_beside_weights_are_no_reason_to_refuse(value, core, tmp_path):
    torch.save(
        {"state_dict": net().state_dict(), "best": value}, tmp_path / "w.pt", _use_new_zipfile_serialization=False
    )
    ours = b"cnumpy._core.multiarray\n"
    content = (tmp_path / "w.pt").read_bytes()
    assert ours in content
    (tmp_path / "w.pt").write_bytes(content.replace(ours, f"cnumpy.{core}.multiarray\n".encode()))
    assert read_state(tmp_path / "w.pt").keys() == net().state_dict().keys()
    assert np.dtype not in torch.serialization.get_safe_globals()


class Ran:
    def __reduce__(self):
        return (print, ("ran",))


@pytest.mark.parametrize("legacy", [False, True])
def test_objects_in_arrays_of_numpy_run_nothing(legacy, tmp_path, capsys):
    content = {"state_dict": net().state_dict(), "best": np.array([Ran()], dtype=object)}
    torch.save(content, tmp_path / "w.pt", _use_new_zipfile_serialization=not legacy)
    with pytest.raises(InputError, match="more than tensors"):
        read_state(tmp_path / "w.pt")
    assert "ran" not in capsys.readouterr().out


@pytest.mark.parametrize("legacy", [False, True])
def test_arguments_of_a_command_line_beside_weights_are_no_reason_to_refuse(legacy, tmp_path):
    content = {"model": net().state_dict(), "args": argparse.Namespace(lr=0.1, output_dir=".", nested={"a": [1]})}
    torch.save(content, tmp_path / "w.pt", _use_new_zipfile_serialization=not legacy)
    assert read_state(tmp_path / "w.pt").keys() == net().state_dict().keys()
    assert argparse.Namespace not in torch.serialization.get_safe_globals()


def test_arrays_of_numpy_and_pickles_by_hand_are_named(tmp_path):
    arrays, path = {name: value.numpy() for name, value in net().state_dict().items()}, tmp_path / "w.pt"
    torch.save(arrays, path)
    with pytest.raises(InputError, match=r"asks for numpy\S*\).*torch\.load.*arrays of numpy.*numpy\.save_file"):
        read_state(path)
    path.write_bytes(pickle.dumps(arrays))
    with pytest.raises(InputError, match=r"torch\.save has not written.*pickle\.load,.*safetensors\.numpy\.save_file"):
        read_state(path)
    safetensors.numpy.save_file(pickle.loads(path.read_bytes()), tmp_path / "saved")
    assert read_state(tmp_path / "saved").keys() == arrays.keys()
    path.write_bytes(pickle.dumps(net().state_dict()))
    with pytest.raises(
        InputError, match=r"torch\.save has not written.*pickle\.load, save the network's state dict with"
    ):
        read_state(path)


def test_tensors_of_torchaos_classes_are_refused_in_one_line(tmp_path):
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    model = net()
    quantize_(model, Int8WeightOnlyConfig())
    torch.save(model.state_dict(), tmp_path / "w.pt")
    with pytest.raises(InputError, match=r"w\.pt: .*weight is of a class of its own, .*package\.module:function"):
        read_state(tmp_path / "w.pt")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"epoch": 3, "args": "x"}, r"no state dict \(keys epoch, args\)"),
        ([torch.ones(2)], r"no state dict \(list\)"),
        ({}, "no state dict"),
        ({"w": torch.eye(2).to_sparse()}, "w is not an ordinary tensor"),
    ],
)
def test_what_holds_no_state_dict(tmp_path, content, says):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(InputError, match=says):
        read_state(tmp_path / "w.pt")


def test_what_is_not_whole(tmp_path):
    path = tmp_path / "w.pt"
    torch.save(net().state_dict(), path)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(InputError, match=r"w.pt: (not a whole|a pickle of more)"):
        read_state(path)
    for content, says in ((b"", "empty; copy it again"), (b"no weights at all", "neither safetensors nor a file that")):
        path.write_bytes(content)
        with pytest.raises(InputError, match=rf"w.pt: {says}"):
            read_state(path)
    save_file(net().state_dict(), path)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(InputError, match=r"w.pt: not a whole safetensors file"):
        read_state(path)
    save_file({}, path)
    with pytest.raises(InputError, match="holds no tensor"):
        read_state(path)


@pytest.mark.parametrize("cut", [2, 3, 7, 50, 200])
def test_a_damaged_pickle_is_one_line(tmp_path, cut):
    torch.save({"weight": torch.zeros(3)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    torch.save({"weight": torch.zeros(3)}, tmp_path / "new.pth")
    for path in (tmp_path / "old.pth", tmp_path / "new.pth"):
        path.write_bytes(path.read_bytes()[:cut])
        with pytest.raises(InputError) as error:
            read_state(path)
        assert "\n" not in str(error.value)
        assert "more than tensors" not in str(error.value)
    (tmp_path / "stop.pth").write_bytes(b"\x80\x02.")
    with pytest.raises(InputError):
        read_state(tmp_path / "stop.pth")


def test_tied_tensors_are_kept_apart(tmp_path):
    shared = torch.arange(3.0)
    torch.save({"a": shared, "b": shared}, tmp_path / "w.pt")
    found = read_state(tmp_path / "w.pt")
    assert torch.equal(found["a"], found["b"])
    assert found["a"].data_ptr() != found["b"].data_ptr()


ENDLESS = torch.zeros(1, dtype=torch.float16).expand(10**6, 10**6)


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ({"w": ENDLESS}, "w"),
        ({"w_orig": ENDLESS, "w_mask": ENDLESS}, "w_orig"),
        ({"w": torch.zeros(3, device="meta")}, "w"),
    ],
)
def test_a_small_file_asks_for_no_large_memory(tmp_path, state, name):
    torch.save(state, tmp_path / "w.pt")
    assert (tmp_path / "w.pt").stat().st_size < 10_000
    with pytest.raises(InputError, match=rf"w\.pt: {name} is \(.*\), and the file does not hold so many numbers"):
        read_state(tmp_path / "w.pt")


def test_views_of_what_a_file_holds_are_read(tmp_path):
    whole = torch.arange(12.0).view(3, 4)
    torch.save({"turned": whole.T, "part": whole[1:], "none": whole[:0]}, tmp_path / "w.pt")
    found = read_state(tmp_path / "w.pt")
    assert torch.equal(found["turned"], whole.T)
    assert torch.equal(found["part"], whole[1:])
    assert found["none"].shape == (0, 4)
