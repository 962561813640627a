"""Eq. 1 as a convex problem: value, derivatives, and a bound from below that certifies a solution."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor


@dataclass(frozen=True)
class ElasticSoftmax:
    """``(1/n) sum CE(softmax(T x_i), y_i) + l1 . |T| + 1/2 l2 . T^2``, over T of shape (k, p).

    Attributes:
        design: concept values and a last column of ones, whose weights are the intercepts.
        target: one-hot labels; every class occurs.
        l1, l2: penalty of each column; 0 for the intercepts.
    """

    design: Float[Tensor, "n p"]
    target: Float[Tensor, "n k"]
    l1: Float[Tensor, " p"]
    l2: Float[Tensor, " p"]

    @property
    def penalised(self) -> Bool[Tensor, "k p"]:
        """Where the l1 term has a say."""
        return (self.l1 > 0).expand(self.target.shape[1], -1)

    def value(self, T: Float[Tensor, "k p"]) -> tuple[float, Float[Tensor, "n k"]]:
        """The objective and the class probabilities."""
        smooth, p = self.smooth(T)
        return smooth + float((self.l1 * T.abs()).sum()), p

    def smooth(self, T: Float[Tensor, "k p"]) -> tuple[float, Float[Tensor, "n k"]]:
        """The objective without its l1 term, and the class probabilities."""
        log_p = torch.log_softmax(self.design @ T.T, dim=1)
        loss = -(log_p * self.target).sum() / len(self.design)
        return float(loss + 0.5 * (self.l2 * T.square()).sum()), log_p.exp()

    def gradient(self, T: Float[Tensor, "k p"], p: Float[Tensor, "n k"]) -> Float[Tensor, "k p"]:
        """Of all but the l1 term."""
        return (p - self.target).T @ self.design / len(self.design) + self.l2 * T

    def hessian(self, p: Float[Tensor, "n k"]) -> Callable[[Tensor], Tensor]:
        """The Hessian as a function of a (k, p) direction: two matrix products.

        In single precision, which halves their time: a direction is wanted to a hundredth, and what it leads to is
        certified in double precision.
        """
        design, share = self.design.float(), p.float()

        def times(direction: Tensor) -> Tensor:
            change = design @ direction.float().T
            change = share * (change - (share * change).sum(1, keepdim=True))
            return (change.T @ design).double() / len(design) + self.l2 * direction

        return times

    def lower_bound(self, p: Float[Tensor, "n k"]) -> float:
        """A number that the objective is nowhere below, from any class probabilities.

        Since ``logsumexp(z) >= q . z + H(q)`` for q in the simplex, the loss is at least
        ``(1/n) sum H(q_i) + <G, W>`` with ``G = (1/n) sum (q_i - y_i) x_i``, provided that the q keep the class
        frequencies (the intercepts' part of G is 0). Minimising over W leaves
        ``(1/n) sum H(q_i) - sum max(0, |G| - l1)^2 / (2 l2)``, and without l2 asks for ``|G| <= l1``.

        ``p`` is first mixed with the frequencies just so much that they are kept exactly, then tried as it is and
        drawn towards the labels until ``|G| <= l1``; both are feasible, and the better bound counts.
        """
        frequency = self.target.mean(0)
        off = (p - self.target).mean(0)
        need = float((off.clamp(min=0) / frequency).max())
        mix = need / (1 + need)
        q = ((1 - mix) * (p - off) + mix * frequency).clamp(min=0)
        G = ((q - self.target).T @ self.design / len(self.design)).abs()[:, :-1]
        l1, l2 = float(self.l1[0]), float(self.l2[0])
        steepest = float(G.max())
        inside = min(1.0, l1 / steepest) if steepest > 0 else 1.0
        excess = float((G - l1).clamp(min=0).square().sum()) / (2 * l2) if l2 > 0 else float("inf")
        bounds = [_mean_entropy(self.target + inside * (q - self.target))]
        if inside < 1:
            bounds.append(_mean_entropy(q) - excess)
        return max(bounds)


def _mean_entropy(q: Float[Tensor, "n k"]) -> float:
    return -float(torch.xlogy(q, q).sum()) / len(q)


def elastic_softmax(
    values: Float[Tensor, "n c"], labels: Int64[Tensor, " n"], classes: int, l1: float, l2: float
) -> ElasticSoftmax:
    """The problem for concept values and labels 0 to ``classes - 1``, of which every one occurs."""
    columns = values.new_ones(values.shape[1] + 1)
    columns[-1] = 0.0
    return ElasticSoftmax(
        design=torch.cat([values, values.new_ones(len(values), 1)], dim=1),
        target=torch.nn.functional.one_hot(labels, classes).double(),
        l1=l1 * columns,
        l2=l2 * columns,
    )
