"""What is known of the images that a model expects, from files as users have them; what is not known is a guess."""

import json

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file
from timm.models import save_for_hf

from sparsight.errors import InputError
from sparsight.models import given_model
from sparsight.models.given import IMAGENET

HALF = ((0.5,) * 3, (0.5,) * 3)
ODD = ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def small(name="test_resnet", **more):
    torch.manual_seed(0)
    return timm.create_model(name, num_classes=4, **more).eval()


def close(found, model, images=IMAGES):
    with torch.no_grad():
        torch.testing.assert_close(found.model(images), model(images))


def timm_folder(folder, own=ODD, size=96):
    """As timm pushes a model to the hub: its own ``config.json``, and no processor."""
    model = small()
    model.pretrained_cfg = {**model.pretrained_cfg, "mean": own[0], "std": own[1], "input_size": (3, size, size)}
    names = ["a", "b", "c", "d"]
    save_for_hf(model, folder, model_config={"label_names": names}, safe_serialization=True)
    return model


def test_a_folder_of_timms_hub_is_normalised_as_it_states(tmp_path):
    model = timm_folder(tmp_path)
    found = given_model(f"hf:{tmp_path}", 0)
    assert found.normalisation == ODD
    assert found.normalisation_source.known
    assert "pretrained_cfg" in found.normalisation_source.text
    assert (found.side, found.class_names) == (96, ("a", "b", "c", "d"))
    close(found, model)


def test_a_classifier_of_timm_in_transformers_is_normalised_as_it_states(tmp_path):
    from transformers import AutoConfig, AutoModelForImageClassification

    timm_folder(tmp_path / "hub")
    config = AutoConfig.from_pretrained(str(tmp_path / "hub"))
    del config.model_args["num_classes"]  # which it states twice, and its wrapper does not take
    wrapped = AutoModelForImageClassification.from_pretrained(str(tmp_path / "hub"), config=config)
    assert type(wrapped).__name__ == "TimmWrapperForImageClassification"
    wrapped.save_pretrained(tmp_path / "own")
    assert AutoConfig.from_pretrained(str(tmp_path / "own")).model_type == "timm_wrapper"
    found = given_model(f"hf:{tmp_path / 'own'}", 0)
    assert (found.normalisation, found.side) == (ODD, 96)
    assert found.normalisation_source.known
    close(found, wrapped.eval().timm_model)


def test_a_config_of_timm_without_mean_is_a_guess(tmp_path):
    timm_folder(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    del config["pretrained_cfg"]["mean"], config["pretrained_cfg"]["std"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    found = given_model(f"hf:{tmp_path}", 0)
    assert not found.normalisation_source.known
    assert "states no mean" in found.normalisation_source.text


def of_transformers(folder, **processor):
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    ViTForImageClassification(ViTConfig(image_size=64, patch_size=16, num_labels=3, **sizes)).save_pretrained(folder)
    ViTImageProcessor(size={"height": 64, "width": 64}, **processor).save_pretrained(folder)
    return folder / "preprocessor_config.json"


def test_a_processor_that_does_not_say_whether_it_normalises_does_as_its_class(tmp_path):
    """``do_normalize`` is left out in many files; its default is true."""
    path = of_transformers(tmp_path, image_mean=list(ODD[0]), image_std=list(ODD[1]))
    stated = json.loads(path.read_text())
    stated.pop("do_normalize", None), stated.pop("do_rescale", None)
    path.write_text(json.dumps(stated))
    found = given_model(f"hf:{tmp_path}", 0)
    assert found.normalisation == (pytest.approx(ODD[0], abs=1e-5), pytest.approx(ODD[1], abs=1e-5))
    assert found.normalisation_source.known
    del stated["image_mean"], stated["image_std"]
    path.write_text(json.dumps(stated))
    found = given_model(f"hf:{tmp_path}", 0)
    assert found.normalisation == HALF, "the default of its class"
    assert found.normalisation_source.text == "preprocessor_config.json, a ViTImageProcessor"


def test_a_processor_that_does_not_normalise_leaves_pixels_in_0_to_1(tmp_path):
    of_transformers(tmp_path, do_normalize=False)
    assert given_model(f"hf:{tmp_path}", 0).normalisation == ((0.0,) * 3, (1.0,) * 3)


def test_without_a_processor_its_kinds_default_is_a_guess(tmp_path):
    of_transformers(tmp_path).unlink()
    found = given_model(f"hf:{tmp_path}", 0)
    assert (found.normalisation, found.side) == (HALF, 64)
    assert not found.normalisation_source.known
    assert found.side_source.known, "config.json states it"
    assert "no preprocessor_config.json" in found.normalisation_source.text


def test_a_tag_states_which_of_timms_weights_they_are(tmp_path):
    """Two tags of one network whose means differ: without one it is a guess, and a note names another."""
    network = "vit_base_patch16_224"
    tags = {tag: timm.get_pretrained_cfg(f"{network}.{tag}") for tag in ("augreg_in21k", "mae", "dino")}
    kinds = {(tuple(cfg.mean), tuple(cfg.std)) for cfg in tags.values() if cfg is not None}
    assert kinds == {HALF, IMAGENET}
    small_one = "vit_tiny_patch16_224"
    model = small(small_one)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    found = given_model(f"timm:{small_one}.augreg_in21k_ft_in1k@{tmp_path / 'w.safetensors'}", 0)
    assert found.normalisation == HALF
    assert found.normalisation_source.known
    guessed = given_model(f"timm:{small_one}@{tmp_path / 'w.safetensors'}", 0)
    assert (guessed.normalisation, guessed.normalisation_source.known) == (HALF, False)
    with pytest.raises(InputError, match=r"no_such_tag.*augreg_in21k"):
        given_model(f"timm:{small_one}.no_such_tag@{tmp_path / 'w.safetensors'}", 0)


def test_a_file_of_timms_folder_is_normalised_as_the_config_beside_it(tmp_path):
    timm_folder(tmp_path)
    found = given_model(f"timm:test_resnet@{tmp_path / 'model.safetensors'}", 0)
    assert (found.normalisation, found.side, found.normalisation_source.known) == (ODD, 96, True)
    (tmp_path / "config.json").write_text('{"architecture": "resnet18", "pretrained_cfg": {"mean": [0, 0, 0]}}')
    other = given_model(f"timm:test_resnet@{tmp_path / 'model.safetensors'}", 0)
    assert not other.normalisation_source.known, "it is of another network"


@pytest.mark.parametrize("library", ["timm", "torchvision"])
def test_an_embedding_of_places_states_the_size(library, tmp_path):
    torch.manual_seed(0)
    if library == "timm":
        name, model = "vit_tiny_patch16_224", small("vit_tiny_patch16_224", img_size=96)
    else:
        name, model = "vit_b_16", torchvision.models.vit_b_16(image_size=96, num_classes=4).eval()
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    found = given_model(f"{library}:{name}@{tmp_path / 'w.safetensors'}", 0)
    assert (found.side, found.side_source.known) == (96, True)
    close(found, model, torch.nn.functional.interpolate(IMAGES, 96))


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_a_file_does_not_state_whether_images_are_turned_which_is_guessed(name, tmp_path):
    """Without a word, a file of torchvision's own would be given images that it was not trained on."""
    torch.manual_seed(0)
    make = getattr(torchvision.models, name)
    model = make(num_classes=3, init_weights=False, aux_logits=True, transform_input=True).eval()
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    found = given_model(f"torchvision:{name}@{tmp_path / 'w.safetensors'}", 0)
    assert found.model.transform_input
    assert any("transform_input" in note for note in found.notes)
    close(found, model, torch.nn.functional.interpolate(IMAGES, 96))


def test_torchvisions_own_file_is_known_by_its_hash(tmp_path, monkeypatch):
    """By the start of its SHA-256, which torchvision puts into the names of its files."""
    import hashlib

    from sparsight.models import pretrained

    torch.manual_seed(0)
    model = torchvision.models.googlenet(num_classes=1000, init_weights=False, aux_logits=True).eval()
    path = tmp_path / "renamed.pth"
    torch.save(model.state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    entry = torchvision.models.GoogLeNet_Weights.IMAGENET1K_V1
    assert pretrained.weights_of_file("torchvision:googlenet", path) is None
    changed = f"https://download.pytorch.org/models/googlenet-{digest[:8]}.pth"
    real = entry.value
    object.__setattr__(entry, "_value_", type(real)(changed, real.transforms, real.meta))
    try:
        assert pretrained.weights_of_file("torchvision:googlenet", path) == "IMAGENET1K_V1"
        found = given_model(f"torchvision:googlenet@{path}", 0)
    finally:
        object.__setattr__(entry, "_value_", real)
    assert found.normalisation_source.known
    assert not any("transform_input" in note for note in found.notes)
