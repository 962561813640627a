import csv
import errno
import io
import json
import os
import pickle
import subprocess
import sys
import threading

import filelock
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sparsight.errors import DamagedError, InputError
from sparsight.io import (
    check_sealed,
    csv_bytes,
    hold,
    hold_place,
    json_bytes,
    read_cell,
    read_json,
    read_list,
    read_metadata,
    read_tensors,
    read_yaml,
    remove_listed,
    remove_partial_files,
    sha256,
    staged_tensors,
    tensors_bytes,
    write_bytes,
    write_csv,
    write_json,
    write_list,
    write_tensors,
    written_cell,
)


def test_bytes_appear_whole_in_folders_that_are_made(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    write_bytes(path, b"one")
    write_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_bytes(path, b"old")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_what_a_killed_writer_left_is_removed(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / ".ticket.safetensors.123.partial").write_bytes(b"half")
    (tmp_path / "x" / "ticket.safetensors").write_bytes(b"whole")
    remove_partial_files(tmp_path)
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["ticket.safetensors"]


def test_json_round_trip_is_sorted_and_nan_is_null(tmp_path):
    write_json(tmp_path / "a.json", {"b": [1, float("nan"), float("inf")], "a": {"ü": (1, 2)}})
    assert read_json(tmp_path / "a.json") == {"a": {"ü": [1, 2]}, "b": [1, None, None]}
    assert list(json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))) == ["a", "b"]


@pytest.mark.parametrize("kind", [None, "verdict"])
def test_json_bytes_are_what_is_written(tmp_path, kind):
    value = {"b": [1.5, float("nan")], "a": {"ü": None}, "rows": [{"p": 0.1 + 0.2}]}
    write_json(tmp_path / "a.json", value, kind)
    assert json_bytes(value, kind) == (tmp_path / "a.json").read_bytes()
    assert json_bytes(dict(reversed(value.items())), kind) == json_bytes(value, kind)
    assert read_json(tmp_path / "a.json", kind) == {"a": {"ü": None}, "b": [1.5, None], "rows": [{"p": 0.1 + 0.2}]}


def test_json_bytes_with_a_kind_are_sealed(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(json_bytes({"a": 1}, "verdict"))
    digest = check_sealed(path)
    assert digest.removeprefix("sha256:") in path.read_text()
    path.write_bytes(json_bytes({"a": 2}, "verdict"))
    assert check_sealed(path) != digest
    path.write_bytes(path.read_bytes().replace(b'"a": 2', b'"a": 1'))
    with pytest.raises(InputError, match="damaged"):
        check_sealed(path)
    path.write_bytes(json_bytes({"a": 1}, "verdict"))
    with pytest.raises(InputError, match="is not the metrics"):
        read_json(path, "metrics")
    for own in ("seal", "kind"):
        with pytest.raises(ValueError, match="own keys"):
            json_bytes({own: 1}, "verdict")


def test_bytes_of_tables_and_tensors_are_what_is_written(tmp_path):
    write_csv(tmp_path / "a.csv", ("x",), [(0.1,), (None,)])
    assert csv_bytes(("x",), [(0.1,), (None,)]) == (tmp_path / "a.csv").read_bytes()
    for kind in (None, "drift"):
        write_tensors(tmp_path / "a", {"x": torch.ones(2)}, {"y": 1}, kind)
        assert tensors_bytes({"x": torch.ones(2)}, {"y": 1}, kind) == (tmp_path / "a").read_bytes()


def test_a_staged_file_is_what_is_written_and_stands_only_when_all_went_well(tmp_path):
    kinds = (torch.float64, torch.float32, torch.int64, torch.int32, torch.int8, torch.uint8, torch.bool)
    tensors = {f'{name}/ü"{k}': torch.arange(5).to(kind) for k, kind in enumerate(kinds) for name in "ab"}
    tensors |= {"scalar": torch.tensor(1.5), "none": torch.zeros(0, 3), "sliced": torch.arange(10)[::2]}
    path = tmp_path / "made" / "data.safetensors"
    with staged_tensors(path, tensors, {"y": "ü"}, "data") as digest:
        assert not path.exists()
    found = read_tensors(path, "data")
    assert found.keys() == tensors.keys()
    assert all(
        torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype for name, tensor in tensors.items()
    )
    assert (read_metadata(path, "data"), check_sealed(path)) == ({"y": "ü"}, digest)
    with staged_tensors(tmp_path / "again.safetensors", dict(reversed(tensors.items())), {"y": "ü"}, "data") as again:
        assert again == digest
    with pytest.raises(KeyError), staged_tensors(path, {}, {}, "data"):
        raise KeyError
    assert check_sealed(path) == digest
    assert [p.name for p in path.parent.iterdir()] == ["data.safetensors"]


def test_damaged_json_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(InputError, match=r"a\.json: not valid JSON"):
        read_json(tmp_path / "a.json")
    with pytest.raises(InputError, match=r"b\.json: cannot be read"):
        read_json(tmp_path / "b.json")


def test_csv_keeps_every_digit_quotes_names_and_leaves_nan_empty(tmp_path):
    write_csv(tmp_path / "a.csv", ("name", "value"), [('a,"b"\n', 0.1 + 0.2), ("c", float("nan")), ("d", None)])
    assert (tmp_path / "a.csv").read_text() == 'name,value\n"a,""b""\n",0.30000000000000004\nc,\nd,\n'


def test_tensors_round_trip_and_equal_input_gives_equal_bytes(tmp_path):
    tensors = {"b": torch.arange(3.0), "a": torch.ones(2, 2, dtype=torch.bool).T, "c": torch.zeros(0)}
    for name in ("one", "two"):
        write_tensors(tmp_path / name, dict(tensors), {"x": [1, 2], "y": None, "z": {"k": "v"}})
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    found = read_tensors(tmp_path / "one")
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
    assert read_metadata(tmp_path / "one") == {"x": [1, 2], "y": None, "z": {"k": "v"}}


class Bomb:
    def __reduce__(self):
        return (open, ("exploded", "w"))


@pytest.mark.parametrize("kind", ["torch", "pickle"])
def test_a_pickle_is_named_and_never_opened(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pt"
    if kind == "torch":
        torch.save({"w": torch.ones(1)}, path)
    else:
        path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(InputError, match="a pickle"):
        read_tensors(path)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("content", [b"", b"\x00" * 7, b"\xff" * 100, b"hello"])
def test_what_is_not_safetensors_is_named_in_one_line(tmp_path, content):
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(InputError, match="not a whole safetensors file") as caught:
        read_tensors(tmp_path / "w")
    assert "\n" not in str(caught.value)


def test_a_truncated_file_is_named(tmp_path):
    write_tensors(tmp_path / "w", {"a": torch.ones(100)})
    (tmp_path / "w").write_bytes((tmp_path / "w").read_bytes()[:-1])
    with pytest.raises(InputError, match="not a whole safetensors file"):
        read_tensors(tmp_path / "w")


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_tensors(tmp_path / "no")
    with pytest.raises(InputError, match="not a file"):
        read_tensors(tmp_path)


def test_a_lock_keeps_another_process_out_and_ends_with_its_holder(tmp_path):
    code = f"import pathlib, sparsight.io\nwith sparsight.io.hold(pathlib.Path({str(tmp_path)!r})): print('held')"
    with hold(tmp_path):
        second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "another sparsight process" in second.stderr
    third = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert third.stdout == "held\n"


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_who_only_reads_goes_on_without_a_lock_that_cannot_be_made(tmp_path, monkeypatch, number):
    def refuse(self, *_, **__):
        raise OSError(number, "no")

    with hold(tmp_path, reading=True) as held:
        assert held
    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    with hold(tmp_path, reading=True) as held:
        assert not held
    with pytest.raises(OSError, match="no"), hold(tmp_path):
        pass


def test_a_reader_gives_way_to_the_holder_of_the_lock_and_to_a_full_disk(tmp_path, monkeypatch):
    with hold(tmp_path), pytest.raises(InputError, match="another sparsight"), hold(tmp_path, reading=True):
        pass
    monkeypatch.setattr("filelock.FileLock.acquire", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.ENOSPC, "x")))
    with pytest.raises(OSError, match="x"), hold(tmp_path, reading=True):
        pass


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path):
    path = tmp_path / "file"
    writers = [threading.Thread(target=write_bytes, args=(path, bytes([i]) * 100_000)) for i in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    content = path.read_bytes()
    assert len(content) == 100_000
    assert len(set(content)) == 1


def listed_folder(tmp_path):
    """A folder with three files of its own and two of others, one of them beside its own."""
    folder = tmp_path / "made"
    for name in ("page.html", "tables/a.csv", "tables/b.csv", "mine.txt", "tables/mine.txt"):
        write_bytes(folder / name, name.encode())
    write_list(folder, ["page.html", "tables/a.csv", "tables/b.csv"], "made")
    return folder


def left(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_list_names_what_is_the_folders_own_and_drops_what_it_has_no_longer(tmp_path):
    folder = listed_folder(tmp_path)
    assert read_list(folder, "made") == {
        name: sha256(folder / name) for name in ("page.html", "tables/a.csv", "tables/b.csv")
    }
    write_list(folder, ["page.html", "tables/b.csv"], "made")
    assert left(folder) == {"files.json", "mine.txt", "page.html", "tables/b.csv", "tables/mine.txt"}
    (folder / "tables" / "b.csv").write_text("edited by hand")
    write_list(folder, ["page.html"], "made")
    assert left(folder) == {"files.json", "mine.txt", "page.html", "tables/b.csv", "tables/mine.txt"}


def test_what_is_removed_by_a_list_takes_nothing_of_others_with_it(tmp_path):
    folder = listed_folder(tmp_path)
    (folder / "empty").mkdir()
    (folder / "tables" / "b.csv").write_text("edited by hand")
    assert remove_listed(folder, "made")
    assert left(folder) == {"mine.txt", "tables/b.csv", "tables/mine.txt"}
    assert (folder / "empty").is_dir()
    assert not remove_listed(folder, "made")
    assert not remove_listed(tmp_path / "none", "made")
    for name in left(folder):
        (folder / name).unlink()
    for place in ("empty", "tables", ""):
        (folder / place).rmdir()


def test_a_folder_with_nothing_of_others_goes_as_a_whole(tmp_path):
    folder = tmp_path / "made"
    write_bytes(folder / "tables" / "a.csv", b"1")
    write_list(folder, ["tables/a.csv"], "made")
    assert remove_listed(folder, "made")
    assert not folder.exists()


def test_links_are_removed_and_not_what_they_lead_to(tmp_path):
    folder, elsewhere = listed_folder(tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "theirs.html").write_text("theirs")
    (folder / "page.html").unlink()
    (folder / "page.html").symlink_to(elsewhere / "theirs.html")
    (folder / "empty").symlink_to(elsewhere)
    assert remove_listed(folder, "made", ["page.html"])
    assert not (folder / "page.html").is_symlink()
    assert (elsewhere / "theirs.html").read_text() == "theirs"
    linked = tmp_path / "linked"
    write_bytes(elsewhere / "a.csv", b"1")
    linked.symlink_to(elsewhere)
    write_list(linked, ["a.csv"], "made")
    assert remove_listed(linked, "made")
    assert linked.is_symlink()
    assert left(elsewhere) == {"theirs.html"}


def test_without_a_list_only_what_nobody_else_can_have_is_removed(tmp_path):
    folder = listed_folder(tmp_path)
    write_bytes(folder / "files.json", b"{}")
    (folder / "report.json").mkdir()
    assert remove_listed(folder, "made", ["page.html", "report.json", "other.json"])
    assert left(folder) == {"mine.txt", "tables/a.csv", "tables/b.csv", "tables/mine.txt"}
    assert (folder / "report.json").is_dir()


@pytest.mark.parametrize("name", ["../victim", "/etc/hostname", "tables/../../victim"])
def test_a_list_that_leads_out_of_its_folder_is_damaged_and_removes_nothing(tmp_path, name):
    folder = listed_folder(tmp_path)
    write_bytes(tmp_path / "victim", b"theirs")
    write_json(folder / "files.json", {"files": {name: sha256(tmp_path / "victim")}}, "made")
    with pytest.raises(DamagedError, match="which does not lie below it"):
        read_list(folder, "made")
    remove_listed(folder, "made")
    assert (tmp_path / "victim").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", "mine.yaml: a: given twice, in lines 1 and 3; keep one"),
        ("room: {x: 1, x: 1}\n", "mine.yaml: x: given twice, in line 1; keep one"),
        ("- {x: [{y: 1,\n 'y': 2}]}\n", "mine.yaml: y: given twice, in lines 1 and 2; keep one"),
        (f"{'k' * 300}: 1\n{'k' * 300}: 2\n", f"mine.yaml: {'k' * 57}...: given twice, in lines 1 and 2; keep one"),
        ("a: [1,\n", "mine.yaml: not valid YAML in line 2"),
    ],
)
def test_yaml_with_a_key_twice_or_that_is_none_is_refused_with_its_line(text, says):
    with pytest.raises(InputError) as caught:
        read_yaml(text, "mine.yaml")
    assert str(caught.value) == says


def test_what_is_merged_into_a_mapping_of_yaml_may_be_given_again():
    text = "one: &one {x: 1}\ndeep: {deeper: {two: &two {<<: *one, x: 2}}}\nthree: {<<: *two, x: 3}\n"
    assert read_yaml(text, "") == {"one": {"x": 1}, "deep": {"deeper": {"two": {"x": 2}}}, "three": {"x": 3}}


def test_the_place_of_a_folder_is_held_from_beside_it_and_nothing_is_left(tmp_path):
    place = tmp_path / "deep" / "audit"
    code = f"import pathlib, sparsight.io\nwith sparsight.io.hold_place(pathlib.Path({str(place)!r})): print('held')"
    with hold_place(place):
        place.mkdir()
        place.rename(tmp_path / "gone")
        second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "another sparsight process is about to write this folder" in second.stderr
    third = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert third.stdout == "held\n"
    assert [one.name for one in tmp_path.iterdir()] == ["gone"]


def test_a_lock_that_another_takes_at_the_moment_of_release_is_left_to_it(tmp_path, monkeypatch):
    held = []

    def lock_at(path):
        lock = filelock.FileLock(path)
        if held:
            return lock
        release = lock.release

        def release_and_lose():
            release()
            held.append(filelock.FileLock(path))
            held[0].acquire(blocking=False)

        lock.release = release_and_lose
        return lock

    monkeypatch.setattr("sparsight.io.lock.lock_at", lock_at)
    with hold_place(tmp_path / "audit"):
        pass
    with pytest.raises(InputError, match="another sparsight process"), hold_place(tmp_path / "audit"):
        pass
    held[0].release()


def test_a_place_where_nothing_can_be_made_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").write_text("mine")
    for bad in (tmp_path / "file" / "audit", tmp_path / ("n" * 300)):
        with pytest.raises(InputError, match=r"cannot be written \(.+\); choose another --out"), hold_place(bad):
            pass


def test_nothing_is_removed_or_written_through_a_link_in_a_listed_folder(tmp_path):
    folder, elsewhere = tmp_path / "report", tmp_path / "elsewhere"
    write_bytes(folder / "figures" / "a.svg", b"1")
    write_list(folder, ["figures/a.svg"], "made")
    (folder / "figures").rename(elsewhere)
    (folder / "figures").symlink_to(elsewhere)
    write_bytes(folder / "b.csv", b"2")
    write_list(folder, ["b.csv"], "made")
    assert [path.name for path in elsewhere.iterdir()] == ["a.svg"]
    assert remove_listed(folder, "made")
    assert [path.name for path in elsewhere.iterdir()] == ["a.svg"]


def test_what_lies_where_a_file_is_staged_is_not_written_through(tmp_path, monkeypatch):
    theirs = tmp_path / "theirs"
    theirs.write_bytes(b"mine")
    staged = f".file.{os.getpid()}-{threading.get_ident()}.partial"
    (tmp_path / staged).symlink_to(theirs)
    write_bytes(tmp_path / "file", b"ours")
    assert theirs.read_bytes() == b"mine"
    assert (tmp_path / "file").read_bytes() == b"ours"
    assert not (tmp_path / "file").is_symlink()


def test_a_lock_that_is_no_plain_file_is_refused(tmp_path):
    (tmp_path / "theirs").write_bytes(b"mine")
    (tmp_path / ".lock").symlink_to(tmp_path / "theirs")
    with pytest.raises(DamagedError, match=r"\.lock: is a link, not a plain file; remove it"), hold(tmp_path):
        pass
    assert (tmp_path / "theirs").read_bytes() == b"mine"


@pytest.mark.parametrize("read", [lambda path: read_json(path, "card"), lambda path: read_tensors(path, "ticket")])
def test_a_pipe_in_place_of_a_sealed_file_is_damaged(tmp_path, read):
    for path in (tmp_path / "x.json", tmp_path / "x.safetensors"):
        os.mkfifo(path)
        with pytest.raises(DamagedError, match="is a pipe, not a plain file"):
            read(path)


NAMES = [
    "=HYPERLINK(1)",
    "+1+cmd",
    "-a",
    "@SUM(1)",
    "-",
    "'quoted",
    "''",
    "\\x1b",
    "a\\",
    "\x1b[31mred\r\x00",
    "\u202eevil",
    "\udcff",
    'two\nlines, and "quotes"',
    "\t=1",
    "-0.5",
    "finch",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_csv_acts_on_nobody_and_is_read_back(name):
    text = csv_bytes(("name",), [(name,)]).decode()
    cell = next(iter(list(csv.reader(io.StringIO(text, newline="")))[1:]), [""])[0]
    assert not set("\x1b\r\x00\u202e") & set(cell)
    assert cell[:1] not in ("=", "+", "@", "\t")
    assert not cell.startswith("-") or cell == "-0.5"
    assert read_cell(cell) == name


@given(st.text())
def test_every_name_is_read_back_from_its_cell(name):
    assert read_cell(written_cell(name)) == name
