import pytest
import yaml

from sparsight.arms.arm import TOGGLES
from sparsight.config import (
    concepts_of,
    data_as_used,
    difference,
    evidence_digest,
    extended,
    load_study,
    parse_assignment,
    preset_names,
    training_digest,
    validated,
)
from sparsight.errors import InputError
from sparsight.networks import plan
from sparsight.report.published.paper import FIGURES


@pytest.mark.parametrize(
    ("name", "side", "network", "rate"),
    [("cub200", 448, "torchvision:resnet50", 0.01), ("ham10000", 299, "torchvision:inception_v3", 0.01)],
)
def test_the_papers_presets_say_what_the_paper_says(name, side, network, rate):
    written, released = load_study(name), load_study(f"{name}-released")
    for settings in (written, released):
        assert (settings.data.name, settings.data.image_size, settings.model.name) == (name, side, network)
        assert (settings.pruning.rate, settings.pruning.rounds, settings.training.batch_size) == (0.1, 15, 32)
        assert len(plan(settings)) > 90
    assert (written.training.learning_rate, released.training.learning_rate) == (rate, rate / 10)
    assert written.concepts.standardise == "values"
    assert released.concepts.standardise == "none"
    assert written.study.arms[0] == "magnitude"
    assert released.study.arms[1] == "magnitude"
    for preset in (name, f"{name}-released"):
        quick = load_study(preset, quick=True)
        assert (quick.study.seeds, quick.pruning.rounds, quick.data.image_size) == ((0,), 3, 96)


RELEASED = {
    "cub200": {
        "data.split": "released",
        "data.whole_size": 512,
        "training.epochs": 60,
        "training.first_round_epochs": None,
        "training.crop_scale": (0.08, 1.0),
        "training.learning_rate": 0.001,
        "concepts.value": "sigmoid",
        "concepts.method": "predictor",
        "concepts.standardise": "none",
        "concepts.lam": 0.216,
        "saliency.method": "released",
        "saliency.beside": "gradcam",
        "study.arms": ("released-code", "magnitude"),
    },
    "ham10000": {
        "data.split": "image-released",
        "data.concepts": "derm7pt",
        "training.epochs": 50,
        "training.first_round_epochs": 2,
        "training.learning_rate": 0.001,
        "training.flip": False,
        "concepts.value": "distance",
        "concepts.method": "svm-hinge",
        "concepts.standardise": "none",
        "concepts.lam": 0.00016,
        "study.arms": ("toggle:" + "+".join(TOGGLES), "magnitude"),
    },
}
WRITTEN = {
    "cub200": {
        "training.epochs": 60,
        "training.learning_rate": 0.01,
        "concepts.value": "projection",
        "saliency.method": "gradcam",
        "saliency.beside": "released",
        "evidence.shown": tuple(FIGURES),
    },
    "ham10000": {
        "data.split": "lesion",
        "data.concepts": "derm7pt",
        "training.epochs": 50,
        "concepts.method": "svm-hinge",
    },
}


@pytest.mark.parametrize("name", ["cub200", "ham10000"])
def test_the_papers_presets_hold_every_departure(name):
    for preset, wanted in ((name, WRITTEN[name]), (f"{name}-released", RELEASED[name])):
        settings = load_study(preset)
        found = {key: getattr(getattr(settings, key.split(".")[0]), key.split(".")[1]) for key in wanted}
        assert found == wanted


def test_other_weights_or_another_network_take_the_place_of_a_presets_weights(tmp_path):
    def start(**model):
        found = load_study("cub200", overrides={"model": model}).model
        return found.name, found.pretrained, found.weights

    assert start() == ("torchvision:resnet50", "IMAGENET1K_V1", None)
    assert start(name="torchvision:resnet18") == ("torchvision:resnet18", "IMAGENET1K_V1", None)
    assert start(weights=tmp_path / "w.pt") == ("torchvision:resnet50", None, tmp_path / "w.pt")
    assert start(name="resnet8", embedding="head") == ("resnet8", None, None)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("folder:birds", {"concepts": "X"}),
        ("toybirds", {"concepts": "X"}),
        ("cub200", {"concept_path": "X", "concepts": "examples"}),
        ("ham10000", {"concept_path": "X"}),
    ],
)
def test_a_place_of_concepts_is_never_given_in_vain(source, expected):
    assert concepts_of(source, "X") == expected
    assert concepts_of(source, None) == {}


def test_a_place_of_examples_needs_concepts_that_come_as_examples():
    for name, rule in (("cub200", "class-majority"), ("ham10000", "masks")):
        with pytest.raises(InputError, match="need no concept_path"):
            validated({"data": {"name": name, "concepts": rule, "concept_path": "x"}}, "test")


def test_presets_are_whole():
    assert preset_names() == [
        *("cub200", "cub200-released", "ham10000", "ham10000-released"),
        *("mnist", "mnist-ablation", "toybirds", "toybirds-ablation"),
    ]
    for name in ("mnist", "toybirds"):
        settings = load_study(name)
        assert settings.data.name == name
        assert settings.pruning.rounds == 6
        assert settings.study.seeds == (0, 1, 2)
        assert settings.study.arms == ("magnitude", "released-code")
        quick = load_study(name, quick=True)
        assert (quick.study.seeds, quick.pruning.rounds, quick.pruning.rate) == ((0,), 3, 0.5)


def test_the_ablation_compares_arms_with_each_other_and_has_no_controls():
    for name in ("mnist-ablation", "toybirds-ablation"):
        for quick in (False, True):
            settings = load_study(name, quick=quick)
            assert settings.study.retrains == 0
            assert not [network for network in plan(settings) if network.kind == "retrain"]


def test_a_setting_that_came_later_is_in_no_digest_as_runs_without_it_had_it():
    """The digests of this preset before there was a ``training.precision``: runs made then go on."""
    base = load_study("toybirds")
    assert training_digest(base) == "79a23552b2b0d6e4b39d02277bff1b71765e27767aac7fe78ae2d2926b552da5"
    assert evidence_digest(base) == "f90c07056a15a7aab08366b7865d970bcfd762330790e23510dae1232565f4be"
    mixed = load_study("toybirds", overrides={"training": {"precision": "bfloat16"}})
    assert training_digest(mixed) != training_digest(base)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("folder:x", "496e311e74d7f1706340d31fcaff0a949a8295df7c891b3e38026b1dcce81421"),
        ("cub200", "2effbac55f3fdbc3b1f0dc25968a178137beb6a5a40dce9642abb5c6ae821319"),
        ("ham10000", "9c64210be109ab6a62ce150b29ac57667e123fa230caa822a19f9c39f33426b3"),
    ],
)
def test_runs_on_image_files_go_on_that_were_made_before_ranges_and_duplicates_could_be_stated(name, digest):
    assert training_digest(load_study(name)) == digest
    for key, value in (("range", 4095), ("duplicates", "leave-out")):
        assert training_digest(load_study(name, overrides={"data": {key: value}})) != digest


@pytest.mark.parametrize(
    ("room", "key", "value"),
    [
        ("training", "learning_rate", 0.5),
        ("data", "seed", 4),
        ("model", "stem_stride", 1),
        ("pruning", "rate", 0.3),
        ("training", "first_round_epochs", 1),
    ],
)
def test_the_digest_of_a_training_is_of_what_decides_it(room, key, value):
    base = load_study("toybirds")
    assert training_digest(load_study("toybirds", overrides={room: {key: value}})) != training_digest(base)
    for other in ({"study": {"seeds": [9], "retrains": 3, "arms": ["random"]}}, {"pruning": {"rounds": 9}}):
        assert training_digest(load_study("toybirds", overrides=other)) == training_digest(base)
        assert evidence_digest(load_study("toybirds", overrides=other)) == evidence_digest(base)
    for other in ({"concepts": {"C": 0.5}}, {"saliency": {"reduction": "sum"}}, {"evidence": {"sanity": 1}}):
        assert training_digest(load_study("toybirds", overrides=other)) == training_digest(base)
        assert evidence_digest(load_study("toybirds", overrides=other)) != evidence_digest(base)


def test_where_data_and_weights_lie_decides_nothing(tmp_path):
    one, two = (load_study(f"folder:{tmp_path / name}") for name in "ab")
    moved = two.model_copy(update={"model": two.model.model_copy(update={"weights": tmp_path / "w"})})
    assert training_digest(one) == training_digest(two)
    assert training_digest(moved) != training_digest(two), "whether there is a file of weights does"


def test_overrides_and_files(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("preset: toybirds\ntraining: {epochs: 3}\n")
    settings = load_study(str(path), overrides={"training": {"momentum": 0.5}})
    assert (settings.training.epochs, settings.training.momentum) == (3, 0.5)
    assert settings.training.schedule == load_study("toybirds").training.schedule


def test_a_runs_study_yaml_is_a_settings_file(tmp_path):
    settings = load_study("toybirds")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(settings.as_dict()))
    assert load_study(str(tmp_path / "study.yaml")) == settings


def test_a_data_set_of_another_kind_replaces_the_presets_room(tmp_path):
    (tmp_path / "m.yaml").write_text("preset: toybirds\ndata: {name: mnist}\n")
    assert load_study(str(tmp_path / "m.yaml")).data.name == "mnist"


def test_difference_names_what_changed_and_lets_extensions_pass():
    old = load_study("toybirds")
    same = load_study("toybirds", overrides={"study": {"seeds": [5], "retrains": 4}, "pruning": {"rounds": 9}})
    assert difference(old, same) == []
    other = load_study("toybirds", overrides={"training": {"epochs": 3}, "pruning": {"rate": 0.1}})
    assert difference(old, other) == ["pruning.rate: 0.25, now 0.1", f"training.epochs: {old.training.epochs}, now 3"]


def test_extending_keeps_what_stood():
    old = load_study("toybirds")
    new = load_study("toybirds", overrides={"study": {"seeds": [7, 0], "arms": ["magnitude-global"], "retrains": 0}})
    both = extended(old, new)
    assert both.study.seeds == (0, 1, 2, 7)
    assert both.study.arms == ("magnitude", "released-code", "magnitude-global")
    assert both.study.retrains == 1
    assert both.pruning.rounds == 6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b=1", ("a", "b", 1)),
        ("a.b=x=y", ("a", "b", "x=y")),
        ("a.b=null", ("a", "b", None)),
        ("a.b=[1, 2]", ("a", "b", [1, 2])),
    ],
)
def test_assignments(text, expected):
    assert parse_assignment(text) == expected


@pytest.mark.parametrize("text", ["", "a", "a=1", ".b=1", "a.=1", "a.b", "a.b=[", "=1"])
def test_wrong_assignments(text):
    with pytest.raises(InputError, match="--set"):
        parse_assignment(text)


@pytest.mark.parametrize(
    ("room", "key", "value", "says"),
    [
        ("pruning", "rate", 0, "pruning.rate: input should be greater than 0 (given: 0)"),
        ("pruning", "rate", 1, "pruning.rate"),
        ("pruning", "rate", "nan", "pruning.rate"),
        ("pruning", "rounds", 0, "pruning.rounds"),
        ("study", "seeds", [], "study.seeds"),
        ("study", "seeds", [1, 1], "study.seeds: seeds must be different"),
        ("study", "seeds", [-1], "study.seeds"),
        ("study", "seeds", 3, "study.seeds: must be a list, as [0, 1, 2] (given: 3)"),
        ("study", "seeds", [2**64], "study.seeds.0: input should be less than or equal to 4294967295"),
        ("study", "arms", "random", "study.arms: must be a list, as [magnitude, released-code] (given: 'random')"),
        ("study", "arms", [], "study.arms"),
        ("study", "arms", ["magnitud"], "did you mean magnitude"),
        ("study", "retrains", -1, "study.retrains"),
        ("training", "epoch", 3, "training.epoch: unknown key; did you mean epochs?"),
        ("training", "device", "tpu", "training.device"),
        ("trainig", "epochs", 3, "trainig: unknown key; did you mean training?"),
        ("data", "name", "cifar", "data.name: must be one of toybirds, mnist"),
        ("data", "shortcut", 2, "data.shortcut: input should be less than or equal to 1"),
        ("data", "shortcutt", 1, "data.shortcutt: unknown key"),
        ("model", "name", "resnet9", "resnet9"),
        ("training", "momentum", "x" * 10_000, "training.momentum"),
        ("training", "epochs", 10**22, "training.epochs"),
        ("training", "epochs", "1e18", "epochs: must be a whole number from 1 to 100000, in digits (given: '1e18')"),
        ("training", "epochs", None, "training.epochs: must be a whole number from 1 to 100000 (given: null)"),
        ("training", "epochs", 100_001, "less than or equal to 100000"),
        ("training", "first_round_epochs", 100_001, "training.first_round_epochs"),
        ("training", "step_epochs", 100_001, "training.step_epochs"),
        ("training", "batch_size", 65_537, "training.batch_size"),
        ("training", "crop_padding", 1025, "training.crop_padding"),
        ("evidence", "batch_size", 65_537, "evidence.batch_size"),
        ("evidence", "interventions", 10_001, "evidence.interventions"),
        ("evidence", "sanity", 10_001, "evidence.sanity"),
        ("concepts", "top_k", 1001, "concepts.top_k"),
        ("verdict", "window", 1001, "verdict.window"),
        ("verdict", "least_images", 1_000_001, "verdict.least_images"),
        ("study", "seeds", list(range(1001)), "study.seeds"),
    ],
)
def test_wrong_settings_are_named_in_one_short_line(room, key, value, says):
    with pytest.raises(InputError) as caught:
        load_study("toybirds", overrides={room: {key: value}})
    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty or no settings"),
        (b"data", "empty or no settings"),
        (b"data: [", "not valid YAML"),
        (b"preset: toybirds\npreset: mnist\n", "study.yaml: preset: given twice, in lines 1 and 2; keep one"),
        (b"preset: toybirds\ntraining:\n  epochs: 1\n  epochs: 2\n", "epochs: given twice, in lines 3 and 4"),
        (b"\xff\xfe\x00", "not a text file"),
        (b"preset: nope\n", "preset 'nope' is unknown"),
        (b"training: {epochs: 3}\n", "data: field required"),
        (b"data: toybirds\n", "data: must hold settings, as {name: toybirds} (given: 'toybirds')"),
        (b"preset: toybirds\ntraining: 3\n", "training: must hold settings, as {epochs: ...}, or be left out"),
        (b"preset: toybirds\ntraining: null\n", "or be left out (given: null)"),
        (b"!!python/object/apply:os.system ['touch exploded']\n", "not valid YAML"),
    ],
)
def test_wrong_files(tmp_path, content, says):
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"study\.yaml") as caught:
        load_study(str(path))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_sources():
    with pytest.raises(InputError, match="did you mean toybirds"):
        load_study("toybird")
    with pytest.raises(InputError, match="cannot be read"):
        load_study("nowhere/study.yaml")


def test_quick_needs_quick_settings(tmp_path):
    (tmp_path / "s.yaml").write_text("data: {name: toybirds}\n")
    with pytest.raises(InputError, match="no quick settings"):
        load_study(str(tmp_path / "s.yaml"), quick=True)


def test_what_a_file_states_goes_before_its_presets_quick_form_and_its_own_quick_before_that(tmp_path):
    def quick(more="", **overrides):
        path = tmp_path / "mine.yaml"
        path.write_text("preset: toybirds\ntraining: {epochs: 1}\npruning: {rounds: 2}\n" + more)
        found = load_study(str(path), quick=True, overrides=overrides)
        return found.training.epochs, found.pruning.rounds, found.pruning.rate, found.study.seeds

    assert quick() == (1, 2, 0.5, (0,))
    assert quick("quick: {training: {epochs: 3}}\n") == (3, 2, 0.5, (0,))
    assert quick("quick: {training: {epochs: 3}}\n", training={"epochs": 4}) == (4, 2, 0.5, (0,))
    assert quick("study: {seeds: [1, 2]}\n") == (1, 2, 0.5, (1, 2))


def test_a_presets_quick_form_is_no_hindrance_where_another_is_wanted(tmp_path):
    """Other data than the preset's have none of the settings that make it small; an epoch may lie beyond its last."""
    path = tmp_path / "mine.yaml"
    path.write_text("preset: mnist\ndata: {name: toybirds}\n")
    assert [load_study(str(path), quick=quick).data.train for quick in (False, True)] == [1500, 1500]
    path.write_text("preset: toybirds\nstudy: {arms: ['rewind:7']}\n")
    assert load_study(str(path)).study.arms == ("rewind:7",)
    with pytest.raises(InputError, match="trainings have 5 epochs"):
        load_study(str(path), quick=True)
    path.write_text("preset: toybirds\nquick: {training: {epochs: 0}}\n")
    with pytest.raises(InputError, match=r"mine\.yaml: quick: training\.epochs"):
        load_study(str(path))


def test_validated_takes_plain_values():
    assert validated({"data": {"name": "toybirds"}}, "test").training.batch_size == 32


@pytest.mark.parametrize(("key", "value"), [("train", 1_000_001), ("test", 10**22), ("seed", 2**63)])
def test_sizes_of_mnist_have_limits(key, value):
    with pytest.raises(InputError, match=f"data.{key}"):
        load_study("mnist", overrides={"data": {key: value}})


def test_another_network_leaves_the_presets_stem(tmp_path):
    assert load_study("toybirds", overrides={"model": {"name": "package.module:build"}}).model.stem_stride == 1
    assert load_study("toybirds", overrides={"model": {"name": "torchvision:resnet18"}}).model.stem_stride == 1
    assert load_study("toybirds", overrides={"model": {"name": "resnet20"}}).model.stem_stride == 2


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        ({"image_size": 96}, 110),
        ({"image_size": 448}, 512),
        ({"image_size": 96, "whole_size": 300}, 300),
        ({"classes": 25}, 512),
        ({"image_size": 1000}, 1024),
    ],
)
def test_whole_pictures_are_kept_in_proportion_to_what_is_cut_from_them(data, whole, tmp_path):
    assert load_study("cub200", overrides={"data": data}).data.whole_size == whole
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({"preset": "cub200", "data": data}))
    assert load_study(str(tmp_path / "own.yaml")).data.whole_size == whole


def test_whole_pictures_that_no_training_crops_are_not_kept():
    cropped = load_study("cub200")
    assert data_as_used(cropped) == cropped.data
    padded = load_study("cub200", overrides={"training": {"crop_scale": None, "crop_padding": 4}})
    assert padded.data.whole_size == 512
    assert data_as_used(padded) == cropped.data.model_copy(update={"whole_size": None})
    assert data_as_used(load_study("mnist")).name == "mnist"
