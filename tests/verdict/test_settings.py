import pytest
from pydantic import ValidationError

from sparsight.verdict import VerdictSettings


def test_defaults_are_the_calibrated_ones():
    found = VerdictSettings()
    assert (found.margin, found.least_margin, found.window, found.level) == (0.5, 0.02, 5, 0.05)
    assert (found.accuracy_margin, found.energy_margin) == (0.02, 0.05)


@pytest.mark.parametrize("wrong", [{"margin": 0}, {"window": 0}, {"level": 0.5}, {"level": 0}, {"margins": 1}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        VerdictSettings(**wrong)
