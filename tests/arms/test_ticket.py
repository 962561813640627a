"""The log beside a ticket is read back as it was written, or refused."""

import pytest
import torch

from sparsight.arms import Ticket, read_log, write_ticket
from sparsight.errors import DamagedError
from sparsight.training import Epoch

STATE = {"a": torch.ones(1)}
LOG = (Epoch(0, 0.1, 2.0, 0.25, None, 0.5), Epoch(1, 0.01, 1.0, 0.5, 0.75, 0.5))


@pytest.mark.parametrize("log", [(), LOG[:1], LOG])
def test_a_log_is_read_back(tmp_path, log):
    write_ticket(tmp_path, Ticket({}, STATE, STATE, len(log)), log, {"network": "magnitude/seed-0/round-01"})
    assert read_log(tmp_path) == log


def test_a_damaged_log_is_refused(tmp_path):
    write_ticket(tmp_path, Ticket({}, STATE, STATE, 2), LOG)
    path = tmp_path / "training.jsonl"
    path.write_text(path.read_text().replace("0.75", "0.95"))
    with pytest.raises(DamagedError, match="training"):
        read_log(tmp_path)
