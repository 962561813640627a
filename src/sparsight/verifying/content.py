"""Whether a run's files hold what a study writes, where a command has failed to read them."""

import os
from pathlib import Path

from sparsight.errors import InputError
from sparsight.runs import MANIFEST
from sparsight.verifying.run import UNFIT, checks_of

_OF_THE_END = ("manifest", "facts", "origins", "results")
"""Checks that a run which has not ended cannot pass."""


def content_flaw(folder: Path) -> str | None:
    """What in a run, ended or not, is not what a study writes there, though its hashes may fit: the first such line.

    None where all of it is; then a failure to read it is no fault of the run. The report is not looked at.
    """
    passed_over = {"report", "deep", *(() if os.path.lexists(folder / MANIFEST) else _OF_THE_END)}
    try:
        for check in checks_of(folder, deep=False):
            if check.failures and check.name not in passed_over:
                return check.failures[0]
    except InputError as error:
        return str(error)
    except UNFIT as error:  # of a check's own, on content that nothing else has named
        return f"holds what no study writes ({type(error).__name__}: {error})"
    return None
