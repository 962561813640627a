"""The benchmark's own arithmetic, and that it fails where an answer differs."""

import sys
from dataclasses import replace

import pytest

from benchmarks.speed import __main__ as command
from benchmarks.speed.bench import DiffersError, MissingPeerError, Row, compare, markdown, peer, same


def row(ratios, target, faster):
    pairs = tuple((2.0, 2.0 * ratio) if faster else (2.0 * ratio, 2.0) for ratio in ratios)
    return Row("work", "peer", pairs, target, faster, "answers within 1e-06")


@pytest.mark.parametrize(
    ("ratios", "target", "faster", "met"),
    [
        ((1.0, 1.02, 9.0), 1.02, False, True),
        ((1.03,), 1.02, False, False),
        ((20.0,), 20, True, True),
        ((19.0,), 20, True, False),
    ],
)
def test_a_target_is_met_by_the_median(ratios, target, faster, met):
    assert row(ratios, target, faster).met is met


def test_runs_alternate_and_ratios_are_of_pairs():
    ran = []
    found = compare(
        "w", "p", lambda: ran.append("ours"), lambda: ran.append("other"),
        target=1, faster=True, checked="", repeats=3,
    )  # fmt: skip
    assert ran == ["ours", "other", "ours", "other", "other", "ours", "ours", "other"]
    assert len(found.ratios) == 3
    assert all(ratio > 0 for ratio in found.ratios)


def test_the_table_says_what_was_missed():
    last = markdown([row((3.0, 1.0, 2.0), 5, True)]).splitlines()[-1]
    assert last == "| work | peer | 2 | 4 | 2 [1, 3] | at least 5 | missed | answers within 1e-06 |"


@pytest.mark.parametrize("difference", [1e-3, float("nan")])
def test_answers_that_differ_are_no_row(difference):
    with pytest.raises(DiffersError, match="scores: apart by"):
        same("scores", difference, 1e-6)


def test_a_peer_that_is_not_there_is_named():
    with pytest.raises(MissingPeerError, match=r"no_such_peer is not installed: pip install '\.\[bench\]'"):
        peer("no_such_peer")


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        (
            "solvers",
            ["concept bank: scikit-learn", "g beside saga: scikit-learn", "g beside SGDClassifier: scikit-learn"],
        ),
        ("gradcam", ["one class each, beside grad-cam: grad-cam", "every class, beside grad-cam: grad-cam"]),
    ],
)
def test_a_row_without_its_peer_is_named_and_the_others_are_made(monkeypatch, capsys, name, lost):
    for missing in ("sklearn.linear_model", "sklearn.svm", "pytorch_grad_cam"):
        monkeypatch.setitem(sys.modules, missing, None)
    code, out = run(monkeypatch, capsys, "--only", name, "--quick", "--repeats", "1")
    assert code == 0
    said = [line for line in out.splitlines() if "skipped" in line]
    assert said == [f"{name}: skipped: {one} is not installed: pip install '.[bench]'" for one in lost]
    assert ("| Captum's LayerGradCam |" in out) == (name == "gradcam")


def test_a_table_that_could_not_be_written_is_refused_before_anything_runs(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["speed", "--out", str(tmp_path / "none" / "table.md")])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert "there is no such folder" in capsys.readouterr().err


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["speed", *arguments])
    with pytest.raises(SystemExit) as ended:
        command.main()
    return ended.value.code, capsys.readouterr().out


@pytest.mark.parametrize("name", ["drift", "solvers", "loading"])
def test_a_module_runs_small(monkeypatch, capsys, name):
    code, out = run(monkeypatch, capsys, "--only", name, "--quick", "--repeats", "1")
    assert code == 0
    assert "QUICK" in out
    assert out.count("within") >= 1


def test_a_wrong_answer_fails_the_benchmark(monkeypatch, capsys):
    from benchmarks.speed import drift

    monkeypatch.setattr(drift, "map_iou", lambda first, second, share: drift.map_spearman(first, second))
    code, out = run(monkeypatch, capsys, "--only", "drift", "--quick", "--repeats", "1")
    assert code == 1
    assert "drift: WRONG: drifts: apart by" in out


@pytest.mark.parametrize("factor", [2.0, float("nan")])
def test_maps_of_another_scale_than_grad_cams_fail_the_benchmark(monkeypatch, capsys, factor):
    from benchmarks.speed import gradcam

    def wrong(*arguments, **named):
        found = right(*arguments, **named)
        return replace(found, maps=factor * found.maps)

    right = gradcam.grad_cam
    monkeypatch.setattr(gradcam, "grad_cam", wrong)
    code, out = run(monkeypatch, capsys, "--only", "gradcam", "--quick", "--repeats", "1")
    assert code == 1
    assert "gradcam: WRONG: maps" in out
    assert ("| bare forward pass |" in out) == (factor == 2), "both of our paths agree, and grad-cam does not"


def test_an_unknown_name_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["speed", "--only", "grad-cam"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert "--only grad-cam: must be among" in capsys.readouterr().err
