"""CUB-200-2011: birds with attributes, boxes and parts."""

from sparsight.data.cub.build import read_cub
from sparsight.data.cub.settings import CubSettings

__all__ = ["CubSettings", "read_cub"]
