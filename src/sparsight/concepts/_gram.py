"""Inner products of the inputs with each other, and the Newton systems that they make, for many concepts at once."""

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

MOST_STORED = 12_000  # images whose Gram matrix is stored: 1.2 GB
BATCH = 1 << 18  # numbers in the systems that are factored together


class Gram:
    """The Gram matrix ``K = X X'`` of inputs ``X``; stored where that saves work and fits, else formed as needed."""

    def __init__(self, inputs: Float[Tensor, "n l"]) -> None:
        n, width = inputs.shape
        self.inputs = inputs
        self.stored = inputs @ inputs.T if n <= min(8 * width, MOST_STORED) else None
        self.by_stored = n <= 2 * width

    def times(self, vectors: Float[Tensor, "n c"]) -> Float[Tensor, "n c"]:
        """``K`` times each column."""
        if self.stored is not None and self.by_stored:
            return self.stored @ vectors
        return self.inputs @ (self.inputs.T @ vectors)

    def solve(self, target: Float[Tensor, "n c"], ridge: float) -> Float[Tensor, "n c"]:
        """``(K + ridge)^-1 target``: the same system for every concept."""
        if self.stored is not None and self.by_stored:
            return torch.cholesky_solve(target, torch.linalg.cholesky(_with_ridge(self.stored, ridge)))
        small = torch.linalg.cholesky(_with_ridge(self.inputs.T @ self.inputs, ridge))
        return (target - self.inputs @ torch.cholesky_solve(self.inputs.T @ target, small)) / ridge

    def solve_free(
        self,
        free: Bool[Tensor, "n c"],
        stiffness: Float[Tensor, " c"],
        target: Float[Tensor, "n c"],
        total: Float[Tensor, " c"],
    ) -> tuple[Float[Tensor, "n c"], Float[Tensor, " c"]]:
        """For each concept ``e`` with sum ``total`` and ``d`` with ``(K + 1 / stiffness) e + d = target`` where free.

        ``e`` is 0 on other images; without free images, so is ``d``.
        """
        solution, shift = torch.zeros_like(target), torch.zeros_like(stiffness)
        counts, order = free.sum(0).sort(descending=True, stable=True)
        sizes = counts.tolist()
        first = 0
        # The largest systems first, so that those factored together are about as large.
        while first < len(sizes) and sizes[first]:
            most = sizes[first]
            which = order[first : first + max(1, BATCH // most**2)]
            rows = free[:, which].T.byte().argsort(dim=1, descending=True, stable=True)[:, :most]
            real = torch.arange(most, device=rows.device) < counts[first : first + len(which), None]
            both = torch.stack([target[rows, which[:, None]] * real, real.to(target.dtype)], dim=2)
            both = self._solve(rows, real, 1 / stiffness[which], both)
            sums = both.sum(1)
            shift[which] = torch.where(sums[:, 1] > 0, (sums[:, 0] - total[which]) / sums[:, 1], 0.0)
            solution[rows, which[:, None]] = both[:, :, 0] - shift[which, None] * both[:, :, 1]
            first += len(which)
        return solution, shift

    def _solve(
        self, rows: Int64[Tensor, "k m"], real: Bool[Tensor, "k m"], ridge: Float[Tensor, " k"], target: Tensor
    ) -> Float[Tensor, "k m t"]:
        """``(K + ridge)^-1 target`` on the real rows; ``target`` is 0 on the others, and so is the solution."""
        width = self.inputs.shape[1]
        if rows.shape[1] > width:
            part = self.inputs[rows] * real[:, :, None]
            small = part.mT @ part
            small.diagonal(dim1=1, dim2=2).add_(ridge[:, None])
            inner = torch.cholesky_solve(part.mT @ target, torch.linalg.cholesky(small))
            return (target - part @ inner) / ridge[:, None, None]
        if self.stored is not None:
            places = rows[:, :, None] * len(self.stored) + rows[:, None, :]  # twice as quick as two indices
            block = self.stored.view(-1).index_select(0, places.reshape(-1)).view(places.shape)
        else:
            block = self.inputs[rows] @ self.inputs[rows].mT
        if not real.all():
            block *= real[:, :, None] & real[:, None, :]
        block.diagonal(dim1=1, dim2=2).add_(ridge[:, None])
        solution: Tensor = torch.cholesky_solve(target, torch.linalg.cholesky(block))
        return solution


def _with_ridge(square: Float[Tensor, "m m"], ridge: float) -> Float[Tensor, "m m"]:
    square = square.clone()
    square.diagonal().add_(ridge)
    return square
