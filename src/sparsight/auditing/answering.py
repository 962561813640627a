"""Which outputs of a model stand for the data's classes, and the model that gives these alone."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from sparsight.auditing.labels import alike
from sparsight.errors import InputError
from sparsight.models import Split, named_module

_SHOWN = 4


def outputs_of(
    name: str, own: Sequence[str] | None, class_names: Sequence[str], outputs: int
) -> tuple[list[int] | None, str]:
    """The output of each class of the data, and what a reader should know of how it was found.

    Names are alike that differ by underscores or capital letters alone, unless one of them is the same.

    Args:
        name: of the model, for messages.
        own: what its outputs stand for; None where that is not known.
        class_names: of the data.
        outputs: how many the model has.

    Returns:
        The outputs, None where they are taken as they stand; and a note, empty where there is nothing to say.

    Raises:
        InputError: if a class is not among the outputs, may be several of them, or stands at another place in an order
            that is not known as a whole.
    """
    classes = len(class_names)
    if own is not None and tuple(own) == tuple(class_names):
        return None, ""
    known = [_place(name, one, own) for one in class_names] if own is not None else [None] * classes
    found = [k for k in known if k is not None]
    if len(set(found)) < len(found):
        twice = next(k for k in found if found.count(k) > 1)
        both = [one for one, k in zip(class_names, known, strict=True) if k == twice]
        raise InputError(f"{name}: {both[0]!r} and {both[1]!r} are one and the same of its classes; rename one of them")
    if len(found) == classes:
        if found == list(range(outputs)):
            return None, ""
        if classes < outputs:
            return found, f"{name}: of its {outputs:,} classes it was asked for the {classes} of the data"
        return found, f"{name}: its classes were put in the order of the data's by their names"
    unknown = [one for one, k in zip(class_names, known, strict=True) if k is None]
    listed = ", ".join(unknown[:_SHOWN]) + (", ..." if len(unknown) > _SHOWN else "")
    if outputs != classes:
        hint = (
            f"; it does not name {listed}"
            if own is not None
            else "; its outputs have no names by which the data's classes could be found among them"
        )
        raise InputError(f"{name}: {outputs:,} outputs for {classes:,} classes of the data{hint}")
    if own is None:
        return None, ""
    elsewhere = next((place for place, k in enumerate(known) if k not in (None, place)), None)
    if elsewhere is not None:
        raise InputError(
            f"{name}: {class_names[elsewhere]!r} is its output {known[elsewhere]} and class {elsewhere} of the data, "
            f"and it does not name {listed}; give its classes the data's names, so that all are found"
        )
    return None, f"{name}: does not name {listed}; its outputs were taken to be in the order of the data's classes"


def _place(model: str, name: str, own: Sequence[str]) -> int | None:
    """The output that is called so."""
    places = [k for k, one in enumerate(own) if one == name] or [
        k for k, one in enumerate(own) if alike(one) == alike(name)
    ]
    if len(places) > 1:
        raise InputError(
            f"{model}: its outputs {places[0]} and {places[1]} are both called {own[places[1]]!r}, and which is the "
            f"data's class {name!r} is not known; rename them, or leave the class out"
        )
    return places[0] if places else None


class Answering(nn.Module):
    """A classifier that gives some of its outputs alone, in an order of its own."""

    def __init__(self, network: nn.Module, columns: Sequence[int]) -> None:
        super().__init__()
        self.network = network
        self.columns = list(columns)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
        """The logits, (b, k)."""
        logits: Tensor = self.network(images)
        return logits[:, self.columns]


def answering(model: nn.Module, split: Split, columns: Sequence[int]) -> tuple[nn.Module, Split]:
    """The model that gives these outputs alone, in this order, and where it is cut.

    Of a plain linear head it is a copy whose head has these rows alone, which leaves Grad-CAM its closed form; around
    any other one, as of quantised or reparametrised weights, it takes the outputs.
    """
    around = Answering(model, columns), _below("network", split)
    if not split.head or not _is_plain(named_module(model, split.head)):
        return around
    try:
        narrowed = copy.deepcopy(model)
    except RuntimeError:  # of weights that are made of others, as by torch.nn.utils.prune, and stand in a graph
        return around
    head = named_module(narrowed, split.head)
    assert isinstance(head, nn.Linear)
    if head.out_features <= max(columns):  # two classes of one output
        return around
    with torch.no_grad():
        for name, values in dict(head.named_parameters()).items():
            setattr(head, name, nn.Parameter(values[list(columns)].clone(), requires_grad=values.requires_grad))
    head.out_features = len(columns)
    return narrowed, split


def _is_plain(head: nn.Module) -> bool:
    """Whether its rows are those of its parameters, with nothing that makes them anew."""
    parameters: Mapping[str, nn.Parameter] = dict(head.named_parameters())
    return (
        type(head) is nn.Linear
        and set(parameters) <= {"weight", "bias"}
        and all(type(values) is nn.Parameter for values in parameters.values())
        and not head._forward_pre_hooks
        and not parametrize.is_parametrized(head)
    )


def _below(name: str, split: Split) -> Split:
    return replace(
        split,
        features=f"{name}.{split.features}" if split.features else "",
        head=f"{name}.{split.head}" if split.head else "",
        blocks=tuple(f"{name}.{block}" for block in split.blocks),
    )
