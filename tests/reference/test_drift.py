"""Every measure of drift and localisation against scipy, scikit-learn, or its paper's formula written out again.

The localisation measures are held against plain numpy after scipy's resizing: the library that has them brings a second
OpenCV beside the one that grad-cam needs.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import jaccard_score, zero_one_loss

from sparsight import drift, saliency

SEEDS = st.integers(0, 2**31)


def numbers(seed, *shape, levels=None):
    """Normal numbers, or whole ones with many ties."""
    draws = np.random.default_rng(seed)
    return draws.normal(size=shape) if levels is None else draws.integers(-levels, levels, shape).astype(float)


def apart(correlation, first, second):
    """1 - ``by_row``; 1 where one row of two is constant."""
    alone = (np.ptp(first, axis=1) == 0) ^ (np.ptp(second, axis=1) == 0)
    return np.where(alone, 1.0, 1 - by_row(correlation, first, second))


def by_row(correlation, first, second):
    """NaN where a row is constant, where scipy warns."""
    flat = (np.ptp(first, axis=1) == 0) | (np.ptp(second, axis=1) == 0)
    pairs = enumerate(zip(first, second, strict=True))
    return np.array([math.nan if flat[i] else correlation(x, y).statistic for i, (x, y) in pairs])


def agree(found, expected, atol=1e-12):
    np.testing.assert_allclose(np.asarray(found), expected, rtol=0, atol=atol)


def order(row):
    """The concepts of positive weight, largest first, of equal ones the smaller index first."""
    return sorted((i for i in range(len(row)) if row[i] > 0), key=lambda i: (-row[i], i))


def rbo_ext(one, other, p):
    """Webber, Moffat and Zobel 2010, eq. 32, with X_d counted over again at every depth."""
    S, L = sorted((one, other), key=len)
    s, l = len(S), len(L)  # noqa: E741 - the paper's letters

    def X(d):  # noqa: N802
        return len(set(S[:d]) & set(L[:d]))

    seen = sum(X(d) / d * p**d for d in range(1, l + 1))
    beyond = sum(X(s) * (d - s) / (s * d) * p**d for d in range(s + 1, l + 1))
    return (1 - p) / p * (seen + beyond) + ((X(l) - X(s)) / l + X(s) / s) * p**l


def hsic(K, L):
    """Song et al. 2012, eq. 5, the unbiased estimate, of Gram matrices whose diagonals are set to 0."""
    n, ones = len(K), np.ones(len(K))
    K, L = K - np.diag(np.diag(K)), L - np.diag(np.diag(L))
    sums = (ones @ K @ ones) * (ones @ L @ ones) / ((n - 1) * (n - 2))
    return (np.trace(K @ L) + sums - 2 / (n - 2) * (ones @ K @ L @ ones)) / (n * (n - 3))


@settings(deadline=None)
@given(SEEDS, st.sampled_from([2, 5, None]), st.integers(1, 6))
def test_lists_and_their_overlap(seed, levels, top):
    first, second = numbers(seed, 2, 6, 8, levels=levels)
    lists = [[order(row)[:top] for row in side] for side in (first, second)]
    found = [drift.listed(torch.from_numpy(side), top) for side in (first, second)]
    for side, expected in zip(found, lists, strict=True):
        assert side.tolist() == [row + [-1] * (top - len(row)) for row in expected]
    marks = [np.array([[i in row for i in range(8)] for row in side]) for side in lists]
    overlap = [jaccard_score(a, b) if a.any() or b.any() else math.nan for a, b in zip(*marks, strict=True)]
    agree(drift.top_k_jaccard(*found), 1 - np.array(overlap))


@settings(deadline=None)
@given(SEEDS, st.sampled_from([2, 5, None]), st.sampled_from([0.1, 0.5, 0.9, 0.98]))
def test_rank_biased_overlap(seed, levels, p):
    first, second = numbers(seed, 2, 6, 8, levels=levels)
    first[0], second[1] = -1, 0
    expected = []
    for a, b in zip(first, second, strict=True):
        one, other = order(a), order(b)
        expected.append(1 - rbo_ext(one, other, p) if one and other else 1.0 if one or other else math.nan)
    agree(drift.rank_biased_overlap(torch.from_numpy(first), torch.from_numpy(second), persistence=p), expected)


@settings(deadline=None)
@given(SEEDS, st.sampled_from([1, 3, None]))
def test_rows_of_g_and_concept_values(seed, levels):
    first, second = numbers(seed, 2, 5, 7, levels=levels)
    a, b = torch.from_numpy(first), torch.from_numpy(second)
    agree(drift.weight_spearman(a, b), apart(spearmanr, first, second))
    agree(drift.weights_against_truth(a, b), by_row(spearmanr, first, second))
    agree(drift.value_agreement(a, b), apart(pearsonr, first.T, second.T))
    agree(drift.effect_drift(a, b), apart(pearsonr, first, second))


@settings(deadline=None)
@given(SEEDS)
def test_groups(seed):
    weights = numbers(seed, 4, 9)
    groups = [f"group {i}" for i in np.random.default_rng(seed).integers(0, 4, 9)]
    sums, names = drift.by_group(torch.from_numpy(weights), [(group,) for group in groups])
    assert list(names) == sorted(set(groups), key=groups.index)
    for j, name in enumerate(names):
        own = [i for i, group in enumerate(groups) if group == name]
        agree(sums[:, j], np.maximum(weights[:, own], 0).sum(1))


@settings(deadline=None)
@given(SEEDS, st.sampled_from([1, 3, None]), st.sampled_from([0.05, 0.2, 0.5, 1.0]))
def test_maps(seed, levels, share):
    first, second = numbers(seed, 2, 6, 5, 4, levels=levels)
    first[0] = -1
    a, b = torch.from_numpy(first), torch.from_numpy(second)
    positive = [np.maximum(side, 0).reshape(6, -1) for side in (first, second)]
    agree(drift.map_spearman(a, b), apart(spearmanr, *positive))
    expected = []
    for x, y in zip(*positive, strict=True):
        least = [sorted(side, reverse=True)[math.ceil(share * 20) - 1] for side in (x, y)]
        top = [(side >= at) & (side > 0) for side, at in zip((x, y), least, strict=True)]
        expected.append(1 - jaccard_score(*top) if x.any() or y.any() else math.nan)
    agree(drift.map_iou(a, b, share), expected)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from([(20, 3, 4), (6, 30, 4), (6, 9, 11), (40, 5, 5)]))
def test_linear_cka(seed, sizes):
    n, first, second = sizes
    X, Y = numbers(seed, n, first), numbers(seed + 1, n, second)
    Y[:, :2] += X[:, :2]
    K, L = X @ X.T, Y @ Y.T
    expected = 1 - hsic(K, L) / math.sqrt(hsic(K, K) * hsic(L, L))
    assert drift.linear_cka(torch.from_numpy(X), torch.from_numpy(Y)) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(SEEDS)
def test_answers(seed):
    first, second = np.random.default_rng(seed).integers(0, 4, (2, 30))
    flipped = drift.flips(torch.from_numpy(first), torch.from_numpy(second))
    assert float(flipped.double().mean()) == pytest.approx(zero_one_loss(first, second))


@settings(deadline=None)
@given(SEEDS, st.sampled_from([2, None]))
def test_visible_parts_one_image_at_a_time(seed, levels):
    first, second = numbers(seed, 2, 12, 6, levels=levels)
    visible = np.random.default_rng(seed).random((12, 6)) > 0.4
    tensors = [torch.from_numpy(array) for array in (first, second, visible)]
    for found, measure, correlation in (
        (drift.energy_against_truth(*tensors), by_row, spearmanr),
        (drift.effect_drift(*tensors), apart, pearsonr),
    ):
        expected = [
            measure(correlation, x[None, seen], y[None, seen])[0] if seen.sum() >= 3 else math.nan
            for x, y, seen in zip(first, second, visible, strict=True)
        ]
        agree(found, expected)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from([(4, 4), (7, 5), (8, 8)]), st.sampled_from([(8, 8), (31, 24), (64, 64)]))
def test_localisation(seed, small, large):
    maps, masks = numbers(seed, 4, *small), numbers(seed + 1, 4, *large) > 0.8
    maps[0] = -1
    parts = np.random.default_rng(seed).integers(0, 6, (4, *large)).astype(np.uint8)
    shares, areas, hits = [], [], []
    for one, mask, part in zip(maps, masks, parts, strict=True):
        zoom = np.divide(large, small)
        shown = ndimage.zoom(np.maximum(one, 0), zoom, order=1, mode="nearest", grid_mode=True)
        whole = shown.sum()
        shares.append([shown[part == i].sum() / whole if whole else math.nan for i in range(1, 6)])
        areas.append([(part == i).mean() for i in range(1, 6)])
        highest = shown > shown.max() - 1e-9
        hits.append(mask[highest].mean() if whole and mask.any() else math.nan)
    tensors = torch.from_numpy(maps), torch.from_numpy(parts)
    agree(saliency.part_energy(*tensors, 5), shares)
    agree(saliency.part_area(tensors[1], 5), areas, atol=1e-7)
    agree(saliency.pointing_game(tensors[0], torch.from_numpy(masks)), hits)
