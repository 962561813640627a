"""Arguments of the public functions are checked like flags, before anything is written."""

from pathlib import Path

import numpy as np
import pytest

import sparsight
from sparsight import InputError

NAN, INFINITE = float("nan"), float("inf")
STUDY = {
    "study": [None, 3, "", [], {}, b"toybirds"],
    "out": [3, "", True],
    "quick": [1, "yes", None],
    "workers": [-1, 1.5, "2", True, NAN, [2]],
    "report": [0, "no", None],
}
RUN = {**STUDY, "checkpoint_seconds": [NAN, INFINITE, -1, "60", True, None], "listener": [3, object(), print]}
EXPORT = {
    "run": [None, 3, ""],
    "arm": [None, 3, ["magnitude"]],
    "seed": [None, "0", 1.0, True, -1],
    "round": [None, "0", 0.5, False, -1],
    "out": [3, ""],
    "formats": [3, {"onnx": 1}, [3], b"onnx", None],
}
LOAD = {"source": [None, 3, {}], "quick": [1, None], "overrides": [3, [1], {"study": 3}]}
GOOD = {
    "run_study": {"study": "toybirds"},
    "plan_study": {"study": "toybirds"},
    "export_ticket": {"run": "run", "arm": "magnitude", "seed": 0, "round": 0},
    "load_study": {"source": "toybirds"},
}
CASES = [
    (function, name, value)
    for function, wrong in (("run_study", RUN), ("plan_study", STUDY), ("export_ticket", EXPORT), ("load_study", LOAD))
    for name, values in wrong.items()
    for value in values
]


@pytest.mark.parametrize(("function", "name", "value"), CASES)
def test_what_will_not_do_is_refused_in_one_line(function, name, value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        getattr(sparsight, function)(**{**GOOD[function], name: value})
    assert str(caught.value).startswith(name)
    assert "; give " in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("source", ["small.yaml", Path("small.yaml")])
def test_paths_are_text_or_paths(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text("preset: toybirds\ntraining: {epochs: 2}\n")
    assert sparsight.load_study(source).training.epochs == 2


def test_numbers_of_numpy_are_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="run"):  # past the arguments: there is no such run
        sparsight.export_ticket("run", "magnitude", np.int64(0), np.int32(0), formats="state")
