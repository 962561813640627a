"""The tables that end a study, in a terminal of 80 columns."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sparsight.cli import summary
from sparsight.config import load_study
from sparsight.report import COLUMNS, ConstantAnswer

SEQUENCE = "retrain:freeze_negative+alias_biases+keep_norm_statistics+score_before_epoch"
ALWAYS = ConstantAnswer("Red [bold] \n Bird of a name that is a long one", 0.7316, 0.5)


@dataclass
class Result:
    folder: Path
    report: Path
    settings: Any
    accuracy: pd.DataFrame
    drift: pd.DataFrame
    constant: ConstantAnswer | None = ALWAYS
    notices: tuple[str, ...] = ("a fact [worth] knowing",)


@pytest.fixture
def shown(tmp_path, monkeypatch, capsys):
    """What is printed of a run with these seeds, retrains and arms."""
    monkeypatch.setenv("COLUMNS", "80")

    def print_it(seeds=(0, 1, 2), retrains=1, arms=("magnitude", "released-code"), concepts=True):
        networks = [(arm, None, r, 0.5**r) for arm in arms for r in range(3)]
        networks += [("retrain:right", 1, 0, 1.0), (SEQUENCE, 1, 1, 1.0), (SEQUENCE, 1, 2, 1.0)]
        right, apart = [], []
        for arm, repeat, round_, weights in networks:
            key = dict(zip(COLUMNS["accuracy"][:5], (arm, 0, repeat, round_, weights), strict=True))
            for model, value in (("f", 0.9), ("g", 0.8))[: 1 + concepts]:
                right.append(key | {"split": "test", "model": model, "metric": "accuracy", "value": value})
            apart.append(key | {"metric": "top_k_overlap" if concepts else "flips", "unit": "all", "value": 0.25})
        rounds = [{"round": r, "weights_remaining": 0.5**r, "winning": "yes", "explanation": "changed"} for r in (1, 2)]
        judged = {arm: {"rounds": rounds, "sentence": f"{arm}: neither; both rounds."} for arm in arms}
        monkeypatch.setattr(summary, "read_json", lambda path, kind: {"arms": json.loads(json.dumps(judged))})
        settings = load_study("toybirds")
        study = settings.study.model_copy(update={"seeds": seeds, "retrains": retrains, "arms": arms})
        settings = settings.model_copy(update={"study": study})
        summary.print_summary(
            Result(tmp_path, tmp_path / "index.html", settings, pd.DataFrame(right), pd.DataFrame(apart))
        )
        return capsys.readouterr().out

    return print_it


def test_the_tables_fit_a_terminal_and_the_verdict_follows_the_numbers(shown):
    text = shown()
    tables = [line for line in text.splitlines() if line.startswith(("│", "┃", "┏"))]
    assert max(map(len, tables)) <= 80
    assert text.index("0.900") < text.index("winning ticket?") < text.index("magnitude: neither; both rounds.")
    rows = [line for line in text.splitlines() if "changed" in line]
    assert [[cell.strip() for cell in row.split("│")[1:-1]] for row in rows] == [
        ["magnitude", "50.0%", "yes", "changed"],
        ["", "25.0%", "yes", "changed"],
        ["released-code", "50.0%", "yes", "changed"],
        ["", "25.0%", "yes", "changed"],
    ]
    assert "a fact [worth] knowing" in text
    assert "a verdict needs" not in text


@pytest.mark.parametrize(("concepts", "numbers"), [(True, ["-", "0.732", "0.732", "-"]), (False, ["-", "0.732"])])
def test_the_constant_answer_ends_the_table_of_accuracies(shown, concepts, numbers):
    text = shown(concepts=concepts)
    lines = [line for line in text[: text.index("verdicts against")].splitlines() if line.startswith("│")]
    start = next(at for at, line in enumerate(lines) if line.startswith("│ always"))
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines[start:]]
    assert cells[0][1:] == numbers
    assert "alwaysRed[bold]Birdofanamethatis" in "".join(cell[0] for cell in cells).replace(" ", "")


def test_controls_that_are_sequences_are_shown_by_round_under_their_arm(shown):
    text = shown()
    assert "retrained: magnitude" in text
    assert "round 1" in text
    assert "round 2" in text
    assert "keep_norm_statistics" not in text


def test_a_rule_of_many_arms_is_named_by_the_first(shown):
    cells = [
        line.split("│")[1].strip()
        for line in shown(arms=("magnitude", "random", "released-code")).splitlines()[4:-2]
        if "│" in line
    ]
    assert "retrained: magnitude and 1 more" in " ".join(cells)


@pytest.mark.parametrize(("seeds", "retrains"), [((0,), 1), ((0, 1, 2), 0)])
def test_what_a_verdict_needs_is_said_where_it_is_missing(shown, seeds, retrains):
    assert "--seeds 3 --retrains 1 extends this run" in shown(seeds=seeds, retrains=retrains)


def test_without_concepts_there_is_no_g_and_nothing_to_share(shown):
    with_concepts, text = shown(), shown(concepts=False)
    title = "test accuracy, mean of 3 seeds"
    table = text[: text.index("verdicts against")]
    assert title in table
    assert "concept" not in table
    first = next(line for line in table.splitlines() if line.startswith("│ magnitude"))
    assert [cell.strip() for cell in first.split("│")[1:-1]] == ["magnitude", "100.0%", "0.900"]
    assert "0.750" in with_concepts, "the share of the concepts, where there are any"


def test_every_undecided_metric_has_its_reason_where_that_fits():
    few = summary.undecided([{"round": 1, "why_explanation": {"a": "noise", "b": "noise", "c": "a gate"}}])
    assert few == {"explanation undecided: a, b: noise; c: a gate": [1]}
    (text,) = summary.undecided([{"round": 1, "why_explanation": {name: name * 600 for name in "abc"}}])
    assert text.startswith("explanation undecided: a: aaa")
    assert text.endswith("; 2 more in results/verdict.json")
