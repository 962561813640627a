"""Check a run from its files alone: hashes, masks, and every number that can be computed again."""

from sparsight.verifying.check import Check
from sparsight.verifying.content import content_flaw
from sparsight.verifying.run import verify_run

__all__ = ["Check", "content_flaw", "verify_run"]
