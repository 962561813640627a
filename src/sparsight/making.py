"""Make one network of a study: train it, and look at it. This is what workers do, so it imports no more than that."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path

import torch

from sparsight.arms import Workshop, find_arm, has_ticket, read_ticket, train_dense, train_round, write_ticket
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset, normalise, read_dataset
from sparsight.draws import key_seed
from sparsight.errors import InputError
from sparsight.evidence import collect, dense_prediction, read_metrics, write_evidence
from sparsight.models import build_model, split
from sparsight.networks import Network
from sparsight.runs import DATA, WEIGHTS
from sparsight.saliency import grad_cam, released_maps
from sparsight.training import resolve_device


def make_network(
    folder: Path, settings: StudySettings, network: Network, tick: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """Train one network, unless its ticket stands, and write its evidence.

    Args:
        folder: the run's, with the data set in it and everything that the network comes from.
        settings: the study's.
        network: which one.
        tick: called after every epoch.

    Returns:
        Test accuracy of ``f`` and ``g``, ``weights_remaining``, and the ``seconds`` it took.

    Raises:
        InputError: if a file of the run is damaged, or the training diverges.
    """
    started = time.monotonic()
    home = folder / network.folder
    data = _data(folder / DATA)
    device = resolve_device(settings.training.device)
    in_run = (
        settings.model.model_copy(update={"weights": folder / WEIGHTS}) if settings.model.weights else settings.model
    )
    with _one_thread(device):
        new_model = partial(_new_model, settings.model_copy(update={"model": in_run}), len(data.class_names))
        if not has_ticket(home):
            shop = Workshop(new_model, data, settings.training, settings.pruning, device, tick)
            _train(folder, settings, network, shop)
        ticket = read_ticket(home)
        model = new_model(network.seed)
        model.load_state_dict(ticket.weights)
        explained = None if network.kind == "dense" else dense_prediction(folder / network.dense.folder)
        rooms = (settings.evidence, settings.concepts, settings.saliency)
        evidence = collect(model, split(model), data, *rooms, device, explained)
        write_evidence(home, evidence, ticket.mask, settings.evidence.keep_embeddings)
    metrics = read_metrics(home)
    f, g = (metrics["accuracy"][model]["test"]["accuracy"] for model in ("f", "g"))
    remaining = metrics["weights_remaining"]
    return {"f": f, "g": g, "weights_remaining": remaining, "seconds": time.monotonic() - started}


def check_network(settings: StudySettings, data: ConceptDataset) -> None:
    """Build the network and explain one image with it, before anything is written.

    Raises:
        InputError: if crops could miss the images, weights do not fit, the network's parts are not known, or the
            saliency layer cannot be explained.
    """
    padding, side = settings.training.crop_padding, min(data.images.shape[2:])
    if padding >= side:
        raise InputError(f"training.crop_padding: {padding} pixels around images of {side}; take less than {side}")
    model = _new_model(settings, len(data.class_names), settings.study.seeds[0])
    one = normalise(data.images[data.splits["test"][:1]], data, torch.device("cpu"))
    explain = released_maps if settings.saliency.method == "released" else grad_cam
    explain(model, split(model), one, torch.zeros(1, 1, dtype=torch.int64), settings.saliency)


def forget_data() -> None:
    """Forget the data set that this process has read last; a run's folder may hold another one by now."""
    _data.cache_clear()


def _train(folder: Path, settings: StudySettings, network: Network, shop: Workshop) -> None:
    if network.kind == "ticket":
        assert network.before is not None
        previous = read_ticket(folder / network.before.folder)
        arm = find_arm(network.arm)
        ticket, log = train_round(shop, arm, network.seed, network.round, previous, str(network))
    else:
        rule = next(arm.rule for arm in map(find_arm, settings.study.arms) if arm.rule.name == network.rule)
        ticket, log = train_dense(shop, rule, network.seed, network.repeat or 0, str(network))
    write_ticket(folder / network.folder, ticket, log)


def _new_model(settings: StudySettings, num_classes: int, seed: int) -> torch.nn.Module:
    return build_model(settings.model, num_classes, key_seed("initial weights", seed))


@lru_cache(maxsize=1)
def _data(path: Path) -> ConceptDataset:
    return read_dataset(path)


@contextmanager
def _one_thread(device: torch.device) -> Iterator[None]:
    """On the CPU a sum's order, and so its last bits, depends on the number of threads."""
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
