"""Real ImageNet features on real birds: the closed form and the maps hold beyond networks of our own making."""

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from sparsight.errors import InputError
from sparsight.io import read_tensors
from sparsight.models import ModelSettings, build_model, forward_parts, load_weights, split
from sparsight.saliency import SaliencySettings, closed_form_holds, grad_cam, mask_area, mask_energy, relu

SIZE = 160


@pytest.fixture(scope="module")
def birds(test_data):
    """Eight CUB images of as many species, normalised for ImageNet, and their bounding boxes as masks."""
    root = test_data / "CUB_200_2011"
    names = dict(line.split() for line in (root / "images.txt").read_text().splitlines())
    boxes = {row[0]: [float(v) for v in row[1:]] for row in map(str.split, (root / "bounding_boxes.txt").open())}
    chosen, species = [], set()
    for key, name in names.items():
        if (root / "images" / name).exists() and name.split("/")[0] not in species and len(chosen) < 8:
            species.add(name.split("/")[0])
            chosen.append((key, name))
    assert len(chosen) == 8
    pixels, masks = [], []
    for key, name in chosen:
        with Image.open(root / "images" / name) as image:
            scale = (SIZE / image.width, SIZE / image.height)
            pixels.append(np.asarray(image.convert("RGB").resize((SIZE, SIZE))))
        x, y, w, h = boxes[key]
        mask = torch.zeros(SIZE, SIZE, dtype=torch.bool)
        mask[int(y * scale[1]) : int((y + h) * scale[1]), int(x * scale[0]) : int((x + w) * scale[0])] = True
        masks.append(mask)
    images = torch.tensor(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (images - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1), torch.stack(masks)


@pytest.fixture(scope="module")
def network(test_data):
    model = build_model(ModelSettings(name="torchvision:mobilenet_v2"), 8, 0)
    features = read_tensors(test_data / "weights" / "mobilenet_v2-imagenet-features.safetensors")
    left_out = model.load_state_dict(features, strict=False)
    assert set(left_out.missing_keys) == {"classifier.1.weight", "classifier.1.bias"}
    assert not left_out.unexpected_keys
    return model.eval()


def test_a_file_of_features_alone_is_refused_by_name(test_data):
    model = build_model(ModelSettings(name="torchvision:mobilenet_v2"), 8, 0)
    with pytest.raises(InputError, match="mobilenet_v2-imagenet-features"):
        load_weights(model, test_data / "weights" / "mobilenet_v2-imagenet-features.safetensors")


def test_maps_of_real_birds_as_grad_cam_and_they_lie_on_the_bird(network, birds):
    """The channels that fire most, as one class's row, point at the bird: pretrained features see objects."""
    images, masks = birds
    cut = split(network)
    assert closed_form_holds(network, cut, images)
    embedding = forward_parts(network, cut, images).embedding.detach()
    with torch.no_grad():
        network.classifier[1].weight.copy_(embedding - embedding.mean(0))
    targets = torch.arange(8)[:, None]
    found = grad_cam(network, cut, images, targets, SaliencySettings(), closed_form=True)
    with GradCAM(network, [network.features]) as peer:
        theirs = torch.tensor(peer(images, [ClassifierOutputTarget(k) for k in range(8)]))
    ours = torch.nn.functional.interpolate(relu(found.maps), size=(SIZE, SIZE), mode="bilinear", align_corners=False)[
        :, 0
    ]
    ours = ours / ours.amax((1, 2), keepdim=True)
    correlation = [float(np.corrcoef(a.flatten(), b.flatten())[0, 1]) for a, b in zip(ours, theirs, strict=True)]
    assert min(correlation) > 0.99, "grad-cam rescales and resizes its maps in another way, but they are the same maps"
    assert float((mask_energy(found.maps[:, 0], masks) - mask_area(masks)).mean()) > 0.1
