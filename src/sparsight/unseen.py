"""Characters that act unseen, written out: names and files of strangers may hold any."""

from unicodedata import category

_JOINERS = "\u200c\u200d"
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Controls, marks of format such as direction, halves of characters, separators of lines: by Unicode's categories."""


def visible(text: str) -> str:
    r"""Text in which nothing acts unseen: control characters, line breaks, marks that turn the direction of the text
    around and halves of characters are written as ``\x1b``. The joiners of Persian and Indian scripts stay.
    """
    return "".join(hidden(letter) for letter in text)


def hidden(letter: str) -> str:
    r"""A character that acts unseen as ``\x1b``, ``\u202e`` or ``\U000e0001``; any other as it is."""
    if letter.isprintable() or letter in _JOINERS or category(letter) not in _UNSEEN:
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
