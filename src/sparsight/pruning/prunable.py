"""Which parameters of a network are pruned, which are not, and what cannot be pruned as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrize, prune
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from sparsight.errors import InputError

NOTABLE = 0.01
"""Share of all weights above which those that are not pruned are named."""
UNPRUNED = "not pruned: "
"""Start of the notice of such weights, by which it is known."""
_SHOWN = 3
_NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


@dataclass(frozen=True)
class Unpruned:
    """Weights in no layer that is pruned. Biases, and scales and shifts of norms, are not counted as weights.

    Attributes:
        layers: for each parameter that is not pruned, its number of weights, the largest first.
        weights: of the whole network.
    """

    layers: dict[str, int]
    weights: int

    @property
    def share(self) -> float:
        """Of all weights; 0 where there are none."""
        return sum(self.layers.values()) / self.weights if self.weights else 0.0


def prunable(model: nn.Module, norms: bool = False) -> list[str]:
    """Names of the prunable parameters, in the model's order; of one that several layers share, its first name.

    They are the filters and matrices of torch's convolutions (transposed ones, too), linear and bilinear layers,
    attention's projections and recurrent layers, and of layers that are derived from these.

    Args:
        model: any module; the classifier's last layer counts as well.
        norms: count the scales of batch norms too (what the released code does; docs/paper.md).
    """
    names = {parameter: name for name, parameter in model.named_parameters()}
    found = dict.fromkeys(
        names[parameter]
        for module in model.modules()
        for key in (*weight_names(module), *(("weight",) if norms and isinstance(module, _NormBase) else ()))
        if (parameter := module._parameters.get(key)) is not None
    )
    return list(found)


def unpruned(model: nn.Module) -> Unpruned:
    """The weights of a network that pruning leaves alone."""
    pruned = set(prunable(model))
    of_norms = {one for module in model.modules() if isinstance(module, _NORMS) for one in module._parameters.values()}
    weights = {
        name: parameter.numel()
        for name, parameter in model.named_parameters()
        if name in pruned or not (_is_bias(name, parameter) or parameter in of_norms)
    }
    left = {name: count for name, count in weights.items() if name not in pruned}
    return Unpruned(dict(sorted(left.items(), key=lambda one: -one[1])), sum(weights.values()))


def unpruned_notice(model: nn.Module) -> str | None:
    """What a reader of "weights left" should know; None where less than 1 % of the weights are not pruned."""
    found = unpruned(model)
    if found.share < NOTABLE:
        return None
    names = [f"{name} ({number:,})" for name, number in found.layers.items()]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (
        f"{UNPRUNED}{', '.join(names[:_SHOWN])}{more}, {sum(found.layers.values()):,} of {found.weights:,} weights "
        f"({found.share:.1%}), which belong to no convolution, linear, attention or recurrent layer; weights left are "
        f"a share of the others: where 50.0% of those are left, {found.share + (1 - found.share) / 2:.1%} of all are"
    )


def check_prunable(name: str, model: nn.Module) -> None:
    """Check that every weight that is to be pruned is a parameter, which a mask can hold at zero.

    Args:
        name: of the network, for messages.
        model: the network.

    Raises:
        InputError: if a layer makes its weight anew in each pass, two parameters share memory, or there is nothing to
            prune.
    """
    made = list(_reparametrised(model))
    if made:
        layer, key, how, remedy = made[0]
        more = f" ({len(made) - 1} more {'is' if len(made) == 2 else 'are'})" if len(made) > 1 else ""
        raise InputError(
            f"model.name: {name}: {key} of layer {layer!r} is made anew in each pass by {how}{more}, so that it cannot "
            f"be pruned; in the function, call {remedy} for each such layer before the network is returned"
        )
    if not prunable(model):
        raise InputError(
            f"model.name: {name} has no weight to prune: no convolution, linear, attention or recurrent layer; choose "
            "another network"
        )
    _check_memory(name, model)


def tied(model: nn.Module) -> dict[str, str]:
    """For each further name of a parameter that several layers share its first name, which is the one in masks."""
    first = {parameter: name for name, parameter in model.named_parameters()}
    everything = model.named_parameters(remove_duplicate=False)
    return {name: first[parameter] for name, parameter in everything if name != first[parameter]}


def _is_bias(name: str, parameter: nn.Parameter) -> bool:
    return "bias" in name.rpartition(".")[2] and parameter.ndim < 2


def weight_names(module: nn.Module) -> tuple[str, ...]:
    """What a module calls its filters or matrices, if it has some."""
    if isinstance(module, _ConvNd | nn.Linear | nn.Bilinear):
        return ("weight",)
    if isinstance(module, nn.MultiheadAttention):
        return ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
    if isinstance(module, nn.RNNBase):
        return tuple(name for name in module._flat_weights_names if name.startswith("weight"))
    return ("weight_ih", "weight_hh") if isinstance(module, nn.RNNCellBase) else ()


def _reparametrised(model: nn.Module) -> Iterator[tuple[str, str, str, str]]:
    """Of each prunable weight that is no parameter of its layer: layer, weight, what makes it, how that is removed."""
    for layer, module in model.named_modules():
        for key in weight_names(module):
            if key in module._parameters or key in module._buffers:
                continue
            if parametrize.is_parametrized(module, key):
                made = type(module.parametrizations[key][0]).__name__.lstrip("_")
                remedy = f"torch.nn.utils.parametrize.remove_parametrizations(LAYER, {key!r})"
                yield layer, key, f"a parametrization, {made}", remedy
                continue
            hooks = [hook for hook in module._forward_pre_hooks.values() if _hooked(hook) == key]
            if any(isinstance(hook, prune.BasePruningMethod) for hook in hooks):
                yield layer, key, "torch.nn.utils.prune", f"torch.nn.utils.prune.remove(LAYER, {key!r})"
            elif any(isinstance(hook, WeightNorm) for hook in hooks):
                yield layer, key, "weight_norm", f"torch.nn.utils.remove_weight_norm(LAYER, {key!r})"
            elif any(isinstance(hook, SpectralNorm) for hook in hooks):
                yield layer, key, "spectral_norm", f"torch.nn.utils.remove_spectral_norm(LAYER, {key!r})"
            else:
                yield layer, key, "code of its own", f"LAYER.register_parameter({key!r}, nn.Parameter(...))"


def _hooked(hook: object) -> str | None:
    """The parameter that a hook of torch's makes anew."""
    return getattr(hook, "_tensor_name", None) or getattr(hook, "name", None)


def _check_memory(name: str, model: nn.Module) -> None:
    """Refuse two parameters in one memory: each would be trained and masked for itself, one over the other."""
    held: list[tuple[int, int, str]] = []
    for key, parameter in model.named_parameters():
        if parameter.device.type != "meta" and parameter.numel() and type(parameter) is nn.Parameter:
            span = 1 + sum((n - 1) * stride for n, stride in zip(parameter.shape, parameter.stride(), strict=True))
            start = parameter.data_ptr()
            held.append((start, start + span * parameter.element_size(), key))
    held.sort()
    for (_, end, first), (start, _, second) in pairwise(held):
        if start < end:
            raise InputError(
                f"model.name: {name}: {first} and {second} are two parameters in one memory; assign the parameter "
                "itself to both layers, or a copy by clone()"
            )
