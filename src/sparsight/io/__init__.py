"""Files that appear whole or not at all, and readers that run nothing."""

from sparsight.io.cells import read_cell, written_cell
from sparsight.io.files import (
    PARTIAL,
    at_home,
    check_plain,
    check_readable_file,
    check_sealed,
    csv_bytes,
    json_bytes,
    partial_file,
    read_json,
    remove_partial_files,
    sha256,
    sha256_plain,
    write_bytes,
    write_csv,
    write_json,
)
from sparsight.io.listing import LIST, read_list, remove_listed, write_list
from sparsight.io.lock import LOCK, hold, hold_place, lock_at
from sparsight.io.places import strange_places
from sparsight.io.room import check_room, free_room, spoken_size
from sparsight.io.tensors import (
    mapped_tensors,
    read_metadata,
    read_tensors,
    staged_tensors,
    tensor_layout,
    tensors_bytes,
    write_tensors,
)
from sparsight.io.yaml_text import read_yaml

__all__ = [
    "LIST",
    "LOCK",
    "PARTIAL",
    "at_home",
    "check_plain",
    "check_readable_file",
    "check_room",
    "check_sealed",
    "csv_bytes",
    "free_room",
    "hold",
    "hold_place",
    "json_bytes",
    "lock_at",
    "mapped_tensors",
    "partial_file",
    "read_cell",
    "read_json",
    "read_list",
    "read_metadata",
    "read_tensors",
    "read_yaml",
    "remove_listed",
    "remove_partial_files",
    "sha256",
    "sha256_plain",
    "spoken_size",
    "staged_tensors",
    "strange_places",
    "tensor_layout",
    "tensors_bytes",
    "write_bytes",
    "write_csv",
    "write_json",
    "write_list",
    "write_tensors",
    "written_cell",
]
