import pytest
from rich.table import Table

from sparsight.cli.show import Screen

NAMES = [":b:", ":warning:", "[bold]x[/bold]", "[link=https://example.org]y[/link]", "[/]", "a[0]"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_printed_as_it_is(capsys, name):
    screen = Screen()
    screen.print(name)
    screen.unfolded(f"note: {name}")
    table = Table(title=name)
    table.add_column(name)
    table.add_row(name)
    screen.print(table)
    assert capsys.readouterr().out.count(name) == 5


def test_control_characters_are_seen(capsys):
    table = Table(title="t\x1b[2J")
    table.add_column("c\r")
    table.add_row("r\u202e")
    Screen().print(table)
    Screen().unfolded("l\x1b]0;owned\x07\nm")
    out = capsys.readouterr().out
    assert not set("\x1b\r\u202e\x07") & set(out)
    assert all(seen in out for seen in (r"t\x1b[2J", r"c\x0d", r"r\u202e", r"l\x1b]0;owned\x07\x0am"))
