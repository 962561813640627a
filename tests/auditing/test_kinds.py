"""Networks as users have them: what each gives is audited, what it does not give is marked with the reason, and what
cannot be audited is refused in one line. Whatever its code does, the process is as it was."""

import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sparsight import InputError, audit_models
from sparsight.auditing import AuditSettings
from sparsight.data import ConceptDataset, ToyBirdsSettings, load_dataset, normalise
from tests.auditing.kinds import AUDITED, CLASSES, REFUSED, SIDE, WITHOUT_MAPS, Net, doing, dynamic_int8

pytestmark = pytest.mark.filterwarnings("ignore")
NOTHING = torch.zeros(0, dtype=torch.int64)


@pytest.fixture(scope="module")
def images():
    """40 pictures of two classes at random."""
    draw = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (40, 3, SIDE, SIDE), generator=draw, dtype=torch.uint8)
    splits = {"train": NOTHING, "validation": NOTHING, "test": torch.arange(40)}
    concepts = torch.zeros(40, 0, dtype=torch.int8)
    return ConceptDataset("pictures", pixels, torch.arange(40) % CLASSES, concepts, splits, ("a", "b"), (), ())


def audited(make, images, **settings):
    return audit_models(make(), make(), images, settings=AuditSettings(margin=0.1, **settings))


def process():
    """What a network could change for everybody."""
    return (
        Path.cwd(),
        sys.stdout,
        sys.stderr,
        list(warnings.filters),
        np.geterr(),
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
    )


def expected(name, make, images):
    """The answers of a network's own code, called by plain torch."""
    pixels = normalise(images.images, images, torch.device("cpu")).contiguous()
    net = Net(outputs=1 if name.startswith("one ") and "dict" not in name else 2, channels=1 if name == "grey" else 3)
    net = make().float() if name in ("tied", "flattening", "volume", "masked", "complex") else net.eval()
    if name == "grey":
        pixels = (pixels * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    if name == "in place":
        pixels = pixels * 0.5 + 0.1
    with torch.no_grad():
        logits = net(pixels)
    return (logits[:, 0] > 0).long() if logits.shape[1] == 1 else logits.argmax(1)


@pytest.mark.parametrize("name", AUDITED)
def test_it_is_audited_whole(name, images):
    before = process()
    found = audited(AUDITED[name], images)
    assert process() == before
    assert not found.data.missing
    rows = found.verdicts.set_index("metric")
    assert {"flips", "accuracy", "linear_cka", "map_spearman"} <= set(rows.index)
    assert torch.equal(found.evidence["model"].predictions, expected(name, AUDITED[name], images))


@pytest.mark.parametrize("name", WITHOUT_MAPS)
def test_what_it_cannot_give_is_marked_and_the_rest_goes_on(name, images):
    before = process()
    found = audited(WITHOUT_MAPS[name], images)
    assert process() == before
    assert found.word == "undecided", "where it looks was not seen"
    assert set(found.data.missing) == {"original", "model"}
    rows = found.verdicts.set_index("metric")
    assert {"flips", "accuracy"} <= set(rows.index)
    assert "map_spearman" not in rows.index
    assert rows.loc["flips", "drift"] == 0
    headless = "embedding" in found.data.missing["model"]
    assert ("linear_cka" in rows.index) != headless
    assert any(note.startswith("model: no maps: ") for note in found.data.notices)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_audited_is_refused_in_one_line(name, images):
    make, said = REFUSED[name]
    before = process()
    with pytest.raises(InputError) as caught:
        audited(make, images)
    assert process() == before
    assert said in str(caught.value)
    assert str(caught.value).startswith("original: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["dynamic int8", "inference mode", "detached", "breaking backward", "script", "exported"]
)
def test_a_named_layer_and_another_method_do_not_end_the_audit(name, images):
    """The plain network is the original, which has maps; the model beside it has none, for its own reason."""
    why = {
        "breaking backward": "it has no gradients, its backward pass fails (ValueError: nobody wrote it)",
        "script": "it is TorchScript",
        "exported": "it is an exported program",
    }.get(name, "it has no gradients, as one of int8 numbers")
    for settings in ({"layer": "features.2"}, {"saliency": {"method": "layercam"}}):
        found = audit_models(Net(), WITHOUT_MAPS[name](), images, settings=AuditSettings(margin=0.1, **settings))
        assert list(found.data.missing) == ["model"]
        assert found.data.missing["model"]["maps"].startswith(why)
        assert found.evidence["original"].maps is not None
        assert found.verdicts.set_index("metric").loc["flips", "drift"] == 0


@pytest.mark.parametrize("name", ["dynamic int8", "script", "exported for four", "no grad", "softmax"])
def test_occlusion_needs_no_gradients_and_no_layers(name, images):
    pytest.importorskip("captum")
    few = replace(images, splits={**images.splits, "test": torch.arange(6)})
    found = audited(WITHOUT_MAPS[name], few, saliency={"method": "captum:Occlusion"})
    assert "maps" not in found.data.missing.get("model", {})
    maps = found.evidence["model"].maps.signed
    assert maps.abs().sum() > 0
    if name not in ("softmax", "dynamic int8"):  # of which the numbers are others
        plain = audited(Net, few, saliency={"method": "captum:Occlusion"}).evidence["model"].maps.signed
        assert torch.corrcoef(torch.stack([maps.flatten(), plain.flatten()]))[0, 1] > 0.99


def test_a_layer_that_explains_nothing_is_refused_where_there_are_gradients(images):
    def beside():
        net = doing(lambda self, pixels: Net.forward(self, pixels) + 0 * self.other(pixels).mean())
        net.other = nn.Conv2d(3, 4, 3)
        return net

    with pytest.raises(InputError, match="original: the gradient at layer 'other' is zero"):
        audited(beside, images, layer="other")


def test_without_an_embedding_concepts_are_marked_too():
    birds = load_dataset(ToyBirdsSettings(train=96, validation=12, test=36, image_size=SIDE))
    plain = Net(outputs=12).eval()
    found = audit_models(plain, torch.jit.script(Net(outputs=12).eval()), birds, settings=AuditSettings(margin=0.1))
    assert set(found.data.missing["model"]) == {"maps", "embedding", "concepts"}
    assert found.evidence["original"].concepts is not None
    both = audit_models(torch.jit.script(plain), plain, birds, floor=[retrained(k) for k in range(3)])
    assert set(both.data.missing) == {"original"}
    assert both.verdicts.set_index("metric").loc["flips", "drift"] == 0


def retrained(seed):
    net = Net(outputs=12).eval()
    torch.manual_seed(seed)
    with torch.no_grad():
        for weights in net.parameters():
            weights += 0.05 * torch.randn_like(weights)
    return net


def test_one_output_that_is_no_answer_for_three_classes_is_refused(images):
    three = replace(images, class_names=("a", "b", "c"))
    with pytest.raises(InputError, match="1 outputs for 3 classes"):
        audited(lambda: Net(outputs=1), three)


def test_int8_beside_its_original_has_the_answers_of_its_own(images):
    found = audit_models(Net(), dynamic_int8(), images)
    assert found.data.missing.keys() == {"model"}
    assert found.evidence["model"].seen.embedding.shape == (40, 8)
