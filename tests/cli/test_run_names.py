"""What every command that takes a run says to a name that leads to none."""

import sys

import pytest
import typer

from sparsight.cli.main import app, main

REQUIRED = {"arm": "magnitude", "seed": "0", "round_": "1"}
"""Values of what a command must be given beside the run; whether they are sensible is not reached."""


def commands():
    """Those with an argument RUN, with the rest that they need."""
    for name, command in typer.main.get_command(app).commands.items():
        if any(own.name == "run" for own in command.params):
            needed = [own for own in command.params if own.required and own.name != "run"]
            yield name, [word for own in needed for word in (own.opts[0], REQUIRED[own.name])]


COMMANDS = dict(commands())
NAMES = {
    "5,000 characters": ("x" * 5_000, "cannot be read (File name too long)"),
    "256 characters": ("x" * 256, "cannot be read (File name too long)"),
    "5,000 folders": ("r/" * 5_000, "cannot be read (File name too long)"),
    "a loop": ("loop", "cannot be read (Too many levels of symbolic links)"),
    "nothing": ("nowhere", "not a run's folder"),
    "a file": ("file", "not a run's folder"),
    "markup over two lines": ("<b>run\nrun</b>", "not a run's folder"),
}


def test_these_commands_take_a_run():
    assert COMMANDS.keys() >= {"report", "compare", "verify", "export"}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("name", "says"), NAMES.values(), ids=NAMES)
def test_a_name_that_leads_to_no_run_is_one_line(command, name, says, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("none")
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["sparsight", command, name, *COMMANDS[command]])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert ended.value.code == 2
    assert (out, err.count("\n"), err[:-1].isprintable()) == ("", 1, True)
    assert says in err
    assert "give the folder that sparsight study made" in err
    assert len(err) < 1000
    assert {path.name for path in tmp_path.iterdir()} == {"file", "loop"}
