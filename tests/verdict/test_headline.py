import numpy as np
import pytest
from scipy import stats

from sparsight.verdict import Claims, Decided, Verdict, association
from sparsight.verdict import headline as headline_of

nan = float("nan")
PRIMARY = {("concepts", "jaccard", "predictor", "prediction"), ("pixels", "iou", "gradcam", "prediction")}
INTERVALS = {"yes": (-0.01, 0.03), "no": (-0.2, -0.03), "undecided": (-0.05, 0.01)}


def claims(rows):
    """All that the words and the intervals say."""
    changed = frozenset((one.key, one.round) for one in rows if one.verdict == "changed")
    own = [one for one in rows if one.axis == "accuracy" and one.seeds > 2 and one.retrains]
    wins = frozenset(one.round for one in own if one.ci_low >= -one.margin)
    kept = frozenset(one.round for one in rows)
    return Claims(changed, kept, wins=wins, loses=frozenset(one.round for one in own if one.ci_high < -one.margin))


def headline(arm, rows, primary, coarse=False):
    """Of an arm that is alone in its study."""
    return headline_of(arm, Decided(tuple(rows), claims(rows), claims(rows), 1), primary, coarse)


def row(round, axis, key, word, low=0.0, high=0.0, margin=0.5, seeds=3, retrains=1):
    numbers = (0.3, 0.3, 0.0, low, high, margin, 0.5, 0.5)
    return Verdict(round, axis, *key, *numbers, seeds, retrains, 4, word, "")


def accuracy(round, winning, **more):
    low, high = INTERVALS[winning]
    return row(round, "accuracy", ("accuracy", "accuracy", "f", "label"), "undecided", low, high, 0.02, **more)


def arm(*rounds):
    """Of (winning, words of the primary metrics) by round."""
    rows = []
    for number, (winning, *words) in enumerate(rounds, start=1):
        rows.append(accuracy(number, winning))
        rows += [row(number, "similarity", key, word) for key, word in zip(sorted(PRIMARY), words, strict=True)]
        rows.append(row(number, "similarity", ("concepts", "overlap", "predictor", "prediction"), "changed"))
    return headline("magnitude", rows, PRIMARY)


def test_a_round():
    rounds = arm(
        ("yes", "preserved", "preserved"),
        ("no", "preserved", "changed"),
        ("undecided", "preserved", "undecided"),
        ("yes", "undecided", "undecided"),
    ).rounds
    assert [(r.round, r.winning, r.explanation) for r in rounds] == [
        (1, "yes", "preserved"),
        (2, "no", "changed"),
        (3, "undecided", "undecided"),
        (4, "yes", "undecided"),
    ]


@pytest.mark.parametrize(
    ("rounds", "hypothesis"),
    [
        ([("yes", "preserved", "preserved")] * 3, "A"),
        ([("no", "changed", "undecided")] * 3, "B"),
        ([("yes", "preserved", "preserved"), ("no", "changed", "changed")], "neither"),
        ([("yes", "changed", "changed")], "neither"),
        ([("no", "preserved", "preserved")], "neither"),
        ([("yes", "preserved", "preserved"), ("undecided", "preserved", "preserved")], "undecided"),
        ([("undecided", "changed", "undecided")], "undecided"),
        ([("yes", "preserved", "undecided"), ("undecided", "undecided", "changed")], "neither"),
    ],
)
def test_hypotheses_are_about_all_rounds(rounds, hypothesis):
    assert arm(*rounds).hypothesis == hypothesis


def test_the_sentence():
    assert arm(*[("yes", "preserved", "preserved")] * 3, *[("no", "changed", "changed")] * 2).sentence == (
        "magnitude: neither hypothesis holds in all rounds; in rounds 1 to 3 tickets win and their explanation is "
        "preserved; in rounds 4 and 5 tickets lose and their explanation has changed."
    )
    mixed = arm(("yes", "preserved", "preserved"), ("yes", "changed", "changed"), ("yes", "preserved", "preserved"))
    assert "in rounds 1 and 3 tickets win and their explanation is preserved" in mixed.sentence
    assert headline("random", [], PRIMARY).sentence == "random: undecided, no round was judged."


def test_neighbours_are_rounds_that_follow_in_the_study():
    rows = [accuracy(number, "yes") for number in (3, 6, 9)]
    assert "in rounds 3 to 9 " in headline("magnitude", rows, PRIMARY).sentence


def test_too_few_seeds_win_nothing():
    assert headline("magnitude", [accuracy(1, "yes", seeds=2)], PRIMARY).rounds[0].winning == "undecided"
    assert headline("magnitude", [accuracy(1, "yes", retrains=0)], PRIMARY).rounds[0].winning == "undecided"
    undefined = row(1, "accuracy", ("accuracy", "accuracy", "f", "label"), "undecided", nan, nan, 0.02)
    assert headline("magnitude", [undefined], PRIMARY).rounds[0].winning == "undecided"


def test_a_missing_primary_metric_is_not_preserved():
    rows = [row(1, "similarity", key, "preserved") for key in sorted(PRIMARY)[:1]]
    assert headline("magnitude", rows, PRIMARY).rounds[0].explanation == "undecided"
    assert headline("magnitude", rows, set()).rounds[0].explanation == "undecided"


def test_association_within_seeds():
    draw = np.random.default_rng(0)
    lost, drift = draw.normal(size=(4, 9)), draw.normal(size=(4, 9)) + np.arange(4)[:, None]
    found = association(lost, drift)
    expected = [stats.spearmanr(x, y).statistic for x, y in zip(lost, drift, strict=True)]
    assert found.by_seed == pytest.approx(expected)
    interval = stats.ttest_1samp(expected, 0).confidence_interval(0.90)
    assert (found.mean, found.ci_low, found.ci_high) == pytest.approx((np.mean(expected), *interval))


def test_association_where_it_is_undefined():
    lost = np.array([[0.0, 0.1, 0.2, 0.3], [0.0, 0.0, 0.0, 0.0], [0.1, nan, nan, 0.2], [0.3, 0.1, nan, 0.2]])
    drift = np.array([[0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4], [0.3, 0.1, 0.9, 0.2]])
    found = association(lost, drift)
    assert found.by_seed[[0, 3]] == pytest.approx([1, 1])
    assert np.isnan(found.by_seed[[1, 2]]).all()
    assert (found.mean, found.ci_low, found.ci_high) == pytest.approx((1, 1, 1))
    assert np.isnan(association(lost[1:3], drift[1:3]).mean)
    one = association(lost[:1], drift[:1])
    assert one.mean == pytest.approx(1)
    assert np.isnan([one.ci_low, one.ci_high]).all()


@pytest.mark.parametrize(
    ("iou", "spearman", "coarse", "said"),
    [
        ("changed", "preserved", True, "undecided"),
        ("changed", "undecided", True, "undecided"),
        ("changed", "changed", True, "changed"),
        ("undecided", "changed", True, "changed"),
        ("changed", "preserved", False, "changed"),
        ("preserved", "preserved", True, "preserved"),
    ],
)
def test_the_brightest_places_of_coarse_maps_alone_are_no_change(iou, spearman, coarse, said):
    keys = {metric: ("pixels", metric, "gradcam@4x4", "dense") for metric in ("map_iou_20", "map_spearman")}
    rows = [row(1, "similarity", keys["map_iou_20"], iou), row(1, "similarity", keys["map_spearman"], spearman)]
    assert headline("magnitude", rows, set(keys.values()), coarse).rounds[0].explanation == said


def test_every_undecided_round_carries_its_reason():
    tests = headline("m", _undecided_rows(seeds=5), {("concepts", "jaccard", "", "")})
    (found,) = tests.rounds
    assert (found.winning, found.explanation) == ("undecided", "undecided")
    assert "-0.10 to 0.05 beside the unpruned networks, holds the margin of -0.02" in found.why_winning
    assert "about 40 seeds would tell, and it has 5" in found.why_winning
    assert found.why_explanation == {"jaccard": "24 images for the test split (limit 30)"}
    few = headline("m", _undecided_rows(seeds=2), set()).rounds[0]
    assert few.why_winning == "the reason of f"


def _undecided_rows(seeds):
    numbers = (0.0, 0.1, 0.0, -0.1, 0.05, 0.02, 0.5, 0.5, seeds, 1, 40, "undecided")
    why = "24 images for the test split (limit 30)"
    return [
        Verdict(1, "accuracy", "accuracy", "accuracy", "f", "", *numbers, "the reason of f"),
        Verdict(1, "similarity", "concepts", "jaccard", "", "", *numbers, why),
    ]


def test_a_change_of_the_arm_alone_is_undecided_in_the_study_and_says_so():
    key, other = sorted(PRIMARY)
    rows = [row(n, "similarity", k, "changed" if n > 1 else "undecided") for n in (1, 2, 3) for k in (key, other)]
    alone = claims(rows)
    found = headline_of("m", Decided(tuple(rows), alone, Claims(changed=frozenset({(key, 3)})), 9), PRIMARY)
    assert [one.explanation for one in found.rounds] == ["undecided", "undecided", "changed"]
    assert (
        found.rounds[1]
        .why_explanation[key[1]]
        .startswith("changed in this arm alone, not at the level that the 9 arms of the study share: ")
    )
    assert found.sentence.endswith(
        "in round 2 the explanation has changed if this arm is taken alone, not in the study of 9 arms."
    )
    assert found.hypothesis == "undecided"


def test_what_is_preserved_in_the_arm_alone_is_undecided_in_the_study():
    rows = [row(1, "similarity", key, "preserved") for key in sorted(PRIMARY)]
    found = headline_of("m", Decided(tuple(rows), claims(rows), Claims(), 4), PRIMARY)
    assert found.rounds[0].explanation == "undecided"
    assert set(found.rounds[0].why_explanation) == {key[1] for key in PRIMARY}
    assert "preserved in this arm alone" in found.rounds[0].why_explanation["iou"]
    assert "taken alone" not in found.sentence
