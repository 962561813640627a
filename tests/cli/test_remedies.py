"""Every option, setting, command and argument that a text of the program names is one that whoever reads it can give.

The texts are the string constants of the sources. What has such words in it is assigned to the commands that print it.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import typer

import sparsight
from sparsight.audit import audit_models
from sparsight.auditing.settings import AuditSettings
from sparsight.cli.main import app
from sparsight.config import StudySettings
from sparsight.data.load import DATA_SETTINGS

HOME = Path(sparsight.__file__).parent
STUDY, AUDIT = ("study", "plan"), ("audit",)
DATA = ("study", "plan", "data check", "data preview", "audit")
EVERY = ("study", "plan", "report", "compare", "audit", "verify", "export", "tensorboard")
PRINTED_BY = {
    "audit.py": AUDIT,
    "auditing": AUDIT,
    "beforehand.py": STUDY,
    "cli/audit.py": AUDIT,
    "cli/audited.py": AUDIT,
    "cli/data.py:_check_source": ("data check",),
    "cli/data.py:_check_picture": ("data preview",),
    "cli/data.py:check": ("data check",),
    "cli/data.py:preview": ("data preview",),
    "cli/failing.py": AUDIT,
    "cli/main.py:_PATHS": (),  # names of options to look for, in any command
    "cli/main.py:_ended": EVERY,
    "cli/main.py:app": EVERY,
    "cli/options.py": STUDY,
    "cli/options.py:AtMost": ("study",),
    "cli/summary.py": ("study",),
    "config.py": STUDY,
    "config.py:parse_assignment": DATA,
    "data": DATA,
    "exporting": ("export",),
    "exporting/events.py": ("tensorboard",),
    "exporting/place.py": ("export", "tensorboard"),
    "io/lock.py:hold": ("study", "report", "verify"),
    "io/lock.py:hold_place": ("audit", "export", "tensorboard"),
    "looking.py": ("study",),
    "making.py": STUDY,
    "models": STUDY,
    "models/locate.py": AUDIT,
    "models/own.py": ("study", "plan", "audit", "export", "verify"),
    "plan.py": ("plan",),
    "results/looks.py": ("study",),
    "results/notices.py": ("study",),
    "results/read.py:command": ("study",),
    "runs.py": ("study", "plan", "report", "verify", "compare", "export", "tensorboard"),
    "runs.py:open_run": ("study",),
    "runs.py:_check_parent": STUDY,
    "runs.py:check_folder": STUDY,
    "standing.py": ("study", "verify"),
    "study.py": ("study",),
    "training": STUDY,
    "verifying": ("verify",),
}
"""By folder of the sources, file, or name in a file, the nearest one counts: the commands that may print its texts."""
NO_OPTIONS = {"tensorboard --logdir", "var(--font)"}
"""What stands with two dashes and is of no command of ours."""
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
ROOMS = ("data", "model", "training", "pruning", "concepts", "saliency", "evidence", "verdict", "study", "floor")
KEY = re.compile(rf"(?<![\w./-])((?:{'|'.join(ROOMS)})\.(?:[a-z]\w*|\{{\}}))(?!\w*\()")
FILES = {"yaml", "json", "jsonl", "csv", "pt", "onnx", "svg", "pkl", "safetensors"}
FILLED = {"model.{}": ("model.features", "model.head"), "data.{}": ("data.train", "data.validation")}
"""Keys whose name is filled in, and what with."""
OF_TORCH = {"model.state_dict", "model.load_state_dict", "model.get_submodule"}
COMMAND = re.compile(r"(?<![\w.-])sparsight (data [a-z]+|(?!data )[a-z]+)")
NO_COMMANDS = {"another sparsight process"}
IN_PYTHON = re.compile(r"\b(\w+)=[^()]*(?:\([^()]*\))? in Python|in Python, (\w+)=")


class Text(NamedTuple):
    """A string constant: its file, the name that it stands under there, its line; what is filled in stands as {}."""

    file: str
    under: str
    line: int
    words: str

    def __str__(self):
        return f"{self.file}:{self.line} ({self.under})"

    @property
    def printers(self):
        for place in (f"{self.file}:{self.under}", self.file, *map(str, Path(self.file).parents)):
            if place in PRINTED_BY:
                return PRINTED_BY[place]
        return None


def texts() -> Iterator[Text]:
    """All of the sources, but for docstrings and for where options are declared."""
    for path in sorted(HOME.rglob("*.py")):
        for top in ast.parse(path.read_text()).body:
            left_out = {id(one.value) for one in ast.walk(top) if isinstance(one, ast.Expr)}
            for one in ast.walk(top):
                if isinstance(one, ast.JoinedStr):
                    left_out |= {id(part) for part in one.values}
                if isinstance(one, ast.Call) and getattr(one.func, "attr", "") == "Option":
                    left_out |= {id(name) for name in one.args}
            targets = getattr(top, "targets", [getattr(top, "target", None)])
            under = getattr(top, "name", getattr(targets[0], "id", ""))
            for one in ast.walk(top):
                words = None
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    words = one.value
                elif isinstance(one, ast.JoinedStr):
                    words = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in one.values)
                if words is not None and id(one) not in left_out:
                    yield Text(path.relative_to(HOME).as_posix(), under, one.lineno, words)


TEXTS = list(texts())


def commands() -> dict[str, set[str]]:
    """The options of each command."""
    found: dict[str, set[str]] = {}

    def walk(command, name):
        if hasattr(command, "commands"):
            for word, own in command.commands.items():
                walk(own, f"{name} {word}".strip())
        else:
            found[name] = {"--help", *(option for one in command.params for option in one.opts if option[0] == "-")}

    walk(typer.main.get_command(app), "")
    return found


COMMANDS = commands()


def of_rooms(rooms) -> dict[str, set[str]]:
    fields = {room: getattr(own.annotation, "model_fields", {}) for room, own in rooms.items()}
    return {f"{room}.{key}" for room, own in fields.items() for key in own} | {
        f"data.{key}" for own in DATA_SETTINGS.values() for key in own.model_fields
    }


STUDIES, AUDITS = of_rooms(StudySettings.model_fields), of_rooms(AuditSettings.model_fields)


def test_the_sources_are_read():
    assert len(TEXTS) > 3000
    names = {text.file for text in TEXTS} | {f"{text.file}:{text.under}" for text in TEXTS}
    assert not [place for place in PRINTED_BY if place not in names and not (HOME / place).is_dir()]
    assert all(command in COMMANDS for printers in PRINTED_BY.values() for command in printers)


def test_options_that_texts_name_are_those_of_the_commands_that_print_them():
    wrong, seen = [], set()
    for text in TEXTS:
        if any(words in text.words for words in NO_OPTIONS):
            continue
        for option in set(OPTION.findall(text.words)):
            seen.add(option)
            own = f"cli/{text.under}.py" == text.file  # the help of a command's options
            printers = (text.under,) if own else text.printers
            if printers is None:
                wrong.append(f"{text}: {option}: which commands print it? add it to PRINTED_BY")
            else:
                wrong += [f"{text}: {option}: not of {name}" for name in printers if option not in COMMANDS[name]]
            if not any(option in options for options in COMMANDS.values()):
                wrong.append(f"{text}: {option}: of no command")
    assert wrong == [], "\n".join(wrong)
    assert len(seen) > 20


def test_settings_that_texts_name_exist():
    wrong, seen = [], set()
    for text in TEXTS:
        for found in KEY.findall(text.words):
            for name in FILLED.get(found, (found,)):
                if name.partition(".")[2] not in FILES and name not in OF_TORCH:
                    seen.add(name)
                    wrong += [f"{text}: {name}"] * (name not in STUDIES | AUDITS)
                if f"--set {found}" in text.words:
                    audited = set(text.printers) & {"audit"}
                    wrong += [f"{text}: {name}, in an audit"] * (bool(audited) and name not in AUDITS)
                    wrong += [f"{text}: {name}, in a study"] * (not audited and name not in STUDIES)
    assert wrong == [], "\n".join(wrong)
    assert len(seen) > 20


def test_commands_that_texts_name_exist():
    found = [
        (text, name)
        for text in TEXTS
        for name in COMMAND.findall(text.words)
        if not any(words in text.words for words in NO_COMMANDS)
    ]
    assert [f"{text}: sparsight {name}" for text, name in found if name not in COMMANDS] == []
    assert {"study", "data where"} <= {name for _, name in found}


def test_arguments_in_python_that_texts_name_exist():
    known = set(inspect.signature(audit_models).parameters)
    seen = {one for text in TEXTS for names in IN_PYTHON.findall(text.words) for one in names if one}
    assert seen <= known | {"normalise"}  # of AuditSettings
    assert "image_size" in seen
