"""Early-stopped networks that are none are named, a line an arm; those that stopped on their way are not."""

import pytest
import torch

from sparsight.arms import Ticket, write_ticket
from sparsight.networks import Network
from sparsight.results.stopped import NEVER, UNTRAINED, stopped_notices
from sparsight.training import Epoch

ARM, OTHER = "dense-at:magnitude:2", "dense-at:random:1"
ASKED = 0.6


@pytest.fixture
def stopped(tmp_path, monkeypatch):
    """Writes tickets by seed, each of so many epochs and with its last score, and gives the notices."""
    metrics = {"accuracy": {"f": {"validation": {"accuracy": ASKED}}}}
    monkeypatch.setattr("sparsight.results.stopped.read_metrics", lambda _: metrics)

    def make(ends, arm=ARM):
        networks = [Network(arm, seed, None, int(arm[-1])) for seed in range(len(ends))]
        for network, (epoch, scored) in zip(networks, ends, strict=True):
            state = {"a": torch.ones(1)}
            log = tuple(Epoch(i, 0.1, 1.0, 0.5, scored, 0.1) for i in range(epoch))
            write_ticket(tmp_path / network.folder, Ticket({}, state, state, epoch), log)
        return networks

    return lambda networks: list(stopped_notices(tmp_path, networks)), make


def test_where_it_stopped_on_its_way_nothing_is_told(stopped):
    told, make = stopped
    assert told(make([(2, 0.6), (3, 0.7)])) == []


def test_the_kinds_are_told_apart_by_seed_in_one_line_an_arm(stopped):
    told, make = stopped
    networks = make([(0, None), (3, 0.59), (2, 0.6), (0, None)]) + make([(3, 0.1)], OTHER)
    assert told([*networks, Network("magnitude", 0, None, 1), Network("dense:right", 0, 0, 0)]) == [
        f"{ARM}: not stopped between start and end at the accuracy of magnitude in round 2: "
        f"seeds 0, 3: {UNTRAINED}; seed 1: {NEVER}",
        f"{OTHER}: not stopped between start and end at the accuracy of random in round 1: seed 0: {NEVER}",
    ]


def test_one_that_stopped_in_its_last_epoch_has_stopped(stopped):
    told, make = stopped
    assert told(make([(3, ASKED)])) == []
