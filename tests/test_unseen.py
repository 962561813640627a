import pytest

from sparsight.unseen import visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\rb\nc\0", r"a\x0db\x0ac\x00"),
        ("\u202eevil\u2066", r"\u202eevil\u2066"),
        ("\udcff", r"\udcff"),
        ("\U000e0001", r"\U000e0001"),
        ("a\u00a0b ß 鳥 \U0001f426", "a\u00a0b ß 鳥 \U0001f426"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_what_acts_unseen_is_written_out(text, seen):
    assert visible(text) == seen
