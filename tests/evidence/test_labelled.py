"""Concepts that come as example images: what they are learned from, and what of it is kept."""

from dataclasses import replace

import pytest
import torch

from sparsight.concepts import ConceptSettings, held_out, learn_bank
from sparsight.data import normalise
from sparsight.evidence import held_out_labels, usable_concepts, write_evidence
from sparsight.evidence.labelled import Labelled
from sparsight.evidence.store import read_evidence
from sparsight.models import ModelSettings, build_model, evaluating, find_split, forward_parts
from sparsight.pruning import full_mask, prunable
from tests.evidence.test_collect import look


@pytest.fixture
def model():
    return build_model(ModelSettings(), 3, 0)


@pytest.fixture
def shown(tiny):
    """The tiny data set with concepts known of 40 examples only; the third of them is constant."""
    draw = torch.Generator().manual_seed(1)
    labels = torch.randint(0, 2, (40, 3), generator=draw).to(torch.int8)
    labels[:, 2] = 1
    labels[5] = -1
    images = torch.randint(0, 100, (40, 3, 16, 16), generator=draw, dtype=torch.uint8)
    images[:, 0] += (120 * (labels[:, 0] == 1)).to(torch.uint8).view(-1, 1, 1)
    return replace(
        tiny,
        concepts=torch.full((len(tiny), 3), -1, dtype=torch.int8),
        concept_names=("red", "drawn", "always"),
        concept_groups=("colour", "drawn", "always"),
        example_images=images,
        example_concepts=labels,
        example_held_out=torch.arange(40) % 4 == 0,
    )


def test_concepts_are_learned_from_examples_and_tested_on_those_held_out(model, shown):
    found = look(model, shown).concepts
    cpu, held = torch.device("cpu"), shown.example_held_out
    cut = find_split(ModelSettings(), model, normalise(shown.images[:2], shown, cpu))
    with torch.no_grad(), evaluating(model):
        phi = forward_parts(model, cut, normalise(shown.example_images, shown, cpu)).embedding
    assert usable_concepts(shown).tolist() == [True, True, False]
    assert found.bank.names == ("red", "drawn")
    bank = learn_bank(phi[~held], shown.example_concepts[~held][:, :2], ("red", "drawn"), ConceptSettings())
    torch.testing.assert_close(found.bank.Q, bank.Q, rtol=1e-4, atol=1e-7)
    told = held_out(bank, phi[held], shown.example_concepts[held][:, :2])
    torch.testing.assert_close(found.held_out.auroc, told.auroc)
    assert float(told.auroc[0]) > 0.9
    assert torch.equal(held_out_labels(shown), shown.example_concepts[held][:, :2])
    torch.testing.assert_close(found.examples, phi[held], rtol=1e-4, atol=1e-5)


def test_g_is_learned_from_the_data_sets_own_images(model, shown):
    found = look(model, shown).concepts
    assert {split: len(logits) for split, logits in found.logits.items()} == {
        split: len(chosen) for split, chosen in shown.splits.items()
    }
    assert all(refit.Q.shape == found.bank.Q.shape for refit in found.controls.refits)
    assert found.controls.shuffled_auroc.shape == (2,)


def test_embeddings_of_the_examples_held_out_are_kept(model, shown, tiny, tmp_path):
    mask = full_mask(model.state_dict(), prunable(model))
    write_evidence(tmp_path / "shown", look(model, shown), mask, keep_embeddings=False)
    write_evidence(tmp_path / "own", look(model, tiny), mask, keep_embeddings=False)
    assert read_evidence(tmp_path / "shown")["embedding/examples"].shape == (10, 64)
    assert "embedding/examples" not in read_evidence(tmp_path / "own")


def test_examples_are_drawn_again_by_a_draw_of_their_own():
    phi, labels = torch.arange(12.0).view(6, 2), torch.zeros(6, 1, dtype=torch.int8)
    images = torch.tensor([0, 0, 1])
    assert torch.equal(Labelled(phi, labels, False).resampled(1, images).embedding, phi[images])
    first, again, other = (Labelled(phi, labels, True).resampled(b, images).embedding for b in (1, 1, 2))
    assert len(first) == 6
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
