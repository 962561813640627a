"""Every cell of ``drift.csv`` and every value of ``drift.safetensors``, from the networks' files without sparsight."""

import numpy as np
import pytest
from safetensors.torch import load_file
from scipy.stats import rankdata

from tests.results.made import (
    CONTROLS,
    PARENTS,
    RELEASED,
    ROUNDS,
    ROWS,
    SEEDS,
    TARGETS,
    Made,
    average,
    ranked,
    same,
    top,
)

nan = float("nan")
PRIMARY = {
    *(("concepts", name, "") for name in ("top_k_jaccard", "weight_spearman", "value_agreement")),
    *(("pixels", name, "dense") for name in ("map_spearman", "map_iou_20")),
    ("representation", "linear_cka", ""),
}
COLUMNS = (
    *("reference_arm", "reference_seed", "reference_repeat", "reference_round"),
    *("family", "metric", "method", "target", "split", "unit", "unit_id"),
)


def by_row(first, second, ranks=False):
    """1 - Pearson's or Spearman's correlation of the rows; 1 where one is constant, NaN where both are."""
    if ranks:
        first, second = rankdata(first, axis=1), rankdata(second, axis=1)
    flat = [np.ptp(side, axis=1) == 0 for side in (first, second)]
    pairs = zip(first, second, *flat, strict=True)
    return np.array([(nan if a and b else 1) if a or b else 1 - np.corrcoef(x, y)[0, 1] for x, y, a, b in pairs])


def rank_biased(one, other, p=0.9):
    """Webber, Moffat and Zobel 2010, eq. 32."""
    if not one or not other:
        return 1.0 if one or other else nan
    short, long = sorted((one, other), key=len)
    s, n = len(short), len(long)
    common = [len(set(short[:d]) & set(long[:d])) for d in range(n + 1)]
    seen = sum(common[d] / d * p**d for d in range(1, n + 1))
    seen += sum(common[s] * (d - s) / (s * d) * p**d for d in range(s + 1, n + 1))
    return 1 - ((1 - p) / p * seen + ((common[n] - common[s]) / n + common[s] / s) * p**n)


def overlaps(first, second):
    """Jaccard and overlap of lists."""
    for a, b in zip(map(set, first), map(set, second), strict=True):
        union, longer = len(a | b), max(len(a), len(b))
        yield (1 - len(a & b) / union, 1 - len(a & b) / longer) if union else (nan, nan)


def grouped(made: Made, weights):
    groups = [[made.note["concept_groups"][j] for j in columns] for columns in made.in_use]
    every = [group for own in groups for group in own]
    share = np.array([[own.count(name) / len(own) for name in sorted(set(every), key=every.index)] for own in groups])
    return np.maximum(weights, 0) @ share


def of_concepts(made: Made, weights, values):
    """Of g's rows and of the concepts' values: kind and values by class or concept."""
    sums = [ranked(grouped(made, own)) for own in weights]
    weights = [ranked(own) for own in weights]
    jaccard, overlap = zip(*overlaps(*map(top, weights)), strict=True)
    every = [top(own, own.shape[1]) for own in weights]
    for metric, found in {
        "top_k_overlap": overlap,
        "top_k_jaccard": jaccard,
        "rank_biased_overlap": [rank_biased(a, b) for a, b in zip(*every, strict=True)],
        "weight_spearman": by_row(*weights, ranks=True),
        "group_top_k_jaccard": [one for one, _ in overlaps(*map(top, sums))],
        "group_spearman": by_row(*sums, ranks=True),
    }.items():
        yield ("concepts", metric, "pcbm", "", "train"), "class", np.array(found)
    yield ("concepts", "value_agreement", "predictor", "", "test"), "concept", by_row(values[0].T, values[1].T)


def brightest(maps):
    """The 20 % of the positions, 4 of 16, of largest positive values, ties in or out together."""
    least = np.sort(maps, axis=1)[:, -4:-3]
    return (maps >= least) & (maps > 0)


def of_images(made: Made, dense, other, targets):
    for t in targets:
        maps = [np.maximum(made.numbers(side, "saliency/maps")[:, t].reshape(36, -1), 0) for side in (dense, other)]
        assert maps[0].shape[1] == 16
        dead = (maps[0].max(1) == 0) & (maps[1].max(1) == 0)
        a, b = map(brightest, maps)
        with np.errstate(invalid="ignore"):
            iou = np.where(dead, nan, 1 - (a & b).sum(1) / (a | b).sum(1))
        for metric, found in (("map_spearman", by_row(*maps, ranks=True)), ("map_iou_20", iou)):
            yield ("pixels", metric, "gradcam@4x4", TARGETS[t], "test"), "image", found
    answers = [made.numbers(side, "logits/test").argmax(1) for side in (dense, other)]
    yield ("accuracy", "flips", "f", "", "test"), "image", (answers[0] != answers[1]).astype(float)


def unbiased(first, second):
    """Products of U-centred Gram matrices (Székely and Rizzo 2014), summed over pairs of different images."""
    sides = []
    for gram in (first, second):
        n, gram = len(gram), gram - np.diag(np.diag(gram))
        sums = gram.sum(0) / (n - 2)
        sides.append(gram - sums - sums[:, None] + gram.sum() / ((n - 1) * (n - 2)))
    return (sides[0] * sides[1])[~np.eye(n, dtype=bool)].sum()


def of_embeddings(made: Made, dense, other):
    x, y = (own - own.mean(0) for own in (made.numbers(side, "embedding/test") for side in (dense, other)))
    shared, own, others = (unbiased(a @ a.T, b @ b.T) for a, b in ((x, y), (x, x), (y, y)))
    yield (
        ("representation", "linear_cka", "debiased", "", "test"),
        "all",
        np.array([1 - shared / np.sqrt(own * others)]),
    )


def of_truth(made: Made, dense, other):
    sides = [made.numbers(side, "interventions/concepts").mean(0).T for side in (dense, other)]
    yield ("truth", "do_concept", "intervention", "", "test"), "class", by_row(*sides)
    explained = made.numbers(dense, "logits/test").argmax(1)
    for kind in ("part", "habitat"):
        moved = []
        for side in (dense, other):
            change = made.numbers(side, f"interventions/{kind}s")
            moved.append([own[:, k] - own.mean(1) for own, k in zip(change, explained, strict=False)])
        found = []
        for i, (x, y) in enumerate(zip(*moved, strict=True)):
            seen = [bool((made.parts[i] == p + 1).any()) or kind == "habitat" for p in range(len(x))]
            found.append(by_row(x[None, seen], y[None, seen])[0] if sum(seen) >= 3 else nan)
        yield ("truth", f"do_{kind}", "intervention", "dense", "test"), "image", np.array(found)


def compared(made: Made, dense, other, *, seeds=False):
    weights = [made.numbers(side, "g/weights") for side in (dense, other)]
    yield from of_concepts(made, weights, [made.values(side, "test") for side in (dense, other)])
    yield from of_images(made, dense, other, range(2) if seeds else range(3))
    yield from of_embeddings(made, dense, other)
    if not seeds:
        yield from of_truth(made, dense, other)


def written(made: Made, drifts, answers=None):
    """Rows by class, concept or stratum and for all."""
    labels = made.labels("test")
    for kind, unit, values in drifts:
        primary = (*kind[:2], kind[3]) in PRIMARY
        if unit in ("class", "concept"):
            names = made.classes if unit == "class" else [made.called(columns) for columns in made.in_use]
            yield from (((*kind, unit, name), value) for name, value in zip(names, values.tolist(), strict=True))
        elif unit == "image" and (primary or kind[0] == "accuracy"):
            for k, name in enumerate(made.classes):
                yield (*kind, "class", name), average(values[labels == k])
        if kind[0] == "pixels" and answers is not None:
            first, second = answers
            right = (first == labels) & (second == labels)
            for name, those in (
                ("both right", right),
                ("flipped", first != second),
                ("both wrong", (first == second) & ~right),
            ):
                yield (*kind, "stratum", name), average(values[those])
        yield (*kind, "all", ""), average(values)
        if kind[0] == "pixels" and np.isnan(values).any():
            yield (*kind, "undefined", ""), np.isnan(values).sum()


def parent(rule, seed):
    return (f"dense:{rule}", str(seed), "0", "0")


@pytest.fixture(scope="module")
def expected(made):
    """Rows by kind of comparison."""
    found = {kind: {} for kind in ("dense", "seeds", "refits", "inheritance")}
    for key, (folder, dense) in ROWS.items():
        if key[0].startswith("dense:"):
            continue
        reference = next(name for name, places in ROWS.items() if places[0] == dense and name[0].startswith("dense:"))
        drifts = list(compared(made, dense, folder))
        answers = [made.numbers(side, "logits/test").argmax(1) for side in (dense, folder)]
        found["dense"] |= {(*key, *reference, *cell): value for cell, value in written(made, drifts, answers)}
        if key[0] in CONTROLS and key[3] != "0":
            rule = CONTROLS[key[0]]
            control = (f"retrain:{rule}", key[1], "1", key[3] if rule != "right" else "0")
            for kind, _, values in compared(made, ROWS[control][0], folder):
                if (*kind[:2], kind[3]) in PRIMARY:
                    found["inheritance"][(*key, *control, *kind, "all", "")] = average(values)
    for rule in ("right", RELEASED):
        for second in SEEDS:
            for first in range(second):
                drifts = compared(made, f"dense/{rule}/seed-{first}", f"dense/{rule}/seed-{second}", seeds=True)
                names = (*parent(rule, second), *parent(rule, first))
                found["seeds"] |= {(*names, *cell): value for cell, value in written(made, drifts)}
            folder = f"dense/{rule}/seed-{second}"
            q, phi = made.numbers(folder, "refit/1/Q"), made.numbers(folder, "embedding/test")
            size = (q**2).sum(1)
            values = phi @ q.T / np.where(size > 0, size, 1)
            weights = [made.numbers(folder, name) for name in ("g/weights", "refit/1/weights")]
            drifts = of_concepts(made, weights, [made.values(folder, "test"), values])
            names = (f"refit:{rule}", str(second), "1", "0", *parent(rule, second))
            found["refits"] |= {(*names, *cell): value for cell, value in written(made, drifts)}
    return found


@pytest.fixture(scope="module")
def table(made):
    return made.table("drift", *COLUMNS)


def kind_of(key):
    if key[0].startswith(("dense:", "refit:")):
        return "seeds" if key[0].startswith("dense:") else "refits"
    return "inheritance" if key[4].startswith("retrain:") else "dense"


@pytest.mark.parametrize("kind", ["dense", "seeds", "refits", "inheritance"])
def test_drift(table, expected, kind):
    found = {key: value for key, value in table.items() if kind_of(key) == kind}
    same(found, expected[kind], 1e-7)
    assert any(value > 0 for value in found.values())


def test_every_comparison_is_named(table):
    assert {(kind_of(key), key[0], key[4], key[3], key[7]) for key in table} == {
        *(("dense", arm, f"dense:{rule}", str(r), "0") for arm, rule in PARENTS.items() for r in ROUNDS),
        ("dense", "retrain:right", "dense:right", "0", "0"),
        *(("dense", f"retrain:{CONTROLS['released-code']}", f"dense:{RELEASED}", str(r), "0") for r in ROUNDS[1:]),
        *(("seeds", f"dense:{rule}", f"dense:{rule}", "0", "0") for rule in PARENTS.values()),
        *(("refits", f"refit:{rule}", f"dense:{rule}", "0", "0") for rule in PARENTS.values()),
        *(("inheritance", "magnitude", "retrain:right", str(r), "0") for r in ROUNDS[1:]),
        *(("inheritance", "released-code", f"retrain:{CONTROLS['released-code']}", str(r), str(r)) for r in ROUNDS[1:]),
    }


def test_round_0_is_at_no_distance_from_itself(table):
    of_round = {key: value for key, value in table.items() if key[3] == "0" and key[0] in PARENTS}
    own = {key: value for key, value in of_round.items() if key[13] != "undefined"}
    assert {value for value in own.values() if value == value} == {0.0}
    assert {key[9] for key in own} >= {"map_spearman", "weight_spearman", "linear_cka", "flips", "do_concept"}


def test_means_are_over_what_is_defined(table):
    """Of some networks some maps are dead: what is left counts, and nothing is taken for 0."""
    units = {key for key, value in table.items() if key[9] == "map_iou_20" and value != value}
    assert units, "no map is dead in this study"
    assert all(
        value > 0 for key, value in table.items() if key[9] == "map_iou_20" and key[13] == "all" and key[3] == "3"
    )


def test_raw_values_of_images_stand_beside_the_table(made, expected):
    arrays = load_file(made.run / "results" / "drift.safetensors")
    names = set()
    for key, (folder, dense) in ROWS.items():
        if key[0].startswith("dense:"):
            continue
        arm, seed, repeat, round_ = key
        home = f"{arm}/seed-{seed}/repeat-{repeat or 0}/round-{int(round_):02d}"
        for kind, unit, values in compared(made, dense, folder):
            if unit == "image":
                name = f"{home}/{kind[1]}/{kind[3]}"
                names.add(name)
                np.testing.assert_allclose(arrays[name].numpy(), values, rtol=0, atol=1e-6, err_msg=name)
    assert arrays.keys() == names
