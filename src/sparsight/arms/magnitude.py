"""Iterative magnitude pruning as the paper describes it, layer by layer."""

from sparsight.arms.arm import Arm

MAGNITUDE = Arm("magnitude", "smallest weights of each layer pruned, the rest rewound to the start")
