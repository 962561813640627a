"""Classes that have no image on a side, and why."""

from collections.abc import Mapping

from torch import Tensor

from sparsight.data.folder_groups import Groups, of_few_groups
from sparsight.data.folder_settings import FolderSettings
from sparsight.data.tree import Tree


def missing_images(
    tree: Tree, splits: Mapping[str, Tensor], settings: FolderSettings, groups: Groups | None
) -> list[str]:
    """Return a line for each class that has no image on a side that a study needs.

    Args:
        tree: the images.
        splits: their positions by side, those aside that are left out.
        settings: the shares.
        groups: which images belong together.
    """
    given = bool(tree.entries) and tree.entries[0].split is not None
    by_group = {} if groups is None or given else of_few_groups(tree, groups.names)
    held = {split: {tree.entries[i].label for i in splits[split].tolist()} for split in splits}
    taken = {tree.class_names[entry.label] for entry in tree.entries}
    problems = []
    for k, name in enumerate(tree.class_names):
        if not (empty := [split for split, labels in held.items() if getattr(settings, split) and k not in labels]):
            continue
        twin = next((other for other in tree.alike(name) if other != name), None)
        remedy = "a class needs one in each"
        if name not in taken:
            remedy = "add some, or remove the folder if it is no class"
        elif twin is not None:
            remedy = f"if {twin!r} is the same class, give its folders one name"
        elif name in by_group:
            remedy = f"{by_group[name]}: add images of other groups, or state smaller ones"
        problems.append(
            f"{tree.root}: class {name!r} has no image for {', '.join(empty)}{tree.without.get(name, '')}; {remedy}"
        )
    return problems
