"""What stands beside exported files: where they come from, what to feed them, and what they do not promise."""

from collections.abc import Mapping
from typing import Any

import torch

from sparsight import __version__
from sparsight.arms import find_arm
from sparsight.exporting import graph
from sparsight.exporting.place import FORMATS
from sparsight.exporting.subject import Subject
from sparsight.exporting.weights import Layer

SPEED = (
    "Unstructured sparsity by itself makes nothing faster: dense arithmetic multiplies a zero like any other weight, "
    "and these files are as large as the dense network's. Speed needs a runtime with kernels for sparse weights."
)
_SQUARE = "the picture's centre square over its short side, upright, resized by Pillow's bilinear filter"
PICTURES = {
    "toybirds": "as drawn by sparsight",
    "mnist": "the 28 x 28 grey image, its channel repeated three times",
    "folder": _SQUARE,
    "cub200": _SQUARE,
    "ham10000": _SQUARE,
}
"""How an image comes to its size, by the data set's name."""
_HOLDS = {
    "state": "the state dict, zeros in place",
    "mask": "booleans by <module>.weight_mask, true where a weight is kept",
    "onnx": "the network in evaluation mode, weights included",
}
_READ = {
    "state": 'model.load_state_dict(safetensors.torch.load_file("state.safetensors"))',
    "mask": (
        'for key, mask in safetensors.torch.load_file("mask.safetensors").items(): '
        'module, _, name = key.removesuffix("_mask").rpartition("."); '
        "torch.nn.utils.prune.custom_from_mask(model.get_submodule(module), name, mask)"
    ),
    "onnx": 'onnxruntime.InferenceSession("model.onnx").run(["logits"], {"images": images})[0]',
}


def origin(subject: Subject) -> dict[str, Any]:
    """Which network of which run it is; kept in the safetensors files, too."""
    return {
        "run": subject.called,
        "arm": subject.arm,
        "seed": subject.seed,
        "round": subject.round,
        "ticket": subject.digest,
    }


def card(
    subject: Subject, layers: tuple[Layer, ...], hashes: Mapping[str, str], difference: float | None
) -> dict[str, Any]:
    """The card's content.

    Args:
        subject: what was exported.
        layers: its prunable weights.
        hashes: SHA-256 of each file, by its format.
        difference: between onnxruntime's logits and torch's, as a share of the largest; None without ONNX.
    """
    data, settings = subject.data, subject.settings
    weights, zeros = sum(layer.weights for layer in layers), sum(layer.zeros for layer in layers)
    kept = sum(layer.kept for layer in layers)
    images = f"{subject.looked_at} test images" if subject.looked_at > 1 else "the only test image"
    exact = f"read back into a new network, it gives the same logits on {images}, bit for bit"
    close = (
        f"onnxruntime's logits on {images}, one alone and together, differ by at most {graph.CLOSE:g} of the largest"
    )
    checked = {"state": exact, "mask": f"{exact}, from ones where weights are pruned", "onnx": close}
    found = {} if difference is None else {"opset": graph.OPSET, "batch": "any", "largest_difference": difference}
    return {
        **origin(subject),
        "pruning": "none: the dense parent" if subject.network.kind == "dense" else find_arm(subject.arm).summary,
        "model": settings.model.model_dump(mode="json", include={"name", "stem_stride", "auxiliary", "source"}),
        "classes": list(data.class_names),
        "input": {
            "name": graph.INPUT,
            "shape": ["batch", 3, *data.images.shape[2:]],
            "type": "float32",
            "picture": PICTURES[settings.data.name],
            "preprocessing": "RGB from 0 to 255; (value / 255 - mean) / deviation by channel",
            "mean": list(data.mean),
            "deviation": list(data.std),
        },
        "prunable": {"weights": weights, "kept": kept, "zeros": zeros, "sparsity": zeros / weights},
        "layers": [
            {
                "name": layer.name,
                "weights": layer.weights,
                "kept": layer.kept,
                "zeros": layer.zeros,
                "sparsity": layer.sparsity,
            }
            for layer in layers
        ],
        "speed": SPEED,
        "files": {
            FORMATS[form]: {
                "sha256": digest,
                "holds": _HOLDS[form],
                "read": _READ[form],
                "checked": checked[form],
                **(found if form == "onnx" else {}),
            }
            for form, digest in hashes.items()
        },
        "versions": {"sparsight": __version__, "torch": torch.__version__},
    }
