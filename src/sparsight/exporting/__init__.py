"""A run for other tools: a ticket as a plain state dict, masks for ``torch.nn.utils.prune``, ONNX; its numbers for
TensorBoard."""

from sparsight.exporting.card import SPEED
from sparsight.exporting.events import Scalars, export_scalars
from sparsight.exporting.place import FORMATS
from sparsight.exporting.ticket import Export, export_ticket

__all__ = ["FORMATS", "SPEED", "Export", "Scalars", "export_scalars", "export_ticket"]
