import pandas as pd

from sparsight.report.audit.concepts import concept_table, shared_frame
from sparsight.report.audit.data import COLUMNS


def listed(data, rows):
    table = pd.DataFrame(
        [(model, "finch", rank, concept, 1.0) for model, concepts in rows for rank, concept in enumerate(concepts, 1)],
        columns=list(COLUMNS["concepts"]),
    )
    object.__setattr__(data, "concepts", table)
    return data


def test_a_models_concept_is_shared_if_the_original_lists_it_and_the_originals_if_all_do(audit_data):
    data = listed(
        audit_data(models={"m": 0.1, "n": 0.1}, original="o", classes=("finch", "tern"), pictures=0),
        [("o", "abc"), ("m", "bax"), ("n", "bcy")],
    )
    table = concept_table(data, shared_frame(data))
    (label, cells), (other, none) = table.rows
    assert (label, other, none) == ("finch", "tern", ((), (), ()))
    assert [[concept.name for concept in cell if concept.shared] for cell in cells] == [["b"], ["b", "a"], ["b", "c"]]
    assert table.columns == ("o", "m", "n")
    assert table.shared == (1 / 3, 2 / 3, 2 / 3)


def test_without_concepts_there_is_no_table(audit_data):
    data = audit_data(concepts=[], pictures=0)
    assert concept_table(data, shared_frame(data)) is None
