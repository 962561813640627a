"""Random directions and labels in place of concepts."""

import numpy as np
import torch
from scipy import stats

from sparsight.concepts import concept_values, random_bank, shuffled_labels

NAMES = tuple(f"concept {j}" for j in range(40))


def embeddings(seed=0, n=90, width=25):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, width)) * np.geomspace(0.01, 100, width) + 5)


def test_directions_are_normal_in_the_standardised_space():
    x = embeddings()
    bank = random_bank(x, NAMES)
    assert bank.Q.shape == (40, 25)
    standard = (bank.Q.numpy() * x.numpy().std(axis=0)).ravel()
    assert stats.kstest(standard, "norm").pvalue > 0.01
    assert abs(np.corrcoef(standard.reshape(40, 25))[np.triu_indices(40, 1)]).max() < 0.8
    assert bank.names == NAMES
    assert not bank.dropped
    assert bool((bank.intercepts == 0).all())


def test_values_of_the_standardised_embeddings_do_not_depend_on_their_scale():
    x = embeddings()
    factor, shift = torch.linspace(0.5, 40, 25).double(), torch.arange(25).double()
    values = [concept_values(random_bank(images, NAMES), images, "distance") for images in (x, x * factor + shift)]
    standard = [(own - own.mean(0)) / own.std(0) for own in values]
    torch.testing.assert_close(*standard, rtol=0, atol=1e-9)


def test_networks_of_one_width_share_the_draw_and_others_do_not():
    first, second = embeddings(0), embeddings(1)
    draws = [random_bank(x, NAMES).Q.numpy() * x.numpy().std(axis=0) for x in (first, second)]
    np.testing.assert_allclose(*draws, rtol=1e-12)
    fewer = random_bank(first, NAMES[:39]).Q
    assert not torch.allclose(fewer, random_bank(first, NAMES).Q[:39])


def test_a_channel_that_is_dead_gives_no_division_by_zero():
    x = embeddings()
    x[:, 3] = 0.1
    bank = random_bank(x, NAMES)
    assert bank.Q.isfinite().all()
    assert bool((concept_values(bank, x, "projection").std(0) > 0).all())


def test_shuffled_labels_keep_rows_whole_and_lose_their_images():
    concepts = torch.from_numpy(np.random.default_rng(0).integers(-1, 2, (200, 5)).astype(np.int8))
    shuffled = shuffled_labels(concepts, "train")
    assert sorted(map(tuple, shuffled.tolist())) == sorted(map(tuple, concepts.tolist()))
    agree = (shuffled == concepts).double().mean()
    assert 0.2 < agree < 0.5  # a third by chance
    assert torch.equal(shuffled, shuffled_labels(concepts, "train"))
    assert not torch.equal(shuffled, shuffled_labels(concepts, "test"))
