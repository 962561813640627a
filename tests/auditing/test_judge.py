"""What the verdicts of a model come to, in a sentence."""

import pytest
import torch

from sparsight.auditing import AuditSettings, Look, headline
from sparsight.evidence import Seen
from sparsight.verdict import BEYOND, WITHIN, Bounded, Compared, PairVerdict

NAN = float("nan")
SETTINGS = AuditSettings(margin=0.1)
METRICS = ("top_k_jaccard", "weight_spearman", "value_agreement", "map_spearman", "map_iou_20", "linear_cka")


def looked(name, answers, missing=None):
    logits = torch.eye(3)[torch.tensor(answers)]
    return Look(name, Seen(torch.zeros(len(answers), dtype=torch.int64), logits, logits), None, None, missing or {})


def said(words, *, accuracy="undecided", lost=-0.25, missing=None, drifts=None):
    rows = [
        PairVerdict(
            Compared("any", metric, "", "", True, "image", Bounded(drift, (drift,) * 10, 0.0, 2.0), ceiling=0.5),
            *(NAN, NAN, NAN, 0.1, NAN, NAN, word, ""),
        )
        for metric, word, drift in zip(METRICS, words, drifts or [0.2] * len(words), strict=False)
    ]
    level = {"method": "f", "verdict": accuracy, "drift": lost}
    return headline(looked("m", [0, 0, 1, 2], missing), looked("o", [0, 0, 0, 0]), rows, [level], 0, SETTINGS).sentence


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([WITHIN] * 3 + ["undecided"], "3 of 4 measures are within the margin, the other one is undecided"),
        (["preserved", WITHIN, "undecided"], "2 of 3 measures are within the margin, the other one is undecided"),
        (["preserved"] * 1 + ["undecided"] * 2, "1 of 3 measures is preserved, the others are undecided"),
        (["undecided"] * 3, "all 3 measures are undecided"),
        (["undecided"], "its one measure is undecided"),
    ],
)
def test_the_undecided_measures_are_counted(words, why):
    assert f"is undecided: {why}; 50.0% of its answers differ from the original's" in said(words)


@pytest.mark.parametrize(
    ("kept", "taken"),
    [(1, "the one measure that could be taken is preserved"), (2, "the 2 that could be taken are preserved")],
)
def test_without_maps_nothing_is_preserved(kept, taken):
    sentence = said(["preserved"] * kept, missing={"maps": "of int8"})
    assert f"is undecided: {taken}, and the others are missing" in sentence


def test_what_moved_most_is_called_as_the_page_calls_it():
    sentence = said([BEYOND, "undecided", "undecided", BEYOND], drifts=[0.2, 0.9, 0.9, 0.3])
    moved = "most of all Grad-CAM (Spearman), by 60 % of the way to nothing in common (margin 20 %);"
    assert f"2 of 4 measures moved more than their margins, {moved}" in sentence
    assert sentence.startswith("The evidence of m is beyond the margin around that of o: ")


@pytest.mark.parametrize(
    ("lost", "way"), [(-0.5, "has fallen (0.500, original 1.000)"), (0.5, "has risen (0.500, original 1.000)")]
)
def test_an_accuracy_that_has_changed_has_a_direction(lost, way):
    assert f"its accuracy {way}" in said(["preserved"] * 6, accuracy="changed", lost=lost)
    assert said(["preserved"] * 6, accuracy="changed", lost=lost).startswith(f"The accuracy of m {way.split(' (')[0]}")


@pytest.mark.parametrize(
    ("words", "grid", "word"),
    [
        ([WITHIN] * 4 + [BEYOND] + [WITHIN], (4, 4), "undecided"),
        ([WITHIN] * 4 + [BEYOND] + [WITHIN], (5, 5), BEYOND),
        ([WITHIN] * 3 + [BEYOND] * 2 + ["preserved"], (4, 4), BEYOND),
        ([WITHIN] * 6, (4, 4), WITHIN),
    ],
)
def test_the_brightest_places_of_coarse_maps_alone_are_no_other_evidence(words, grid, word):
    rows = [
        PairVerdict(
            Compared("any", metric, "", "", True, "image", Bounded(0.2, (0.2,) * 10, 0.0, 2.0)),
            *(NAN, NAN, NAN, 0.1, NAN, NAN, one, ""),
        )
        for metric, one in zip(METRICS, words, strict=True)
    ]
    level = {"method": "f", "verdict": "preserved", "drift": 0.0}
    found = headline(looked("m", [0, 0, 1, 2]), looked("o", [0, 0, 0, 0]), rows, [level], 0, SETTINGS, grid)
    assert found.word == word
    alone = "of the 6 measures only the brightest places of maps of so few positions have moved;"
    assert (alone in found.sentence) == (word == "undecided")
