"""The arms: ways of making tickets that a study compares. To add one, write its file and name it in ``named.ARMS``."""

from sparsight.arms.arm import TOGGLES, Arm, Toggles
from sparsight.arms.checkpoint import CHECKPOINT, read_checkpoint, remove_checkpoint, write_checkpoint
from sparsight.arms.idle import idle_rounds, largest_rate
from sparsight.arms.named import ARMS, FORMS, find_arm, find_control
from sparsight.arms.rounds import (
    Workshop,
    carried_state,
    next_mask,
    train_control,
    train_dense,
    train_dense_at,
    train_round,
)
from sparsight.arms.ticket import TICKET, Ticket, read_log, read_ticket, ticket_flaws, ticket_origin, write_ticket

__all__ = [
    "ARMS",
    "CHECKPOINT",
    "FORMS",
    "TICKET",
    "TOGGLES",
    "Arm",
    "Ticket",
    "Toggles",
    "Workshop",
    "carried_state",
    "find_arm",
    "find_control",
    "idle_rounds",
    "largest_rate",
    "next_mask",
    "read_checkpoint",
    "read_log",
    "read_ticket",
    "remove_checkpoint",
    "ticket_flaws",
    "ticket_origin",
    "train_control",
    "train_dense",
    "train_dense_at",
    "train_round",
    "write_checkpoint",
    "write_ticket",
]
