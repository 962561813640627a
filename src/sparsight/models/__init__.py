"""Classifiers, and where they are cut into a backbone Φ and a head h."""

from sparsight.models.adapted import Adapted, fixed_rows, grey_shares
from sparsight.models.answers import find_answers
from sparsight.models.build import build_model, initial_weights, weights_notices
from sparsight.models.digest import network_digest
from sparsight.models.expected import Source
from sparsight.models.files import fingerprint
from sparsight.models.find import check_unknown, find_split
from sparsight.models.finite import broken_weights, broken_words
from sparsight.models.given import Given, given_model
from sparsight.models.gradients import frozen, gradient_flaw
from sparsight.models.guard import UserCodeError, users_code
from sparsight.models.guarded import placed
from sparsight.models.locate import Located, locate
from sparsight.models.mixing import check_mixing
from sparsight.models.of_module import module_normalisation
from sparsight.models.ordinary import ordinary_torch
from sparsight.models.outputs import separated
from sparsight.models.own import check_own, own_source
from sparsight.models.resnet_cifar import CifarResNet
from sparsight.models.rounding import repeats
from sparsight.models.settings import CIFAR_DEPTHS, KNOWN_MODELS, TORCHVISION, ModelSettings, is_own
from sparsight.models.split import (
    Parts,
    Split,
    evaluating,
    forward_embedding,
    forward_parts,
    linear_head,
    named_module,
    network_of,
    split,
)
from sparsight.models.state_file import NOTES, StateFile, file_and_entry, read_state, read_state_file
from sparsight.models.tokens import token_map
from sparsight.models.weights import load_weights
from sparsight.models.whole import check_whole
from sparsight.models.wrapped import eager, is_of_library, unwrapped

__all__ = [
    "CIFAR_DEPTHS",
    "KNOWN_MODELS",
    "NOTES",
    "TORCHVISION",
    "Adapted",
    "CifarResNet",
    "Given",
    "Located",
    "ModelSettings",
    "Parts",
    "Source",
    "Split",
    "StateFile",
    "UserCodeError",
    "broken_weights",
    "broken_words",
    "build_model",
    "check_mixing",
    "check_own",
    "check_unknown",
    "check_whole",
    "eager",
    "evaluating",
    "file_and_entry",
    "find_answers",
    "find_split",
    "fingerprint",
    "fixed_rows",
    "forward_embedding",
    "forward_parts",
    "frozen",
    "given_model",
    "gradient_flaw",
    "grey_shares",
    "initial_weights",
    "is_of_library",
    "is_own",
    "linear_head",
    "load_weights",
    "locate",
    "module_normalisation",
    "named_module",
    "network_digest",
    "network_of",
    "ordinary_torch",
    "own_source",
    "placed",
    "read_state",
    "read_state_file",
    "repeats",
    "separated",
    "split",
    "token_map",
    "unwrapped",
    "users_code",
    "weights_notices",
]
