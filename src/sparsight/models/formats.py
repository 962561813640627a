"""What a file is that holds no state dict, told by its content, and what can be done with it today."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

_HEAD = 1 << 20
_SAVE = "save its state dict, which safetensors.torch.save_file(model.state_dict(), FILE) writes, and give that file"
_ELSEWHERE = f"go back to the network in PyTorch that it was made from; {_SAVE}"


@dataclass(frozen=True)
class Foreign:
    """A file in a format of another kind.

    Attributes:
        what: it is, with an article.
        remedy: what gives weights that can be read.
    """

    what: str
    remedy: str


_SCRIPT = Foreign(
    "a TorchScript archive, which holds code",
    "where you trust it, save torch.jit.load(FILE).state_dict() with safetensors.torch.save_file and give that file",
)
_EXPORTED = Foreign(
    "a program that torch.export has saved (.pt2), not weights alone",
    "where you trust it, save torch.export.load(FILE).state_dict with safetensors.torch.save_file and give that file",
)
_MAGIC = (
    (0, b"\x89HDF\r\n\x1a\n", Foreign("an HDF5 file, as Keras and TensorFlow write (.h5)", _ELSEWHERE)),
    (0, b"GGUF", Foreign("a GGUF file, as llama.cpp reads", _ELSEWHERE)),
    (4, b"TFL3", Foreign("a graph for TensorFlow Lite (.tflite)", _ELSEWHERE)),
    (4, b"ET12", Foreign("a program for ExecuTorch (.pte)", _ELSEWHERE)),
    (0, b"\x93NUMPY", Foreign("one array of numpy (.npy), without names", _ELSEWHERE)),
    (0, b"\x7fELF", Foreign("a compiled program or library (.so)", _ELSEWHERE)),
    (0, b"ftrt", Foreign("an engine of TensorRT", _ELSEWHERE)),
    (0, b"\x1f\x8b", Foreign("compressed by gzip", "unpack it and give the file inside")),
    (0, b"BZh", Foreign("compressed by bzip2", "unpack it and give the file inside")),
    (0, b"\xfd7zXZ\x00", Foreign("compressed by xz", "unpack it and give the file inside")),
    (0, b"\x28\xb5\x2f\xfd", Foreign("compressed by zstandard", "unpack it and give the file inside")),
    (0, b"7z\xbc\xaf\x27\x1c", Foreign("a 7z archive", "unpack it and give the file inside")),
    (257, b"ustar", Foreign("a tar archive", "unpack it and give the file of weights inside")),
    (0, b"version https://git-lfs", Foreign("a pointer of Git LFS in place of the file", "fetch it by git lfs pull")),
)
_PAGE = Foreign("a web page, not what was to be downloaded", "download the file itself")
_XML = Foreign("XML, as OpenVINO describes a graph by", _ELSEWHERE)
_ONNX = Foreign("a graph in ONNX", _ELSEWHERE)
_SAVED_MODEL = Foreign("a graph of TensorFlow (.pb)", _ELSEWHERE)
_INDEX = Foreign(
    "the list of the files that weights were split into",
    "give the folder as hf:FOLDER, if transformers has written it, or join the files into one by "
    "safetensors.torch.save_file",
)
_EMPTY = Foreign("empty", "copy it again")


def foreign(path: Path) -> Foreign | None:
    """What a readable file is, if it holds no state dict; None where it may hold one, or its format is unknown."""
    if zipfile.is_zipfile(path):
        return _zipped(path)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return _EMPTY
    for at, magic, kind in _MAGIC:
        if head[at : at + len(magic)] == magic:
            return kind
    text = head[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return _PAGE
    if text.startswith(b"<?xml"):
        return _XML
    if text.startswith((b"{", b"[")):
        return _described(path)
    return _of_messages(head)


def _described(path: Path) -> Foreign:
    """Of JSON."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and "weight_map" in found:
        return _INDEX
    return Foreign("text, as of a description in JSON", "give the file that holds the weights")


def _zipped(path: Path) -> Foreign | None:
    """Of a zip archive, by the names in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] or name for name in archive.namelist()]
            whole = set(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return None
    if "constants.pkl" in names or any(name.startswith("code/") for name in names):
        return _SCRIPT
    exported = {"models/model.json", "archive_format"} & {*names, *whole}
    if exported or any(name.endswith("serialized_exported_program.json") for name in whole):
        return _EXPORTED
    if "data.pkl" in names:
        return None
    if "model.weights.h5" in whole:
        return Foreign("a network of Keras (.keras)", _ELSEWHERE)
    if names and all(name.endswith(".npy") for name in whole):
        return Foreign("arrays of numpy (.npz)", "save them as tensors by safetensors.numpy.save_file")
    if any(name.startswith("MAR-INF/") for name in whole):
        return Foreign("an archive of TorchServe (.mar)", "unpack it and give the file of weights inside")
    return Foreign("a zip archive that torch.save has not written", "unpack it and give the file of weights inside")


def _of_messages(head: bytes) -> Foreign | None:
    """Of protocol buffers, which begin with no word of their own: by the fields at the top."""
    fields = _fields(head)
    if fields[:1] == [(1, 0)] and {(7, 2)} & set(fields) and all(number < 30 for number, _ in fields):
        return _ONNX
    if fields[:2] == [(1, 0), (2, 2)]:
        return _SAVED_MODEL
    return None


def _fields(head: bytes) -> list[tuple[int, int]]:
    """Number and kind of the fields of a message, as far as they lie in ``head``; empty where it is none."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(head):
        key, at = _varint(head, at)
        number, kind = key >> 3, key & 7
        if number == 0 or kind not in (0, 1, 2, 5):
            return []
        found.append((number, kind))
        value, after = _varint(head, at) if kind in (0, 2) else (0, at)
        at = after + {0: 0, 1: 8, 2: value, 5: 4}[kind]
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    value = shift = 0
    while at < len(data) and shift < 64:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            break
    return value, at
