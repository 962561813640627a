"""The pictures' file holds what it says, of the right networks."""

import json

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from sparsight.arms import read_ticket
from sparsight.data import normalise
from sparsight.evidence import shown_images
from sparsight.models import build_model, find_split
from sparsight.results.strips import read_strips
from sparsight.saliency import released_maps

RELEASED = "dense/freeze_negative+score_before_epoch/seed-0"
FOLDERS = {
    "magnitude": (
        "dense/right/seed-0",
        "magnitude/seed-0/round-01",
        "magnitude/seed-0/round-02",
        "magnitude/seed-0/round-03",
    ),
    "released-code": (
        RELEASED,
        "released-code/seed-0/round-01",
        "released-code/seed-0/round-02",
        "released-code/seed-0/round-03",
    ),
}
SHOWN = (0, 1, 3, 4, 6, 7, 9, 10)  # eight of twelve classes


def test_strips_hold_the_labels_maps_of_every_round(run):
    data = load_file(run / "data.safetensors")
    with safe_open(run / "data.safetensors", framework="pt") as file:
        names = tuple(json.loads(file.metadata()["sparsight"])["class_names"])
    test = data["splits/test"].tolist()
    classes, strips = read_strips(run)
    assert classes == names
    assert len(strips) == len(SHOWN)
    for k, strip in zip(SHOWN, strips, strict=True):
        place = next(i for i, image in enumerate(test) if data["labels"][image] == k)
        assert strip.class_name == strip.explained == names[k]
        np.testing.assert_array_equal(strip.image, data["images"][test[place]].permute(1, 2, 0).numpy())
        np.testing.assert_array_equal(strip.mask, data["object_masks"][test[place]].numpy())
        assert list(strip.arms) == list(FOLDERS)
        for arm, cells in strip.arms.items():
            assert [cell.round for cell in cells] == [0, 1, 2, 3]
            for cell, folder in zip(cells, FOLDERS[arm], strict=True):
                arrays = load_file(run / folder / "evidence.safetensors")
                np.testing.assert_array_equal(cell.map, arrays["saliency/maps"][place, 0].numpy())
                assert cell.prediction == names[int(arrays["logits/test"][place].argmax())]
                assert cell.dead == bool((cell.map <= 0).all())
                metrics = json.loads((run / folder / "metrics.json").read_text())
                assert cell.weights_remaining == metrics["weights_remaining"]


def test_the_maps_shown_differ_from_those_of_other_targets_and_rounds(run):
    cells = [cell for strip in read_strips(run)[1] for cell in strip.arms["magnitude"]]
    assert len({cell.map.tobytes() for cell in cells}) == len(cells)
    maps = load_file(run / "magnitude/seed-0/round-02/evidence.safetensors")["saliency/maps"]
    assert not torch.equal(maps[:, 0], maps[:, 1])
    assert not torch.equal(maps[:, 0], maps[:, 2])


def test_the_maps_beside_are_those_of_the_second_method_for_the_label(run, settings, data):
    cut = find_split(settings.model, (model := build_model(settings.model, 12, 0)), torch.zeros(2, 3, 32, 32))
    model.load_state_dict(read_ticket(run / FOLDERS["released-code"][2]).weights)
    shown = data.splits["test"][shown_images(data)]
    images, labels = normalise(data.images[shown], data, torch.device("cpu")), data.labels[shown]
    made = released_maps(model.eval(), cut, images, labels[:, None]).maps[:, 0]
    for strip, own in zip(read_strips(run)[1], made, strict=True):
        assert list(strip.beside) == list(FOLDERS)
        assert [cell.round for cell in strip.beside["released-code"]] == [0, 1, 2, 3]
        cell = strip.beside["released-code"][2]
        np.testing.assert_allclose(cell.map, own.numpy(), atol=1e-4)
        assert cell.prediction == strip.arms["released-code"][2].prediction
        assert cell.dead == bool((cell.map <= 0).all())
