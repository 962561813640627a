"""The rows of ``verdict.csv`` and what stands above them, made again from the other tables by pandas and scipy."""

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sparsight.ceiling import unrelated
from sparsight.comparison import CORRELATIONS
from sparsight.results.pairs import comparing
from sparsight.results.verdict import judge
from sparsight.verdict.needed import seeds_needed
from tests.results.made import CONTROLS, FOLDERS, PARENTS, ROUNDS, ROWS, SEEDS, average, ranked

ARMS, TICKETS, S = tuple(PARENTS), ROUNDS[1:], len(SEEDS)
KEY = ["family", "metric", "method", "target"]
PRIMARY = {
    **dict.fromkeys(("top_k_jaccard", "weight_spearman", "value_agreement", "linear_cka"), ""),
    **dict.fromkeys(("map_spearman", "map_iou_20"), "dense"),
}
CONCEPTS, MAPS = ("top_k_jaccard", "weight_spearman", "value_agreement"), ("map_spearman", "map_iou_20")
TEXT = ("arm", "axis", *KEY, "verdict", "reason", "reference_arm", "split", "model", "unit", "unit_id", "repeat")
MARGIN, LEAST, LEVEL = 0.5, 0.02, 0.05


def read(run, name) -> pd.DataFrame:
    text = (run / "results" / f"{name}.csv").read_text(encoding="utf-8")
    header = text.partition("\n")[0].split(",")
    kinds = {column: str for column in TEXT if column in header}
    frame = pd.read_csv(
        io.StringIO(text), dtype=kinds, keep_default_na=False, na_values={c: [""] for c in header if c not in kinds}
    )
    assert list(frame.columns) == header
    return frame


@pytest.fixture(scope="module")
def tables(run):
    return {name: read(run, name) for name in ("verdict", "drift", "accuracy", "faithfulness")}


@pytest.fixture(scope="module")
def document(run):
    return json.loads((run / "results" / "verdict.json").read_text())


@pytest.fixture(scope="module")
def dead(made):
    """Of each arm, the rounds in which some seed has dead maps in more than a fifth of the images, and the worst."""
    shares = {}
    for (arm, seed, _, r), (folder, _) in ROWS.items():
        if arm in ARMS and r != "0":
            maps = made.evidence[folder]["saliency/maps"][:, 2].flatten(1)
            shares.setdefault((arm, int(r)), {})[seed] = float((maps <= 0).all(1).double().mean())
    return {place: own for place, own in shares.items() if max(own.values()) > 0.2}


def pivot(rows: pd.DataFrame) -> np.ndarray:
    """Seeds by rounds 1 to 3, or by the one round there is."""
    return rows.pivot(index="seed", columns="round", values="value").to_numpy()


def drifts(table, arm, key) -> tuple[np.ndarray, np.ndarray]:
    """E and F."""
    chosen = table[
        (table[KEY] == key).all(axis=1) & (table.unit == "all") & table.reference_arm.str.startswith("dense:")
    ]
    E = pivot(chosen[(chosen.arm == arm) & (chosen["round"] > 0)])
    F = pivot(chosen[chosen.arm == f"retrain:{CONTROLS[arm]}"])
    assert E.shape == (S, 3)
    assert F.shape == (S, 1 if arm == "magnitude" else 3)
    return E, np.broadcast_to(F, (S, 3))


def levels(tables, arm, row) -> np.ndarray:
    """Ticket less the mean of its dense network and its control, seeds by rounds."""
    if row.axis == "accuracy":
        table = tables["accuracy"]
        table = table[(table.split == "test") & (table.metric == row.metric) & (table.model == row.method)]
    else:
        table = tables["faithfulness"]
        unit = "concept" if row.metric == "concept_auroc" else "all"
        table = table[(table.metric == row.metric) & (table.target == row.target) & (table.unit == unit)]
        table = table.groupby(["arm", "seed", "round"], as_index=False).value.mean()
    T = pivot(table[(table.arm == arm) & (table["round"] > 0)])
    D = pivot(table[table.arm == f"dense:{PARENTS[arm]}"])
    return T - (D + pivot(table[table.arm == f"retrain:{CONTROLS[arm]}"])) / 2


def runs(valid):
    """Stretches of consecutive rounds that are valid."""
    found, open_ = [], []
    for i, fine in enumerate([*valid, False]):
        if fine:
            open_.append(i)
        elif open_:
            found.append(open_)
            open_ = []
    return found


def parts(x: np.ndarray, valid, i: int) -> tuple[float, float, float, list[int]]:
    """Of the window of round i: the mean of its rounds' variances, what seeds keep of it, round i's own in units of it,
    and its rounds."""
    columns = next(run for run in runs(valid) if i in run)
    w = min(5, len(columns))
    first = min(max(columns.index(i) - w // 2, 0), len(columns) - w)
    inside = columns[first : first + w]
    v = np.mean([x[:, c].var(ddof=1) for c in inside])
    return v, x[:, inside].mean(axis=1).var(ddof=1) / v, x[:, i].var(ddof=1) / v, inside


def t_of(x: np.ndarray, valid, i: int, peers=()) -> tuple[float, float, float, float]:
    """Mean, standard error, degrees of freedom and spread at round i (docs/statistics.md, step 2).

    Args:
        peers: tables of x and valid rounds of the metrics that are pooled with this one.
    """
    v, share, ratio, inside = parts(x, valid, i)
    found = [(share, ratio)]
    for other, fine in peers:
        if fine[i]:
            of_peer, kept, own, rounds = parts(other, fine, i)
            if rounds == inside and of_peer > 1e-20:
                found.append((kept, own))
    share, h = max(share, np.mean([kept for kept, _ in found])), np.mean([own for _, own in found])
    w = len(inside)
    df = (S - 1) / (share**2 + ((1 - share) ** 2 / (w - 1) if w > 1 else 0))
    if h > 1 + 1e-9:
        v, df = v * h, max(df / h, S - 1) if len(found) > 1 else S - 1
    return x[:, i].mean(), np.sqrt(v / S), df, v


def unit_of(E, F) -> np.ndarray:
    """Mean drift of a round's tickets and controls, of which there is one."""
    return (E.mean(axis=0) + F.mean(axis=0)) / 2


def apart(E, F, i) -> list[np.ndarray]:
    return [(E - F) / unit_of(E, F)]


def fixed(E, F, i) -> list[np.ndarray]:
    return [(E - E[:, i].mean() / F[:, i].mean() * F) / unit_of(E, F)]


def absent(E, F, i, ceiling) -> list[np.ndarray]:
    """The two tables of no change."""
    floor = F[:, i].mean()
    if min(MARGIN * floor, (ceiling - floor) / 2) < LEAST:
        both = [E - F - LEAST] * 2
    elif ceiling == np.inf:
        both = [E - (1 + MARGIN) * F] * 2
    else:
        both = [E - (1 + MARGIN) * F, E - (F + ceiling) / 2]
    return [x / unit_of(E, F) for x in both]


def each(tables, axis):
    for (arm, *key), rows in tables["verdict"].groupby(["arm", *KEY], sort=False):
        if (rows.axis == "similarity").all() == (axis == "similarity"):
            assert rows["round"].tolist() == list(TICKETS)
            yield arm, key, rows.reset_index(drop=True)


@pytest.fixture(scope="module")
def ceilings(everything, settings, data):
    """By arm, metric and target, the mean over controls of the drift of what has nothing in common."""
    found = {}
    for arm, rule in CONTROLS.items():
        own = [one for one in everything if one.key[0] == f"retrain:{rule}"]
        values = [
            unrelated(comparing(one.metrics["concepts"]["names"], settings, data), one.dense, one.arrays) for one in own
        ]
        assert len(values) == (S if arm == "magnitude" else 3 * S)
        found |= {(arm, *key): np.mean([value[key] for value in values]) for key in values[0]}
    return found


def test_there_is_a_row_for_every_metric_and_round(tables):
    table, drift = tables["verdict"], tables["drift"]
    assert not table.duplicated(["arm", *KEY, "round"]).any()
    expected = set(
        map(tuple, drift[(drift.arm == "magnitude") & drift.reference_arm.str.startswith("dense:")][KEY].values)
    )
    for arm in ARMS:
        own = table[table.arm == arm]
        assert set(map(tuple, own[own.axis == "similarity"][KEY].values)) == expected
        assert set(map(tuple, own[own.axis == "accuracy"][KEY].values)) == {
            ("accuracy", metric, model, "")
            for metric in ("accuracy", "balanced_accuracy")
            for model in ("f", "g", "probe", "g-random")
        }
        assert set(map(tuple, own[own.axis == "faithfulness"][KEY].values)) == {
            ("faithfulness", "concept_auroc", "predictor", ""),
            ("faithfulness", "weights_truth", "predictor", ""),
            *(("faithfulness", name, "gradcam", "dense") for name in ("mask_energy", "pointing_game", "energy_truth")),
        }
    assert len(expected) == 18
    assert set(zip(table.seeds, table.retrains, strict=True)) == {(3, 1)}


def of_arm(tables, dead, arm) -> dict[tuple[str, ...], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """E, F and the valid rounds of every drift of an arm, by metric."""
    found = {}
    for name, key, _ in each(tables, "similarity"):
        if name == arm:
            E, F = (side.copy() for side in drifts(tables["drift"], arm, key))
            E[:, [key[1] in MAPS and key[3] == "dense" and (arm, r) in dead for r in TICKETS]] = np.nan
            found[tuple(key)] = E, F, ~np.isnan(E + F).any(axis=0)
    return found


def is_primary(key) -> bool:
    return PRIMARY.get(key[1]) == key[3]


def test_drift_floor_excess_interval_and_p_follow_from_the_drifts(tables, dead):
    checked = 0
    for arm, key, rows in each(tables, "similarity"):
        everything = of_arm(tables, dead, arm)
        E, F, valid = everything[tuple(key)]
        others = [own for k, own in everything.items() if is_primary(k) and is_primary(key) and k != tuple(key)]
        for i in range(3):
            row = rows.iloc[i]
            assert row.drift == pytest.approx(E[:, i].mean(), nan_ok=True)
            assert row.floor == pytest.approx(F[:, i].mean(), nan_ok=True)
            if not valid[i]:
                assert np.isnan([row.excess, row.ci_low, row.ci_high, row.p_changed, row.p_preserved]).all()
                assert row.verdict == "undecided"
                continue
            ratio = E[:, i].mean() / F[:, i].mean()
            assert row.excess == pytest.approx(ratio - 1)
            mean, error, df, _ = t_of(apart(E, F, i)[0], valid, i, [(apart(e, f, i)[0], ok) for e, f, ok in others])
            assert row.p_changed == pytest.approx(stats.t.sf(mean / error, df), rel=1e-6)
            _, error, df, _ = t_of(fixed(E, F, i)[0], valid, i, [(fixed(e, f, i)[0], ok) for e, f, ok in others])
            half = stats.t.ppf(0.95, df) * error * unit_of(E, F)[i] / F[:, i].mean()
            most = (2 if key[1] in CORRELATIONS else 1) / F[:, i].mean()
            ends = [max(ratio - half, 0) - 1, min(ratio + half, most) - 1]
            assert [row.ci_low, row.ci_high] == pytest.approx(ends, rel=1e-6)
            checked += 1
    assert checked > 80


def test_margins_and_the_test_of_no_change_follow_from_drifts_and_ceilings(tables, ceilings, dead):
    tight = 0
    for arm, key, rows in each(tables, "similarity"):
        everything = of_arm(tables, dead, arm)
        E, F, valid = everything[tuple(key)]
        others = [(k, own) for k, own in everything.items() if is_primary(k) and is_primary(key) and k != tuple(key)]
        ceiling = ceilings[arm, key[1], key[3]]
        for i in np.flatnonzero(valid):
            row, floor = rows.iloc[i], F[:, i].mean()
            allowed = min(MARGIN * floor, (ceiling - floor) / 2)
            tight += MARGIN * floor > allowed
            assert row.margin == pytest.approx(max(allowed, LEAST) / floor)
            found = []
            for k, x in enumerate(absent(E, F, i, ceiling)):
                peers = [(absent(e, f, i, ceilings[arm, name[1], name[3]])[k], ok) for name, (e, f, ok) in others]
                found.append(t_of(x, valid, i, peers))
            p = max(stats.t.cdf(mean / error, df) for mean, error, df, _ in found)
            assert row.p_preserved == pytest.approx(p, rel=1e-6)
            change = t_of(apart(E, F, i)[0], valid, i, [(apart(e, f, i)[0], ok) for _, (e, f, ok) in others])
            spread = max(change[3], *(one[3] for one in found)) * unit_of(E, F)[i] ** 2
            if row.seeds_needed < 10_000:
                bound = [
                    (stats.t.ppf(0.95, n - 1) + stats.t.ppf(0.8, n - 1)) ** 2 * spread / max(allowed, LEAST) ** 2
                    for n in (row.seeds_needed, max(row.seeds_needed - 1, 2))
                ]
                assert bound[0] <= row.seeds_needed
                assert row.seeds_needed == 3 or bound[1] > row.seeds_needed - 1
            tests = [change, *found]
            most = max(one[3] for one in tests)
            df = next(one[2] for one in tests if one[3] >= most * (1 - 1e-9))  # of equal ones the first
            ends = df * spread / stats.chi2.ppf([0.95, 0.05], df)
            low, high = seeds_needed(ends, np.full(2, max(allowed, LEAST)), LEVEL)
            assert (row.seeds_needed_low, row.seeds_needed_high) == (low, high)
    assert tight, "no floor of this study is so high that the ceiling counts"


def test_levels_follow_from_accuracies_and_faithfulness(tables):
    checked = uncut = 0
    for arm, _, rows in each(tables, "levels"):
        x = levels(tables, arm, rows.iloc[0])
        valid = ~np.isnan(x).any(axis=0)
        narrow = rows.axis[0] == "accuracy" or rows.metric[0] == "concept_auroc"
        for i in range(3):
            row = rows.iloc[i]
            assert row.drift == pytest.approx(x[:, i].mean(), abs=1e-12, nan_ok=True)
            assert row.excess == pytest.approx(row.drift, nan_ok=True)
            assert np.isnan(row.floor)
            assert row.margin == (0.02 if narrow else 0.05)
            if not valid[i] or np.isnan(row.p_changed):  # without a spread between seeds there is no test
                assert row.verdict == "undecided"
                continue
            mean, error, df, _ = t_of(x, valid, i)
            assert row.p_changed == pytest.approx(2 * stats.t.sf(abs(mean) / error, df), rel=1e-6)
            both = max(stats.t.cdf((mean - row.margin) / error, df), stats.t.sf((mean + row.margin) / error, df))
            assert row.p_preserved == pytest.approx(both, rel=1e-6)
            half = stats.t.ppf(0.95, df) * error
            for end, free in ((row.ci_low, mean - half), (row.ci_high, mean + half)):
                cut = end != pytest.approx(free, rel=1e-6)  # where a number cannot go on (tests/verdict/test_test.py)
                assert not cut or abs(end) < abs(free)
                assert not cut or abs(end - mean) <= 2
                uncut += not cut
            checked += 1
    assert checked > 60
    assert uncut > checked


def void_of(document, key) -> list[str]:
    """Reasons of the gates that void a metric at all rounds."""
    return [
        gate["reason"]
        for gate in document["gates"]
        if not gate["passed"] and key[1] in gate["voids"] and gate["name"] != "dead maps"
    ]


def test_words_follow_from_p_values_gates_and_walks(tables, document):
    words = set()
    for arm in ARMS:
        metrics = [
            (key, rows) for name, key, rows in (*each(tables, "similarity"), *each(tables, "levels")) if name == arm
        ]
        chosen = {}
        for key, rows in metrics:
            if rows.axis[0] == "similarity" and PRIMARY.get(key[1]) == key[3]:
                last = np.flatnonzero(~np.isnan(rows.excess))
                void = void_of(document, key) or not last.size or np.isnan(rows.p_changed[last[-1]])
                chosen[tuple(key)] = 1.0 if void else rows.p_changed[last[-1]]
        assert len(chosen) == 6
        selected = stats.false_discovery_control(list(chosen.values()), method="bh") <= LEVEL
        share = {key: LEVEL * selected.sum() / 6 if one else 0.0 for key, one in zip(chosen, selected, strict=True)}
        for key, rows in metrics:
            level = share.get(tuple(key), LEVEL) if rows.axis[0] == "similarity" else LEVEL
            valid = np.flatnonzero(~np.isnan(rows.drift) & (np.isnan(rows.floor) | ~np.isnan(rows.excess)))
            changed, preserved = np.zeros(3, dtype=bool), np.zeros(3, dtype=bool)
            for i in range(valid[-1] if valid.size else -1, -1, -1):
                if not rows.p_changed[i] <= level:
                    break
                changed[i] = True
            for i in range(3):
                if not rows.p_preserved[i] <= LEVEL:
                    break
                preserved[i] = True
            for i in range(3):
                expected = "preserved" if preserved[i] else "changed" if changed[i] else "undecided"
                void = void_of(document, key) if rows.axis[0] == "similarity" else []
                if void:
                    expected = "undecided"
                    assert rows.reason[i] in [
                        *void,
                        *(g["reason"] for g in document["gates"] if g["name"] == "dead maps"),
                    ]
                assert rows.verdict[i] == expected, (arm, key, i)
                words.add(expected)
    assert words == {"preserved", "changed", "undecided"}


def gate_of(document, name, subject=None):
    (found,) = [g for g in document["gates"] if g["name"] == name and subject in (None, g["subject"])]
    return found


def test_gates_follow_from_the_evidence(made, document, tables):
    dense = [folder for folder in FOLDERS if folder.startswith("dense/")]
    few = gate_of(document, "few images")
    assert (few["value"], few["limit"], few["passed"]) == (36, 30, True)
    random_model = gate_of(document, "randomised model", "gradcam")
    cascades = np.stack([made.numbers(folder, "gates/cascade") for folder in dense])  # networks, draws, stages, images
    assert cascades.shape == (6, 4, 5, 12)
    assert random_model["value"] == pytest.approx(max(average(cascades[:, :, i]) for i in range(5)))
    assert random_model["passed"] == (random_model["value"] <= 0.5)
    labels = gate_of(document, "random labels", "predictor")
    drawn = np.concatenate([made.numbers(folder, "gates/shuffled_auroc") for folder in dense])
    learned = average(np.concatenate([made.numbers(folder, "concepts/auroc") for folder in dense]))
    assert labels["value"] == pytest.approx(learned)
    assert labels["limit"] == pytest.approx(np.nanpercentile(drawn, 95))
    assert labels["passed"] == (learned > labels["limit"])
    drift = tables["drift"]
    controls = drift[drift.arm.str.startswith("retrain:") & (drift.unit == "all")]
    for metric in CONCEPTS:
        bank = gate_of(document, "random bank", metric)
        assert bank["value"] == pytest.approx(controls[controls.metric == metric].value.mean())
        assert bank["passed"] == (bank["value"] < bank["limit"])
        assert bank["voids"] == [metric]


def test_random_banks_floor_is_the_drift_of_random_directions(made, document):
    found = {metric: [] for metric in ("weight_spearman", "value_agreement")}
    for (arm, *_), (folder, dense) in ROWS.items():
        if not arm.startswith("retrain:"):
            continue
        sides = (dense, folder)
        values = [made.values(side, "test", "g-random") for side in sides]
        agree = [1 - np.corrcoef(values[0][:, j], values[1][:, j])[0, 1] for j in range(values[0].shape[1])]
        rows = [ranked(made.numbers(side, "g-random/weights")) for side in sides]
        correlated = [
            1 - stats.spearmanr(x, y).statistic for x, y in zip(*rows, strict=True) if np.ptp(x) and np.ptp(y)
        ]
        found["value_agreement"].append(average(np.array(agree)))
        found["weight_spearman"].append(average(np.array(correlated)))
    for metric, values in found.items():
        assert gate_of(document, "random bank", metric)["limit"] == pytest.approx(np.mean(values), rel=1e-6)


def test_a_round_of_dead_maps_voids_its_maps_and_no_other_round(tables, document, dead):
    assert dead, "no round of this study has mostly dead maps"
    assert len(dead) < len(ARMS) * len(TICKETS), "every round has"
    gates = [g for g in document["gates"] if g["name"] == "dead maps"]
    assert sorted(g["value"] for g in gates) == pytest.approx(sorted(max(own.values()) for own in dead.values()))
    table = tables["verdict"]
    for (arm, r), shares in dead.items():
        rows = table[(table.arm == arm) & (table["round"] == r) & table.metric.isin(MAPS) & (table.target == "dense")]
        assert len(rows) == 2
        assert set(rows.verdict) == {"undecided"}
        assert rows.drift.isna().all()
        worst = max(shares, key=lambda seed: shares[seed])
        assert all(f"are dead in {arm}, round {r}, seed {worst}" in reason for reason in rows.reason)
    others = table[
        table.metric.isin(MAPS) & ~pd.Series(list(zip(table.arm, table["round"], strict=True))).isin(list(dead))
    ]
    assert not others.reason.str.contains("are dead").any()


def judged(everything, compared, settings, data, tables, **verdict):
    """Judge the same networks by other settings of the verdict."""
    rows = {}
    for name in ("accuracy", "faithfulness"):
        cells = tables[name].itertuples(index=False, name=None)
        rows[name] = [(*row[:2], int(row[2]) if row[2] else None, *row[3:]) for row in cells]
    other = settings.model_copy(update={"verdict": settings.verdict.model_copy(update=verdict)})
    table, document = judge(everything, compared, other, data, rows)
    frame = pd.DataFrame(table, columns=list(tables["verdict"].columns))
    return frame, document


def test_the_same_judgement_from_the_tables_read_back(everything, compared, settings, data, tables, document):
    frame, again = judged(everything, compared, settings, data, tables)
    assert frame.verdict.tolist() == tables["verdict"].verdict.tolist()
    assert frame.reason.tolist() == tables["verdict"].reason.tolist()
    assert again["movers"] == document["movers"]


def test_a_floor_without_room_voids_its_metric(everything, compared, settings, data, tables, ceilings):
    least = 0.25
    frame, document = judged(everything, compared, settings, data, tables, least_margin=least)
    expected, free = {}, []
    for place, ceiling in ceilings.items():
        (key,) = [k for name, k, _ in each(tables, "similarity") if (name, *k[1::2]) == place]
        floor = average(drifts(tables["drift"], place[0], key)[1])
        if floor > ceiling - 2 * least:
            expected[place] = (floor, ceiling - 2 * least)
        else:
            free.append(place)
    found = [g for g in document["gates"] if g["name"] == "room"]
    assert len(found) == len(expected) > 0
    assert free
    assert any(PRIMARY.get(metric) != target for _, metric, target in expected), "metrics that are not primary as well"
    for gate, ((_, metric, target), numbers) in zip(found, expected.items(), strict=True):
        assert gate["subject"] == metric
        assert (f" for the {target} (" in gate["reason"]) == (target in ("label", "prediction"))
        assert [gate["value"], gate["limit"]] == pytest.approx(numbers)
    for arm, metric, target in expected:
        own = frame[(frame.arm == arm) & (frame.metric == metric) & (frame.target == target)]
        assert set(own.verdict) == {"undecided"}
    for arm, metric, target in free:
        own = frame[(frame.arm == arm) & (frame.metric == metric) & (frame.target == target)]
        assert not own.reason.str.contains("no room").any()


def test_too_few_images_void_the_primary_metrics_and_no_others(everything, compared, settings, data, tables):
    frame, document = judged(everything, compared, settings, data, tables, least_images=37)
    gate = gate_of(document, "few images")
    assert (gate["value"], gate["limit"], gate["passed"]) == (36, 37, False)
    own = frame[frame.metric.isin(list(PRIMARY)) & (frame.axis == "similarity")]
    assert set(own.verdict) == {"undecided"}
    rest = frame.drop(own.index)
    assert rest.verdict.tolist() == tables["verdict"].drop(own.index).verdict.tolist()
    assert {one["explanation"] for arm in document["arms"].values() for one in arm["rounds"]} == {"undecided"}


def test_maps_that_died_in_one_round_of_one_seed(everything, compared, settings, data, tables, dead):
    """The share is the worst seed's, and the rounds beside it are judged without that one."""
    alive = next((arm, r) for arm in ARMS for r in (2,) if (arm, r) not in dead)
    changed = []
    for one in everything:
        if (one.key[0], one.key[1], one.key[3]) == (alive[0], 1, alive[1]):
            saliency = {**one.metrics["saliency"], "dead_maps": {"label": 0, "prediction": 0, "dense": 8}}
            one = replace(one, metrics={**one.metrics, "saliency": saliency})
        changed.append(one)
    frame, document = judged(changed, compared, settings, data, tables)
    gates = [g for g in document["gates"] if g["name"] == "dead maps"]
    assert any(g["value"] == pytest.approx(8 / 36) for g in gates)
    for arm in ARMS:
        for r in TICKETS:
            own = frame[
                (frame.arm == arm) & (frame["round"] == r) & frame.metric.isin(MAPS) & (frame.target == "dense")
            ]
            assert own.drift.isna().all() == ((arm, r) == alive or (arm, r) in dead)
    said = frame[
        (frame.arm == alive[0]) & (frame["round"] == alive[1]) & frame.metric.isin(MAPS) & (frame.target == "dense")
    ]
    assert all(
        "22 % of the maps of gradcam are dead in magnitude, round 2, seed 1 (limit 20 %)" in text
        for text in said.reason
    )


def test_without_controls_nothing_is_decided(everything, compared, settings, data, tables):
    alone = settings.model_copy(update={"study": settings.study.model_copy(update={"retrains": 0})})
    kept = [one for one in everything if one.network.kind != "retrain"]
    own = [pair for pair in compared if pair.kind not in ("retrain", "inheritance")]
    frame, document = judged(kept, own, alone, data, tables)
    assert set(frame.verdict) == {"undecided"}
    assert set(frame.retrains) == {0}
    assert frame.reason.str.contains("No retrained control|Concept vectors|are dead").all()
    assert {arm["hypothesis"] for arm in document["arms"].values()} == {"undecided"}
    assert document["movers"] == {arm: [] for arm in ARMS}
    assert not any(gate["name"] in ("random bank", "room") for gate in document["gates"])


def test_the_document_holds_the_table(run, document):
    frame = read(run, "verdict")
    assert len(document["rows"]) == len(frame)
    for row, (_, other) in zip(document["rows"], frame.iterrows(), strict=True):
        assert row.keys() == set(frame.columns)
        for name, value in row.items():
            assert other[name] == (value if value is not None else pytest.approx(np.nan, nan_ok=True)), name


def together(p: dict[str, float]) -> dict[str, float]:
    """The level of each arm, of which Benjamini-Hochberg selects some: 5 % times their share."""
    chosen = stats.false_discovery_control([1.0 if np.isnan(one) else one for one in p.values()], method="bh") <= LEVEL
    return {arm: LEVEL * chosen.sum() / len(p) if own else 0.0 for arm, own in zip(p, chosen, strict=True)}


def walked(p, level) -> list[bool]:
    return np.logical_and.accumulate([level > 0 and one <= level for one in p]).tolist()


def test_the_headline_follows_from_the_rows(document, tables):
    """A claim of the headline holds at the level that the arms of the study share."""
    table = tables["verdict"]
    kept = tables["accuracy"].groupby(["arm", "round"]).weights_remaining.mean()
    above, below, moved, absent = {}, {}, {}, {}
    for arm in ARMS:
        own = table[table.arm == arm]
        f = own[(own.axis == "accuracy") & (own.metric == "accuracy") & (own.method == "f")]
        x = levels(tables, arm, f.iloc[0])
        found = [t_of(x, [True] * 3, i) for i in range(3)]
        above[arm] = [stats.t.sf((mean + 0.02) / error, df) for mean, error, df, _ in found]
        below[arm] = [stats.t.cdf((mean + 0.02) / error, df) for mean, error, df, _ in found]
        primary = [rows for name, key, rows in each(tables, "similarity") if name == arm and is_primary(key)]
        void = [bool(void_of(document, rows[KEY].iloc[0].tolist())) for rows in primary]
        last = [np.flatnonzero(~np.isnan(rows.excess)) for rows in primary]
        ends = [
            1.0 if no or not at.size or np.isnan(rows.p_changed[at[-1]]) else rows.p_changed[at[-1]]
            for rows, no, at in zip(primary, void, last, strict=True)
        ]
        moved[arm] = primary, ends
        absent[arm] = [np.nan if any(void) else np.max([rows.p_preserved[i] for rows in primary]) for i in range(3)]
    wins = together({arm: p[0] for arm, p in above.items()})
    loses = together({arm: p[-1] for arm, p in below.items()})
    keeps = together({arm: p[0] for arm, p in absent.items()})
    moves = together({arm: stats.false_discovery_control(ends, method="bh").min() for arm, (_, ends) in moved.items()})
    for arm in ARMS:
        said, pairs = document["arms"][arm], set()
        yes, no = walked(above[arm], wins[arm]), walked(below[arm][::-1], loses[arm])[::-1]
        same = walked(absent[arm], keeps[arm])
        primary, ends = moved[arm]
        level = moves[arm] * max((k for k in range(1, 7) if sorted(ends)[k - 1] <= moves[arm] * k / 6), default=0) / 6
        assert [one["round"] for one in said["rounds"]] == list(TICKETS)
        for i, one in enumerate(said["rounds"]):
            rows = table[(table.arm == arm) & (table["round"] == one["round"])]
            winning = "yes" if yes[i] else "no" if no[i] else "undecided"
            words = [
                own.verdict[i]
                for own, end in zip(primary, ends, strict=True)
                if own.verdict[i] != "changed" or (end <= level and own.p_changed[i] <= level)
            ]
            kind = "changed" if "changed" in words else "undecided"
            if words == ["preserved"] * 6 and same[i]:
                kind = "preserved"
            assert (one["winning"], one["explanation"]) == (winning, kind)
            assert (one["why_winning"] == "") == (winning != "undecided")
            assert one["weights_remaining"] == pytest.approx(kept[arm, one["round"]], abs=1e-15)
            assert rows.weights_remaining.tolist() == [one["weights_remaining"]] * len(rows)
            pairs.add((winning, kind))
        against_a = any(w == "no" or e == "changed" for w, e in pairs)
        against_b = any(w == "yes" or e == "preserved" for w, e in pairs)
        whole = {frozenset({("yes", "preserved")}): "A", frozenset({("no", "changed")}): "B"}.get(frozenset(pairs))
        assert said["hypothesis"] == (whole or ("neither" if against_a and against_b else "undecided"))
        assert said["sentence"].startswith(f"{arm}: ")


def test_the_association_is_spearmans_over_the_rounds_of_each_seed(document, tables):
    table = tables["accuracy"]
    f = table[(table.split == "test") & (table.model == "f") & (table.metric == "accuracy")]
    defined = 0
    for arm in ARMS:
        lost = pivot(f[f.arm == f"dense:{PARENTS[arm]}"]) - pivot(f[(f.arm == arm) & (f["round"] > 0)])
        for metric, found in document["arms"][arm]["association"].items():
            key = next(
                key
                for name, key, _ in each(tables, "similarity")
                if name == arm and key[1] == metric and key[3] == PRIMARY[metric]
            )
            E = drifts(tables["drift"], arm, key)[0]
            for seed, value in enumerate(found["by_seed"]):
                x, y = lost[seed], E[seed]
                if np.isnan(y).any() or not np.ptp(x) or not np.ptp(y):
                    assert value is None
                else:
                    assert value == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
                    defined += 1
            own = [value for value in found["by_seed"] if value is not None]
            assert found["mean"] == (pytest.approx(np.mean(own)) if own else None)
        assert document["arms"][arm]["association"].keys() == PRIMARY.keys()
    assert defined


def test_movers_moved_more_than_under_retraining(document, tables):
    table = tables["faithfulness"]
    kinds = {("do_concept", "group"): "concept group", ("do_part", "part"): "part", ("do_habitat", "all"): "habitat"}
    for arm in ARMS:
        expected = []
        for (metric, unit), kind in kinds.items():
            own = table[(table.metric == metric) & (table.unit == unit)]
            for name, rows in own.groupby("unit_id"):
                T = pivot(rows[(rows.arm == arm) & (rows["round"] == 3)])[:, 0]
                D = pivot(rows[rows.arm == f"dense:{PARENTS[arm]}"])[:, 0]
                R = pivot(rows[rows.arm == f"retrain:{CONTROLS[arm]}"])[:, -1]
                moved = abs(T - D).mean() - abs(R - D).mean()
                if moved > 0:
                    expected.append((moved, kind, name or kind, (T - D).mean()))
        expected.sort(reverse=True)
        found = document["movers"][arm]
        assert len(found) == min(5, len(expected)) > 0
        for one, (moved, kind, name, change) in zip(found, expected, strict=False):
            assert (one["kind"], one["name"], one["round"]) == (kind, name, 3)
            assert [one["moved"], one["change"]] == pytest.approx([moved, change])


def test_the_truth_is_told_of_where_an_explanation_or_the_network_changed(document, tables):
    truths = {"concepts": "do_concept", "pixels": "do_part"}
    told = 0
    for arm in ARMS:
        table = tables["verdict"][tables["verdict"].arm == arm]
        expected = set()
        for row in table[(table.axis == "similarity") & table.family.isin(list(truths))].itertuples():
            if PRIMARY.get(row.metric) != row.target:
                continue
            truth = table[(table.metric == truths[row.family]) & (table["round"] == row.round)].iloc[0]
            if "changed" in (row.verdict, truth.verdict):
                expected.add((row.round, row.metric, row.verdict, truth.metric, truth.verdict))
        found = document["arms"][arm]["truth"]
        assert {
            (one["round"], one["metric"], one["explanation"], one["truth_metric"], one["truth"]) for one in found
        } == expected
        assert len(found) == len(expected)
        for one in found:
            assert ("the explanation moved" in one["sentence"]) == (one["explanation"] == "changed")
            if one["truth"] == "changed" and one["explanation"] != "changed":
                assert one["sentence"].startswith("the network moved")
        told += len(found)
    assert told
