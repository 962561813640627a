"""What the numbers of images alone say of a study or an audit, before anything is trained or looked at."""

from sparsight.data import ConceptDataset


def few_test_images(data: ConceptDataset, least: int) -> list[str]:
    """Report that a verdict will be void because too few images test the networks; nothing where there are enough.

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
        f"{counts[smallest]} of them: what is measured on them will be void; add images, or move more of them to the "
        "test part (by data.train and data.test where these draw it)"
    ]
