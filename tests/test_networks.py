"""What a study is made of, and in which order."""

import pytest

from sparsight.arms import find_arm
from sparsight.config import StudySettings
from sparsight.networks import Network, controls, plan

RELEASED = "freeze_negative+score_before_epoch"
SEQUENCE = "freeze_negative+alias_biases+keep_norm_statistics+score_before_epoch"


def settings(arms, seeds=(0,), rounds=3, retrains=1) -> StudySettings:
    return StudySettings.model_validate(
        {
            "data": {"name": "toybirds"},
            "pruning": {"rounds": rounds},
            "study": {"arms": arms, "seeds": seeds, "retrains": retrains},
        }
    )


def folders(*args, **kwargs) -> list[str]:
    return [network.folder for network in plan(settings(*args, **kwargs))]


def test_the_folders_are_the_contracts():
    assert sorted(folders(["magnitude", "released-code"], seeds=[4])) == [
        f"dense/{RELEASED}/seed-4",
        "dense/right/seed-4",
        "magnitude/seed-4/round-01",
        "magnitude/seed-4/round-02",
        "released-code/seed-4/round-01",
        "released-code/seed-4/round-02",
        f"retrain/{SEQUENCE}/seed-4/repeat-1/round-01",
        f"retrain/{SEQUENCE}/seed-4/repeat-1/round-02",
        "retrain/right/seed-4/repeat-1",
    ]


def test_rounds_have_two_digits_at_least():
    found = folders(["magnitude"], rounds=102, retrains=0)
    assert {"magnitude/seed-0/round-09", "magnitude/seed-0/round-10", "magnitude/seed-0/round-101"} <= set(found)


@pytest.mark.parametrize(
    ("arms", "parents", "once", "sequences"),
    [
        (["magnitude"], {"right"}, {"right"}, set()),
        (["magnitude", "magnitude-global", "random"], {"right"}, {"right"}, set()),  # arms of one rule share them
        (["released-code"], {RELEASED}, set(), {SEQUENCE}),
        (["magnitude", "reinit", "rewind:1"], {"right", "reinit"}, {"right", "reinit", "rewind:1"}, set()),
        (["finetune", "magnitude", "lr-rewind"], {"right"}, {"right"}, {"finetune", "lr-rewind"}),
    ],
)
@pytest.mark.parametrize("rounds", [1, 4])
def test_every_network_once_and_none_before_what_it_needs(arms, parents, once, sequences, rounds):
    seeds = (0, 7)
    networks = plan(settings(arms, seeds, rounds, retrains=2))
    controls = 2 * (len(once) + len(sequences) * (rounds - 1))
    assert len(networks) == len(seeds) * (len(parents) + controls + len(arms) * (rounds - 1))
    assert len({network.folder for network in networks}) == len(networks)
    for seed in seeds:
        mine = [network for network in networks if network.seed == seed]
        assert {network.rule for network in mine if network.kind == "dense"} == parents
        found = {(n.rule, n.repeat, n.round) for n in mine if n.kind == "retrain"}
        assert found == {(rule, j, 0) for rule in once for j in (1, 2)} | {
            (rule, j, r) for rule in sequences for j in (1, 2) for r in range(1, rounds)
        }
        for arm in arms:
            assert [network.round for network in mine if network.arm == arm] == list(range(1, rounds))
    for place, network in enumerate(networks):
        assert (network.before is None) == (network.kind == "dense")
        assert {network.before, *network.needs} - {None} <= set(networks[:place])


def test_the_controls_of_a_round_are_as_long_as_its_sequence():
    assert controls(find_arm("magnitude"), 3, 4, 2) == tuple(Network("retrain:right", 3, j, 0) for j in (1, 2))
    assert controls(find_arm("finetune"), 3, 4, 1) == (Network("retrain:finetune", 3, 1, 4),)
    assert controls(find_arm("dense-at:finetune:2"), 3, 2, 1) == (Network("retrain:right", 3, 1, 0),)
    second = Network("retrain:finetune", 3, 1, 2)
    assert (second.before, second.dense) == (Network("retrain:finetune", 3, 1, 1), Network("dense:right", 3, 0, 0))
    assert Network("retrain:finetune", 3, 1, 1).before == second.dense
    assert (second.continues, Network("retrain:right", 3, 1, 0).continues) == (True, False)
    assert str(second) == "retrain:finetune, seed 3, repeat 1, round 2"


def test_what_a_network_comes_from_and_is_compared_with():
    right, released = Network("dense:right", 3, 0, 0), Network(f"dense:{RELEASED}", 3, 0, 0)
    for arm, dense in (("magnitude", right), ("magnitude-global", right), ("released-code", released)):
        first, second = (Network(arm, 3, None, round_) for round_ in (1, 2))
        assert (first.before, second.before) == (dense, first)
        assert first.dense == second.dense == dense
    control = Network("retrain:right", 3, 2, 0)
    assert control.before == control.dense == right
    assert (right.before, right.dense) == (None, right)
    assert [network.kind for network in (right, control, Network("magnitude", 3, None, 1))] == [
        "dense",
        "retrain",
        "ticket",
    ]
    assert str(control) == "retrain:right, seed 3, repeat 2"
    assert str(Network("magnitude", 3, None, 1)) == "magnitude, seed 3, round 1"


def test_a_ticket_needs_what_it_comes_from_and_the_parent_that_it_explains():
    dense = Network("dense:right", 0, 0, 0)
    first, second = Network("magnitude", 0, None, 1), Network("magnitude", 0, None, 2)
    assert dense.needs == ()
    assert first.needs == (dense,)
    assert second.needs == (first, dense)
    assert Network("retrain:right", 0, 1, 0).needs == (dense,)
