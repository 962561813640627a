"""Rounds that train nothing are known beforehand: held against what trainings of a small network leave."""

from dataclasses import replace

import pytest
import torch

from sparsight.arms import find_arm, idle_rounds, train_dense, train_round
from sparsight.pruning import prunable
from tests.arms.conftest import new_model

KEEP = "toggle:keep_optimizer"
SCORE = "toggle:score_before_epoch"
CASES = {
    "a cosine has ended with round 0": (KEEP, {"schedule": "cosine"}, [1, 2]),
    "one that was not over goes on": (KEEP, {"schedule": "cosine", "epochs": 2, "first_round_epochs": 1}, [2]),
    "a constant rate goes on": (KEEP, {"schedule": "constant"}, []),
    "steps fall a little": (KEEP, {"schedule": "step", "step_epochs": 1}, []),
    "steps fall to nothing": (KEEP, {"schedule": "step", "step_epochs": 1, "step_factor": 1e-5}, [1, 2]),
    "a fresh cosine a round": ("magnitude", {"schedule": "cosine"}, []),
    "nor does lr-rewind": ("lr-rewind", {"schedule": "cosine"}, []),
    "only the last epoch of a cosine is left": ("rewind:1", {"schedule": "cosine"}, []),
    "only what steps have left": ("rewind:1", {"schedule": "step", "step_epochs": 1, "step_factor": 1e-9}, [1, 2]),
    "finetune by a tenth": ("finetune", {"schedule": "cosine"}, []),
    "finetune by nothing": ("finetune", {"finetune_rate": 1e-20}, [1, 2]),
    "nothing from the start": ("magnitude", {"learning_rate": 1e-20}, [0, 1, 2]),
    "the untrained network alone is scored": (SCORE, {"epochs": 1}, [0, 1, 2]),
    "but in later rounds": (SCORE, {"epochs": 2, "first_round_epochs": 1}, [0]),
}


@pytest.mark.parametrize(("name", "training", "idle"), list(CASES.values()), ids=list(CASES))
def test_rounds_in_which_no_weight_moves_are_known_beforehand(shop, name, training, idle):
    shop = replace(shop, training=shop.training.model_copy(update=training))
    arm, model = find_arm(name), new_model(0)
    weights = prunable(model)
    start = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    ticket = train_dense(shop, arm, 0, "test")[0]
    still = [0] if all(torch.equal(ticket.weights[key], start[key]) for key in weights) else []
    for round_ in (1, 2):
        previous, ticket = ticket, train_round(shop, arm, 0, round_, ticket, "test")[0]
        begun = previous.end if arm.start in ("finetune", "lr-rewind") else ticket.start or start
        moved = [(ticket.weights[key] - begun[key] * ticket.mask[key]).abs().max() for key in weights]
        still += [round_] if max(moved) < 1e-7 else []
    assert still == idle
    assert list(idle_rounds(arm, shop.training, 3)) == idle
