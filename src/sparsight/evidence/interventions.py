"""What a network's logits really depend on: the change that each intervention on a scene makes, for any network."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from sparsight.data import ConceptDataset, normalise
from sparsight.data.toybirds import Interventions
from sparsight.models import evaluating


@dataclass(frozen=True)
class Effects:
    """The true change of every logit, image by image, as it is; what reads it takes off the mean over the classes.

    Attributes:
        concepts: logits with the concept's value minus the mean of those with its group's other values, the rest of the
            scene as it is: ``do(concept)``.
        parts: logits of the scene minus those of the scene without the part.
        habitats: logits in the habitat minus the mean of those in the others.
        names: of ``concepts``, their ``groups``, ``parts`` and ``habitats``.
    """

    concepts: Float[Tensor, "n c k"]
    parts: Float[Tensor, "n p k"]
    habitats: Float[Tensor, "n h k"]
    names: Mapping[str, tuple[str, ...]]

    def tensors(self) -> dict[str, Tensor]:
        """The arrays by the names of a network's evidence file."""
        own = {"concepts": self.concepts, "parts": self.parts, "habitats": self.habitats}
        return {f"interventions/{name}": value for name, value in own.items()}


@torch.no_grad()
def effects(
    model: nn.Module, interventions: Interventions, data: ConceptDataset, batch_size: int, device: torch.device
) -> Effects:
    """Show the network every picture and take the differences. The model is left as it was found, but on ``device``.

    Args:
        model: any classifier.
        interventions: the pictures.
        data: whose normalisation the network was trained with.
        batch_size: pictures a forward pass.
        device: where to run the network.
    """
    model.to(device)
    n, pictures = interventions.images.shape[:2]
    flat = interventions.images.flatten(0, 1)
    with evaluating(model):
        parts = [model(normalise(batch, data, device)).cpu() for batch in flat.split(batch_size)]
    logits = torch.cat(parts).unflatten(0, (n, pictures))
    values = _at(logits, interventions.concepts)
    for group in dict.fromkeys(interventions.concept_groups):
        own = [i for i, name in enumerate(interventions.concept_groups) if name == group]
        values[:, own] = _against_the_others(values[:, own])
    return Effects(
        values,
        logits[:, :1] - _at(logits, interventions.parts),
        _against_the_others(_at(logits, interventions.habitats)),
        {
            "concepts": interventions.concept_names,
            "groups": interventions.concept_groups,
            "parts": interventions.part_names,
            "habitats": interventions.habitat_names,
        },
    )


def dependence(change: Float[Tensor, "n m k"]) -> Float[Tensor, "n m"]:
    """How much each change moves the decision: its root mean square over the classes, after its mean was taken off.

    A change that is the same for all logits moves no decision and counts 0.
    """
    centred = change.double() - change.double().mean(dim=2, keepdim=True)
    return centred.square().mean(dim=2).sqrt().float()


def _at(logits: Float[Tensor, "n e k"], places: Int64[Tensor, "n m"]) -> Float[Tensor, "n m k"]:
    return logits.gather(1, places[..., None].expand(-1, -1, logits.shape[2]))


def _against_the_others(values: Float[Tensor, "n m k"]) -> Float[Tensor, "n m k"]:
    """Each value minus the mean of the other ones."""
    m = values.shape[1]
    return (values - values.mean(dim=1, keepdim=True)) * (m / (m - 1))
