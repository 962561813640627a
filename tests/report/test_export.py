import io
import re

import pandas as pd
import pytest

from sparsight.report.export import csv, escaped, latex, latex_concepts
from sparsight.report.tables import Concept, ConceptTable, Table


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wing_color", r"wing\_color"),
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("50 % & #1 $x^2~", r"50 \% \& \#1 \$x\textasciicircum{}2\textasciitilde{}"),
        ("a\nb", "a b"),
        ("–", "--"),
    ],
)
def test_nothing_in_a_name_is_a_command(name, text):
    assert escaped(name) == text


def test_a_table_is_one_tabular():
    text = latex([Table("an\narm", ("Round", "f"), (("0", "0.5"), ("1", "–")))]).decode()
    assert text == (
        "% an arm\n\\begin{tabular}{ll}\n\\hline\nRound & f \\\\\n\\hline\n"
        "0 & 0.5 \\\\\n1 & -- \\\\\n\\hline\n\\end{tabular}\n"
    )


def test_shared_concepts_are_bold_in_latex():
    cells = ((Concept("a_b", True), Concept("c", False)), ())
    text = latex_concepts(ConceptTable("m", ("100 %", "control"), (("finch", cells),), (0.5, float("nan")))).decode()
    assert r"finch & \textbf{a\_b}, c &  \\" in text
    assert r"shared with the dense network & 0.50 & -- \\" in text
    assert r"Class & 100 \% & control \\" in text
    assert len(re.findall(r"(?<!\\)%", text)) == 1, "only the caption is a comment"


def test_csv_keeps_names_and_leaves_the_undefined_empty():
    frame = pd.DataFrame({"name": ['a,"b"\nc', "a=1+1"], "value": [0.5, float("nan")]})
    data = csv(frame)
    assert data.endswith(b"a=1+1,\n")
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(data)), frame, check_dtype=False)


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1+cmd", "-a", "@SUM(1)", "\t=1", "-"])
def test_a_name_in_csv_is_no_formula(name):
    data = csv(pd.DataFrame({"name": [name, "-0.5", None], name: [-1.5, 2, 3]}))
    read = pd.read_csv(io.BytesIO(data))
    assert list(read.columns) == ["name", f"'{name}"]
    assert read["name"].tolist()[:2] == [f"'{name}", "-0.5"]
    assert read[f"'{name}"].tolist() == [-1.5, 2, 3]
