import math

import pytest

from sparsight.report.text import breakable, enough_digits, interval, listing, number, percent, plain


def test_numbers_have_fixed_decimals_and_a_dash_where_undefined():
    assert number(0.91249) == "0.912"
    assert number(-0.0001) == "0.000"
    assert number(math.nan) == "–"
    assert number(math.inf) == "–"


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(1.0, "100 %"), (0.75, "75 %"), (0.5625, "56.2 %"), (0.0042, "0.42 %"), (0.0, "0 %"), (0.0999, "9.99 %")],
)
def test_weights_are_short_percentages(fraction, text):
    assert percent(fraction) == text.replace(" ", "\u00a0")


def test_an_undefined_share_is_a_dash():
    assert percent(math.nan) == "–"


def test_an_interval_shows_its_range_only_where_there_is_one():
    assert interval(0.5, 0.25, 0.75) == "0.500 [0.250–0.750]"
    assert interval(0.5, 0.5, 0.5) == "0.500"
    assert interval(-0.1, -0.25, 0.05) == "−0.100 [−0.250 to 0.050]"
    assert interval(math.nan, math.nan, math.nan) == "–"


@pytest.mark.parametrize(
    ("low", "high", "digits"),
    [(0.1, 0.2, 2), (0.0101, 0.0138, 3), (0.5, 0.5, 2), (0.5, 0.5 + 1e-9, 2), (math.nan, 1, 2)],
)
def test_the_ends_of_an_interval_can_be_told_apart(low, high, digits):
    assert enough_digits(low, high, 2) == digits


def test_names_become_one_short_printable_line():
    assert plain("a\n b\t\x00c") == "a b \ufffdc"
    assert plain("\u202eevil") == "\ufffdevil"
    assert plain("x" * 100, 10) == "x" * 9 + "…"
    assert plain("") == "–"
    assert plain("می\u200cخواهم") == "می\u200cخواهم"


def test_a_name_may_break_at_its_joints_and_is_escaped():
    assert breakable("wing_color::<b>") == "wing_<wbr>color::<wbr>&lt;b&gt;"
    assert breakable("net@w.pt: 0.1. /x_") == "net@w.<wbr>pt: 0.1. /<wbr>x_", "no number, space or end is torn off"


def test_lists_read_as_english():
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
