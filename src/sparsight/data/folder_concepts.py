"""The table of concepts that belongs to class folders: which file it is, and what it says."""

from dataclasses import dataclass
from pathlib import Path

from sparsight.data.arrangement import unwrapped
from sparsight.data.concept_table import ConceptTable, read_concepts
from sparsight.data.folder_settings import FolderSettings
from sparsight.data.tree import Tree
from sparsight.data.walk import walk
from sparsight.errors import InputError

CONCEPTS = "concepts.csv"
NO_CONCEPTS = (
    "no concepts: accuracy, maps and embeddings are studied alone; a CSV file of image,<concept>,... or "
    "class,<concept>,..., named by --concepts FILE, adds them"
)


@dataclass(frozen=True, eq=False)
class FolderConcepts:
    """The concepts of class folders.

    Attributes:
        table: the file, whether it exists or not.
        read: what it says; None where it does not exist, or is refused.
        examples: a folder of example images in its place, or None.
        notes: what a user should know.
        problems: what stands in the way of a study.
    """

    table: Path
    read: ConceptTable | None
    examples: Path | None
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def found_table(named: Path, root: Path | None = None) -> Path | None:
    """Return ``concepts.csv`` of a folder, from where the class folders lie or from the folder that was named."""
    places = (place / CONCEPTS for place in (root or named, named))
    return next((table for table in places if table.exists() or table.is_symlink()), None)


def concepts_in(path: Path) -> Path | None:
    """Return the table of concepts that a folder of images is read with where none is named; None without one.

    Raises:
        InputError: if the folder cannot be listed.
    """
    return found_table(path, unwrapped(walk(path)).path)


def read_folder_concepts(settings: FolderSettings, tree: Tree) -> FolderConcepts:
    """Find and read the table of concepts; a column that states the groups of images is none of them.

    Raises:
        InputError: if a column states the groups, and there is no table.
    """
    examples = settings.concepts if settings.concepts is not None and settings.concepts.is_dir() else None
    found = found_table(settings.path, tree.root)
    table = found if settings.concepts is None or examples is not None else settings.concepts
    column = settings.group_column
    if table is None and column is not None:
        raise InputError(
            f"data.groups: {column[:80]!r} is the name of a column, and there is no table of concepts that could have "
            r"it; name the table by --concepts FILE, or give a pattern with the group in brackets, as '(patient\d+)'"
        )
    if table is None:
        return FolderConcepts(tree.root / CONCEPTS, None, examples, () if examples else (NO_CONCEPTS,))
    if examples is not None and column is None:
        return FolderConcepts(table, None, examples)
    try:
        read = read_concepts(table, tree, () if column is None else (column,))
    except InputError as error:
        return FolderConcepts(table, None, examples, (), (str(error),))
    notes = []
    if not read.names:
        notes.append(NO_CONCEPTS)
    elif read.unnamed and examples is None:
        without = f"{read.unnamed:,} image has" if read.unnamed == 1 else f"{read.unnamed:,} images have"
        notes.append(f"{without} no line in {table.name}, so that concepts are unknown")
    return FolderConcepts(table, read, examples, tuple(notes))
