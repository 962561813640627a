"""The example notebooks run from end to end, in small; and what is kept of their outputs is theirs, and small."""

import ast
import json
import re

import pytest

from tests.examples.notebooks import EXAMPLES, METADATA, NOTEBOOKS, executed, parameters, read

SMALL = {
    "toybirds_study.ipynb": {
        "SEEDS": [3],
        "ROUNDS": 2,
        "EPOCHS": 1,
        "IMAGES": {"train": 48, "validation": 24, "test": 24, "image_size": 32},
        "SCENES": 12,
    },
    "audit_torchvision.ipynb": {
        "IMAGES": {"train": 48, "validation": 12, "test": 24, "image_size": 32},
        "EPOCHS": 1,
    },
}
VERDICT = re.compile(r"\b(preserved|changed|undecided|hypothesis|decided)\b")
PLACES = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|usr|var|opt|work|mnt|Users)\b|[A-Z]:\\\\|\bsite-packages\b")


def values(source: str) -> dict[str, object]:
    return {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(source).body}


def shown(notebook, kind: str) -> list[str]:
    """What its cells show of a kind, as text/html."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return ["".join(output.data[kind]) for output in outputs if kind in output.get("data", {})]


def verdicts(notebook) -> list[str]:
    """What results show of themselves: neither tables of pandas nor figures."""
    return [text for text in shown(notebook, "text/html") if "dataframe" not in text or text.startswith("<ul>")]


def test_every_notebook_is_run():
    assert sorted(SMALL) == NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_end_to_end(name, tmp_path):
    notebook = read(name)
    cell = parameters(notebook)
    assert values(cell.source).keys() == SMALL[name].keys()
    cell.source = "\n".join(f"{key} = {value!r}" for key, value in SMALL[name].items())
    for one in notebook.cells:
        if one.cell_type == "code":
            one.outputs = []
    executed(notebook, tmp_path)
    assert verdicts(notebook)
    assert all(VERDICT.search(one) for one in verdicts(notebook)), verdicts(notebook)
    assert shown(notebook, "image/png")
    (page,) = tmp_path.glob("*/birds/report/index.html")
    assert page.stat().st_size > 10_000


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_outputs_are_kept_without_places_times_or_errors(name):
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    notebook = read(name)
    assert len(text) < 1_000_000
    assert PLACES.findall(text) == []
    assert notebook.metadata == METADATA
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert {key for cell in notebook.cells for key in cell.metadata} <= {"tags"}
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert kinds <= {"execute_result", "display_data", "stream"}
    assert verdicts(notebook)
    assert all(VERDICT.search(one) for one in verdicts(notebook))
    assert json.loads(text)["nbformat"] == 4
