from sparsight.report.audit import summary_html
from tests.report.conftest import HOSTILE
from tests.report.markup import Page


def test_a_summary_is_one_table_with_a_row_a_model(audit_data):
    page = Page(summary_html(audit_data(models={"m": 0.3, "n": 0.02}, pictures=0)))
    assert page.tags["table"] == 1
    assert page.tags["tr"] == 1 + 2
    assert "m> beyond the marginThe evidence of m is beyond the margin" in page.text
    assert "n≤ within the marginThe evidence of n is within the margin" in page.text
    assert not {"script", "style", "link", "img"} & set(page.tags)


def test_names_in_a_summary_are_only_names(audit_data):
    text = summary_html(audit_data(models={HOSTILE[0]: 0.3, HOSTILE[7]: 0.1}, title=HOSTILE[1], pictures=0))
    page = Page(text)
    assert not {"script", "img"} & set(page.tags)
    assert page.tags["b"] == 0
    assert "<script>window.pwned = 1</script>" in page.text
