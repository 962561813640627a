"""sparsight: prune an image classifier and see, round by round, whether it still looks at the right things.

Importing the package does not import torch; the names below are loaded when they are first used.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "audit_models": "sparsight.audit",
    "run_study": "sparsight.study",
    "plan_study": "sparsight.plan",
    "load_study": "sparsight.config",
    "export_ticket": "sparsight.exporting",
    "InputError": "sparsight.errors",
}
__all__ = ["__version__", *sorted(_WHERE)]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'sparsight' has no attribute {name!r}")
