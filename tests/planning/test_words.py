"""Forecasts in words."""

import pytest

from sparsight.planning import Forecast, checked, deviation, expected, spoken_time

SAID = Forecast({"images": 90.0, "training": 400.0}, {}, 3 << 30, 66 << 20)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (490, "8 min 10 s"),
        (3600, "1 h 0 min"),
        (12_000, "3 h 20 min"),
        (270_000, "3 d 3 h"),
    ],
)
def test_times(seconds, words):
    assert spoken_time(seconds) == words


def test_deviations_are_of_what_was_said():
    assert deviation(100, 106) == "6 % more"
    assert deviation(100, 50) == "50 % less"
    assert deviation(100, 100.4) == "as said"


def test_a_forecast_and_what_came_of_it():
    assert expected(SAID, "from the first 2 of 9 networks") == (
        "expected from the first 2 of 9 networks: 8 min 10 s in all, 3.0 GiB of memory, 66 MiB on the disk"
    )
    assert checked(SAID, 520, 3 << 30, 33 << 20) == (
        "predicted 8 min 10 s, took 8 min 40 s (6 % more); memory 3.0 GiB, was 3.0 GiB (as said); "
        "disk 66 MiB, is 33 MiB (50 % less)"
    )
    assert "memory" not in checked(SAID, 520, None, 33 << 20)
