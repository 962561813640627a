"""Audits of models in Python: against itself, pruned, randomised, quantised, narrower, with a floor and without."""

import copy
import math
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torch import nn
from torch.nn.utils import prune

from sparsight import audit_models
from sparsight.auditing import AuditSettings
from sparsight.data import ToyBirdsSettings, load_dataset, normalise
from sparsight.errors import InputError
from sparsight.evidence import concepts_in_use
from sparsight.models import Given, ModelSettings, build_model

PRIMARY = ["top_k_jaccard", "weight_spearman", "value_agreement", "map_spearman", "map_iou_20", "linear_cka"]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def birds():
    return load_dataset(ToyBirdsSettings(train=96, validation=12, test=60, image_size=32))


@pytest.fixture(scope="module")
def trained(birds):
    """The original and three that were trained again, from the same start in another order."""
    torch.set_num_threads(1)
    images = normalise(birds.images[birds.splits["train"]], birds, CPU)
    labels = birds.labels[birds.splits["train"]]

    def one(seed):
        model = build_model(ModelSettings(name="resnet8", stem_stride=2), 12, 1)
        step = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
        order = torch.Generator().manual_seed(seed)
        for _ in range(12):
            for batch in torch.randperm(len(images), generator=order).split(16):
                step.zero_grad()
                nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
                step.step()
        return model.eval()

    return [one(seed) for seed in range(4)]


def primary(audit, model):
    rows = audit.verdicts
    return rows[(rows["model"] == model) & rows["primary"].astype(bool)].set_index("metric")


@pytest.mark.parametrize("margin", [None, 0.05])
@pytest.mark.parametrize("floor", [0, 3])
def test_a_model_against_itself_has_no_drift_and_is_preserved(birds, trained, floor, margin):
    settings = AuditSettings(margin=margin)
    audit = audit_models(trained[0], copy.deepcopy(trained[0]), birds, floor=trained[1 : 1 + floor], settings=settings)
    rows = primary(audit, "model")
    assert list(rows.index) == PRIMARY
    assert rows["reason"].str.endswith("preserved by identity, the evidence is the same bit for bit").all()
    assert (rows["drift"] < 1e-12).all()
    assert (rows["verdict"] == "preserved").all()
    assert audit.word == "preserved"
    others = audit.verdicts[audit.verdicts["axis"] != "similarity"]
    assert set(others["metric"]) == {"accuracy", "concept_auroc", "mask_energy"}
    assert (others["drift"] == 0).all()
    assert (others["verdict"] == "preserved").all()


def test_numbers_are_those_of_the_models(birds, trained):
    audit = audit_models(trained[0], trained[1], birds)
    test = birds.splits["test"]
    images, labels = normalise(birds.images[test], birds, CPU), birds.labels[test]
    with torch.no_grad():
        answers = [model(images).argmax(1) for model in trained[:2]]
    right = {
        name: float((own == labels).double().mean()) for name, own in zip(("original", "model"), answers, strict=True)
    }
    table = audit.data.accuracy
    of_f = table[(table["of"] == "f") & (table["metric"] == "accuracy")].set_index("model")["value"]
    assert of_f.to_dict() == pytest.approx(right)
    flipped = audit.data.images["stratum"] == "flipped"
    assert int(flipped.sum()) == int((answers[0] != answers[1]).sum())
    row = audit.verdicts.set_index(["axis", "method"]).loc[("accuracy", "f")]
    assert row["drift"] == pytest.approx(right["model"] - right["original"])
    concepts = audit.data.concepts
    assert set(concepts["model"]) == {"original", "model"}
    assert concepts.groupby(["model", "class"])["rank"].max().max() <= 3
    looked = audit.evidence["model"]
    assert looked.concepts.bank.Q.shape[0] == len(concepts_in_use(birds))


def test_without_margin_or_floor_nothing_is_said_of_chance(birds, trained):
    audit = audit_models(trained[0], trained[1], birds)
    assert audit.word == "undecided"
    assert "how far they are apart is all that can be said" in audit.headlines["model"].sentence
    rows = primary(audit, "model")
    assert (rows["verdict"] == "undecided").all()
    assert (rows["low"] < rows["high"]).all()
    assert rows["p_changed"].isna().all()


def test_a_randomised_copy_has_changed_against_a_floor(birds, trained):
    torch.manual_seed(0)
    random = copy.deepcopy(trained[0])
    for module in random.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.reset_parameters()
    audit = audit_models(trained[0], [random, copy.deepcopy(trained[0])], birds, floor=trained[1:])
    assert audit.headlines["model"].word == "changed"
    assert audit.headlines["model (2)"].word == "preserved"
    assert audit.word == "changed"
    rows = primary(audit, "model")
    assert rows.loc["linear_cka", "verdict"] == "changed"
    assert rows["retrains"].eq(3).all()
    assert rows["p_changed"].min() < 0.05 / 6, "by Holm the first of six has to pass that"
    cka = rows.loc["linear_cka"]
    assert cka["low"] > 1.25 * cka["floor"], "a network that never learned is well beyond the floor"
    assert (rows["floor"] > 0).all()


@pytest.mark.parametrize("floor", [0, 3])
def test_a_model_that_always_gives_one_answer_has_changed_though_its_explanation_is_preserved(birds, trained, floor):
    shifted = copy.deepcopy(trained[0])
    with torch.no_grad():
        shifted.fc.bias[0] += 100
        answers = trained[0](normalise(birds.images[birds.splits["test"]], birds, CPU)).argmax(1)
    other = float((answers != 0).double().mean())
    settings = AuditSettings(margin=0.1)
    audit = audit_models(trained[0], shifted, birds, floor=trained[1 : 1 + floor], settings=settings)
    assert audit.word == "changed"
    assert audit.headlines["model"].word == "preserved"
    said = audit.headlines["model"].sentence
    assert said.startswith("The accuracy of model has fallen, although it decides on the same evidence as original")
    right = audit.data.accuracy.set_index(["model", "of", "metric"])["value"]
    numbers = f"{right['model', 'f', 'accuracy']:.3f}, original {right['original', 'f', 'accuracy']:.3f}"
    assert f"{other:.1%} of its answers differ from the original's, its accuracy has fallen ({numbers})" in said
    rows = audit.verdicts.set_index(["axis", "metric", "method"])["verdict"]
    assert rows["accuracy", "accuracy", "f"] == "changed"
    assert rows["similarity", "flips", "f"] == ("changed" if floor else "beyond the margin")


def test_one_or_two_networks_trained_again_leave_the_margin(birds, trained):
    audit = audit_models(
        trained[0], copy.deepcopy(trained[1]), birds, floor=trained[2:], settings=AuditSettings(margin=0.01)
    )
    rows = primary(audit, "model")
    assert audit.headlines["model"].word == "beyond the margin"
    assert rows["margin"].to_numpy() == pytest.approx(0.01 * rows["ceiling"].to_numpy())
    assert rows["share"].to_numpy() == pytest.approx((rows["drift"] / rows["ceiling"]).to_numpy())
    assert (rows["retrains"] == 2).all()
    assert "measures moved more than their margins, most of all " in audit.headlines["model"].sentence
    assert any("2 networks trained again" in notice for notice in audit.data.notices)


def test_without_maps_nothing_is_preserved(birds):
    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.first, self.head = nn.Linear(3 * 32 * 32, 24), nn.Linear(24, 12)

        def forward(self, images):
            return self.head(self.first(images.flatten(1)).relu())

    audit = audit_models(Flat(), Flat(), birds, settings=AuditSettings(margin=0.1))
    rows = primary(audit, "model")
    assert list(rows.index) == ["top_k_jaccard", "weight_spearman", "value_agreement", "linear_cka"]
    assert audit.word == "undecided"
    assert "and the others are missing" in audit.headlines["model"].sentence


def test_a_pruned_model_is_looked_at_as_torch_left_it(birds, trained):
    sparse = copy.deepcopy(trained[0])
    for module in sparse.modules():
        if isinstance(module, nn.Conv2d):
            prune.l1_unstructured(module, "weight", 0.3)
    before = {name: value.clone() for name, value in sparse.state_dict().items()}
    audit = audit_models(trained[0], sparse, birds, settings=AuditSettings(margin=1.0))
    assert audit.headlines["model"].word == "within the margin"
    assert audit.word == "undecided", "60 images show no accuracy to lie within 0.02"
    assert (primary(audit, "model")["margin"] < 1.1).all(), "what has nothing in common is no further apart"
    assert 0 < primary(audit, "model").loc["linear_cka", "drift"] < 0.5
    after = sparse.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_a_narrower_network_has_its_own_embedding(birds, trained):
    pruning = pytest.importorskip("torch_pruning")
    torch.manual_seed(0)
    wide = torchvision.models.resnet18(num_classes=12).eval()
    narrow, importance = copy.deepcopy(wide), pruning.importance.GroupMagnitudeImportance(p=2)
    sample = torch.rand(1, 3, 32, 32)
    pruning.MagnitudePruner(narrow, sample, importance, pruning_ratio=0.5, ignored_layers=[narrow.fc]).step()
    audit = audit_models(wide, narrow, birds, settings=AuditSettings(margin=0.1))
    widths = {name: one.seen.embedding.shape[1] for name, one in audit.evidence.items()}
    assert widths["model"] < widths["original"]
    rows = primary(audit, "model")
    assert rows.loc[["top_k_jaccard", "value_agreement", "linear_cka"], "drift"].notna().all()
    maps = rows.loc[["map_spearman", "map_iou_20"]]
    assert maps["reason"].str.endswith("Maps of gradcam are compared at 1 x 1 positions (limit 9 in all)").all()
    assert (maps["verdict"] == "undecided").all()
    assert audit.data.pictures == ()


def test_int8_weights_go_all_the_way(birds, trained):
    quantization = pytest.importorskip("torchao.quantization")
    small = copy.deepcopy(trained[0])
    quantization.quantize_(small, quantization.Int8WeightOnlyConfig())
    audit = audit_models(trained[0], small, birds, settings=AuditSettings(margin=0.3))
    assert audit.headlines["model"].word == "within the margin"
    one, two = (audit.evidence[name].seen for name in ("original", "model"))
    assert 0 < float((one.logits - two.logits).abs().max()) < 0.1 * float(one.logits.abs().max())


@pytest.mark.filterwarnings("ignore")
def test_what_a_quantised_network_cannot_give_is_said_and_the_rest_goes_on(birds, trained):
    small = torch.ao.quantization.quantize_dynamic(copy.deepcopy(trained[0]), {nn.Linear}, dtype=torch.qint8)
    settings = AuditSettings(margin=0.1, saliency={"method": "hirescam"})
    audit = audit_models(trained[0], small, birds, settings=settings)
    assert audit.evidence["model"].maps is None
    rows = primary(audit, "model")
    assert list(rows.index) == ["top_k_jaccard", "weight_spearman", "value_agreement", "linear_cka"]
    assert rows.loc["linear_cka", "verdict"] == "preserved", "what lies before the head is the same bit for bit"
    assert any(note.startswith("model: no maps: ") for note in audit.data.notices)
    assert "no maps could be made" in audit.headlines["model"].sentence
    assert audit.data.pictures == ()


def test_without_concepts_three_measures_are_left(birds, trained):
    bare = replace(birds, concepts=birds.concepts[:, :0], concept_names=(), concept_groups=())
    audit = audit_models(trained[0], trained[1], bare)
    assert list(primary(audit, "model").index) == PRIMARY[3:]
    assert audit.data.concepts.empty


def test_dead_maps_void_the_metrics_of_maps(birds, trained):
    dead = copy.deepcopy(trained[0])
    with torch.no_grad():
        dead.fc.weight.zero_()
    audit = audit_models(trained[0], [dead, trained[1]], birds, settings=AuditSettings(margin=1.0))
    rows = primary(audit, "model")
    assert rows.loc["map_spearman", "verdict"] == "undecided"
    assert "dead" in rows.loc["map_spearman", "reason"]
    assert "dead" not in primary(audit, "model (2)").loc["map_spearman", "reason"]


def test_pictures_are_of_the_images_that_moved_most_and_both_get_right(birds, trained):
    audit = audit_models(trained[0], trained[1], birds, settings=AuditSettings(shown=5))
    pictures = audit.data.pictures
    assert len(pictures) == 5
    images = audit.data.images.set_index("place")
    right = images[(images["original"] == images["label"]) & (images["prediction"] == images["label"])]
    expected = right["map_spearman"].fillna(-1).sort_values(ascending=False, kind="stable").index[: min(5, len(right))]
    assert [one.place for one in pictures][: len(expected)] == list(expected)
    first = pictures[0]
    place = int(birds.splits["test"][first.place])
    assert np.array_equal(first.image, birds.images[place].permute(1, 2, 0).numpy())
    assert first.models["model"].moved == pytest.approx(images.loc[first.place, "map_spearman"])
    assert math.isnan(first.original.moved)


def test_modes_hooks_and_gradients_are_left_as_they_were(birds, trained):
    model, threads = copy.deepcopy(trained[0]).train(), torch.get_num_threads()
    audit_models(model, copy.deepcopy(model), birds)
    assert torch.get_num_threads() == threads
    assert torch.is_grad_enabled()
    assert all(parameter.device == CPU for parameter in model.parameters())
    assert all(module.training for module in model.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fc": nn.Linear(64, 5)}, "5 outputs for 12 classes"),
        ({"fc": nn.Identity()}, "64 outputs for 12 classes"),
    ],
)
def test_models_that_do_not_answer_for_the_classes_are_refused(birds, trained, change, said):
    other = copy.deepcopy(trained[0])
    for name, module in change.items():
        setattr(other, name, module)
    with pytest.raises(InputError, match=said):
        audit_models(trained[0], other, birds)


def test_another_order_of_the_classes_is_refused(birds, trained):
    other = copy.deepcopy(trained[0])
    with torch.no_grad():
        other.fc.weight.copy_(trained[0].fc.weight.roll(1, 0))
        other.fc.bias.copy_(trained[0].fc.bias.roll(1, 0))
    with pytest.raises(InputError, match="original and model: their classes stand in different orders"):
        audit_models(trained[0], other, birds)


@pytest.mark.parametrize(
    ("name", "value"), [("fc.weight", math.nan), ("conv1.weight", -math.inf), ("layer1.0.bn1.running_var", math.inf)]
)
def test_weights_that_are_not_finite_are_refused_by_name(birds, trained, name, value):
    """Also an infinite variance, which makes maps that are dead and logits that are finite."""
    other = copy.deepcopy(trained[0])
    other.state_dict()[name].flatten()[:1] = value
    kind = "NaN" if math.isnan(value) else "infinite"
    said = rf"model: not finite numbers: {re.escape(name)} \(1 of [\d,]+ {kind}\); give a whole model"
    for pair in ((trained[0], other), (other, trained[0])):
        with pytest.raises(InputError, match=said if pair[1] is other else said.replace("model", "original", 1)):
            audit_models(*pair, birds)


def test_too_few_images_or_models_are_refused(birds, trained):
    one = replace(birds, splits={**birds.splits, "test": birds.splits["test"][:1]})
    with pytest.raises(InputError, match="one test image is too few"):
        audit_models(trained[0], trained[1], one)
    with pytest.raises(InputError, match="no model to compare"):
        audit_models(trained[0], [], birds)


def test_an_audit_shows_itself_and_writes_itself(birds, trained, tmp_path):
    audit = audit_models(trained[0], trained[1], birds)
    shown = audit._repr_html_()
    assert "undecided" in shown
    assert "<script" not in shown
    page = audit.write(tmp_path / "audit")
    assert page == tmp_path / "audit" / "report" / "index.html"
    assert (tmp_path / "audit" / "evidence" / "model-01.safetensors").exists()
    assert audit.write(tmp_path / "audit") == page
    with pytest.raises(InputError, match="holds another audit, which differs in its models, weights; choose another"):
        audit_models(trained[0], [trained[1], trained[2]], birds).write(tmp_path / "audit")
    with pytest.raises(InputError, match="holds another audit, which differs in its weights; choose another"):
        audit_models(trained[0], trained[2], birds, out=tmp_path / "audit")
    fewer = replace(birds, splits={**birds.splits, "test": birds.splits["test"][:40]})
    with pytest.raises(InputError, match="holds another audit, which differs in its data; choose another"):
        audit_models(trained[0], trained[1], fewer, out=tmp_path / "audit")


def test_how_it_is_made_again_is_said_with_its_settings(birds, trained):
    settings = AuditSettings(margin=0.3)
    audit = audit_models(trained[0], [trained[1], trained[2]], birds, settings=settings)
    settings = "settings=sparsight.auditing.AuditSettings(margin=0.3)"
    assert audit.data.command == f"sparsight.audit_models(original, [model_1, model_2], data, {settings})"


def test_a_method_that_there_is_not_is_refused_before_a_model_is_looked_at(birds):
    pytest.importorskip("captum")

    class Never(nn.Module):
        def forward(self, images):
            raise AssertionError

    settings = AuditSettings(saliency={"method": "captum:IntegratedGradient"}, margin=0.1)
    with pytest.raises(InputError, match="no attribution 'IntegratedGradient'; near are IntegratedGradients"):
        audit_models(Never(), Never(), birds, settings=settings)


class Heard:
    def __init__(self):
        self.notes, self.passes = [], []

    def note(self, text):
        self.notes.append(text)

    def decoded(self, done, total):
        pass

    def looking(self, name, place, models):
        self.passes.append((name, place, models))

    def seen(self, done, total):
        self.passes.append((done, total))


def test_how_far_each_model_is_is_told(birds, trained):
    heard = Heard()
    settings = AuditSettings(evidence={"batch_size": 40})
    audit_models(*trained[:2], birds, settings=settings, listener=heard)
    each = [(40, 60), (60, 60), (40, 96), (80, 96), (96, 96)]
    assert heard.passes == [("original", 1, 2), *each, ("model", 2, 2), *each]
    assert heard.notes == []


def test_a_slow_method_says_what_it_takes(birds, trained):
    pytest.importorskip("captum")
    heard = Heard()
    few = replace(birds, splits={**birds.splits, "test": birds.splits["test"][:4]})
    audit_models(
        trained[0],
        copy.deepcopy(trained[0]),
        few,
        settings=AuditSettings(saliency={"method": "captum:IntegratedGradients"}),
        listener=heard,
    )
    said = "captum:IntegratedGradients: 50 passes through each model an image and class, where gradcam takes one"
    assert [note for note in heard.notes if "passes" in note] == [said]


def test_a_module_is_given_images_as_its_original_is(birds, trained):
    known = Given("dense", trained[0], normalisation=((0.5,) * 3, (0.25,) * 3))
    audit = audit_models(known, copy.deepcopy(trained[0]), birds)
    assert audit.word == "preserved"
    assert audit.data.facts["Normalisation"] == "mean 0.5 0.5 0.5 and deviation 0.25 0.25 0.25"
    assert [one.source for one in audit.data.inputs] == ["", "guessed: that of dense"]
    said = "model: how images are normalised is not known, and that of dense is taken: mean 0.5 0.5 0.5 and deviation"
    assert [note.startswith(said) for note in audit.data.notices][:1] == [True]
    other = replace(known, name="twin", model=copy.deepcopy(trained[0]), normalisation=((0.4,) * 3, (0.25,) * 3))
    audit = audit_models(known, other, birds)
    assert audit.data.notices[0].startswith("CAUTION: images are normalised differently, for dense by mean 0.5 0.5")
    assert audit.data.facts["Normalisation"].startswith("dense: mean 0.5")


@pytest.mark.parametrize("around", [lambda: torch.autocast("cpu", torch.bfloat16), lambda: torch.device("meta")])
def test_what_is_seen_does_not_depend_on_the_callers_block(birds, trained, around):
    """Notebooks call from inside autocast, or with another default device: the numbers are the command line's."""
    models, settings = (trained[0], trained[1]), AuditSettings(normalise="data")
    plain = audit_models(*models, birds, settings=settings)
    with around():
        found = audit_models(*models, birds, settings=settings)
    assert found.verdicts.equals(plain.verdicts)


def test_a_guessed_normalisation_is_a_warning_in_python(birds, trained):
    """The command line prints such notes; who calls from Python would never see them."""
    models = trained[0], copy.deepcopy(trained[0])
    with pytest.warns(UserWarning, match="original and model: how images are normalised is not known") as caught:
        audit_models(*models, birds)
    assert [one.filename for one in caught if one.category is UserWarning] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        audit_models(*models, birds, settings=AuditSettings(normalise="data"))
        audit_models(*models, birds, listener=Heard())
        audit_models(
            Given("dense", models[0], normalisation=((0.5,) * 3,) * 2),
            Given("small", models[1], normalisation=((0.5,) * 3,) * 2),
            birds,
        )
    with pytest.warns(UserWarning, match="CAUTION: images are normalised differently"):
        audit_models(
            Given("dense", models[0], normalisation=((0.5,) * 3, (0.25,) * 3)),
            Given("other", models[1], normalisation=((0.4,) * 3, (0.25,) * 3)),
            birds,
        )


@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_a_librarys_module_is_normalised_as_the_command_line_does(birds, library, tmp_path, monkeypatch):
    """The same weights by name and as a module give the same logits."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    if library == "timm":
        name, model = "resnet10t", pytest.importorskip("timm").create_model("resnet10t", num_classes=12).eval()
    else:
        name, model = "resnet18", torchvision.models.resnet18(num_classes=12).eval()
    torch.save(model.state_dict(), "weights.pt")
    named = f"{library}:{name}@weights.pt"
    few = replace(birds, concept_names=(), concept_groups=(), concepts=birds.concepts[:, :0])
    by_name = audit_models(named, named, few, image_size=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        by_module = audit_models(model, copy.deepcopy(model), few)
    assert torch.equal(by_name.evidence[named].seen.logits, by_module.evidence["original"].seen.logits)
    assert by_module.data.facts["Normalisation"] == by_name.data.facts["Normalisation"]


def test_maps_of_few_positions_are_told_on_the_page_and_in_a_note(birds, trained):
    audit = audit_models(*trained[:2], birds)
    assert audit.data.pictures[0].original.map.shape == (4, 4)
    (said,) = [note for note in audit.data.notices if "positions" in note]
    assert said.startswith("maps are compared at 16 positions, which tell coarse places alone")


def test_images_are_read_as_large_as_it_is_asked_for(tmp_path, trained):
    draws = np.random.default_rng(0)
    for k in range(12):
        (tmp_path / "photos" / f"{k:02d}").mkdir(parents=True)
        for i in range(2):
            pixels = draws.integers(0, 256, (30, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / f"{k:02d}" / f"{i}.png")
    audit = audit_models(trained[0], copy.deepcopy(trained[0]), tmp_path / "photos", image_size=24)
    assert "24 test images of 24 x 24 pixels" in audit.data.facts["Images"]
    assert "image_size=24" in audit.data.command


def test_images_that_are_read_have_their_size(birds, trained):
    with pytest.raises(InputError, match="image_size: these images are read already"):
        audit_models(*trained[:2], birds, image_size=24)


def test_models_of_other_sizes_than_the_images_are_named(birds, trained):
    large = Given("teacher", trained[0], normalisation=((0.5,) * 3,) * 2, side=32)
    small = Given("student", copy.deepcopy(trained[0]), normalisation=((0.5,) * 3,) * 2, side=28)
    found = audit_models(large, small, birds)
    (said,) = [note for note in found.data.notices if "pixels and is given" in note]
    assert said.startswith("CAUTION: student expects images of 28 pixels and is given 32")


def test_where_all_models_expect_one_size_the_remedy_is_to_read_the_images_at_it(birds, trained):
    models = [Given(name, copy.deepcopy(trained[0]), side=64, normalisation=((0.5,) * 3,) * 2) for name in "ab"]
    said = [note for note in audit_models(*models, birds).data.notices if "expect" in note]
    assert said == [
        "CAUTION: a and b expect images of 64 pixels and are given 32, as all models are; "
        "unless trained at 32, read the images at 64 (--image-size 64)"
    ]
