"""An attribution of Captum by its class's name, if it needs nothing but images and classes."""

import inspect
from difflib import get_close_matches
from typing import Any

from sparsight.errors import InputError

_GIVEN = {"model", "forward_func", "inputs", "target", "sliding_window_shapes"}
_LACKING = {
    "layer": "it explains a layer; take gradcam, gradcam++, hirescam or layercam with saliency.layer",
    "baselines": "it needs images to compare with (baselines), and which those are is not known",
    "neuron_selector": "it explains a single neuron, not a class",
    "attribution_method": "it smooths another attribution; name that one and set saliency.smooth",
}
_AT_RANDOM = "it draws at random what it takes away, so that its maps are not repeatable; take captum:Occlusion"
_REFUSED = {
    "FeaturePermutation": "it exchanges pixels between the images of a batch",
    "KernelShap": _AT_RANDOM,
    "Lime": _AT_RANDOM,
    "ShapleyValueSampling": _AT_RANDOM,
    "ShapleyValues": "it takes away every possible set of pixels; take captum:Occlusion",
}


def captum_class(name: str) -> Any:
    """The class of ``captum.attr`` that is called ``name``.

    Raises:
        InputError: if Captum is not installed, has no such attribution, or it needs what there is not.
    """
    try:
        import captum.attr
    except ImportError:
        raise InputError(f"saliency.method: captum:{name} needs Captum: pip install 'sparsight[captum]'") from None
    known = {
        own: found
        for own in captum.attr.__all__
        if inspect.isclass(found := getattr(captum.attr, own))
        and issubclass(found, captum.attr.Attribution)
        and hasattr(found, "attribute")
    }
    if name in known:
        if reason := _why_not(name, known[name]):
            raise InputError(f"saliency.method: captum:{name} cannot be used: {reason}")
        return known[name]
    usable = [own for own, found in known.items() if _why_not(own, found) is None]
    near = get_close_matches(name, usable, n=3, cutoff=0.4) or usable
    raise InputError(f"saliency.method: Captum has no attribution {name[:60]!r}; near are {', '.join(near)}")


def takes(callable_: Any) -> set[str]:
    """The names of what it can be given."""
    return set(inspect.signature(callable_).parameters)


def _why_not(name: str, found: Any) -> str | None:
    needs = {
        parameter.name
        for own in (found.__init__, found.attribute)
        for parameter in list(inspect.signature(own).parameters.values())[1:]
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }
    lacking = sorted(needs - _GIVEN)
    if lacking:
        return next((_LACKING[own] for own in _LACKING if own in lacking), f"it needs {', '.join(lacking)}")
    if "target" not in takes(found.attribute):
        return "it explains no class"
    return _REFUSED.get(name)
