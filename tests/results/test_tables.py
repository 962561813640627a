"""Every cell of the tables of single networks, made again from their files without sparsight."""

import numpy as np
import pytest
import torch
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tests.results.made import FOLDERS, PARENTS, ROUNDS, ROWS, SEEDS, TARGETS, TICKETS, average, ranked, same, top

OF_NETWORKS = ("accuracy", "faithfulness", "concepts")
C = 0.01


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's, NaN where one is constant."""
    if len(set(first.tolist())) < 2 or len(set(second.tolist())) < 2:
        return float("nan")
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_every_network_has_rows_and_nothing_else_has(made, name):
    assert {(row["arm"], row["seed"], row["repeat"], row["round"]) for row in made.rows(name)} == ROWS.keys()


@pytest.mark.parametrize("name", [*OF_NETWORKS, "drift"])
def test_weights_remaining_is_the_share_that_the_ticket_keeps(made, name):
    found = {}
    for row in made.rows(name):
        key = (row["arm"], row["seed"], row["repeat"], row["round"])
        assert found.setdefault(key, float(row["weights_remaining"])) == float(row["weights_remaining"])
    for key in found.keys() & ROWS.keys():
        masks = [tensor for entry, tensor in made.tickets[ROWS[key][0]].items() if entry.startswith("mask/")]
        assert found[key] == pytest.approx(sum(int(m.sum()) for m in masks) / sum(m.numel() for m in masks), abs=1e-12)
    for arm in PARENTS:
        for s in SEEDS:
            kept = [found[arm, str(s), "", str(r)] for r in ROUNDS]
            assert kept == pytest.approx([1, 0.5, 0.25, 0.125], abs=1e-3)


def test_constant_concepts_shift_the_places_of_the_others(made):
    assert made.usable[:3] == [0, 2, 3]
    assert len(made.usable) == len(made.concepts) - 2
    assert any(len(columns) > 1 for columns in made.in_use), "no columns are equal in this study"


def test_accuracy(made):
    splits, scores = ("train", "validation", "test"), {}
    for folder in FOLDERS:
        arrays, ticket = made.evidence[folder], made.tickets[folder]
        embedding = {split: made.numbers(folder, f"embedding/{split}") for split in splits}
        with threadpool_limits(1):
            logits = {"probe": probe(embedding, made.labels("train")), "g-random": random_g(made, folder, splits)}
        logits["f"] = {
            split: phi @ ticket["fc.weight"].numpy().T + ticket["fc.bias"].numpy() for split, phi in embedding.items()
        }
        logits["g"] = {
            split: (made.values(folder, split) - arrays["g/mean"].numpy())
            / arrays["g/scale"].numpy()
            @ arrays["g/weights"].numpy().T
            + arrays["g/intercepts"].numpy()
            for split in splits
        }
        for split in splits[1:]:
            for model, place, atol in (("f", "", 1e-4), ("g", "g/", 1e-6), ("probe", "probe/", 1e-5)):
                stored = made.numbers(folder, f"{place}logits/{split}")
                np.testing.assert_allclose(logits[model][split], stored, rtol=0, atol=atol)
        for model, own in logits.items():
            for split in splits:
                labels, predicted = made.labels(split), own[split].argmax(1)
                scores[folder, split, model, "accuracy"] = float((predicted == labels).mean())
                scores[folder, split, model, "balanced_accuracy"] = balanced_accuracy_score(labels, predicted)
    expected = {
        (*key, *rest): value
        for key, (folder, _) in ROWS.items()
        for (own, *rest), value in scores.items()
        if own == folder
    }
    same(made.table("accuracy", "split", "model", "metric"), expected)


def probe(embedding, labels):
    scaler = StandardScaler().fit(embedding["train"])
    found = {split: np.empty((len(phi), 12)) for split, phi in embedding.items()}
    for k in range(12):
        peer = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-9)
        peer.fit(scaler.transform(embedding["train"]), labels == k)
        for split, phi in embedding.items():
            found[split][:, k] = peer.decision_function(scaler.transform(phi))
    return found


def random_g(made, folder, splits):
    """g on random directions: its intercepts are not kept, and follow from any image."""
    values = {split: made.values(folder, split, "g-random") for split in splits}
    scaler = StandardScaler().fit(values["train"])
    linear = {
        split: scaler.transform(own) @ made.numbers(folder, "g-random/weights").T for split, own in values.items()
    }
    shift = made.numbers(folder, "g-random/logits/validation")[0] - linear["validation"][0]
    for split in splits[1:]:
        stored = made.numbers(folder, f"g-random/logits/{split}")
        np.testing.assert_allclose(linear[split] + shift, stored, rtol=0, atol=1e-6)
    return {split: own + shift for split, own in linear.items()}


def test_faithfulness(made):
    cells = {folder: dict(faithfulness(made, folder)) for folder in FOLDERS}
    expected = {(*key, *rest): value for key, (folder, _) in ROWS.items() for rest, value in cells[folder].items()}
    same(made.table("faithfulness", "metric", "method", "target", "unit", "unit_id"), expected, 1e-5)


def faithfulness(made, folder):
    """Rows of one network, without the network's own columns."""
    arrays = made.evidence[folder]
    test = made.data["splits/test"]
    labels, truth = made.labels("test"), made.data["concepts"][test].numpy()
    masks = made.data["object_masks"][test]
    assert (truth >= 0).all()

    def by_class(kind, values):
        for k, name in enumerate(made.classes):
            yield (*kind, "class", name), average(values[labels == k])
        yield (*kind, "all", ""), average(values)

    scores = made.numbers(folder, "embedding/test") @ arrays["bank/Q"].numpy().T + arrays["bank/intercepts"].numpy()
    for column, columns in enumerate(made.in_use):
        agreed = (truth[:, columns] == truth[:, columns[:1]]).all(1)
        present, score, name = truth[agreed, columns[0]], scores[agreed, column], made.called(columns)
        area = roc_auc_score(present, score) if len(set(present.tolist())) == 2 else float("nan")
        yield ("concept_accuracy", "predictor", "", "concept", name), float(((score > 0) == present).mean())
        yield ("concept_auroc", "predictor", "", "concept", name), area
    yield from orders(made, folder)
    for t, target in enumerate(TARGETS):
        maps = arrays["saliency/maps"][:, t].double().clamp(min=0)
        grown = torch.nn.functional.interpolate(maps[:, None], masks.shape[1:], mode="bilinear")[:, 0]
        alive = maps.flatten(1).amax(1) > 0
        energy = torch.where(alive, (grown * masks).sum((1, 2)) / grown.sum((1, 2)), torch.nan)
        highest = grown >= grown.amax((1, 2), keepdim=True) * (1 - 1e-10)
        hit = torch.where(alive, (highest & masks).sum((1, 2)) / highest.sum((1, 2)), torch.nan)
        yield from by_class(("mask_energy", "gradcam", target), energy.numpy())
        yield from by_class(("pointing_game", "gradcam", target), hit.numpy())
        yield ("dead_maps", "gradcam", target, "all", ""), float((~alive).double().mean())
    yield from by_class(("mask_area", "", ""), masks.double().mean((1, 2)).numpy())
    shares, energies = np.stack([(made.parts == p + 1).mean((1, 2)) for p in range(8)], axis=1), made.energies(folder)
    for p, name in enumerate(made.note["part_names"]):
        seen = shares[:, p] > 0
        yield ("part_energy", "gradcam", "dense", "part", name), average(energies[seen, p])
        yield ("part_area", "", "", "part", name), average(shares[seen, p])
    yield from interventions(made, folder)
    yield from explanations_against_truth(made, folder, shares > 0, energies)


def orders(made, folder):
    """What the order of equal columns would change: the lists of all columns, in which a concept stands so often."""
    weights = ranked(made.numbers(folder, "g/weights"))
    found = []
    for row in weights.tolist():
        apart = sorted(((-w / len(own), j) for j, (w, own) in enumerate(zip(row, made.in_use, strict=True)) if w > 0))
        columns = [j for _, j in apart for _ in made.in_use[j]]
        listed, cut = columns[:3], set(columns[:3]) & set(columns[3:])
        lost = sum(listed.count(j) * (1 - listed.count(j) / columns.count(j)) for j in cut)
        found.append(lost / len(listed) if listed else float("nan"))
    for name, value in zip(made.classes, found, strict=True):
        yield ("lists_reordered", "pcbm", "", "class", name), value
    yield ("lists_reordered", "pcbm", "", "all", ""), average(np.array(found))


def interventions(made, folder):
    names = made.metrics[folder]["interventions"]
    for unit, kind in (("concept", "concepts"), ("part", "parts"), ("habitat", "habitats")):
        change = made.numbers(folder, f"interventions/{kind}")
        moved = np.sqrt(((change - change.mean(2, keepdims=True)) ** 2).mean(2)).mean(0)
        for name, value in zip(names[kind], moved, strict=True):
            yield (f"do_{unit}", "intervention", "logits", unit, name), float(value)
        if kind == "concepts":
            for group in set(names["groups"]):
                own = [value for value, name in zip(moved, names["groups"], strict=True) if name == group]
                yield ("do_concept", "intervention", "logits", "group", group), sum(own) / len(own)
        if kind == "habitats":
            yield ("do_habitat", "intervention", "logits", "all", ""), float(moved.mean())


def explanations_against_truth(made, folder, visible, energies):
    each = made.numbers(folder, "interventions/concepts").mean(0)
    effects = np.stack([each[columns].mean(0) for columns in made.in_use])
    weights = ranked(made.numbers(folder, "g/weights"))
    found = [correlation(weights[k], effects[:, k]) for k in range(len(made.classes))]
    for name, value in zip(made.classes, found, strict=True):
        yield ("weights_truth", "predictor", "", "class", name), value
    yield ("weights_truth", "predictor", "", "all", ""), average(found)
    change = made.numbers(folder, "interventions/parts")
    explained = made.evidence[folder]["saliency/classes"][:, 2].tolist()
    told = []
    for i, logits in enumerate(change):
        seen, effect = visible[i], (logits[:, explained[i]] - logits.mean(1)).astype(np.float32)
        energy = energies[i].astype(np.float32)
        fit = seen.sum() >= 3 and np.isfinite(energy).all()
        told.append(correlation(energy[seen], effect[seen]) if fit else float("nan"))
    yield ("energy_truth", "gradcam", "dense", "all", ""), average(told)


@pytest.mark.parametrize("folder", FOLDERS)
def test_maps_explain_the_label_the_prediction_and_what_the_dense_parent_predicts(made, folder):
    parent = next(dense for own, dense in ROWS.values() if own == folder)
    arrays, ticket = made.evidence[folder], made.tickets[folder]
    classes = arrays["saliency/classes"]
    assert classes[:, 0].tolist() == made.labels("test").tolist()
    assert classes[:, 1].tolist() == arrays["logits/test"].argmax(1).tolist()
    assert classes[:, 2].tolist() == made.evidence[parent]["logits/test"].argmax(1).tolist()
    # Summed over positions, a map of a class is what its row of the head makes of the embedding.
    explained = (ticket["fc.weight"][classes] * arrays["embedding/test"][:, None]).sum(2)
    assert torch.allclose(arrays["saliency/maps"].sum((2, 3)), explained, atol=1e-4)


def test_the_parents_and_the_targets_differ_so_that_a_mix_up_would_show(made):
    for s in SEEDS:
        first, second = (made.evidence[f"dense/{rule}/seed-{s}"] for rule in PARENTS.values())
        assert (first["logits/test"].argmax(1) != second["logits/test"].argmax(1)).any()
        assert top(first["g/weights"].numpy()) != top(second["g/weights"].numpy())
    for folder in TICKETS:
        classes = made.evidence[folder]["saliency/classes"]
        assert (classes[:, 1] != classes[:, 2]).any()
        assert (classes[:, 0] != classes[:, 2]).any()


def test_concepts(made):
    expected = {}
    names = [made.called(columns) for columns in made.in_use]
    for key, (folder, _) in ROWS.items():
        weights = made.evidence[folder]["g/weights"].numpy()
        for k, order in enumerate(top(ranked(weights))):
            for rank, j in enumerate(order, start=1):
                expected[*key, made.classes[k], str(rank), names[j]] = float(weights[k, j])
    assert all(weight > 0 for weight in expected.values())
    same(made.table("concepts", "class", "rank", "concept"), expected)


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_round_0_of_an_arm_repeats_the_rows_of_its_parent(made, name):
    rows = [list(row.values()) for row in made.rows(name)]
    for arm, rule in PARENTS.items():
        for s in map(str, SEEDS):
            own = [row[4:] for row in rows if row[0] == arm and row[1] == s and row[3] == "0"]
            assert own
            assert own == [row[4:] for row in rows if row[0] == f"dense:{rule}" and row[1] == s]
    repeats = {row[0].partition(":")[0]: row[2] for row in rows}
    assert repeats == {"magnitude": "", "released-code": "", "dense": "0", "retrain": "1"}
