"""Files of other formats are named by their content, and what is to be done leads to weights."""

import gzip
import io
import json
import tarfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from sparsight.errors import InputError
from sparsight.models import read_state

NET = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(72, 2)).eval()
IMAGES = torch.zeros(1, 3, 8, 8)


def tar():
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("w.pt"))
    return held.getvalue()


def npz():
    held = io.BytesIO()
    np.savez(held, a=np.zeros(2))
    return held.getvalue()


CONTENTS = {
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(64),
    "GGUF": b"GGUF" + bytes(64),
    "TensorFlow Lite": bytes(4) + b"TFL3" + bytes(64),
    "ExecuTorch": bytes(4) + b"ET12" + bytes(64),
    "gzip": gzip.compress(b"x"),
    "a tar archive": tar(),
    r"arrays of numpy \(.npz\)": npz(),
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\n",
    "a web page": b"\n<!DOCTYPE html><html></html>",
    "the list of the files": json.dumps({"weight_map": {"a": "b.safetensors"}}).encode(),
    "OpenVINO": b"<?xml version='1.0'?><net/>",
}


@pytest.mark.parametrize("what", CONTENTS)
def test_a_file_of_another_format_is_named(what, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(CONTENTS[what])
    with pytest.raises(InputError, match=rf"w\.safetensors: .*{what}") as error:
        read_state(tmp_path / "w.safetensors")
    assert "\n" not in str(error.value)


@pytest.mark.filterwarnings("ignore")  # of torch, that scripts are of the past
def test_the_state_dict_of_a_script_or_an_exported_program_is_read_once_it_is_saved(tmp_path):
    path = tmp_path / "w.pt"
    torch.jit.save(torch.jit.trace(NET, IMAGES), path)
    with pytest.raises(InputError, match=r"a TorchScript archive.*torch\.jit\.load\(w\.pt\)\.state_dict\(\)"):
        read_state(path)
    save_file(dict(torch.jit.load(path).state_dict()), tmp_path / "saved")
    assert torch.equal(read_state(tmp_path / "saved")["2.weight"], NET[2].weight)
    torch.export.save(torch.export.export(NET, (IMAGES,)), tmp_path / "w.pt2")
    with pytest.raises(InputError, match=r"torch\.export has saved.*torch\.export\.load\(w\.pt2\)\.state_dict with"):
        read_state(tmp_path / "w.pt2")
    save_file(dict(torch.export.load(tmp_path / "w.pt2").state_dict), tmp_path / "saved")
    assert torch.equal(read_state(tmp_path / "saved")["2.weight"], NET[2].weight)


def test_a_graph_in_onnx_is_named(tmp_path):
    onnx = pytest.importorskip("onnx")
    graph = onnx.helper.make_graph([], "g", [], [], [onnx.numpy_helper.from_array(np.zeros(3, np.float32), "w")])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "w.pth")
    with pytest.raises(InputError, match=r"w\.pth: a graph in ONNX; go back to the network in PyTorch"):
        read_state(tmp_path / "w.pth")
