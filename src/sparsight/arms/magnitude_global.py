"""Iterative magnitude pruning with one ranking over all layers."""

from sparsight.arms.arm import Arm

MAGNITUDE_GLOBAL = Arm("magnitude-global", "smallest weights of the whole network pruned, the rest rewound", "global")
