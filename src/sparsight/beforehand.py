"""What the numbers of images alone say of a study or an audit, before anything is trained or looked at."""

from sparsight.data import ConceptDataset, DataSettings, FolderSettings, concepts_in, sides_of


def few_test_images(data: ConceptDataset, least: int) -> list[str]:
    """Report that too few images test the networks for verdicts of drifts; nothing where there are enough.

    Args:
        data: the images.
        least: the fewest test images on which a metric is judged (``verdict.least_images``).
    """
    tested = data.splits["test"]
    if len(tested) >= least:
        return []
    counts = data.labels[tested].bincount(minlength=len(data.class_names)).tolist()
    smallest = min(range(len(counts)), key=counts.__getitem__)
    name = data.class_names[smallest]
    shown = name if len(name) <= 80 else f"{name[:60]}..."
    images = "1 test image is" if len(tested) == 1 else f"{len(tested)} test images are"
    return [
        f"{images} fewer than the {least} (verdict.least_images) that a verdict needs, class {shown!r} has "
        f"{counts[smallest]} of them: drifts that are measured on them "
        "will be void, accuracy is judged all the same; add images, or move more of them to the "
        "test part (by data.train and data.test where these draw it)"
    ]


def audited_part(settings: DataSettings, data: ConceptDataset) -> list[str]:
    """Report that concepts leave an audit a part of the images to compare models on; nothing where they do not.

    Args:
        settings: of the data set.
        data: as it was read by them.

    Raises:
        InputError: if its folder cannot be listed.
    """
    tested, count = len(data.splits["test"]), len(data)
    if tested == count or not isinstance(settings, FolderSettings) or sides_of(settings.path):
        return []
    table = settings.concepts or concepts_in(settings.path)
    if table is None:
        return []
    remedy = "leave it out" if settings.concepts is not None else "move it out of the folder"
    return [
        f"{table}: because of these concepts an audit compares models on the {tested:,} test images of {count:,}, and "
        f"learns concepts on the {len(data.splits['train']):,} training images; {remedy} to compare models on all, or "
        "change the shares (data.train, data.validation, data.test)"
    ]
