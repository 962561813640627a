"""What concepts and g are read against: random directions, shuffled labels, refits on other images."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from sparsight.concepts import (
    ConceptSettings,
    concept_values,
    constant_concepts,
    fit_pcbm,
    held_out,
    learn_bank,
    predict,
    random_bank,
    shuffled_labels,
    vectors_only,
)
from sparsight.data import SPLITS
from sparsight.draws import generator
from sparsight.evidence.labelled import Labelled


@dataclass(frozen=True)
class Refit:
    """The concepts and g of one network, learned again on a bootstrap sample of its training images.

    Attributes:
        Q: concept vectors; zero for a concept that is constant in the sample.
        intercepts: of the concepts' scores.
        weights: g's, of standardised concept values.
    """

    Q: Float[Tensor, "c l"]
    intercepts: Float[Tensor, " c"]
    weights: Float[Tensor, "k c"]


@dataclass(frozen=True)
class Controls:
    """What concepts and g are read against.

    Attributes:
        random: logits of g on random directions, by split.
        random_directions: the random directions.
        random_weights: the rows of g on them.
        shuffled_auroc: held-out AUROC of each concept when labels were shuffled among the images of each split.
        refits: of a dense network; none of others.
    """

    random: Mapping[str, Float[Tensor, "n k"]]
    random_directions: Float[Tensor, "c l"]
    random_weights: Float[Tensor, "k c"]
    shuffled_auroc: Float[Tensor, " c"]
    refits: tuple[Refit, ...]

    def tensors(self) -> dict[str, Tensor]:
        """The arrays by the names of a network's evidence file; logits of training images are not kept."""
        found = {
            "g-random/Q": self.random_directions,
            "g-random/weights": self.random_weights,
            "gates/shuffled_auroc": self.shuffled_auroc,
        }
        found |= {f"g-random/logits/{split}": self.random[split] for split in SPLITS[1:]}
        for i, refit in enumerate(self.refits, start=1):
            found |= {f"refit/{i}/Q": refit.Q, f"refit/{i}/intercepts": refit.intercepts}
            found[f"refit/{i}/weights"] = refit.weights
        return found


def learn_controls(
    embeddings: Mapping[str, Float[Tensor, "_ l"]],
    learned: Labelled,
    tested: Labelled,
    labels: Int64[Tensor, " n"],
    names: tuple[str, ...],
    num_classes: int,
    settings: ConceptSettings,
    refits: int,
) -> Controls:
    """Everything that needs the training embeddings, which are not kept.

    Args:
        embeddings: by split.
        learned: what concepts are learned from.
        tested: what they are tested on.
        labels: classes of the training images.
        names: of the concepts.
        num_classes: K.
        settings: as the network's own concepts and g are learned.
        refits: how many bootstrap samples to learn them on again.
    """
    train = embeddings["train"]
    bank = random_bank(train, names)
    values = {split: concept_values(bank, own, "projection") for split, own in embeddings.items()}
    g = fit_pcbm(values["train"], labels, num_classes, settings)
    of_nothing = learn_bank(learned.embedding, shuffled_labels(learned.labels, "train"), names, settings)
    return Controls(
        random={split: predict(g, value) for split, value in values.items()},
        random_directions=bank.Q,
        random_weights=g.weights,
        shuffled_auroc=held_out(of_nothing, tested.embedding, shuffled_labels(tested.labels, "test")).auroc,
        refits=tuple(_refit(train, learned, labels, names, num_classes, settings, b) for b in range(1, refits + 1)),
    )


def _refit(
    train: Float[Tensor, "n l"],
    learned: Labelled,
    labels: Int64[Tensor, " n"],
    names: tuple[str, ...],
    num_classes: int,
    settings: ConceptSettings,
    repeat: int,
) -> Refit:
    """Learn on as many training images, drawn with replacement; the same draw for all networks."""
    n = len(train)
    drawn = torch.randint(0, n, (n,), generator=generator("refit", repeat, n))
    again = learned.resampled(repeat, drawn)
    kept = constant_concepts(again.labels).logical_not()
    own = learn_bank(again.embedding, again.labels[:, kept], tuple(_kept(names, kept)), settings)
    Q = torch.zeros(len(names), train.shape[1], dtype=torch.float64)
    intercepts = torch.zeros(len(names), dtype=torch.float64)
    Q[kept], intercepts[kept] = own.Q, own.intercepts
    values = concept_values(vectors_only(Q, intercepts, names), train[drawn], settings.value)
    g = fit_pcbm(values, labels[drawn], num_classes, settings)
    return Refit(Q, intercepts, g.weights)


def _kept(names: tuple[str, ...], kept: Tensor) -> list[str]:
    return [name for name, is_kept in zip(names, kept.tolist(), strict=True) if is_kept]
