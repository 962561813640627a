import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from sparsight.stats import auroc, balanced_accuracy, mean, spread


def test_undefined_values_are_left_out():
    assert mean([1, float("nan"), 3]) == 2
    assert spread([1, float("nan"), 3]) == (1, 3)
    assert math.isnan(mean([]))
    assert math.isnan(spread([float("nan")])[0])


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=50))
def test_auroc_as_scikit_learn_ties_included(pairs):
    scores, positives = np.array(pairs).T
    if len(set(positives)) < 2:
        assert math.isnan(auroc(scores, positives))
    else:
        assert auroc(scores, positives) == pytest.approx(roc_auc_score(positives, scores), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=50))
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_balanced_accuracy_as_scikit_learn(pairs):
    predicted, true = np.array(pairs).T
    assert balanced_accuracy(predicted, true) == pytest.approx(balanced_accuracy_score(true, predicted), abs=1e-12)
