"""Classifiers, and where they are cut into a backbone Φ and a head h."""

from sparsight.models.build import build_model
from sparsight.models.resnet_cifar import CifarResNet
from sparsight.models.settings import KNOWN_MODELS, ModelSettings
from sparsight.models.split import Parts, Split, evaluating, forward_parts, linear_head, named_module, split
from sparsight.models.weights import load_weights

__all__ = [
    "KNOWN_MODELS",
    "CifarResNet",
    "ModelSettings",
    "Parts",
    "Split",
    "build_model",
    "evaluating",
    "forward_parts",
    "linear_head",
    "load_weights",
    "named_module",
    "split",
]
