import pytest

from sparsight.verdict.reasons import chance, number, seeds


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
    ("p", "text"), [(0.0312, "p = 0.031"), (0.001, "p = 0.001"), (1e-9, "p < 0.001"), (float("nan"), "p undefined")]
)
def test_chances(p, text):
    assert chance(p) == text


def test_seeds():
    assert seeds(1234) == "1,234"
    assert seeds(10_000) == "10,000 or more"
