"""Export one ticket: write it, read it back, and compare."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sparsight.arguments import check_kind, check_path, check_whole, several
from sparsight.arms import find_arm
from sparsight.errors import InputError
from sparsight.exporting.card import card, origin
from sparsight.exporting.graph import check_packages, onnx_bytes, onnx_difference
from sparsight.exporting.place import CARD, FORMATS, KIND, staged_folder
from sparsight.exporting.subject import Subject, logits_of, read_subject
from sparsight.exporting.weights import Layer, apply_masks, by_every_name, count_layers, exported_masks, with_ones
from sparsight.io import json_bytes, read_tensors, sha256, tensors_bytes
from sparsight.runs import check_run
from sparsight.training import one_thread


@dataclass(frozen=True, eq=False)
class Export:
    """What was written.

    Attributes:
        folder: where.
        layers: the prunable weights, counted.
        card: what ``card.json`` holds.
    """

    folder: Path
    layers: tuple[Layer, ...]
    card: Mapping[str, Any]


def export_ticket(
    run: str | Path,
    arm: str,
    seed: int,
    round: int,
    out: str | Path | None = None,
    *,
    formats: Iterable[str] = tuple(FORMATS),
) -> Export:
    """Write one network of a run for other tools, and check each file by reading it back.

    ``state.safetensors`` holds its state dict with zeros in place, ``mask.safetensors`` its masks for
    ``torch.nn.utils.prune``, ``model.onnx`` the network with any batch size, ``card.json`` where they come from and
    what to feed them. On the run's first test images state and mask must give the same logits bit for bit, ONNX within
    1e-4 of the largest logit. Zeros by themselves make nothing faster.

        model.load_state_dict(load_file("state.safetensors"))
        for key, mask in load_file("mask.safetensors").items():
            module, _, name = key.removesuffix("_mask").rpartition(".")
            prune.custom_from_mask(model.get_submodule(module), name, mask)

    A network of the user's own is built by running its code, as a study does; the run itself need not have ended.

    Args:
        run: the run's folder; nothing is written to it.
        arm: one of the run's.
        seed: one of the run's.
        round: one of the arm's; 0 is its dense parent.
        out: a new or empty folder, or one with an earlier export of the same ticket, which is replaced; by default
            ``exports/<run>/<arm>/seed-<s>/round-<rr>``.
        formats: some of ``state``, ``mask`` and ``onnx``; the last needs the extra ``onnx``.

    Raises:
        InputError: if something asked for is not there, damaged or cannot be written, or what was written gives other
            logits when it is read back; then nothing stays written.
    """
    check_path("run", run, optional=False)
    check_path("out", out)
    check_kind("arm", arm, str, "the name of an arm")
    check_whole("seed", seed, 0, optional=False)
    check_whole("round", round, 0, optional=False)
    forms = _forms(several("formats", formats, (str,), f"one of {', '.join(FORMATS)}"))
    check_run(Path(run))
    if "onnx" in forms:
        check_packages()
    with one_thread(torch.device("cpu")):
        subject = read_subject(Path(run), arm, seed, round)
        folder = Path(out) if out is not None else _default_folder(subject)
        masks = exported_masks(subject.ticket)
        layers = count_layers(subject.ticket.weights, masks)
        difference = None
        with staged_folder(folder, subject.run, [FORMATS[form] for form in forms], subject.digest) as staged:
            paths = {form: staged[FORMATS[form]] for form in forms}
            if "state" in paths:
                _write_state(paths["state"], subject)
            if "mask" in paths:
                _write_masks(paths["mask"], subject, masks)
            if "onnx" in paths:
                difference = _write_onnx(paths["onnx"], subject)
            content = card(subject, layers, {form: sha256(path) for form, path in paths.items()}, difference)
            staged[CARD].write_bytes(json_bytes(content, KIND))
    return Export(folder, layers, content)


def _write_state(path: Path, subject: Subject) -> None:
    path.write_bytes(tensors_bytes(subject.ticket.weights, origin(subject)))
    model = subject.new_model()
    model.load_state_dict(read_tensors(path))
    _compare(model, subject, FORMATS["state"])


def _write_masks(path: Path, subject: Subject, masks: Mapping[str, Tensor]) -> None:
    masks = by_every_name(masks, subject.shared)
    path.write_bytes(tensors_bytes(masks, origin(subject)))
    model = subject.new_model()
    model.load_state_dict(with_ones(subject.ticket.weights, masks))
    apply_masks(model, read_tensors(path))
    _compare(model, subject, FORMATS["mask"])


def _write_onnx(path: Path, subject: Subject) -> float:
    model = subject.new_model()
    model.load_state_dict(subject.ticket.weights)
    path.write_bytes(onnx_bytes(model, subject.images, subject.settings.model.name))
    return onnx_difference(path, subject.images, subject.logits)


def _compare(model: nn.Module, subject: Subject, file: str) -> None:
    if not torch.equal(logits_of(model, subject.images), subject.logits):
        raise InputError(
            f"{file}: read back into a new {subject.settings.model.name}, it gives other logits; "
            "what the network computes must depend on its parameters and buffers alone"
        )


def _default_folder(subject: Subject) -> Path:
    arm = find_arm(subject.arm).folder
    return Path("exports", subject.called, arm, f"seed-{subject.seed}", f"round-{subject.round:02d}")


def _forms(formats: Iterable[str]) -> list[str]:
    """The formats in one order, each once."""
    asked = list(formats)
    unknown = [form for form in asked if form not in FORMATS]
    if unknown:
        near = get_close_matches(unknown[0], FORMATS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InputError(f"--formats: {unknown[0][:60]!r} is unknown; {hint}formats are {', '.join(FORMATS)}")
    if not asked:
        raise InputError(f"--formats: none is named; formats are {', '.join(FORMATS)}")
    return [form for form in FORMATS if form in asked]
