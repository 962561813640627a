from hypothesis import given
from hypothesis import strategies as st

from sparsight.report.audit.apart import apart
from tests.report.audit.made import show

LONG = tuple(f"torchvision:mobilenet_v2@experiments/pruned{k}.pt" for k in (30, 60))


def test_models_that_differ_at_the_end_of_their_names_are_told_apart():
    assert [apart(name, LONG, 30) for name in LONG] == [
        "torchvisi…eriments/pruned30.pt",
        "torchvisi…eriments/pruned60.pt",
    ]


def test_models_that_differ_in_the_middle_are_told_apart():
    names = [f"{'a' * 40}{k}{'z' * 40}" for k in range(3)]
    assert [apart(name, names, 20) for name in names] == [f"…aaaa{k}{'z' * 13}…" for k in range(3)]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=60), max_size=4), st.integers(8, 40))
def test_a_name_that_is_short_enough_stays_and_none_is_longer_than_asked_for(names, limit):
    for name in names:
        found = apart(name, names, limit)
        assert 1 <= len(found) <= limit
        if name.split() == [name] and name.isprintable() and len(name) <= limit:
            assert found == name


def test_spaces_around_a_name_are_taken_off():
    assert apart("0 ", ["0 "], 8) == "0"


def test_the_images_of_two_models_stand_under_different_names(audit_data):
    shown = show(audit_data(models=dict(zip(LONG, (0.2, 0.3), strict=True)), pictures=1))
    heads = [text for text in ("pruned30.pt", "pruned60.pt") if f"…eriments/{text}" in shown.text]
    assert heads == ["pruned30.pt", "pruned60.pt"]
