"""A file that is not what was written is found, wherever it was touched."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from sparsight.errors import DamagedError
from sparsight.io import read_json, read_metadata, read_tensors, tensors_bytes, write_bytes, write_json, write_tensors
from sparsight.seals import FORMS, ZEROS, seal_in, seal_of, sealed

HOSTILE = [
    f'", "seal": "sha256:{ZEROS.decode()}"}}',
    f'{{"__metadata__":{{"sparsight":"{{\\"seal\\": \\"sha256:{"a" * 64}',
    f"\n# sha256:{ZEROS.decode()}\n",
    f',\n "seal": "sha256:{"b" * 64}"\n}}\n',
]
TEXT = st.text(max_size=20) | st.sampled_from(HOSTILE)
FILES = (".safetensors", ".json", ".jsonl", ".yaml")


def write(path) -> None:
    if path.suffix == ".safetensors":
        write_tensors(path, {"a": torch.arange(3.0)}, {"x": 1}, "ticket")
    elif path.suffix == ".json":
        write_json(path, {"x": [1, 2], "zz": {"seal": 1}}, "metrics")
    elif path.suffix == ".jsonl":
        write_bytes(path, sealed(f'{{"a": 1}}\n{{"b": 2, "seal": "sha256:{ZEROS.decode()}"}}\n'.encode(), ".jsonl"))
    else:
        write_bytes(path, sealed(f"a: 1\n# sha256:{ZEROS.decode()}\n".encode(), ".yaml"))


@pytest.mark.parametrize("suffix", FILES)
def test_every_byte_that_changes_every_length_and_more_bytes_are_found(tmp_path, suffix):
    path = tmp_path / f"file{suffix}"
    write(path)
    whole = path.read_bytes()
    assert seal_of(path) == seal_in(whole, suffix)
    for place in range(len(whole)):
        for bit in (1, 32):  # 32 turns the case of letters: those of the digest, too
            path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            assert seal_of(path) is None, (place, bit)
        path.write_bytes(whole[:place])
        assert seal_of(path) is None, place
    for more in (b"\0", b"\n", b" "):
        path.write_bytes(whole + more)
        assert seal_of(path) is None
    path.unlink()
    assert seal_of(path) is None
    path.mkdir()
    assert seal_of(path) is None


@given(names=st.dictionaries(TEXT.filter(lambda name: name not in ("seal", "kind")), TEXT, max_size=3), key=TEXT)
def test_no_name_is_taken_for_a_seal(tmp_path_factory, names, key):
    folder = tmp_path_factory.mktemp("hostile")
    tensors = {key: torch.ones(2)} if key != "__metadata__" else {}
    for again in range(2):
        write_tensors(folder / f"{again}.safetensors", tensors, names, "evidence")
        write_json(folder / f"{again}.json", names, "metrics")
    for suffix in (".safetensors", ".json"):
        assert seal_of(folder / f"0{suffix}") is not None
        assert (folder / f"0{suffix}").read_bytes() == (folder / f"1{suffix}").read_bytes()
    assert read_metadata(folder / "0.safetensors", "evidence") == names
    assert read_json(folder / "0.json", "metrics") == names
    assert load_file(folder / "0.safetensors").keys() == tensors.keys()
    assert list(json.loads((folder / "0.json").read_text(encoding="utf-8")))[-1] == "seal"


def test_another_kind_and_no_seal_are_refused_with_the_path_once(tmp_path):
    write(tmp_path / "a.safetensors")
    write(tmp_path / "a.json")
    write_tensors(tmp_path / "b.safetensors", {"a": torch.ones(1)}, {"kind": "ticket"})
    write_json(tmp_path / "b.json", {"kind": "metrics"})
    (tmp_path / "c.json").write_bytes(sealed(b'[[0]\n],\n "seal": "sha256:' + ZEROS + b'"\n}\n', ".json"))
    for read, name, kind in (
        (read_tensors, "a.safetensors", "evidence"),
        (read_metadata, "a.safetensors", "evidence"),
        (read_json, "a.json", "manifest"),
        (read_tensors, "b.safetensors", "ticket"),
        (read_json, "b.json", "metrics"),
    ):
        with pytest.raises(DamagedError, match="run the study's command again to have it made") as caught:
            read(tmp_path / name, kind)
        assert str(caught.value).count(name) == 1
    assert torch.equal(read_tensors(tmp_path / "a.safetensors")["a"], torch.arange(3.0)), "a stranger may read it"


def test_what_cannot_be_sealed_is_our_fault(tmp_path):
    for suffix in FORMS:
        with pytest.raises(ValueError, match="without a place"):
            sealed(b"x" * 300, suffix)
        with pytest.raises(ValueError, match="without a place"):
            sealed(b"", suffix)
    with pytest.raises(ValueError, match="may not hold"):
        tensors_bytes({}, {"seal": 1}, "ticket")
    with pytest.raises(ValueError, match="may not be"):
        write_json(tmp_path / "a.json", {"kind": 1}, "ticket")
