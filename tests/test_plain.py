"""What is no plain file of a folder's own is neither waited for nor followed."""

import os
import socket
from pathlib import Path

import pytest

from sparsight.errors import DamagedError
from sparsight.plain import (
    entries,
    open_plain,
    plain_files,
    read_plain,
    strange,
    strange_folder,
    strange_on_the_way,
)


def put(kind: str, path: Path, elsewhere: Path) -> None:
    """Something that is no plain file, at ``path``."""
    path.unlink(missing_ok=True)
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))
    elif kind == "a folder":
        path.mkdir()
    else:
        path.symlink_to(elsewhere)


@pytest.mark.parametrize("kind", ["a link", "a pipe", "a folder", "a socket"])
def test_what_is_no_plain_file_is_named_and_not_opened(tmp_path, kind):
    (tmp_path / "elsewhere").write_bytes(b"theirs")
    put(kind, tmp_path / "x", tmp_path / "elsewhere")
    assert strange(tmp_path / "x") == kind
    with pytest.raises(DamagedError, match=f"x: is {kind}, not a plain file"):
        open_plain(tmp_path / "x")


def test_a_device_is_named():
    assert strange(Path("/dev/null")) == "a device"


def test_a_link_that_leads_nowhere_and_a_plain_file(tmp_path):
    (tmp_path / "x").symlink_to("nowhere")
    (tmp_path / "y").write_bytes(b"ours")
    assert strange(tmp_path / "x") == "a link"
    assert strange(tmp_path / "y") is None
    assert read_plain(tmp_path / "y") == b"ours"
    assert strange(tmp_path / "z") is None
    with pytest.raises(FileNotFoundError):
        read_plain(tmp_path / "z")


def test_a_walk_follows_no_link_but_its_own_folder(tmp_path):
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere" / "deep" / "theirs").touch()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "ours").touch()
    (tmp_path / "run" / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "linked").symlink_to("run")
    assert [path.name for path in entries(tmp_path / "linked")] == ["ours", "out"]
    assert [path.name for path in plain_files(tmp_path / "linked")] == ["ours"]
    assert plain_files(tmp_path / "nowhere") == []


def test_a_link_on_the_way_is_found(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").touch()
    assert strange_on_the_way(tmp_path, "a/b/c") is None
    assert strange_on_the_way(tmp_path, "a/no/c") is None
    (tmp_path / "l").symlink_to("a")
    assert strange_on_the_way(tmp_path, "l/b/c") == (tmp_path / "l", "a link")
    assert strange_on_the_way(tmp_path, "a/b/c/d") == (tmp_path / "a" / "b" / "c", "a file")
    assert strange_folder(tmp_path / "l") == "a link"
    assert strange_folder(tmp_path / "a") is None
