"""Measures become labels by the thirds of the training images."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from sparsight.data.ham10000.concepts import CONCEPTS, SIDE, concepts_of, labelled, measured
from sparsight.data.ham10000.measures import MEASURES


def test_the_upper_third_is_present_and_the_lower_absent():
    values = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [np.nan], [100.0], [-100.0]])
    assert labelled(values, values[:6]).ravel().tolist() == [0, 0, -1, -1, 1, 1, -1, 1, 0]


def test_what_does_not_vary_or_is_never_known_is_unknown():
    values = np.array([[1.0, np.nan], [1.0, np.nan], [2.0, 3.0]])
    assert labelled(values, values[:2]).tolist() == [[-1, -1]] * 3


@given(st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=40), st.floats(-1e6, 1e6))
def test_thresholds_are_those_of_the_training_images_alone(trained, other):
    column = np.array(trained)[:, None]
    more = np.vstack([column, [[other]]])
    assert np.array_equal(labelled(more, column)[:-1], labelled(column, column))


def lesions(side):
    """Discs of radius 5 % to 35 % of the side, ever darker."""
    down, across = np.mgrid[:side, :side] / side - 0.5
    masks = np.stack([down**2 + across**2 <= (0.05 + 0.03 * k) ** 2 for k in range(11)])
    images = np.full((11, side, side, 3), (230, 190, 160), dtype=np.uint8)
    for k in range(11):
        images[k][masks[k]] = (150 - 10 * k, 80 - 5 * k, 60)
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(masks)


def test_size_and_darkness_follow_the_discs():
    labels = concepts_of(*lesions(SIDE), torch.arange(11))
    names = list(CONCEPTS)
    for concept in ("size_large", "colour_dark"):
        assert labels[:, names.index(concept)].tolist() == [0] * 4 + [-1] * 3 + [1] * 4
    assert labels.dtype == torch.int8
    assert set(CONCEPTS.values()) == set(MEASURES)


def test_the_size_of_the_images_hardly_matters():
    small, large = measured(*lesions(SIDE)), measured(*lesions(2 * SIDE))
    near = [k for k, measure in enumerate(CONCEPTS.values()) if measure not in ("asymmetry", "abruptness")]
    assert np.allclose(small[3:, near], large[3:, near], rtol=0.1, atol=0.6)
