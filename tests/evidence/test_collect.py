from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from sparsight.concepts import ConceptSettings, probe_logits
from sparsight.errors import DamagedError
from sparsight.evidence import (
    TARGETS,
    EvidenceSettings,
    collect,
    concept_flaw,
    concepts_in_use,
    dense_prediction,
    has_concepts,
    has_evidence,
    read_evidence,
    read_metrics,
    usable_concepts,
    write_evidence,
)
from sparsight.evidence.store import EVIDENCE, METRICS
from sparsight.io import read_json, write_json
from sparsight.models import ModelSettings, build_model, split
from sparsight.pruning import full_mask, prunable
from sparsight.saliency import SaliencySettings, cascade

CPU = torch.device("cpu")


@pytest.fixture
def model():
    return build_model(ModelSettings(), 3, 5)


def look(model, data, dense=None, batch_size=7, saliency=None, **settings):
    rooms = (EvidenceSettings(batch_size=batch_size, **settings), ConceptSettings(), saliency or SaliencySettings())
    return collect(model, split(model), data, *rooms, CPU, dense)


def by_hand(model, data, name):
    """The network applied to a split, written out again."""
    model = model.eval()
    pixels = data.images[data.splits[name]].float() / 255
    mean, std = (torch.tensor(value).view(1, 3, 1, 1) for value in (data.mean, data.std))
    with torch.no_grad():
        return model((pixels - mean) / std)


def test_logits_embeddings_and_maps_agree_with_each_other(model, tiny):
    evidence = look(model, tiny)
    for name, seen in evidence.seen.items():
        assert torch.allclose(seen.logits, by_hand(model, tiny, name), atol=1e-4)
        assert torch.allclose(functional.linear(seen.embedding, model.fc.weight, model.fc.bias), seen.logits, atol=1e-5)
    test = evidence.seen["test"]
    assert evidence.maps.closed_form
    assert torch.equal(evidence.maps.classes[:, 0], test.labels)
    assert torch.equal(evidence.maps.classes[:, 1], test.logits.argmax(1))
    # The mean-pooled closed form: a map's sum is the class's logit less its intercept, over the number of positions.
    totals = evidence.maps.signed.sum((2, 3))
    expected = test.logits.gather(1, evidence.maps.classes) - model.fc.bias[evidence.maps.classes]
    assert torch.allclose(totals, expected, atol=1e-4)


def test_the_dense_networks_prediction_is_explained_where_given(model, tiny):
    dense = torch.arange(24) % 3
    assert torch.equal(look(model, tiny, dense).maps.classes[:, TARGETS.index("dense")], dense)
    own = look(model, tiny)
    assert torch.equal(own.maps.classes[:, 1], own.maps.classes[:, 2])


def test_batches_do_not_matter(model, tiny):
    one, many = look(model, tiny, batch_size=24), look(model, tiny, batch_size=5)
    assert torch.allclose(one.maps.signed, many.maps.signed, atol=1e-5)
    # Embeddings of other batches differ in the last bit, and standardising a channel that hardly varies magnifies that.
    Q = many.concepts.bank.Q
    torch.testing.assert_close(one.concepts.bank.Q, Q, rtol=0, atol=1e-5 * float(Q.abs().max()))


def test_a_named_layer_is_explained_at_its_own_resolution(model, tiny):
    evidence = look(model, tiny, saliency=SaliencySettings(layer="layer2"))
    assert evidence.maps.signed.shape == (24, 3, 8, 8)
    assert not evidence.maps.closed_form
    last = look(model, tiny, saliency=SaliencySettings(layer="layer3"))
    assert torch.allclose(last.maps.signed, look(model, tiny).maps.signed, atol=1e-5)


def test_constant_concepts_are_left_out(model, tiny):
    assert usable_concepts(tiny).tolist() == [True, True, True, False]
    assert look(model, tiny).concepts.bank.names == ("red", "green", "drawn")


def test_the_model_is_left_as_it_was(model, tiny):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.train()
    look(model, tiny)
    assert model.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_dead_network_gives_defined_answers(model, tiny):
    """All weights zero: constant embedding, no concept told, dead maps, and one answer for every image."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    evidence = look(model, tiny)
    assert evidence.maps.dead.all()
    assert evidence.maps.mask_energy.isnan().all()
    assert set(evidence.concepts.bank.dropped) == {"red", "green", "drawn"}
    assert bool((evidence.concepts.pcbm.weights == 0).all())
    assert evidence.dead_layers == tuple(name.removesuffix(".weight") for name in prunable(model))
    assert evidence.concepts.pcbm.converged
    assert all(logits.isfinite().all() for logits in evidence.concepts.logits.values())


def test_a_layer_that_died_and_what_it_leaves_alive(model, tiny):
    with torch.no_grad():
        model.layer2[0].conv1.weight.zero_()
    assert look(model, tiny).dead_layers == ("layer2.0.conv1", "layer2.0.conv2"), "the shortcut keeps the rest alive"


def test_without_masks_there_is_no_energy(model, tiny):
    assert look(model, replace(tiny, object_masks=None)).maps.mask_energy is None


def test_files_hold_what_was_measured(model, tiny, tmp_path):
    evidence = look(model, tiny)
    mask = full_mask(model.state_dict(), prunable(model))
    mask["fc.weight"][:] = False
    assert not has_evidence(tmp_path)
    write_evidence(tmp_path, evidence, mask, keep_embeddings=False)
    assert has_evidence(tmp_path)
    arrays, metrics = read_evidence(tmp_path), read_metrics(tmp_path)
    assert torch.equal(arrays["logits/test"], evidence.seen["test"].logits)
    assert torch.equal(arrays["saliency/maps"], evidence.maps.signed)
    assert "embedding/train" not in arrays
    assert torch.equal(dense_prediction(tmp_path), evidence.seen["test"].logits.argmax(1))
    predicted = by_hand(model, tiny, "test").argmax(1)
    right = (predicted == tiny.labels[tiny.splits["test"]]).double().mean()
    assert metrics["accuracy"]["f"]["test"]["accuracy"] == float(right)
    assert metrics["dead_layers"] == []
    total = sum(keep.numel() for keep in mask.values())
    assert metrics["weights_remaining"] == (total - 192) / total
    assert metrics["saliency"]["images"] == 24
    write_evidence(tmp_path / "kept", evidence, mask, keep_embeddings=True)
    assert torch.equal(read_evidence(tmp_path / "kept")["embedding/train"], evidence.seen["train"].embedding)


def test_a_dense_network_is_randomised_and_its_concepts_are_learned_again(model, tiny):
    evidence = look(model, tiny, sanity=5, refits=3)
    assert len(evidence.concepts.controls.refits) == 3
    assert len(evidence.cascades) == 4
    images = (tiny.images[tiny.splits["test"]].float() / 255)[:5]
    mean, std = (torch.tensor(value).view(1, 3, 1, 1) for value in (tiny.mean, tiny.std))
    labels = tiny.labels[tiny.splits["test"]][:5]
    for seed, found in enumerate(evidence.cascades):
        expected = cascade(model, split(model), (images - mean) / std, labels, SaliencySettings(), seed)
        assert found.stages == expected.stages
        torch.testing.assert_close(found.similarity, expected.similarity, rtol=0, atol=0.05, equal_nan=True)
    assert not torch.equal(evidence.cascades[0].similarity, evidence.cascades[1].similarity)


def test_other_networks_are_neither_and_nobody_is_where_it_is_not_asked_for(model, tiny):
    ticket = look(model, tiny, torch.zeros(24, dtype=torch.int64), sanity=5, refits=3)
    assert (ticket.cascades, ticket.concepts.controls.refits) == ((), ())
    assert ticket.probe["test"].shape == (24, 3)
    dense = look(model, tiny, sanity=0, refits=0)
    assert (dense.cascades, dense.concepts.controls.refits) == ((), ())


def test_files_hold_the_controls_of_each_kind_of_network(model, tiny, tmp_path):
    mask = full_mask(model.state_dict(), prunable(model))
    dense, ticket = look(model, tiny, sanity=5), look(model, tiny, torch.zeros(24, dtype=torch.int64), sanity=5)
    for name, evidence in (("dense", dense), ("ticket", ticket)):
        write_evidence(tmp_path / name, evidence, mask, keep_embeddings=False)
    arrays, metrics = read_evidence(tmp_path / "dense"), read_metrics(tmp_path / "dense")
    assert torch.equal(arrays["gates/cascade"], torch.stack([one.similarity for one in dense.cascades]))
    assert tuple(metrics["cascade"]) == dense.cascades[0].stages
    assert metrics["cascade"][0] == "fc"
    assert arrays["gates/cascade"].shape == (4, len(metrics["cascade"]), 5)
    for b, refit in enumerate(dense.concepts.controls.refits, start=1):
        assert torch.equal(arrays[f"refit/{b}/Q"], refit.Q)
        assert torch.equal(arrays[f"refit/{b}/weights"], refit.weights)
    others, numbers = read_evidence(tmp_path / "ticket"), read_metrics(tmp_path / "ticket")
    assert arrays.keys() - others.keys() == {
        "gates/cascade",
        *(f"refit/{b}/{part}" for b in (1, 2) for part in ("Q", "intercepts", "weights")),
    }
    assert numbers["cascade"] is None
    for model_name in ("probe", "g-random"):
        labels = tiny.labels[tiny.splits["test"]]
        right = (others[f"{model_name}/logits/test"].argmax(1) == labels).double().mean()
        assert numbers["accuracy"][model_name]["test"]["accuracy"] == float(right)
        assert numbers["accuracy"][model_name].keys() == {"train", "validation", "test"}


@pytest.fixture
def bare(tiny):
    """The same images without a concept."""
    return replace(tiny, concepts=tiny.concepts[:, :0], concept_names=(), concept_groups=())


def test_the_probe_is_learned_on_training_images_and_read_on_every_split(model, tiny, bare):
    for data in (tiny, bare):
        evidence = look(model, data)
        own = tuple(evidence.seen[name].embedding for name in ("train", "validation", "test"))
        expected = probe_logits(own[0], evidence.seen["train"].labels, 3, ConceptSettings().C, own[1:])
        assert list(evidence.probe) == ["train", "validation", "test"]
        assert all(map(torch.equal, evidence.probe.values(), expected))


def test_without_concepts_the_rest_is_as_with_them(model, tiny, bare, tmp_path):
    mask = full_mask(model.state_dict(), prunable(model))
    told, silent = look(model, tiny, sanity=5), look(model, bare, sanity=5)
    assert silent.concepts is None
    for name, evidence in (("told", told), ("silent", silent)):
        write_evidence(tmp_path / name, evidence, mask, keep_embeddings=True)
    arrays = {name: read_evidence(tmp_path / name) for name in ("told", "silent")}
    assert arrays["silent"].keys() == {
        *("saliency/classes", "saliency/maps", "saliency/mask_energy", "gates/cascade", "embedding/train"),
        *(f"{kind}/{split}" for kind in ("embedding", "logits", "probe/logits") for split in ("validation", "test")),
    }
    for name, array in arrays["silent"].items():
        torch.testing.assert_close(array, arrays["told"][name], rtol=0, atol=0, equal_nan=True)
    metrics = {name: read_metrics(tmp_path / name) for name in ("told", "silent")}
    assert list(metrics["silent"]["accuracy"]) == ["f", "probe"]
    assert metrics["told"].keys() - metrics["silent"].keys() == {"concepts", "g"}
    same = metrics["silent"].keys() - {"evidence", "accuracy"}
    assert all(metrics["silent"][key] == metrics["told"][key] for key in same)
    assert all(metrics["silent"]["accuracy"][one] == metrics["told"]["accuracy"][one] for one in ("f", "probe"))
    assert [has_concepts(metrics[name]) for name in ("told", "silent")] == [True, False]


@pytest.mark.parametrize("left", [("concepts",), ("g",), ("accuracy", "g"), ("accuracy", "g-random")])
def test_metrics_hold_all_of_concepts_or_nothing(model, tiny, tmp_path, left):
    write_evidence(tmp_path, look(model, tiny), full_mask(model.state_dict(), prunable(model)), keep_embeddings=False)
    whole = read_json(tmp_path / METRICS, "metrics")
    places = [("concepts",), ("g",), ("accuracy", "g"), ("accuracy", "g-random")]

    def without(gone):
        metrics = {**whole, "accuracy": dict(whole["accuracy"])}
        for *room, key in gone:
            del (metrics[room[0]] if room else metrics)[key]
        write_json(tmp_path / METRICS, metrics, "metrics")
        return read_metrics(tmp_path)

    for gone in ([left], [place for place in places if place != left]):
        with pytest.raises(DamagedError, match=r"no fit value of (concepts|g|accuracy\.g)"):
            without(gone)
    assert not has_concepts(without(places))


def test_evidence_with_or_without_concepts_is_told_from_what_the_data_have(model, tiny, bare, tmp_path):
    for name, data in (("told", tiny), ("silent", bare)):
        write_evidence(tmp_path / name, look(model, data), full_mask(model.state_dict(), prunable(model)), False)
    (told, numbers), (silent, fewer) = (
        (read_evidence(tmp_path / name), read_metrics(tmp_path / name)) for name in ("told", "silent")
    )
    in_use = concepts_in_use(tiny)
    assert concept_flaw(numbers, told, in_use) == concept_flaw(fewer, silent, ()) == ""
    assert "equal columns once" in concept_flaw(numbers, told, in_use[:2])
    for metrics, arrays in ((fewer, silent), (fewer, told), (numbers, silent)):
        assert "lacks" in concept_flaw(metrics, arrays, in_use)
    for metrics, arrays in ((numbers, told), (fewer, told), (numbers, silent)):
        assert "do not have" in concept_flaw(metrics, arrays, ())
    assert (tmp_path / "told" / EVIDENCE).stat().st_size > (tmp_path / "silent" / EVIDENCE).stat().st_size
