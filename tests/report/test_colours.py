import re
from importlib.resources import files

import pytest

from sparsight.report.svg import PALETTE

STYLE = files("sparsight.report").joinpath("style.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", STYLE, re.S)
)


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """The contrast ratio of WCAG 2.2."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_the_ratio_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_curves_stand_out(scheme):
    for ground in ("paper", "panel"):
        for name in ("ink", "muted", "link", "good", "bad"):
            assert contrast(scheme[name], scheme[ground]) >= 4.5, (name, ground)
    for name in PALETTE.values():
        assert contrast(scheme[name], scheme["paper"]) >= 4.5, name


def test_the_pages_light_colours_are_the_files():
    assert {LIGHT[variable]: variable for variable in PALETTE.values()} == dict(PALETTE)
