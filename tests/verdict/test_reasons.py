import pytest

from sparsight.verdict.reasons import apart, chance, number, seeds


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.3, "0.30"),
        (1.234, "1.23"),
        (-0.456, "-0.46"),
        (0.0123, "0.012"),
        (-0.0, "0.00"),
        (3e-17, "0.00"),
        (0.09999, "0.10"),
        (-0.00071, "-0.00071"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("one", "other", "texts"),
    [
        (0.1, 0.3, ("0.10", "0.30")),
        (0.678, 0.68, ("0.678", "0.680")),
        (0.0101, 0.0103, ("0.0101", "0.0103")),
        (0.5, 0.5, ("0.50", "0.50")),
        (0.0, 0.0, ("0.00", "0.00")),
    ],
)
def test_two_numbers_can_be_told_apart(one, other, texts):
    assert apart(one, other) == texts


@pytest.mark.parametrize(
    ("p", "text"), [(0.0312, "p = 0.031"), (0.001, "p = 0.001"), (1e-9, "p < 0.001"), (float("nan"), "p undefined")]
)
def test_chances(p, text):
    assert chance(p) == text


def test_seeds():
    assert seeds(1234) == "1,234"
    assert seeds(10_000) == "10,000 or more"
