"""What the terminal says while an audit runs."""

from dataclasses import replace

from sparsight.audit import Audit
from sparsight.cli.audited import Watching, print_audit
from tests.report.audit.made import make_audit


def test_how_far_a_model_is_is_told_where_no_bar_is_seen(capsys):
    with Watching(every=0.0) as watching:
        watching.looking("net", 2, 3)
        watching.seen(10, 40)
        watching.seen(40, 40)
    out, err = capsys.readouterr()
    assert err.splitlines() == ["looking at model 2 of 3, net: 10 of 40 images, about 1 s left"]
    assert "looking at" not in out


def test_a_model_that_is_looked_at_quickly_prints_nothing(capsys):
    with Watching() as watching:
        watching.looking("net", 1, 2)
        for done in range(1, 40):
            watching.seen(done, 40)
    assert "looking" not in "".join(capsys.readouterr())


def test_the_terminal_has_the_words_of_the_page_and_ends_that_can_be_told_apart(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "200")
    data = make_audit(models={"m": 0.3}, pictures=0)
    why = "The floor of weight_spearman (0.68) is not below that of a bank of random directions (0.67)"
    gate = {"name": "random bank", "subject": "weight_spearman", "voids": ["weight_spearman"], "passed": False}
    own, void = data.verdicts.copy(), data.verdicts["metric"] == "weight_spearman"
    own.loc[void, ["verdict", "reason"]] = ["undecided", f"drift 0.30: {why}"]
    own.loc[own["metric"] == "linear_cka", ["low", "high"]] = [0.0101, 0.0138]
    data = replace(data, verdicts=own, gates=({**data.gates[0], **gate, "reason": why},))
    print_audit(Audit(data, {}, {}), tmp_path)
    said = capsys.readouterr().out
    assert "⊘ random bank: The floor of “Weights of g (Spearman)” (0.68) is not below" in said
    assert "0.010 to 0.014" in said
    assert "_" not in said.replace(str(tmp_path), "").replace("bill_color_pink", "")
