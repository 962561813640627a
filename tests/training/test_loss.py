"""Class weights, and the loss of auxiliary classifiers."""

from collections import namedtuple
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import log_softmax

from sparsight.models import separated
from sparsight.training import TrainingSettings
from sparsight.training.loss import class_weights, training_loss

DRAW = torch.Generator().manual_seed(0)
LOGITS, FIRST, SECOND = torch.randn(3, 6, 4, generator=DRAW)
LABELS = torch.tensor([0, 3, 1, 1, 0, 2])
Outputs = namedtuple("Outputs", ["logits", "aux_logits2", "aux_logits1"])
BALANCED = TrainingSettings(class_weights="balanced")


def by_hand(logits, weights=None):
    weights = torch.ones(4) if weights is None else weights
    chosen = weights[LABELS]
    return -(chosen * log_softmax(logits, 1)[torch.arange(6), LABELS]).sum() / chosen.sum()


@pytest.mark.parametrize("weights", [None, torch.tensor([0.1, 2.0, 1.0, 5.0])])
def test_auxiliary_classifiers_add_their_loss(weights):
    settings = TrainingSettings(auxiliary_weight=0.3)
    loss, logits = training_loss(Outputs(LOGITS, FIRST, SECOND), LABELS, settings, weights)
    assert logits is LOGITS
    torch.testing.assert_close(loss, by_hand(LOGITS, weights) + 0.3 * sum(by_hand(x, weights) for x in (FIRST, SECOND)))
    loss, _ = training_loss(Outputs(LOGITS, None, None), LABELS, settings, weights)
    torch.testing.assert_close(loss, by_hand(LOGITS, weights))


def test_without_either_it_is_plain_cross_entropy_to_the_bit():
    loss, _ = training_loss(LOGITS, LABELS, TrainingSettings(), None)
    assert torch.equal(loss, torch.nn.functional.cross_entropy(LOGITS, LABELS))
    assert TrainingSettings().auxiliary_weight == 0.4


@pytest.mark.parametrize("output", [(LOGITS, FIRST), {"logits": LOGITS}, Outputs(LOGITS, "x", None), None])
def test_what_has_no_logits(output):
    with pytest.raises(TypeError, match="must give its logits"):
        separated(output)


def test_balanced_weights_make_classes_count_the_same(tiny):
    assert class_weights(tiny, TrainingSettings()) is None
    train = tiny.splits["train"]
    labels = tiny.labels.clone()
    labels[train] = torch.tensor([0] * (len(train) - 5) + [1] * 5)
    weights = class_weights(replace(tiny, labels=labels), BALANCED)
    n = len(train)
    torch.testing.assert_close(weights, torch.tensor([n / (3 * (n - 5)), n / (3 * 5), 0.0]))
    totals = torch.bincount(labels[train], minlength=3) * weights
    torch.testing.assert_close(totals, torch.tensor([n / 3, n / 3, 0.0]))
