"""YAML from a user: plain values, and no key twice, of which all but the last would be lost."""

from typing import Any

import yaml

from sparsight.errors import InputError

_MERGE = "tag:yaml.org,2002:merge"
_SHOWN = 60


class _Loader(yaml.SafeLoader):
    source = ""

    def compose_mapping_node(self, anchor: dict[Any, yaml.Node]) -> yaml.MappingNode:
        """As in YAML, but that a key may stand once. What ``<<`` brings is no key of the mapping yet, and gives way."""
        node = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            name, line = (key.tag, key.value), key.start_mark.line + 1
            if name in lines:
                where = f"in line {line}" if lines[name] == line else f"in lines {lines[name]} and {line}"
                shown = key.value if len(key.value) <= _SHOWN else key.value[: _SHOWN - 3] + "..."
                raise InputError(f"{self.source}: {shown}: given twice, {where}; keep one")
            lines[name] = line
        return node


def read_yaml(text: str, source: str) -> Any:
    """The value that a text in YAML stands for; nothing in it is run.

    Args:
        text: one document.
        source: what it is called in errors.

    Raises:
        InputError: with the line, if it is no YAML, or a key stands twice in one mapping.
    """
    try:
        loader = _Loader(text)
        loader.source = source
        return loader.get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        raise InputError(f"{source}: not valid YAML{place}") from None
