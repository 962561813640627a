"""A run's ticket as files for other tools: a plain state dict, masks for ``torch.nn.utils.prune``, ONNX."""

from sparsight.exporting.card import SPEED
from sparsight.exporting.place import FORMATS
from sparsight.exporting.ticket import Export, export_ticket

__all__ = ["FORMATS", "SPEED", "Export", "export_ticket"]
