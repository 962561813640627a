"""Classifiers, and where they are cut into a backbone Φ and a head h."""

from sparsight.models.build import build_model
from sparsight.models.find import check_own, find_split
from sparsight.models.own import own_source
from sparsight.models.resnet_cifar import CifarResNet
from sparsight.models.settings import CIFAR_DEPTHS, KNOWN_MODELS, ModelSettings, is_own
from sparsight.models.split import Parts, Split, evaluating, forward_parts, linear_head, named_module, split
from sparsight.models.weights import load_weights

__all__ = [
    "CIFAR_DEPTHS",
    "KNOWN_MODELS",
    "CifarResNet",
    "ModelSettings",
    "Parts",
    "Split",
    "build_model",
    "check_own",
    "evaluating",
    "find_split",
    "forward_parts",
    "is_own",
    "linear_head",
    "load_weights",
    "named_module",
    "own_source",
    "split",
]
