"""Where the dense networks that stop at a ticket's accuracy stopped, if that is no place to compare anything at."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sparsight.arms import find_arm, read_log, ticket_origin
from sparsight.evidence import read_metrics
from sparsight.networks import Network

UNTRAINED = "an untrained network, which already was so accurate that it stopped before its first step"
NEVER = "the dense parent under another name, as it never was so accurate"


def stopped_notices(folder: Path, networks: Sequence[Network]) -> Iterator[str]:
    """One line an arm ``dense-at:ARM:ROUND``: which of its networks are no early-stopped ones, and why not.

    Raises:
        InputError: if a ticket, log or metrics are missing or damaged.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for network in networks:
        if network.kind == "ticket" and find_arm(network.arm).stop_at is not None and (how := _ended(folder, network)):
            found.setdefault(network.arm, {}).setdefault(how, []).append(str(network.seed))
    for arm, kinds in found.items():
        stop_at = find_arm(arm).stop_at
        assert stop_at is not None
        told = "; ".join(f"seed{'s' * (len(seeds) > 1)} {', '.join(seeds)}: {how}" for how, seeds in kinds.items())
        yield f"{arm}: not stopped between start and end at the accuracy of {stop_at[0]} in round {stop_at[1]}: {told}"


def _ended(folder: Path, network: Network) -> str | None:
    """What the network really is; None where it stopped on its way."""
    home, other = folder / network.folder, network.model
    assert other is not None
    if ticket_origin(home)["selected_epoch"] == 0:
        return UNTRAINED
    log = read_log(home)
    scored = log[-1].validation_accuracy if log else None
    asked = read_metrics(folder / other.folder)["accuracy"]["f"]["validation"]["accuracy"]
    return NEVER if scored is None or scored < asked else None
