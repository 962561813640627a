"""Each option of each command with values that it cannot use: exit code 2, one line that names it, nothing written."""

import os
import shutil
import socket

import numpy as np
import pytest
import typer
from PIL import Image

from sparsight.cli.main import app
from sparsight.unseen import visible
from tests import process
from tests.cli import bad_values
from tests.cli.bad_values import FILES, NETS, PLACES, SMALL, cells

pytestmark = pytest.mark.usefixtures("shapes_unchecked")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Files that nothing can use, beside a run, images and networks. A refused command leaves them as they are."""
    home = tmp_path_factory.mktemp("outer") / "place"
    draws = np.random.default_rng(0)
    for name in ("a", "b"):
        (home / "photos" / name).mkdir(parents=True)
        for i in range(20):
            pixels = draws.integers(0, 255, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(home / f"photos/{name}/{i}.png")
    (home / "small.yaml").write_text(SMALL)
    (home / "nets.py").write_text(NETS)
    for name, content in FILES.items():
        (home / name).write_bytes(content)
    ended = process.run(("study", "small.yaml", "--workers", "0", "--no-report", "--out", "run"), home)
    assert ended.returncode == 0, ended.stderr
    (home / "folder").mkdir()
    os.mkfifo(home / "pipe")
    with socket.socket(socket.AF_UNIX) as bound, pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)  # a socket's path is short
        bound.bind("socket")
    (home / "nowhere").symlink_to("gone")
    (home / "loop").symlink_to("loop")
    return home


def listed(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if "__pycache__" not in path.parts)


@pytest.mark.parametrize("place", PLACES, ids=[f"{place.command} {place.option}" for place in PLACES])
def test_each_value_ends_with_its_code(call, home, place):
    before = listed(home.parent)
    for words, value, expected in cells(place):
        code, out, err = call(*words, cwd=home)
        told = (words[:12], value[:60], err[-2000:])
        assert code == expected, told
        assert "Traceback" not in out + err, told
        if code == 2:
            assert (err[:11], err.count("\n"), err[:-1].isprintable(), len(err) < 1000) == (
                "sparsight: ",
                1,
                True,
                True,
            ), told
            names = (place.option.lstrip("-"), place.option.lstrip("-").replace("-", "_"), *place.named)
            assert any(name in err for name in (*filter(None, names), *shown(value))), told
            assert listed(home.parent) == before, told
        for made in set(listed(home.parent)) - set(before):
            path = home.parent / made
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def shown(value):
    """How a line may name a value."""
    return (visible(value.split("\n")[0])[:20],) if value else ("''", "nothing")


def test_every_command_and_option_has_a_place():
    known = set()

    def gather(command, name):
        for option in command.params:
            is_option = option.param_type_name == "option"
            spelled = next(one for one in option.opts if one.startswith("--")) if is_option else option.name.upper()
            known.add((name, spelled))
        for own, below in getattr(command, "commands", {}).items():
            known.add((name, "COMMAND"))
            gather(below, f"{name} {own}".strip())

    gather(typer.main.get_command(app), "")
    given = {(place.command, place.option) for place in PLACES}
    assert {pair for pair in given - known if pair[1]} == set()
    assert known - given - {(name, "--help") for name, _ in known} == set()
    assert {place.command for place in PLACES} >= {name for name, _ in known}


def test_every_value_is_tried_somewhere():
    tried = {value for place in PLACES for _, value, _ in cells(place)}
    for kind in ("READ", "WRITTEN", "WORDS", "WHOLE", "REAL", "FLAG", "ASSIGNED"):
        assert set(getattr(bad_values, kind)) - tried == set(), kind
