"""Which headlines more seeds may decide, and what is reported of the looks at a run."""

from dataclasses import replace
from math import nan

import pytest

from sparsight.config import StudySettings
from sparsight.results.looks import at_its_level, is_open, listed, look_notices, unplanned
from sparsight.verdict import Claims, Decided, Headline, RoundHeadline, Verdict, look_levels

ROW = Verdict(
    *(1, "similarity", "pixels", "map_iou_20", "gradcam", "dense"),
    *(0.3, 0.2, 0.5, 0.1, 0.9, 0.5, 0.02, 0.4, 3, 1, 8, "undecided", "..."),
)
F = replace(ROW, axis="accuracy", family="accuracy", metric="accuracy", method="f", target="")
PRIMARY = {ROW.key}


def said(winning="yes", explanation="undecided", hypothesis="undecided"):
    return Headline((RoundHeadline(1, winning, explanation),), hypothesis, "...")


@pytest.mark.parametrize(
    ("headline", "rows", "barred", "found"),
    [
        (said(), [ROW, F], (), True),
        (said(hypothesis="neither"), [ROW, F], (), False),
        (said(), [ROW, F], {(ROW.key, 1)}, False),
        (said(), [ROW, F], {(ROW.key, 2)}, True),
        (said(), [replace(ROW, p_changed=nan, p_preserved=nan), F], (), False),
        (said(), [replace(ROW, verdict="preserved"), F], (), False),
        (said(), [replace(ROW, family="other"), F], (), False),
        (said("undecided", "changed"), [replace(ROW, verdict="changed"), F], (), True),
        (said("undecided", "changed"), [replace(ROW, verdict="changed"), replace(F, ci_low=nan)], (), False),
        (said("yes", "changed"), [replace(ROW, verdict="changed"), F], (), False),
        (said("yes", "changed"), [replace(ROW, round=2), F], (), False),
    ],
)
def test_what_more_seeds_may_decide(headline, rows, barred, found):
    assert is_open(headline, Decided(tuple(rows), Claims(), Claims(), 1), PRIMARY, barred) is found


def test_what_holds_in_the_arm_alone_may_hold_among_all_arms_with_more_seeds():
    changed, preserved = replace(ROW, verdict="changed"), replace(ROW, verdict="preserved")
    moved, kept = Claims(changed=frozenset({(ROW.key, 1)})), Claims(preserved=frozenset({1}))
    assert is_open(said(), Decided((changed,), moved, Claims(), 3), PRIMARY, ())
    assert is_open(said(), Decided((preserved,), kept, Claims(), 3), PRIMARY, ())
    assert not is_open(said(), Decided((changed,), moved, moved, 3), PRIMARY, ())


def settings(**study) -> StudySettings:
    return StudySettings.model_validate({"data": {"name": "toybirds"}, "study": study})


def test_a_look_has_its_own_level():
    held = settings(seeds=[0, 1, 2, 3, 4], looks=[3, 5, 10])
    assert at_its_level(held).verdict.level == look_levels((3, 5, 10), 0.05)[1]
    assert at_its_level(settings()).verdict == settings().verdict
    (notice,) = look_notices(held)
    assert notice == (
        "looks at 3, 5 and 10 seeds were planned and share a level of 0.05: with 5 seeds every verdict is at 0.0056, "
        "and intervals leave that much on either side"
    )


@pytest.mark.parametrize(
    ("study", "found"),
    [
        ({"seeds": [0, 1, 2, 3], "retrains": 1}, ()),
        ({"seeds": [0, 1, 2, 3], "looked": [[3, 1]]}, ((3, 1),)),
        ({"seeds": [0, 1, 2, 3, 4], "looked": [[3, 1]], "looks": [3, 5]}, ()),
        ({"seeds": [0, 1, 2, 3], "looked": [[3, 1]], "looks": [3, 5]}, ((4, 1),)),
        ({"seeds": [0, 1, 2], "looked": [[3, 1]], "retrains": 2}, ((3, 1),)),
        ({"seeds": [0, 1, 2, 3, 4], "looked": [[3, 1]], "looks": [3, 5], "retrains": 2}, ((3, 1),)),
        ({"seeds": [0, 1], "looks": [3, 5]}, ()),
    ],
)
def test_looks_that_no_plan_holds(study, found):
    held = settings(**study)
    assert unplanned(held.study) == found
    assert sum("which no plan of looks holds" in notice for notice in look_notices(held)) == bool(found)


def test_numbers_are_listed():
    assert [listed(one) for one in ((3,), (3, 5), (3, 5, 7))] == ["3", "3 and 5", "3, 5 and 7"]
