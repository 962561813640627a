"""Write ``results/``: all networks' evidence as tables, and a few images with their maps."""

from collections.abc import Sequence
from pathlib import Path

import torch

from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.errors import DamagedError
from sparsight.evidence import METRICS, ConceptInUse, concept_flaw, concepts_in_use, read_evidence, read_metrics
from sparsight.io import csv_bytes, json_bytes, tensors_bytes, write_bytes
from sparsight.networks import Network
from sparsight.report import COLUMNS
from sparsight.results.ablation import ablation_rows
from sparsight.results.faithfulness import faithfulness_rows
from sparsight.results.pairs import drift_rows, image_values, pairs
from sparsight.results.rules import RULES, VERDICT
from sparsight.results.strips import STRIPS, strips_bytes
from sparsight.results.tables import Looked, Row, accuracy_rows, concept_rows
from sparsight.results.verdict import judge
from sparsight.runs import RESULTS
from sparsight.training import one_thread

DRIFT = "drift.safetensors"


def write_results(folder: Path, settings: StudySettings, data: ConceptDataset, networks: Sequence[Network]) -> None:
    """Write the result tables of a run whose networks all have evidence. Equal evidence gives equal bytes.

    Round 0 of an arm is its dense parent, repeated under the arm's name; parents and controls also stand under their
    own.

    Raises:
        InputError: if evidence is missing or damaged.
    """
    for name, content in result_files(folder, settings, data, networks).items():
        write_bytes(folder / RESULTS / name, content)


def result_files(
    folder: Path, settings: StudySettings, data: ConceptDataset, networks: Sequence[Network]
) -> dict[str, bytes]:
    """What ``write_results`` writes, by file name."""
    rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    everything = _all(folder, settings, networks, concepts_in_use(data))
    with one_thread(torch.device("cpu")):
        for looked in everything:
            rows["accuracy"] += accuracy_rows(looked)
            rows["faithfulness"] += faithfulness_rows(looked, data, settings.concepts, settings.saliency.method)
            rows["concepts"] += concept_rows(looked, data, settings.concepts)
        compared = list(pairs(everything, settings, data))
        rows["ablation"] += ablation_rows(everything)
        images: dict[str, torch.Tensor] = {}
        for pair in compared:
            rows["drift"] += drift_rows(pair, data)
            images |= image_values(pair)
        rows["verdict"], document = judge(everything, compared, settings, data, rows)
    tables = {f"{name}.csv": csv_bytes(header, rows[name]) for name, header in COLUMNS.items()}
    return tables | {
        DRIFT: tensors_bytes(images, {}, "drift"),
        VERDICT: json_bytes({"rules": RULES, **document}, "verdict"),
        STRIPS: strips_bytes(folder, settings, data),
    }


def _all(
    folder: Path, settings: StudySettings, networks: Sequence[Network], concepts: Sequence[ConceptInUse]
) -> list[Looked]:
    arrays = {network: read_evidence(folder / network.folder) for network in networks}
    metrics = {network: read_metrics(folder / network.folder) for network in networks}
    for network in networks:
        if flaw := concept_flaw(metrics[network], arrays[network], concepts):
            raise DamagedError(folder / network.folder / METRICS, flaw, "restore it, or remove it to have it made")

    def looked(network: Network, arm: str, repeat: int | None) -> Looked:
        key = (arm, network.seed, repeat, network.round, metrics[network]["weights_remaining"])
        return Looked(network, key, metrics[network], arrays[network], arrays[network.dense])

    design = settings.study
    rounds_0 = [looked(Network(arm, seed, None, 0).dense, arm, None) for arm in design.arms for seed in design.seeds]
    everything = rounds_0 + [looked(network, network.arm, network.repeat) for network in networks]
    arms = (*design.arms, *sorted({one.key[0] for one in everything} - set(design.arms)))
    return sorted(everything, key=lambda one: (arms.index(one.key[0]), one.key[1], one.key[2] or 0, one.key[3]))
