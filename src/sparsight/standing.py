"""Which networks of a run stand: their files are whole, and come from what lies in the run now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparsight.arms import TICKET, ticket_flaws, ticket_origin
from sparsight.config import StudySettings, evidence_digest, training_digest
from sparsight.data import ConceptDataset
from sparsight.errors import DamagedError, InputError
from sparsight.evidence import EVIDENCE, columns_digest, evidence_flaws, evidence_origin
from sparsight.networks import Network
from sparsight.runs import DATA, WEIGHTS, other_settings
from sparsight.seals import seal_of


@dataclass(frozen=True)
class Standing:
    """What there is of one network.

    Attributes:
        trained: whether its ticket stands.
        seen: whether its evidence stands.
        flaws: what lies there and cannot be used.
    """

    trained: bool
    seen: bool
    flaws: tuple[DamagedError, ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.trained and self.seen


_SETTINGS, _LOOKING, _COLUMNS = "settings", "looking", "columns"
_OF_EVIDENCE = (_LOOKING, _COLUMNS)
"""What decides what is seen in a network, and not its training."""


def sources(folder: Path, settings: StudySettings, data: ConceptDataset | None) -> dict[str, str | None]:
    """The digests of what every training of a run starts from, and of the settings that all its networks share.

    Args:
        folder: the run's.
        settings: its settings.
        data: its data set; None where it is not there, and then evidence is not asked which concepts were one.
    """
    return {
        "data": seal_of(folder / DATA),
        "weights": seal_of(folder / WEIGHTS),
        _SETTINGS: training_digest(settings),
        _LOOKING: evidence_digest(settings),
        **({} if data is None else {_COLUMNS: columns_digest(data)}),
    }


def ticket_sources(folder: Path, network: Network, start: Mapping[str, str | None]) -> dict[str, str | None]:
    """What the ticket of a network must name, when all that it needs stands."""
    before = network.before if network.continues else None
    digest = seal_of(folder / before.folder / TICKET) if before else None
    model = seal_of(folder / network.model.folder / TICKET) if network.model else None
    begun = {name: digest for name, digest in start.items() if name not in _OF_EVIDENCE}
    return {"network": network.folder, "before": digest, "model": model, **begun}


def evidence_sources(folder: Path, network: Network, start: Mapping[str, str | None]) -> dict[str, str | None]:
    """What the evidence of a network must name: itself, its ticket, the evidence whose prediction it explains, and the
    settings by which it was looked at."""
    dense = None if network.kind == "dense" else seal_of(folder / network.dense.folder / EVIDENCE)
    ticket = seal_of(folder / network.folder / TICKET)
    columns = start.get(_COLUMNS)  # without equal columns evidence names none, as none did before
    return {
        "network": network.folder,
        "ticket": ticket,
        "dense": dense,
        _SETTINGS: start[_LOOKING],
        **({} if columns is None else {_COLUMNS: columns}),
    }


def standing(
    folder: Path, network: Network, start: Mapping[str, str | None], known: Mapping[Network, Standing]
) -> Standing:
    """What stands of a network.

    Args:
        folder: the run's.
        network: which one.
        start: ``sources`` of the run.
        known: networks that it needs of which not everything stands yet. A file that names one of them stands until
            that has been made again, which may give the same bytes.

    Raises:
        InputError: if its files were made from other data, initial weights or settings than the run holds.
    """
    home = folder / network.folder
    dense = known.get(network.dense, Standing(True, True))
    before = known.get(network.before, Standing(True, True)) if network.before else Standing(True, True)
    model = known.get(network.model, Standing(True, True)) if network.model else Standing(True, True)
    wanted = ticket_sources(folder, network, start)
    trained, flaws = _checked(home, network, ticket_flaws)
    if trained:
        found = ticket_origin(home)
        _check_settings(folder, found.get(_SETTINGS), wanted[_SETTINGS])
        if any(found.get(name) != start[name] for name in ("data", "weights")):
            raise InputError(
                f"{folder}: the data have changed since this run was made; make a run of them in another folder"
            )
        if before.trained and found.get("before") != wanted["before"]:
            flaws = [DamagedError(home / TICKET, "comes from another ticket than now lies before it")]
        elif model.trained and found.get("model") != wanted["model"]:
            flaws = [DamagedError(home / TICKET, "follows another ticket than the one that it follows now")]
        trained = not flaws
    seen, more = _checked(home, network, evidence_flaws)
    if seen and trained:
        named, looked = evidence_origin(home), evidence_sources(folder, network, start)
        _check_settings(folder, named.get(_SETTINGS), looked[_SETTINGS])
        if named.get("ticket") != looked["ticket"]:
            more = [DamagedError(home / EVIDENCE, "belongs to another ticket")]
        elif dense.seen and dense.trained and named.get("dense") != looked["dense"]:
            more = [DamagedError(home / EVIDENCE, "explains another dense network's predictions")]
        elif _COLUMNS in start and named.get(_COLUMNS) != start[_COLUMNS]:
            more = [DamagedError(home / EVIDENCE, "an earlier version learned concepts of equal columns apart")]
        seen = not more
    return Standing(trained, seen, (*flaws, *more))


def _check_settings(folder: Path, named: object, held: str | None) -> None:
    if named is None:
        raise InputError(
            f"{folder}: was made by an earlier version, whose files do not name their settings; make it "
            "anew in another folder"
        )
    if named != held:
        raise other_settings(folder)


def _checked(
    home: Path, network: Network, check: Callable[[Path, str], list[DamagedError]]
) -> tuple[bool, list[DamagedError]]:
    try:
        flaws = check(home, network.folder)
    except InputError:  # a file is missing: to be made, but nothing is wrong
        return False, []
    return not flaws, flaws


def survey(folder: Path, networks: Sequence[Network], start: Mapping[str, str | None]) -> dict[Network, Standing]:
    """What stands of each network, in a study's order.

    Raises:
        InputError: if a file was made from other data, initial weights or settings than the run holds.
    """
    found: dict[Network, Standing] = {}
    for network in networks:
        found[network] = standing(folder, network, start, found)
    return found


def to_do(found: Mapping[Network, Standing]) -> dict[Network, list[Network]]:
    """The networks that are to be made or, because something that they come from is, looked at again; each with those
    of them that must be done before it."""
    jobs: dict[Network, list[Network]] = {}
    for network, state in found.items():
        needs = [need for need in network.needs if need in jobs]
        if needs or not state.done:
            jobs[network] = needs
    return jobs
