"""The linear probe against scikit-learn, and where a class has no images or all of them."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sparsight.concepts import ConceptSettings, probe_logits

C = ConceptSettings().C


def draw(n=150, width=6, classes=4, seed=0):
    draws = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    x = draws.normal(size=(n, width)) * np.arange(1, width + 1) + 3
    x[:, :classes] += 1.5 * np.eye(classes)[labels]
    return torch.from_numpy(x).float(), torch.from_numpy(labels)


@pytest.mark.parametrize("strength", [C, 1.0])
def test_scores_are_those_of_one_logistic_regression_a_class(strength):
    x, labels = draw()
    others = draw(n=40, seed=1)[0]
    found = probe_logits(x, labels, 4, strength, (others, others[:3]))
    assert [tuple(part.shape) for part in found] == [(150, 4), (40, 4), (3, 4)]
    scaler = StandardScaler().fit(x.double().numpy())
    for k in range(4):
        peer = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
        peer.fit(scaler.transform(x.double().numpy()), labels.numpy() == k)
        for part, images in zip(found, (x, others, others[:3]), strict=True):
            expected = peer.decision_function(scaler.transform(images.double().numpy()))
            np.testing.assert_allclose(part[:, k].numpy(), expected, rtol=0, atol=1e-5)


def test_standardisation_is_that_of_the_training_images():
    x, labels = draw()
    moved = x * 100 - 7
    plain, far = probe_logits(x, labels, 4, C, (x[:5],)), probe_logits(moved, labels, 4, C, (moved[:5],))
    torch.testing.assert_close(plain[1], far[1], rtol=0, atol=1e-4)
    assert not torch.allclose(plain[1], probe_logits(x, labels, 4, C, (moved[:5],))[1], atol=0.1)


def test_a_class_without_training_images_is_never_predicted_and_does_not_matter_to_the_others():
    x, labels = draw()
    spread = torch.tensor([0, 1, 3, 4])[labels]  # class 2 has no images
    (found,) = probe_logits(x, spread, 5, C)
    assert bool((found[:, 2] == -torch.inf).all())
    torch.testing.assert_close(found[:, [0, 1, 3, 4]], probe_logits(x, labels, 4, C)[0], rtol=0, atol=1e-9)
    assert 2 not in found.argmax(1)


def test_a_single_class_is_always_predicted():
    x, _ = draw(n=12)
    found = probe_logits(x, torch.full((12,), 1), 3, C, (x * 50,))
    for part in found:
        assert part[0].tolist() == [-torch.inf, 0.0, -torch.inf]
        assert bool((part.argmax(1) == 1).all())


def test_a_dead_embedding_gives_each_class_its_share():
    _, labels = draw(n=120, classes=3)
    x = torch.full((120, 5), 0.3)
    (found,) = probe_logits(x, labels.clamp(max=1), 2, C)  # a third of class 0, two thirds of class 1
    assert bool((found == found[0]).all())
    np.testing.assert_allclose(found[0].numpy(), [np.log(1 / 2), np.log(2)], atol=1e-6)


def test_a_fresh_head_finds_what_a_ruined_one_has_lost():
    """Why the probe is there: the embedding still tells the classes though no head reads it."""
    x, labels = draw(n=400)
    found = probe_logits(x, labels, 4, 1.0)[0].argmax(1)
    assert float((found == labels).double().mean()) > 0.5
    assert found.unique().numel() == 4
