"""A network as ONNX with any batch size, and what onnxruntime makes of it."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models import evaluating

OPSET = 20
INPUT, OUTPUT = "images", "logits"
CLOSE = 1e-4
"""What onnxruntime's logits may differ by, as a share of the largest: it folds norms into convolutions and sums in
another order."""
PACKAGES = ("onnx", "onnxscript", "onnxruntime")
WITHOUT = "--formats state,mask leaves it out"


def check_packages() -> None:
    """Raise InputError unless what writes and runs ONNX is installed."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise InputError(f"format onnx: needs {', '.join(missing)}; pip install 'sparsight[onnx]', or {WITHOUT}")


def onnx_bytes(model: nn.Module, images: Float[Tensor, "b 3 h w"], name: str) -> bytes:
    """A network in evaluation mode as an ONNX file, weights included.

    Its input ``images`` is (batch, 3, h, w), float32, normalised, its output ``logits`` (batch, k). What the exporter
    notes of the code that it has traced, with the paths of its files, is left out.

    Args:
        model: the network.
        images: some; two at least, because a batch of one could be taken for a constant.
        name: what the network is called in errors.

    Raises:
        InputError: if it cannot be exported with any batch size.
    """
    batch = torch.export.Dim("batch")
    try:
        with _quiet(), evaluating(model):
            program = torch.onnx.export(
                model,
                (images,),
                dynamo=True,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: batch},),
                opset_version=OPSET,
                verbose=False,
            )
            assert program is not None
            proto = program.model_proto
            graph = proto.graph
            for part in (*graph.node, *graph.input, *graph.output, *graph.initializer, *graph.value_info):
                del part.metadata_props[:]
            return bytes(proto.SerializeToString())
    except Exception as error:
        raise _failed(f"torch.onnx cannot export {name}", error) from error


def onnx_difference(path: Path, images: Float[Tensor, "b 3 h w"], logits: Float[Tensor, "b k"]) -> float:
    """The largest difference between onnxruntime's logits and these, for a batch of one and for all images.

    Returns:
        As a share of the largest logit.

    Raises:
        InputError: if it cannot run the file, or the difference is more than ``CLOSE``.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    worst = 0.0
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        made = [session.run([OUTPUT], {INPUT: some.numpy()})[0] for some in (images[:1], images)]
    except Exception as error:
        raise _failed("onnxruntime cannot run it on a batch of 1 and of several images", error) from error
    for own in map(torch.from_numpy, made):
        if own.shape != logits[: len(own)].shape:
            raise InputError(f"model.onnx: onnxruntime gives logits of another shape than torch; {WITHOUT}")
        worst = max(worst, float((own - logits[: len(own)]).abs().max()))
    largest = float(logits.abs().max())
    if not worst <= CLOSE * largest:
        raise InputError(
            f"model.onnx: onnxruntime gives other logits than torch ({worst:.2g} apart, the largest is {largest:.2g}, "
            f"{CLOSE:g} of that is allowed); {WITHOUT}"
        )
    return worst / largest if largest else 0.0


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter explains itself on both streams and by logging; an error of ours is one line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _failed(doing: str, error: Exception) -> InputError:
    said = " ".join(str(error.__cause__ or error).split())[:200]
    return InputError(f"model.onnx: {doing} ({type(error.__cause__ or error).__name__}: {said}); {WITHOUT}")
