"""The files behind a model's name."""

from pathlib import Path

from sparsight.errors import InputError
from sparsight.io import at_home, sha256
from sparsight.models.own import own_source
from sparsight.models.settings import is_own
from sparsight.models.state_file import file_and_entry

HUGGING_FACE = "hf:"


def files_of(name: str) -> tuple[Path, ...]:
    """The files that a model of this name is made of: weights, the file of a function, what lies in a folder.

    Weights that torchvision has by name are not among them.

    Args:
        name: as ``given_model`` takes it.

    Raises:
        InputError: if a function has no file.
    """
    if name.startswith(HUGGING_FACE):
        folder = at_home(name.removeprefix(HUGGING_FACE))
        found = (path for kind in ("*.json", "*.safetensors") for path in sorted(folder.glob(kind)))
        return tuple(path for path in found if path.is_file())
    network, _, weights = name.partition("@")
    source = (own_source(network).path,) if is_own(network) else ()
    path = file_and_entry(at_home(weights))[0]
    return (*source, path) if weights and path.is_file() else source


def fingerprint(name: str) -> list[str]:
    """The SHA-256 of each of these files.

    Raises:
        InputError: if one cannot be read.
    """
    try:
        return [sha256(path) for path in files_of(name)]
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}); mend its permissions") from None
