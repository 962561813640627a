"""Which network of a run is asked for, whether it stands, and what it says to the run's first test images."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.arms import TICKET, Ticket, find_arm, read_ticket
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset, normalise, read_dataset
from sparsight.errors import InputError
from sparsight.evidence import read_evidence
from sparsight.io import check_sealed
from sparsight.models import broken_words, build_model, evaluating
from sparsight.networks import Network
from sparsight.pruning import tied
from sparsight.runs import DATA, MANIFEST, check_settings, read_settings
from sparsight.standing import sources, standing

IMAGES = 8
"""Test images on which what is written is held against what was studied; fewer where there are fewer."""
CLOSE = {"cpu": 1e-4, "cuda": 5e-2}
"""What the stored logits may differ by, as a share of the largest, by the device that they were made on: a GPU
multiplies in TF32."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A network that is to be exported.

    Attributes:
        run: its run's folder.
        arm, seed, round: what was asked for; round 0 of an arm is its dense parent.
        network: which one that is.
        settings: the run's.
        data: the run's.
        ticket: the network's, its masks in the order of the layers.
        shared: for each further name of a parameter that two layers share its name in the masks.
        digest: the SHA-256 in the ticket's file.
        images: the first test images, normalised; two at least, so that a single one stands twice.
        logits: what the ticket's weights make of them.
    """

    run: Path
    arm: str
    seed: int
    round: int
    network: Network
    settings: StudySettings
    data: ConceptDataset
    ticket: Ticket
    shared: Mapping[str, str]
    digest: str
    images: Float[Tensor, "b 3 h w"]
    logits: Float[Tensor, "b k"]

    @property
    def called(self) -> str:
        """The run's name: its folder's."""
        return Path(os.path.realpath(self.run)).name or "run"

    @property
    def looked_at(self) -> int:
        """How many different test images there are among ``images``."""
        return min(len(self.data.splits["test"]), len(self.images))

    def new_model(self) -> nn.Module:
        """A network of the run's architecture with other weights than any of the run's."""
        return _built(self.settings, len(self.data.class_names), 1)


def read_subject(run: Path, arm: str, seed: int, round_: int) -> Subject:
    """Read a ticket, and build its network; code of the user's own runs for that.

    Raises:
        InputError: if the folder is not a run's, it has no such network, the network is not finished or damaged, or
            what is built now is not what the run holds the logits of.
    """
    settings = read_settings(run)
    check_settings(run)
    network = find_network(run, settings, arm, seed, round_)
    home = run / network.folder
    if not (home / TICKET).exists():
        raise _unfinished(run, network)
    data = read_dataset(run / DATA)
    state = standing(run, network, sources(run, settings, data), {})
    ticket = read_ticket(home) if state.trained else None
    if ticket is not None and (broken := broken_words(ticket.weights, ticket.mask)):
        raise InputError(
            f"{home / TICKET}: not finite numbers: {broken}: its training has diverged; make the run again in another "
            "folder, with a lower training.learning_rate"
        )
    if state.flaws:
        raise state.flaws[0]
    if ticket is None or not state.done:
        raise _unfinished(run, network)
    chosen = data.splits["test"][:IMAGES]
    chosen = chosen if len(chosen) > 1 else chosen.repeat(2)
    images = normalise(data.images[chosen], data, torch.device("cpu")).contiguous()
    model = _built(settings, len(data.class_names), 0)
    try:
        model.load_state_dict(ticket.weights)
    except RuntimeError as error:
        raise _another(run, settings, str(error).splitlines()[-1].strip()[:200]) from error
    ticket = replace(ticket, mask={name: ticket.mask[name] for name in model.state_dict() if name in ticket.mask})
    shared = {name: first for name, first in tied(model).items() if first in ticket.mask}
    logits = logits_of(model, images)
    stored = read_evidence(home)["logits/test"][:IMAGES]
    allowed = CLOSE[settings.training.device] * float(stored.abs().max())
    if not torch.allclose(logits[: len(stored)], stored, rtol=0, atol=allowed):
        raise _another(run, settings, "its logits are not those that the run holds")
    digest = check_sealed(home / TICKET)
    return Subject(
        run, find_arm(arm).name, seed, round_, network, settings, data, ticket, shared, digest, images, logits
    )


def find_network(run: Path, settings: StudySettings, arm: str, seed: int, round_: int) -> Network:
    """The network of an arm, seed and round; of round 0 the arm's dense parent.

    Raises:
        InputError: naming what the run has.
    """
    arms = settings.study.arms
    name = next((own for own in (arm, _one_name(arm)) if own in arms), None)
    if name is None:
        near = get_close_matches(arm, arms, n=2)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise InputError(f"--arm {_short(arm)}: {run} has no such arm; {hint}it has {', '.join(arms)}")
    if seed not in settings.study.seeds:
        raise InputError(f"--seed {seed}: {run} has no such seed; it has {_numbers(settings.study.seeds)}")
    rounds = (0, *find_arm(name).rounds(settings.pruning.rounds))
    if round_ not in rounds:
        raise InputError(f"--round {round_}: {name} in {run} has no such round; it has {_numbers(rounds)}")
    return Network(name, seed, None, round_) if round_ else Network(f"dense:{find_arm(name).parent}", seed, 0, 0)


@torch.no_grad()
def logits_of(model: nn.Module, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
    """What a network makes of normalised images in evaluation mode."""
    with evaluating(model):
        logits: Tensor = model(images)
    return logits


def _built(settings: StudySettings, num_classes: int, seed: int) -> nn.Module:
    return build_model(settings.model.model_copy(update={"weights": None}), num_classes, seed)


def _one_name(arm: str) -> str | None:
    """An arm's one name: switches may be given in any order."""
    try:
        return find_arm(arm).name
    except InputError:
        return None


def _unfinished(run: Path, network: Network) -> InputError:
    return InputError(f"{run}: {network} is not finished; run its sparsight study command again to go on")


def _another(run: Path, settings: StudySettings, why: str) -> InputError:
    name = settings.model.name
    return InputError(
        f"{run}: {name} now builds another network than the run trained ({why}); restore what it is built by, or the "
        f"versions in {MANIFEST}"
    )


def _numbers(values: tuple[int, ...]) -> str:
    return ", ".join(map(str, values))


def _short(name: str) -> str:
    return repr(name if len(name) <= 60 else name[:57] + "...")
