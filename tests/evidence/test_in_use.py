"""Concepts whose columns are equal are one concept, in everything that is learned of them."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from sparsight.concepts import ConceptSettings, shown_weights
from sparsight.data import CubSettings, load_dataset
from sparsight.evidence import (
    columns_digest,
    concepts_in_use,
    held_out_labels,
    learn_concepts,
    learned_labels,
    merged,
    named_concepts,
    usable_concepts,
)
from sparsight.evidence.metrics import numbers
from sparsight.pruning import full_mask, prunable
from tests.evidence.test_collect import look, model  # noqa: F401 (a fixture)


def with_columns(data, extra):
    """The data set with more concepts: copies of its columns, by name and group."""
    columns = [data.concepts, *(column[:, None].to(torch.int8) for _, _, column in extra)]
    return replace(
        data,
        concepts=torch.cat(columns, dim=1),
        concept_names=(*data.concept_names, *(name for name, _, _ in extra)),
        concept_groups=(*data.concept_groups, *(group for _, group, _ in extra)),
    )


@pytest.fixture
def doubled(tiny):
    """Two more names for red, one for what was drawn, and the complement of green."""
    red, green, drawn, _ = tiny.concepts.unbind(1)
    extra = [("scarlet", "tone", red), ("not green", "color", 1 - green), ("ruby", "color", red), ("lot", "lot", drawn)]
    return with_columns(tiny, extra)


def test_equal_columns_are_one_concept_with_all_its_names(doubled):
    first, second, third, fourth = concepts_in_use(doubled)
    assert (first.name, first.names) == ("red (= 2 more)", ("red", "scarlet", "ruby"))
    assert (first.groups, first.columns) == (("color", "tone", "color"), (0, 4, 6))
    assert (second.name, second.names) == ("green", ("green",))
    assert (third.name, third.names) == ("drawn (= 1 more)", ("drawn", "lot"))
    assert fourth.name == "not green"  # what another lacks is another concept: their weights have opposite signs
    assert int(usable_concepts(doubled).sum()) == 7


def test_equal_is_what_is_equal_in_the_images_to_learn_from(tiny):
    red = tiny.concepts[:, 0].clone()
    train, test = tiny.splits["train"], tiny.splits["test"]
    unlike = red.clone()
    unlike[test[:5]] = 1 - unlike[test[:5]]  # differs in test alone
    unknown = red.clone()
    unknown[train[0]] = -1  # of one image less is known: it is learned from others
    data = with_columns(tiny, [("elsewhere", "color", unlike), ("unsure", "color", unknown)])
    assert [one.names for one in concepts_in_use(data)] == [("red", "elsewhere"), ("green",), ("drawn",), ("unsure",)]
    held = held_out_labels(data)
    assert held.shape == (24, 4)
    assert held[:5, 0].tolist() == [-1] * 5  # the names contradict each other: unknown
    assert torch.equal(held[5:, 0], red[test[5:]])


def test_unknown_labels_are_equal_where_both_are_unknown(tiny):
    drawn = tiny.concepts[:, 2].clone()
    drawn[tiny.splits["train"][:3]] = -1
    data = replace(tiny, concepts=torch.stack([drawn, tiny.concepts[:, 0], drawn, drawn.abs()], dim=1))
    assert [one.columns for one in concepts_in_use(data)] == [(0, 2), (1,), (3,)]
    assert torch.equal(merged(learned_labels(data), concepts_in_use(data))[:, 0], drawn[tiny.splits["train"]])


def test_of_fewer_images_more_is_equal(tiny):
    """Which concepts are one is a question to the images that a study has, as of some of the classes."""
    assert columns_digest(tiny) is None
    chosen = tiny.splits["train"][tiny.labels[tiny.splits["train"]] != 2]  # without class 2, not red is green
    few = replace(tiny, concepts=torch.stack([tiny.concepts[:, 0], 1 - tiny.concepts[:, 1], *tiny.concepts.T[2:]], 1))
    assert columns_digest(few) is None
    assert len(concepts_in_use(few)) == 3
    restricted = replace(few, splits={**few.splits, "train": chosen})
    assert concepts_in_use(restricted)[0].names == ("red", "green")
    assert columns_digest(restricted) is not None


def test_a_name_of_several_is_unlike_every_other_name(tiny):
    red = tiny.concepts[:, 0]
    data = with_columns(tiny, [("scarlet", "color", red), ("red (= 1 more)", "color", tiny.concepts[:, 2] * red)])
    names = [one.name for one in concepts_in_use(data)]
    assert names == ["red (= 1 more)*", "green", "drawn", "red (= 1 more)"]
    assert next(one.names for one in named_concepts(names, data)) == ("red", "scarlet")
    assert named_concepts(["nowhere"], data)[0].columns == ()


def test_bank_g_and_numbers_hold_each_concept_once(model, doubled, tiny):  # noqa: F811
    found, alone = (
        look(model, doubled),
        look(model, with_columns(tiny, [("not green", "color", doubled.concepts[:, 5])])),
    )
    once, other = found.concepts, alone.concepts
    assert once.bank.names == ("red (= 2 more)", "green", "drawn (= 1 more)", "not green")
    assert torch.equal(once.bank.Q, other.bank.Q)
    assert torch.equal(once.pcbm.weights, other.pcbm.weights)  # another name is no other g
    assert torch.equal(once.controls.random_weights, other.controls.random_weights)
    assert torch.equal(once.held_out.auroc, other.held_out.auroc)
    mask = full_mask(model.state_dict(), prunable(model))
    assert numbers(found, mask)["concepts"]["all_names"] == {
        "red (= 2 more)": ["red", "scarlet", "ruby"],
        "drawn (= 1 more)": ["drawn", "lot"],
    }
    assert "all_names" not in numbers(alone, mask)["concepts"]


def lists(embedding, data, order):
    """The lists of g on an embedding, from the training images in this order."""
    from sparsight.concepts import resolved
    from sparsight.drift import listed

    settings, train = ConceptSettings(), data.splits["train"]
    own = replace(data, splits={**data.splits, "train": train[order]})
    parts = {split: embedding[chosen] for split, chosen in own.splits.items()}
    learned = learn_concepts(parts, None, own, settings, 0)
    return listed(resolved(shown_weights(learned.pcbm.weights), settings.tolerance), 5), learned.pcbm.weights


def orders(n, count=4):
    draw = torch.Generator().manual_seed(0)
    return [torch.arange(n), *(torch.randperm(n, generator=draw) for _ in range(count - 1))]


def test_images_in_another_order_give_the_same_lists(tiny):
    """Twelve classes of which three concepts each are a function, most of them under several names."""
    draw = torch.Generator().manual_seed(3)
    n, classes = 240, 12
    labels = torch.arange(n) % classes
    of_class = torch.randint(0, 2, (classes, 8), generator=draw)[:, [*range(8), *range(8), 0, 3, 5]]
    data = replace(
        tiny,
        images=torch.zeros(n, 3, 1, 1, dtype=torch.uint8),
        labels=labels,
        concepts=of_class[labels].to(torch.int8),
        splits={"train": torch.arange(160), "validation": torch.arange(160, 180), "test": torch.arange(180, n)},
        class_names=tuple(map(str, range(classes))),
        concept_names=tuple(f"concept {c}" for c in range(19)),
        concept_groups=tuple(f"group {c % 4}" for c in range(19)),
        object_masks=None,
    )
    embedding = torch.randn(n, 24, generator=draw) + 2 * torch.randn(classes, 24, generator=draw)[labels]
    assert max(len(one.names) for one in concepts_in_use(data)) > 1
    found = [lists(embedding, data, order) for order in orders(160)]
    assert all(torch.equal(first[0], second[0]) for first, second in pairwise(found))
    assert not torch.equal(found[0][1], found[1][1])  # not to the last digit


@pytest.fixture(scope="module")
def birds(test_data_of_module):
    return load_dataset(CubSettings(path=test_data_of_module / "CUB_200_2011", image_size=8, parts=False, masks="none"))


@pytest.fixture(scope="module")
def test_data_of_module(request):
    return request.getfixturevalue("test_data")


def test_the_real_birds_have_57_concepts_under_86_names(birds):
    in_use = concepts_in_use(birds)
    assert (int(usable_concepts(birds).sum()), len(in_use)) == (86, 57)
    assert sum(len(one.names) for one in in_use if len(one.names) > 1) == 43
    assert sorted(name for one in in_use for name in one.names) == sorted(
        name for name, usable in zip(birds.concept_names, usable_concepts(birds).tolist(), strict=True) if usable
    )


def test_the_real_birds_lists_do_not_depend_on_the_order_of_images(birds):
    pixels = birds.images.double().flatten(1) / 255
    found = [lists(pixels, birds, order) for order in orders(len(birds.splits["train"]), 3)]
    assert all(torch.equal(first[0], second[0]) for first, second in pairwise(found))
    assert not torch.equal(found[0][1], found[1][1])
