"""What concepts and g are read against, made again with scikit-learn and by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from sparsight.concepts import ConceptSettings, concept_values, fit_pcbm, learn_bank, predict, random_bank
from sparsight.draws import generator
from sparsight.evidence.controls import learn_controls
from sparsight.evidence.labelled import Labelled

NAMES = ("red", "green", "drawn")
SETTINGS = ConceptSettings(C=1.0)
SIZES = {"train": 90, "validation": 30, "test": 45}


@pytest.fixture(scope="module")
def looked():
    """Embeddings that tell two concepts and hardly the third, their labels, and the classes."""
    draws = np.random.default_rng(5)
    concepts = {name: draws.integers(0, 2, (n, 3)).astype(np.int8) for name, n in SIZES.items()}
    embeddings = {
        name: draws.normal(size=(n, 7)) * np.arange(1, 8)
        + np.pad(4.0 * concepts[name] * np.array([1, 2, 0.1]), ((0, 0), (0, 4)))
        for name, n in SIZES.items()
    }
    labels = torch.from_numpy(concepts["train"][:, 0] + concepts["train"][:, 1]).long()
    return (
        {name: torch.from_numpy(own).float() for name, own in embeddings.items()},
        {name: torch.from_numpy(own) for name, own in concepts.items()},
        labels,
    )


def learned(looked, refits=0, settings=SETTINGS):
    embeddings, concepts, labels = looked
    told = (Labelled(embeddings[split], concepts[split], False) for split in ("train", "test"))
    return learn_controls(embeddings, *told, labels, NAMES, 3, settings, refits)


def test_g_on_random_directions_reads_the_paper_values_of_the_stored_directions(looked):
    embeddings, _, labels = looked
    found = learned(looked)
    np.testing.assert_array_equal(found.random_directions, random_bank(embeddings["train"], NAMES).Q)
    q = found.random_directions.numpy()
    values = {name: own.double().numpy() @ q.T / (q**2).sum(1) for name, own in embeddings.items()}
    g = fit_pcbm(torch.from_numpy(values["train"]), labels, 3, SETTINGS)
    torch.testing.assert_close(found.random_weights, g.weights, rtol=0, atol=1e-6)
    for name, own in values.items():
        torch.testing.assert_close(found.random[name], predict(g, torch.from_numpy(own)), rtol=0, atol=1e-5)


def test_shuffled_labels_are_told_no_better_than_by_lot(looked):
    embeddings, concepts, _ = looked
    found = learned(looked)
    order = {
        name: torch.randperm(SIZES[name], generator=generator("random labels", name, SIZES[name]))
        for name in ("train", "test")
    }
    scaler = StandardScaler().fit(embeddings["train"].double().numpy())
    x, y = (scaler.transform(embeddings[name].double().numpy()) for name in ("train", "test"))
    for j in range(3):
        peer = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(x, concepts["train"][order["train"], j])
        area = roc_auc_score(concepts["test"][order["test"], j], peer.decision_function(y))
        assert float(found.shuffled_auroc[j]) == pytest.approx(area, abs=1e-9)
    assert bool((found.shuffled_auroc < 0.75).all())
    bank = learn_bank(embeddings["train"], concepts["train"], NAMES, SETTINGS)
    scores = embeddings["test"].double() @ bank.Q.T
    told = [roc_auc_score(concepts["test"][:, j], scores[:, j]) for j in range(2)]
    assert min(told) > 0.75, "the true labels can be told here"


def test_refits_are_fits_on_the_images_that_were_drawn(looked):
    embeddings, concepts, labels = looked
    found = learned(looked, refits=2)
    assert len(found.refits) == 2
    for b, refit in enumerate(found.refits, start=1):
        drawn = torch.randint(0, 90, (90,), generator=generator("refit", b, 90))
        assert 45 < len(drawn.unique()) < 70  # 63 % of the images are in a bootstrap sample
        x = embeddings["train"][drawn].double().numpy()
        scaler = StandardScaler().fit(x)
        for j in range(3):
            peer = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000)
            peer.fit(scaler.transform(x), concepts["train"][drawn, j])
            np.testing.assert_allclose(refit.Q[j], peer.coef_[0] / scaler.scale_, rtol=0, atol=1e-5)
            shift = peer.intercept_[0] - (peer.coef_[0] / scaler.scale_) @ scaler.mean_
            assert float(refit.intercepts[j]) == pytest.approx(shift, abs=1e-4)
        q = refit.Q.numpy()
        g = fit_pcbm(torch.from_numpy(x @ q.T / (q**2).sum(1)), labels[drawn], 3, SETTINGS)
        torch.testing.assert_close(refit.weights, g.weights, rtol=0, atol=1e-6)
    first, second = found.refits
    assert not torch.allclose(first.Q, second.Q, atol=1e-3)


@pytest.mark.parametrize("value", ["projection", "distance", "sigmoid"])
def test_a_concept_that_is_constant_in_a_sample_has_no_direction_there_and_the_others_are_as_without_it(looked, value):
    embeddings, concepts, labels = looked
    drawn = torch.randint(0, 90, (90,), generator=generator("refit", 1, 90))
    missing = int(next(i for i in range(90) if i not in drawn))
    rare = {name: own.clone() for name, own in concepts.items()}
    rare["train"][:, 1] = 0
    rare["train"][missing, 1] = 1  # one image has it, and the first sample does not hold that image
    settings = SETTINGS.model_copy(update={"value": value})
    found = learned((embeddings, rare, labels), 1, settings).refits[0]
    assert bool((found.Q[1] == 0).all())
    assert float(found.intercepts[1]) == 0
    assert bool((found.weights[:, 1] == 0).all())
    kept = learn_bank(embeddings["train"][drawn], rare["train"][drawn][:, [0, 2]], ("red", "drawn"), settings)
    torch.testing.assert_close(found.Q[[0, 2]], kept.Q, rtol=0, atol=1e-9)
    values = torch.zeros(90, 3, dtype=torch.float64)
    values[:, [0, 2]] = concept_values(kept, embeddings["train"][drawn], value)
    g = fit_pcbm(values, labels[drawn], 3, settings)
    torch.testing.assert_close(found.weights, g.weights, rtol=0, atol=1e-6)
    assert bool((found.weights[:, [0, 2]].abs().amax(0) > 0).any())


def test_arrays_hold_everything_but_the_training_images_logits(looked):
    found = learned(looked, refits=1)
    arrays = found.tensors()
    assert arrays.keys() == {
        *("g-random/Q", "g-random/weights", "gates/shuffled_auroc"),
        *(f"g-random/logits/{split}" for split in ("validation", "test")),
        *(f"refit/1/{name}" for name in ("Q", "intercepts", "weights")),
    }
    for split in ("validation", "test"):
        assert torch.equal(arrays[f"g-random/logits/{split}"], found.random[split])
    assert not any(name.startswith("refit") for name in replace(found, refits=()).tensors())
