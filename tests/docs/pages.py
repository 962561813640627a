"""The pages of the documentation, and the fenced blocks in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))

_FENCE = re.compile(r"^``` *(?P<head>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEAD = re.compile(r"\.?(?P<word>[\w-]+)(?:=\"(?P<value>[^\"]*)\")?")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its title, whether the tests leave it out, and its text."""

    language: str
    title: str
    skipped: bool
    text: str

    @property
    def commands(self) -> list[str]:
        """The lines that begin with a prompt; one that ends with a backslash goes on."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(page: str) -> Iterator[Block]:
    for fence in _FENCE.finditer(text_of(page)):
        words = [(found["word"], found["value"]) for found in _HEAD.finditer(fence["head"])]
        language = words[0][0] if words else ""
        title = next((value for word, value in words if word == "title"), "")
        yield Block(language, title, ("notest", None) in words, fence["body"])
