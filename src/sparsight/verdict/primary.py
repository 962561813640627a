"""The drifts that make headlines: six, or three where a data set has no concepts."""

PRIMARY = (
    ("concepts", "top_k_jaccard", ""),
    ("concepts", "weight_spearman", ""),
    ("concepts", "value_agreement", ""),
    ("pixels", "map_spearman", "dense"),
    ("pixels", "map_iou_20", "dense"),
    ("representation", "linear_cka", ""),
)
"""Family, metric and target, in the order in which they are shown. They share the false-alarm rate of an arm."""
ACCURACY = ("accuracy", "accuracy", "f")
"""Family, metric and method of the network's own accuracy, by which tickets win or lose."""


MAPS, CONCEPTS, EMBEDDINGS = (
    tuple(metric for own, metric, _ in PRIMARY if own == family) for family in ("pixels", "concepts", "representation")
)
"""The primary metrics of maps, concepts and embeddings, as gates void them."""


def primary_names(concepts: bool) -> tuple[str, ...]:
    """Names of the primary metrics of a data set with concepts, or of those that are left without."""
    return tuple(metric for family, metric, _ in PRIMARY if concepts or family != "concepts")
