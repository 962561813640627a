"""Other numbers of seeds and controls, and which of the two buys more."""

import pytest

from sparsight.config import StudySettings
from sparsight.planning.designs import Design, advice, candidates, chances_of, networks_of, of_design
from sparsight.planning.power import Chances, chances, usual
from sparsight.verdict import look_levels


def settings(**study) -> StudySettings:
    return StudySettings.model_validate({"data": {"name": "toybirds"}, "study": study})


def test_the_design_that_is_asked_for_comes_first():
    found = candidates(settings(seeds=[4, 7, 9], retrains=1))
    assert found[0] == (3, 1)
    assert {(3, 2), (3, 4), (5, 1), (8, 1), (5, 2), (8, 2)} <= set(found)
    assert len(found) == len(set(found))
    assert candidates(settings(seeds=[0], retrains=0))[0] == (1, 0)


def test_designs_too_large_to_be_reckoned_are_left_out():
    assert candidates(settings(seeds=list(range(19)), retrains=1))[0] == (19, 1)
    assert all(seeds <= 20 for seeds, _ in candidates(settings(seeds=list(range(19)))))
    assert candidates(settings(seeds=list(range(30)))) == []


def test_a_design_keeps_the_seeds_that_there_are():
    own = settings(seeds=[4, 0, 9], arms=["magnitude", "finetune"])
    assert of_design(own, 5, 2).study.seeds == (4, 0, 9, 1, 2)
    assert of_design(own, 2, 2).study.seeds == (4, 0)
    rounds = own.pruning.rounds - 1
    small, large = networks_of(own, [(3, 1), (3, 2)]).values()
    # a control more is one training a seed for magnitude, which has one for all rounds, and a sequence for finetune
    assert len(large) - len(small) == 3 * (1 + rounds)
    assert set(small) < set(large)


def made(seeds, retrains, seconds, changed, preserved=0.0) -> Design:
    return Design(seeds, retrains, 1, 1, seconds, {"own": Chances(changed, preserved)})


@pytest.mark.parametrize(
    ("seeds", "retrains", "measure", "better"),
    [
        (made(5, 1, 160, 0.8), made(3, 2, 110, 0.6), "changed", "retrains"),
        (made(5, 1, 120, 0.9), made(3, 2, 110, 0.55), "changed", "seeds"),
        (made(5, 1, 120, 0.7), made(3, 2, 110, 0.6), "changed", "neither"),
        (made(5, 1, 120, 0.5), made(3, 2, 110, 0.5), "changed", "neither"),
        (made(5, 1, 100, 0.6), made(3, 2, 100, 0.5), "changed", "seeds"),
    ],
)
def test_the_better_gains_more_in_an_hour(seeds, retrains, measure, better):
    found = advice([made(3, 1, 100, 0.5), seeds, retrains], "own")
    assert found is not None
    assert (found.seeds, found.retrains, found.measure, found.better) == (seeds, retrains, measure, better)


def test_where_changes_are_found_anyway_it_is_preserved_that_counts():
    designs = [made(3, 1, 100, 0.97, 0.1), made(5, 1, 160, 1.0, 0.3), made(3, 2, 110, 0.97, 0.2)]
    found = advice(designs, "own")
    assert found is not None
    assert (found.measure, found.better) == ("preserved", "retrains")
    assert advice(designs[:2], "own") is None


def test_the_chances_of_a_design_are_at_the_level_of_its_look():
    planned, noise = settings(seeds=[0, 1, 2], looks=[3, 5, 10]), usual(0.25)
    rounds, limits = planned.pruning.rounds - 1, planned.verdict
    for seeds, look in ((3, 0), (5, 1), (8, 1)):
        level = look_levels((3, 5, 10), limits.level)[look]
        expected = chances(seeds, 2, noise, rounds, limits.model_copy(update={"level": level}))
        assert chances_of(planned, seeds, 2, {"own": noise}) == {"own": expected}
        assert expected.changed < chances(seeds, 2, noise, rounds, limits).changed
