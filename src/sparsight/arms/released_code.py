"""What the code released with the paper did in its CUB run (docs/paper.md lists its departures)."""

from sparsight.arms.arm import Arm, Toggles

RELEASED_CODE = Arm(
    "released-code",
    "as the paper's released code: negative weights frozen, norm scales pruned, biases and norm statistics kept",
    toggles=Toggles(
        freeze_negative=True,
        prune_norms=True,
        alive_by_value=True,
        mask_once=True,
        alias_biases=True,
        keep_norm_statistics=True,
        score_before_epoch=True,
    ),
)
