"""What metrics and verdicts are called on the page."""

from sparsight.report.data import ReportData
from sparsight.report.measures import maps_name, top_k
from sparsight.report.text import plain

SYMBOLS = {
    **{"yes": "✓", "no": "✗", "preserved": "=", "changed": "≠", "undecided": "?", "gate": "⊘"},
    **{"within the margin": "≤", "beyond the margin": ">"},
}
"""A sign beside each word, so that a table can be read at a glance and without colours."""

_TARGETS = {"dense": "dense network's prediction", "prediction": "own prediction", "label": "label"}
_MODELS = {"f": "f", "g": "g", "g-random": "g on random concepts", "probe": "linear probe"}


def metric_name(data: ReportData, metric: str, target: str = "", method: str = "") -> str:
    """A metric in words; one that is not known keeps its name.

    Args:
        data: gives the number of top concepts and how maps are made.
        metric: as in the tables.
        target: named where it is given and is not the dense network's prediction.
        method: the model of an accuracy.
    """
    return metric_words(top_k(data), maps_name(data), metric, target, method)


def metric_words(k: int, maps: str, metric: str, target: str = "", method: str = "") -> str:
    """The same where the number of top concepts is ``k``, and ``maps`` is what maps are called."""
    words = {
        "top_k_jaccard": f"Top {k} concepts (Jaccard)",
        "top_k_overlap": f"Top {k} concepts (share in common)",
        "rank_biased_overlap": "Ranking of concepts (rank-biased overlap)",
        "weight_spearman": "Weights of g (Spearman)",
        "group_top_k_jaccard": f"Top {k} concept groups (Jaccard)",
        "group_spearman": "Weights of g by group (Spearman)",
        "value_agreement": "Concept values (Pearson)",
        "map_spearman": f"{maps} (Spearman)",
        "map_iou_20": f"{maps}, top 20\u00a0% (intersection over union)",
        "linear_cka": "Embedding (linear CKA, debiased)",
        "flips": "Answers of f that flip",
        "do_concept": "Truth: what concepts do (logits as they are)",
        "do_part": "Truth: what parts do (logits less their mean)",
        "do_habitat": "Truth: what the habitat does (logits less their mean)",
        "accuracy": "Accuracy",
        "balanced_accuracy": "Balanced accuracy",
        "auroc": "AUROC",
        "concept_auroc": "Held-out AUROC of concepts",
        "mask_energy": "Energy in the mask",
        "pointing_game": "Pointing game",
        "weights_truth": "Weights of g against the truth",
        "energy_truth": "Energy of parts against the truth",
    }.get(metric, plain(metric))
    if method in _MODELS:
        words += f" of {_MODELS[method]}" if metric != "flips" else ""
    return f"{words}, {_TARGETS.get(target, plain(target))}" if target not in ("", "dense") else words


def short_name(data: ReportData, metric: str) -> str:
    """A primary metric in a few words, for the head of a column."""
    return metric_name(data, metric).replace("intersection over union", "IoU")
