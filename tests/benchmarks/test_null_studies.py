"""Null studies of a bank: who plays tickets and controls, of retrainings that serve all rounds and of sequences."""

import csv

import numpy as np
import pytest

from benchmarks import null_studies
from sparsight.comparison import PRIMARY
from sparsight.report import COLUMNS


def bank(folder, retrainings, rounds):
    """A run's table whose drift says which network it is of."""
    (folder / "results").mkdir()
    with (folder / "results" / "drift.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, COLUMNS["drift"], restval="")
        out.writeheader()
        for family, metric, target in PRIMARY:
            named = {"family": family, "metric": metric, "target": target, "unit": "all"}
            for seed in range(4):
                for repeat in range(1, retrainings + 1):
                    for round_ in rounds:
                        own = {"arm": "retrain:finetune", "seed": seed, "repeat": repeat, "round": round_}
                        out.writerow({**named, **own, "value": 1 + seed / 10 + repeat / 100 + round_ / 1000})
                        out.writerow({**named, **own, "arm": "finetune", "repeat": "", "value": 9})
    return null_studies.read_bank(folder)


@pytest.fixture
def judged(monkeypatch):
    """The metrics that a study hands to the verdict."""
    seen = []

    def decide(rounds, metrics, settings):
        seen.append((list(rounds), metrics))
        return ()

    monkeypatch.setattr(null_studies, "decide", decide)
    return seen


def test_a_sequence_plays_one_role_in_all_rounds(tmp_path, judged):
    found = bank(tmp_path, 4, range(1, 6))
    tables = {seed: own.shape for seed, own in found[PRIMARY[0]].items()}
    assert tables == dict.fromkeys(range(4), (4, 5))
    null_studies.study(found, 3, 2, 1.5, np.random.default_rng(0))
    ((rounds, metrics),) = judged
    assert rounds == [1, 2, 3, 4, 5]
    assert len(metrics) == len(PRIMARY)
    for one in metrics:
        assert one.floor.shape == (3, 5, 2)
        repeats, numbers = roles(one)
        assert (numbers == np.array(rounds)[:, None]).all(), "each round beside its own"
        assert (repeats == repeats[:, :1]).all(), "a network stays in its role"
        assert all(len(set(own)) == 3 for own in repeats[:, 0].tolist()), "and has no other"
        np.testing.assert_array_equal(repeats, roles(metrics[0])[0])


def roles(one):
    """Which repeat and round play the ticket and the two controls: (seeds, rounds, 3) each."""
    values = np.rint(1000 * np.concatenate([one.drift[..., None] / 1.5, one.floor], axis=2)).astype(int) % 100
    return values // 10, values % 10


def test_retrainings_that_serve_all_rounds_play_one_round_each(tmp_path, judged):
    found = bank(tmp_path, 7, [0])
    null_studies.study(found, 4, 2, 1.0, np.random.default_rng(0))
    ((rounds, metrics),) = judged
    assert rounds == [1, 2, 3, 4, 5]
    one = metrics[0]
    assert (one.floor == one.floor[:, :1]).all()
    repeats = np.concatenate([one.drift, one.floor[:, 0]], axis=1).round(2) * 100 % 10
    assert (np.sort(repeats.round(), axis=1) == np.arange(1, 8)).all()
