"""Classes in another order are told by the answers."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sparsight.auditing import check_order
from sparsight.errors import InputError

TEN = tuple("abcdefghij")


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


@pytest.mark.parametrize("circle", [(3, 7), (1, 4, 8)])
def test_a_few_classes_that_are_exchanged_are_seen_among_ten(circle):
    answers = torch.arange(100) % 10
    moved = answers.clone()
    for here, there in zip(circle, (*circle[1:], circle[0]), strict=True):
        moved[answers == here] = there
    with pytest.raises(InputError, match=r"different orders \('[bdehi]' of the one is mostly '[bdehi]' of the other"):
        check_order("A", "B", answers, moved, TEN)


def test_few_images_and_one_sided_confusion_show_no_other_order():
    few = torch.arange(40) % 10
    turned = few.clone()
    turned[few == 3], turned[few == 7] = 7, 3
    check_order("A", "B", few, turned, TEN)
    answers = torch.arange(100) % 10
    check_order("A", "B", answers, torch.where(answers == 3, 7, answers), TEN)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=60), st.integers(0, 4))
def test_a_model_has_its_own_order(answers, constant):
    own = torch.tensor(answers)
    check_order("A", "B", own, own, TEN[:5])
    check_order("A", "B", own, torch.full_like(own, constant), TEN[:5])


def test_a_handful_of_images_shows_no_order_at_all():
    check_order("A", "B", torch.tensor([0, 1, 0, 1]), torch.tensor([1, 0, 1, 1]), ("x", "y"))


@pytest.mark.parametrize(("classes", "images"), [(30, 240), (5, 80), (10, 200)])
def test_a_middling_models_order_is_found_and_its_own_is_left(classes, images):
    """Right on about half of the images in its own order, on hardly any in the data's."""
    draw = torch.Generator().manual_seed(1)
    labels = torch.arange(images) % classes
    answers = torch.where(
        torch.rand(images, generator=draw) < 0.5, labels, torch.randint(classes, (images,), generator=draw)
    )
    names = [f"c{k}" for k in range(classes)]
    check_order("the labels", "net", labels, answers, names)
    with pytest.raises(InputError, match="their classes stand in different orders"):
        check_order("the labels", "net", labels, (answers + 1) % classes, names)


@pytest.mark.parametrize("seed", range(20))
def test_no_answers_at_random_or_all_alike_have_an_order(seed):
    draw = torch.Generator().manual_seed(seed)
    labels = (torch.rand(120, generator=draw) < 0.73).long()
    names = ["a", "b", "c"]
    for answers in (torch.zeros(120, dtype=torch.int64), torch.randint(3, (120,), generator=draw)):
        check_order("the labels", "net", labels, answers, names)
