"""The six drifts that make headlines."""

PRIMARY = (
    ("concepts", "top_k_jaccard", ""),
    ("concepts", "weight_spearman", ""),
    ("concepts", "value_agreement", ""),
    ("pixels", "map_spearman", "dense"),
    ("pixels", "map_iou_20", "dense"),
    ("representation", "linear_cka", ""),
)
"""Family, metric and target, in the order in which they are shown. They share the false-alarm rate of an arm."""
