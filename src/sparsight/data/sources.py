"""The sources of concepts by name: collections of example images that can serve any data set."""

from collections.abc import Callable
from pathlib import Path

from sparsight.data.derm7pt import read_derm7pt
from sparsight.data.example_folder import read_example_folder
from sparsight.data.examples import ConceptSource
from sparsight.errors import InputError

SOURCES: dict[str, Callable[[Path], ConceptSource]] = {"derm7pt": read_derm7pt, "examples": read_example_folder}


def read_source(kind: str, path: Path | None) -> ConceptSource:
    """The concepts of a source, by its name in ``SOURCES``, and their example files.

    Args:
        kind: the name.
        path: the source's folder, which ``data.concept_path`` names.

    Raises:
        InputError: if no folder is named, or it has another layout.
    """
    if path is None:
        raise InputError(
            f"data.concept_path: concepts {kind} come as images; name their folder by --concepts FOLDER "
            f"('sparsight data where {kind}' says where they are had), or choose other data.concepts"
        )
    return SOURCES[kind](path)
