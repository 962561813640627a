"""Arms that differ from magnitude in one thing: which weights are kept, or what they start from."""

from sparsight.arms.arm import Arm

RANDOM = Arm("random", "as many weights of each layer as magnitude, chosen by lot; the rest rewound", chosen="random")
FINETUNE = Arm(
    "finetune", "smallest weights of each layer pruned, the rest trained on at a small rate", start="finetune"
)
LR_REWIND = Arm(
    "lr-rewind", "smallest weights of each layer pruned, the rest trained on with the whole schedule", start="lr-rewind"
)
REINIT = Arm("reinit", "magnitude's masks over another random initialisation", start="reinit")
