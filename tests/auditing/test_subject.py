"""Models taken in: their outputs and the data's classes."""

import pytest
import torch
from torch import nn

from sparsight.auditing import check_order, subject_of
from sparsight.errors import InputError
from sparsight.models import Given

IMAGES = torch.rand(2, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def network(outputs=4):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, outputs)
    ).eval()


def test_outputs_without_names_are_taken_as_they_stand():
    model = network()
    subject = subject_of(Given("net", model), ("a", "b", "c", "d"), IMAGES)
    assert subject.model is model
    assert subject.notes == ()


def test_outputs_are_put_in_the_order_of_their_names():
    model = network()
    given = Given("net", model, ("Blue_jay", "crow", "Owl", "kite"))
    subject = subject_of(given, ("owl", "blue jay", "kite", "crow"), IMAGES)
    with torch.no_grad():
        assert torch.equal(subject.model(IMAGES), model(IMAGES)[:, [2, 0, 3, 1]])
    assert subject.notes == ("net: its classes were put in the order of the data's by their names",)


def test_of_many_named_outputs_those_of_the_data_are_taken():
    model = network(6)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    given = Given("net", model, tuple("abcdef"))
    subject = subject_of(given, ("e", "b"), IMAGES)
    with torch.no_grad():
        assert torch.equal(subject.model(IMAGES), model(IMAGES)[:, [4, 1]])
    assert subject.notes == ("net: of its 6 classes it was asked for the 2 of the data",)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (None, "net: 6 outputs for 2 classes of the data; its outputs have no names"),
        (tuple("abcdef"), "net: 6 outputs for 2 classes of the data; it does not name x"),
        (tuple("abc"), "net: names 3 classes and has 6 outputs"),
    ],
)
def test_other_classes_are_refused(names, said):
    with pytest.raises(InputError, match=said):
        subject_of(Given("net", network(6), names), ("a", "x"), IMAGES)


def test_two_orders_of_the_same_classes_are_told_apart():
    answers = torch.arange(60) % 3
    turned = (answers + 1) % 3
    with pytest.raises(InputError, match=r"A and B: their classes stand in different orders \('[xyz]' of the one"):
        check_order("A", "B", answers, turned, ("x", "y", "z"))
    check_order("A", "B", answers, answers, ("x", "y", "z"))
    draws = torch.Generator().manual_seed(0)
    check_order("A", "B", answers, torch.randint(0, 3, (60,), generator=draws), ("x", "y", "z"))
    check_order("A", "B", answers, torch.zeros(60, dtype=torch.int64), ("x", "y", "z"))
    check_order("A", "B", torch.ones(60, dtype=torch.int64), torch.zeros(60, dtype=torch.int64), ("x", "y", "z"))
