"""What each network takes, in steps and passes."""

import pytest

from sparsight.config import StudySettings
from sparsight.networks import Network, plan
from sparsight.planning import compared, work_of

RELEASED = "freeze_negative+score_before_epoch"
SEQUENCE = "freeze_negative+alias_biases+keep_norm_statistics+score_before_epoch"
STEPS = 3
"""In an epoch: 24 images of the tiny data set in batches of 8."""


def settings(arms, rounds=3, retrains=1, **training) -> StudySettings:
    return StudySettings.model_validate(
        {
            "data": {"name": "toybirds"},
            "training": {"epochs": 4, "batch_size": 8, **training},
            "pruning": {"rounds": rounds},
            "study": {"arms": arms, "seeds": [0, 1], "retrains": retrains},
        }
    )


def work(tiny, network, arms, **training):
    found = work_of(network, settings(arms, **training), tiny, False, False)
    return found.steps, found.scores, found.states


DENSE, TICKET = Network("dense:right", 0, 0, 0), Network("magnitude", 0, None, 1)


def test_a_training_has_its_epochs(tiny):
    assert work(tiny, DENSE, ["magnitude"]) == (4 * STEPS, 0, 1)
    assert work(tiny, TICKET, ["magnitude"]) == (4 * STEPS, 0, 1)
    assert work(tiny, Network("retrain:right", 0, 1, 0), ["magnitude"]) == (4 * STEPS, 0, 1)


def test_the_first_round_may_have_epochs_of_its_own(tiny):
    assert work(tiny, DENSE, ["magnitude"], first_round_epochs=2) == (2 * STEPS, 0, 1)
    assert work(tiny, TICKET, ["magnitude"], first_round_epochs=2) == (4 * STEPS, 0, 1)
    # a control is trained as round 1 is
    assert work(tiny, Network("retrain:right", 0, 1, 0), ["magnitude"], first_round_epochs=2) == (4 * STEPS, 0, 1)


def test_what_is_scored_passes_the_validation_images_and_keeps_two_states(tiny):
    assert work(tiny, DENSE, ["magnitude"], selection="best") == (4 * STEPS, 4, 2)
    assert work(tiny, Network(f"dense:{RELEASED}", 0, 0, 0), ["released-code"]) == (4 * STEPS, 4, 2)
    assert work(tiny, Network(f"retrain:{SEQUENCE}", 0, 1, 2), ["released-code"]) == (4 * STEPS, 4, 2)


def test_momentum_that_is_kept_is_a_state(tiny):
    assert work(tiny, Network("toggle:keep_optimizer", 0, None, 1), ["toggle:keep_optimizer"]) == (4 * STEPS, 0, 2)


def test_rewinding_to_an_epoch_trains_it_again_once(tiny):
    assert work(tiny, Network("rewind:1", 0, None, 1), ["rewind:1"]) == (4 * STEPS, 0, 2)
    assert work(tiny, Network("rewind:1", 0, None, 2), ["rewind:1"]) == (3 * STEPS, 0, 2)


def test_a_network_that_stops_at_an_accuracy_is_counted_whole(tiny):
    name = "dense-at:magnitude:2"
    assert work(tiny, Network(name, 0, None, 2), ["magnitude", name]) == (4 * STEPS, 1 + 8 * 4, 1)


def test_of_what_stands_nothing_is_left(tiny):
    found = work_of(DENSE, settings(["magnitude"]), tiny, True, False)
    assert (found.steps, found.looks, found.dense) == (0, True, True)
    assert not work_of(TICKET, settings(["magnitude"]), tiny, True, True).looks


@pytest.mark.parametrize("retrains", [0, 2])
def test_pairs_are_counted(retrains):
    asked = settings(["magnitude", "released-code"], retrains=retrains)
    count = compared(plan(asked), asked, concepts=True)
    assert count == {
        "ticket": 2 * 2 * 3,
        "retrain": 2 * retrains * (1 + 2),
        "inheritance": 2 * 2 * 2 * retrains,
        "seed": 2,
        "refit": 4 * 2,
        "networks": 4 + 4 + 8 + 2 * retrains * 3,
    }
    assert compared(plan(asked), asked, concepts=False)["refit"] == 0
