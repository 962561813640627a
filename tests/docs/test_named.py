"""What users can name on the command line is named in the documentation."""

import re
import tomllib
from pathlib import Path

import pytest
import typer

from sparsight.arms import ARMS, TOGGLES
from sparsight.cli.main import app
from sparsight.config import StudySettings, preset_names
from sparsight.data import DATA_SETTINGS
from tests.docs.pages import PAGES, text_of

ALL = "\n".join(map(text_of, PAGES))


def commands(group, path="sparsight"):
    for name, command in group.commands.items():
        below = getattr(command, "commands", None)
        yield from commands(command, f"{path} {name}") if below else [f"{path} {name}"]


@pytest.mark.parametrize("command", list(commands(typer.main.get_command(app))))
def test_every_command(command):
    assert re.search(rf"\b{re.escape(command)}\b", ALL)


@pytest.mark.parametrize("name", [*preset_names(), *ARMS, *TOGGLES])
def test_every_preset_arm_and_switch(name):
    assert f"`{name}`" in ALL


def test_every_extra():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    named = re.findall(r"^\| `pip install '\.\[(\w+)\]'` \|", text_of("index.md"), re.MULTILINE)
    assert sorted(named) == sorted(project["optional-dependencies"])


ROW = re.compile(r"^\| `(?P<key>\w+)` \| (?:`(?P<default>[^`]*)`|required) \| .+ \|$", re.MULTILINE)


def written(heading):
    section = re.search(rf"^##+ `{heading}`\n(.*?)(?=^##+ |\Z)", text_of("settings.md"), re.MULTILINE | re.DOTALL)
    assert section, heading
    return {row["key"]: row["default"] for row in ROW.finditer(section[1])}


def as_yaml(value):
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


SETTINGS = {room: field.annotation for room, field in StudySettings.model_fields.items() if room != "data"}


@pytest.mark.parametrize("room", [*SETTINGS, *DATA_SETTINGS])
def test_every_setting_and_its_default(room):
    fields = (SETTINGS | DATA_SETTINGS)[room].model_fields
    own = {key: field for key, field in fields.items() if (room, key) != (room, "name") or room == "model"}
    assert written(room) == {key: None if field.is_required() else as_yaml(field.default) for key, field in own.items()}
