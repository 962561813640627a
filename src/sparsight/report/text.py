"""Values and names as text. Names are data: any of them may be long, hold markup or run from right to left."""

import math
import re

from markupsafe import Markup

NO_VALUE = "–"
_MOST_DIGITS = 6
_NBSP = "\u00a0"
_JOINERS = "\u200c\u200d"
_JOINT = re.compile(r"(?<=[_:/])(?![_:./\s]|$)|(?<=\.)(?![_:./\s\d]|$)")


def number(value: float, digits: int = 3) -> str:
    """``value`` with ``digits`` decimals, and a minus that is not a hyphen; a dash where it is not defined."""
    if not math.isfinite(value):
        return NO_VALUE
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "\u2212")


def percent(fraction: float) -> str:
    """A fraction in per cent with three digits at most: ``100 %``, ``56.2 %``, ``0.42 %``."""
    if not math.isfinite(fraction):
        return NO_VALUE
    size = abs(100 * fraction)
    digits = 1 if size >= 9.995 else 2
    text = f"{100 * fraction:.{digits}f}".rstrip("0").rstrip(".")
    return f"{text}{_NBSP}%"


def interval(mean: float, low: float, high: float, digits: int = 3) -> str:
    """``mean [low–high]``, or ``[low to high]`` below zero; the mean alone where the range is a single value."""
    if not math.isfinite(mean) or low == high:
        return number(mean, digits)
    if low < 0:
        return f"{number(mean, digits)} [{number(low, digits)} to {number(high, digits)}]"
    return f"{number(mean, digits)} [{number(low, digits)}–{number(high, digits)}]"


def enough_digits(low: float, high: float, least: int) -> int:
    """How many decimals tell the ends of an interval apart: ``least``, or more where they would read alike."""
    for digits in range(least, _MOST_DIGITS + 1):
        if number(low, digits) != number(high, digits):
            return digits
    return least


def plain(name: object, limit: int = 80) -> str:
    """A name on one line with at most ``limit`` characters, for a figure or a heading.

    White space is folded to single spaces, and what cannot be printed (controls, marks that turn the direction of the
    text around) is replaced; the joiners that Persian and Indian scripts are written with stay.
    """
    text = " ".join(str(name).split())
    text = "".join(letter if letter.isprintable() or letter in _JOINERS else "\ufffd" for letter in text) or NO_VALUE
    return text if len(text) <= limit else text[: limit - 1] + "…"


def breakable(name: object, limit: int = 80) -> Markup:
    """:func:`plain` as escaped markup that may break after ``_``, ``:``, ``.`` and ``/``, but not within a number."""
    return Markup("<wbr>").join(_JOINT.split(plain(name, limit)))


def sentence(words: str) -> str:
    """The words with a capital first letter, to begin a sentence."""
    return words[:1].upper() + words[1:]


def listing(parts: list[str]) -> str:
    """The parts as an English list: ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
