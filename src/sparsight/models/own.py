"""A network of the user's own: ``package.module:function``, found, run, and noted by its file's SHA-256.

Nothing is imported to find the file. What is run is what was hashed: the file is read once, and executed anew whatever
the process may have imported before. Other files that it imports are not watched.
"""

import difflib
import hashlib
import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import torch
from torch import nn

from sparsight.errors import InputError
from sparsight.models.guard import same_draws, users_code
from sparsight.models.guarded import guarded
from sparsight.models.whole import check_whole

_BEGUN = time.time()
"""When this process had loaded this file."""


@dataclass(frozen=True)
class Source:
    """The file of a module: where it lies, its bytes, and the folders of its submodules, if it is a package."""

    path: Path
    code: bytes
    below: tuple[str, ...] | None

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.code).hexdigest()


def own_source(name: str) -> Source:
    """The file behind ``package.module:function``, looked for in the working directory, then as Python does.

    No code is run, not even that of the packages above.

    Raises:
        InputError: if there is no such module, or it is not a readable file of Python.
    """
    module = name.partition(":")[0]
    words = module.split(".")
    below: Sequence[str] | None = None
    with _from_here():
        for i in range(len(words)):
            spec = _spec(".".join(words[: i + 1]), below)
            if spec is None:
                raise InputError(
                    f"model.name: no module {'.'.join(words[: i + 1])!r} in {Path.cwd()} or on PYTHONPATH; "
                    "start from the folder that holds it"
                )
            below = _folders(spec)
            if below is None and i + 1 < len(words):
                raise InputError(f"model.name: {'.'.join(words[: i + 1])!r} is a module, not a package of {module!r}")
    assert spec is not None
    path = Path(spec.origin or "")
    if path.suffix != ".py":
        raise InputError(f"model.name: module {module!r} is not a file of Python; name one that ends in .py")
    try:
        return Source(path, path.read_bytes(), None if below is None else tuple(below))
    except OSError as error:
        raise InputError(f"model.name: {path}: cannot be read ({error.strerror}); mend its permissions") from None


def build_own(name: str, num_classes: int, source: str | None, *, trained: bool = False) -> nn.Module:
    """The network that the function gives, called with ``num_classes=``. It draws from torch's global generator.

    Args:
        name: ``package.module:function``.
        num_classes: number of logits.
        source: the SHA-256 that the function's file must have; None takes any.
        trained: whether it is not to be trained any more, as a quantised one cannot be.

    Raises:
        InputError: if there is no such module or function, the file is another one, its code fails, or it gives no
            network that can be trained.
    """
    file = own_source(name)
    if source not in (None, file.digest):
        raise InputError(
            f"model.source: {file.path} has changed since the run or its settings were made; restore it, or "
            "make the run anew in another folder"
        )
    function = _function(name, file)
    doing = f"model.name: {name} called with num_classes={num_classes}"
    with _from_here(), users_code(doing, file.path), same_draws():
        model = function(num_classes=num_classes)
    if not isinstance(model, nn.Module):
        raise InputError(f"model.name: {name} gives {type(model).__name__}, not a torch.nn.Module; return the network")
    check_whole(f"model.name: {name}", model)
    if trained:
        return model
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise InputError(f"model.name: {name} gives a network without a weight that can be trained")
    kinds = {one.dtype for one in (*model.parameters(), *model.buffers()) if one.is_floating_point()}
    if kinds == {torch.float64}:
        model.float()  # its code has set the default precision; images, and all other networks, are of single precision
    return guarded(model.train(), name)


def check_own(name: str) -> None:
    """Check that the function is there, whose file is executed for that; it is not called.

    Raises:
        InputError: if there is no such module or function, or its code fails.
    """
    _function(name, own_source(name))


def _function(name: str, file: Source) -> Callable[..., Any]:
    module_name, _, function_name = name.partition(":")
    with _from_here(), users_code(f"model.name: importing {module_name}", file.path):
        module = _executed(module_name, file)
    function: object = getattr(module, function_name, None)
    if function is None:
        _no_function(module, function_name, file.path)
    if not callable(function):
        raise InputError(f"model.name: {function_name!r} in {file.path} is {type(function).__name__}, not a function")
    return function


@lru_cache(maxsize=8)
def _executed(name: str, file: Source) -> ModuleType:
    """The module, imported with its packages and executed once, from the bytes that were read; the global generators
    are in a state of their own.

    What the user's own program has imported stays what it was. A module that it has imported from the same file is
    executed anew, or used as it is where that fails, as of one that registers what it defines, and the file has not
    changed since this process began.
    """
    above, _, last = name.rpartition(".")
    before = sys.modules.pop(name, None)
    finder = _AsRead(name, file)
    sys.meta_path.insert(0, finder)
    try:
        with same_draws():
            torch.default_generator.manual_seed(0)
            return importlib.import_module(name)
    except Exception:
        if before is not None and _is_of(before, file):
            return before
        raise
    finally:
        sys.meta_path.remove(finder)
        if before is not None:
            sys.modules[name] = before
            if above in sys.modules:
                setattr(sys.modules[above], last, before)


class _AsRead(Loader, MetaPathFinder):
    """Finds one module, and executes the bytes that were read of it; whoever imports it first, a package above it or
    one beside it, gets the same."""

    def __init__(self, name: str, file: Source) -> None:
        self.name, self.file = name, file

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        below = None if self.file.below is None else list(self.file.below)
        return spec_from_file_location(name, self.file.path, loader=self, submodule_search_locations=below)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.file.code, str(self.file.path), "exec", dont_inherit=True), module.__dict__)


def _is_of(module: ModuleType, file: Source) -> bool:
    """Whether a module was imported from a file, which has not changed since this process began."""
    origin = getattr(module, "__file__", None)
    return origin is not None and Path(origin) == file.path and file.path.stat().st_mtime < _BEGUN


@contextmanager
def _from_here() -> Iterator[None]:
    """The working directory first among the places of modules, as with ``python -m``; no byte code is written."""
    here, writes = os.getcwd(), sys.dont_write_bytecode  # noqa: PTH109 (sys.path holds strings)
    sys.path.insert(0, here)
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes
        if here in sys.path:
            sys.path.remove(here)


def _spec(name: str, below: Sequence[str] | None) -> ModuleSpec | None:
    """``importlib.util.find_spec`` imports the packages above; this asks the same finders and does not."""
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(name, below) if hasattr(finder, "find_spec") else None
        except KeyError:  # a folder without __init__.py below a package: it asks for that one, which is not imported
            spec = ModuleSpec(name, None, is_package=True)
            last = name.rpartition(".")[2]
            spec.submodule_search_locations = [str(Path(folder) / last) for folder in below or ()]
        if spec is not None:
            return spec
    return None


def _folders(spec: ModuleSpec) -> list[str] | None:
    """Where a package's modules lie; None for a module."""
    return None if spec.submodule_search_locations is None else list(spec.submodule_search_locations)


def _no_function(module: ModuleType, name: str, path: Path) -> NoReturn:
    callables = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
    own = [key for key in callables if getattr(vars(module)[key], "__module__", None) == module.__name__]
    near = difflib.get_close_matches(name, own, n=3, cutoff=0.4) or own[:3]
    hint = f"; it has {', '.join(near)}" if near else ""
    raise InputError(f"model.name: no function {name!r} in {path}{hint}")
