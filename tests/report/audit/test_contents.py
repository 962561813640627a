import json
from importlib.resources import files

import jsonschema
import numpy as np
import pytest

from sparsight.report.audit import COLUMNS, contents
from tests.report.conftest import HOSTILE

SCHEMA = json.loads(files("sparsight.report.audit").joinpath("schema.json").read_text(encoding="utf-8"))


def test_the_schema_stands_beside_the_page(audit_page):
    assert json.loads((audit_page.parent / "schema.json").read_text(encoding="utf-8")) == SCHEMA


def check(found):
    jsonschema.Draft202012Validator(SCHEMA).validate(found)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_file_follows_the_schema_and_holds_every_row(audit_page, audit_data):
    found = json.loads((audit_page.parent / "report.json").read_text(encoding="utf-8"))
    check(found)
    assert [len(found["tables"][name]) for name in ("images", "classes")] == [2 * 120, 12 * (1 + 2 * 5)]
    first = found["tables"]["verdicts"][0]
    assert (first["metric"], first["primary"], first["floor"]) == ("top_k_jaccard", True, None)


def test_the_schema_names_the_columns_of_every_table():
    tables = SCHEMA["properties"]["tables"]["properties"]
    for name, columns in COLUMNS.items():
        items = tables[name]["items"]
        rows = SCHEMA["$defs"]["verdict"] if "$ref" in items else items
        assert tuple(rows["properties"]) == columns == tuple(rows["required"]), name


@pytest.mark.parametrize(
    "options",
    [
        {"models": {"m": 0.1}, "mapless": ("m",), "pictures": 1, "margin": None},
        {"models": {"m": 0.1}, "concepts": [], "masks": False, "pictures": 0},
        {"models": {HOSTILE[5]: 0.1, HOSTILE[11]: 0.3}, "classes": HOSTILE, "floor": HOSTILE[8:11], "pictures": 2},
    ],
    ids=["no maps", "no concepts", "hostile"],
)
def test_whatever_is_missing_follows_the_schema(audit_data, options):
    found = contents(audit_data(**options))
    check(json.loads(json.dumps(found, allow_nan=False)))
    json.dumps(found, ensure_ascii=False).encode("utf-8")


def test_what_is_no_number_is_null(audit_data):
    data = audit_data(models={"m": 0.1}, pictures=0)
    data.verdicts["drift"] = [np.nan, np.inf, -np.inf, *data.verdicts["drift"][3:]]
    assert [row["drift"] for row in contents(data)["tables"]["verdicts"][:3]] == [None, None, None]


def test_a_table_that_lacks_a_column_does_not_pass(audit_data):
    found = contents(audit_data(pictures=0))
    del found["tables"]["verdicts"][0]["low"]
    with pytest.raises(jsonschema.ValidationError, match="'low' is a required property"):
        check(found)
