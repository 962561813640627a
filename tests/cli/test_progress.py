"""The lines that a study prints of its networks."""

import pytest

from sparsight.cli.progress import Progress
from sparsight.networks import Network


@pytest.mark.parametrize("right", [{"f": 0.9, "g": 0.8}, {"f": 0.9}], ids=["concepts", "no concepts"])
def test_each_network_is_a_line_and_the_first_says_what_its_numbers_are(capsys, monkeypatch, right):
    monkeypatch.setenv("COLUMNS", "120")
    with Progress() as progress:
        progress.started(2, 0, 4)
        for round_ in (1, 2):
            summary = {**right, "weights_remaining": 0.5**round_, "seconds": 2.0}
            progress.network(Network("magnitude", 0, None, round_), summary)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    words = "f: the network   g: its concept bottleneck" if "g" in right else "f: the network"
    numbers = "   ".join(f"{model} {value:.3f}" for model, value in right.items())
    assert lines[:4] == [
        "2 networks to train and explain",
        f"  weights left   {words} (test accuracy)",
        f"    50.0%   {numbers}     2.0 s   magnitude, seed 0, round 1",
        f"    25.0%   {numbers}     2.0 s   magnitude, seed 0, round 2",
    ]
