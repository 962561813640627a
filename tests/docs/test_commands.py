"""Every command and every program of the documentation runs, page by page, in a folder of its own."""

import runpy
import shlex
import sys
from pathlib import Path

import pytest
import typer

from sparsight.cli.main import app, main
from tests.docs.pages import PAGES, blocks

NOT_RUN = {
    "index.md": ("installs", "minutes, the last one 40 on two cores"),
    "study.md": ("an hour or more on two cores",),
    "data.md": ("a minute or more", "needs CUB-200-2011, HAM10000 and Derm7pt"),
    "model.md": (
        "as above, with parts by name",
        "fetches weights, or needs a file of yours",
        "convert.py, where you trust the file",
    ),
    "paper.md": (
        "half an hour or more each on two cores",
        "needs the data sets, and for the whole presets a GPU",
        "needs a run of cub200 or ham10000",
    ),
    "statistics.md": ("long, from a copy of the repository",) * 7,
}
"""Why blocks are not run, by page, as the page says above each of them."""
SAYS_SO = "; not run by the tests"
RUN = [page for page in PAGES if any(block.language in ("console", "python") for block in blocks(page))]


def run(command: str) -> None:
    """In this process, which has imported what each command would have to import: that takes longer than most do."""
    words = shlex.split(command)
    sys.argv = words[1:] if words[0] == "python" else words
    if words[0] == "python":
        runpy.run_path(words[1], run_name="__main__")
        return
    assert words[0] == "sparsight"
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0, command


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory of a page, from which its programs import."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("page", RUN)
def test_what_a_page_says_can_be_done_is_done(page):
    ran = 0
    for block in blocks(page):
        if block.skipped or (block.language not in ("console", "python") and not block.title):
            continue
        if block.title:
            Path(block.title).write_text(block.text)
            continue
        if block.language == "python":
            Path("script.py").write_text(block.text)
        commands = block.commands if block.language == "console" else ["python script.py"]
        for command in commands:
            run(command)
        ran += len(commands)
    assert ran or NOT_RUN[page]


@pytest.mark.parametrize("page", PAGES)
def test_what_is_not_run_says_why_on_the_page(page):
    titles = [block.title for block in blocks(page) if block.skipped]
    assert titles == [f"{reason}{SAYS_SO}" for reason in NOT_RUN.get(page, ())]


UNTRIED = [
    command
    for page in PAGES
    for block in blocks(page)
    if block.skipped
    for command in block.commands
    if command.startswith("sparsight ")
]


@pytest.mark.parametrize("command", UNTRIED)
def test_commands_that_are_not_run_are_understood(command):
    found, context, words = typer.main.get_command(app), None, shlex.split(command)
    while words:
        context = found.make_context(words[0], words[1:], parent=context)
        if not hasattr(found, "commands"):
            return
        found = found.commands[words[1]]
        words = words[1:]
    raise AssertionError(f"{command}: ends before its command")
