"""The pages' templates: what is between braces is escaped, and only what this package wrote itself is marked safe."""

from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from sparsight.report.text import breakable, number, percent, plain, sentence


def environment() -> Environment:
    """Where templates are found, and the filters that they use."""
    found = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_text),
    )
    found.filters |= {
        "plain": plain,
        "breakable": breakable,
        "percent": percent,
        "number": number,
        "sentence": sentence,
    }
    return found


def verbatim(*names: str) -> Markup:
    """Styles or scripts of this package, one after the other."""
    return Markup("".join(map(_text, names)))


def _text(name: str) -> str:
    return files("sparsight.report").joinpath(name).read_text(encoding="utf-8")
