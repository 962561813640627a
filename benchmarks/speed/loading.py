"""Augmented batches from the image cache beside torchvision's ImageFolder and DataLoader."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder
from torchvision.transforms.functional import pil_to_tensor, resized_crop

from benchmarks.speed.bench import Row, compare, same
from sparsight.data import ConceptDataset, read_pictures
from sparsight.data.pictures import CACHE
from sparsight.training import DrawKey, TrainingSettings, one_thread, training_batches
from sparsight.training.crops import cut

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLASSES = 4
BATCH = 32
WORKERS = 2


def rows(repeats: int, quick: bool) -> Iterator[Row]:
    images, size, whole, side = (64, (100, 75), 80, 64) if quick else (200, (500, 375), 512, 448)
    with TemporaryDirectory() as folder:
        paths = _draw(Path(folder) / "pictures", images, size)
        data = _cached(paths, Path(folder) / "cache", side, whole)
        near = _check(paths, data, size, side)
        loader = _loader(Path(folder) / "pictures", side)
        settings = TrainingSettings(batch_size=BATCH, crop_scale=(0.08, 1.0))

        def ours(device: torch.device) -> None:
            with one_thread(torch.device("cpu")):  # as a training on the CPU has it; the workers have one each, too
                for batch, _ in training_batches(data, settings, DrawKey(0, 0, 0), 0, device):
                    last = batch
            if device.type == "cuda":
                torch.cuda.synchronize()
            assert last.shape == (BATCH, 3, side, side)

        def theirs() -> None:
            for batch, _ in loader:
                last = batch
            assert last.shape == (BATCH, 3, side, side)

        shape = f"{size[0]} x {size[1]}"
        work = f"{len(loader) * BATCH} JPEGs of {shape} px in random resized crops of {side}, mirrored, normalised"
        peer = f"ImageFolder and DataLoader, {WORKERS} workers"
        # On the device "meta" nothing is computed: what is left is what the host does, whatever the device does then.
        yield compare(
            f"{work}: the host's work (draws, uint8 from the cache, launches), without the device's; one thread", peer,
            lambda: ours(torch.device("meta")), theirs, target=5, faster=True, checked=near, repeats=repeats,
        )  # fmt: skip
        yield compare(
            f"{work}: all of it on the CPU, one thread", peer,
            lambda: ours(torch.device("cpu")), theirs, target=1, faster=True, checked=near, repeats=repeats,
        )  # fmt: skip
        if torch.cuda.is_available():
            yield compare(
                f"{work}: all of it, crops on CUDA", f"{peer}, left on the host",
                lambda: ours(torch.device("cuda")), theirs, target=5, faster=True, checked=near, repeats=repeats,
            )  # fmt: skip


def _draw(folder: Path, images: int, size: tuple[int, int]) -> list[Path]:
    """Textures of all scales, as JPEG files in class folders."""
    draw = np.random.default_rng(0)
    paths = []
    for i in range(images):
        pixels = np.full((size[1], size[0], 3), 128.0)
        for scale in (2, 5, 12, 30, 75):
            coarse = draw.normal(0, 40, (max(2, size[1] // scale), max(2, size[0] // scale), 3)).clip(-127, 127) + 127
            pixels += (
                np.asarray(Image.fromarray(coarse.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)) - 127.0
            )
        path = folder / f"class {i % CLASSES}" / f"{i}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=90)
        paths.append(path)
    return paths


def _cached(paths: list[Path], cache: Path, side: int, whole: int) -> ConceptDataset:
    """The data set that CUB's reader would make of them: squares, and whole pictures to crop from."""
    before = os.environ.get(CACHE)
    os.environ[CACHE] = str(cache)
    try:
        pictures = read_pictures(paths, side, whole)
    finally:
        del os.environ[CACHE]
        if before is not None:
            os.environ[CACHE] = before
    return ConceptDataset(
        name="textures",
        images=pictures.images,
        labels=torch.arange(len(paths)) % CLASSES,
        concepts=torch.zeros(len(paths), 0, dtype=torch.int8),
        splits={"train": torch.arange(len(paths))},
        class_names=tuple(f"class {k}" for k in range(CLASSES)),
        concept_names=(),
        concept_groups=(),
        mean=MEAN,
        std=STD,
        whole_images=pictures.whole,
        whole_sizes=pictures.sizes,
    )


def _check(paths: list[Path], data: ConceptDataset, size: tuple[int, int], side: int) -> str:
    """Hold crops of squeezed pictures against torchvision's of the files: the same but for a second resampling."""
    left, top, width, height = size[0] // 5, size[1] // 4, size[0] // 2, size[1] // 2
    box = torch.tensor([[left / size[0], top / size[1], width / size[0], height / size[1]]])
    apart = []
    for i, path in enumerate(paths[:8]):
        with Image.open(path) as picture:
            theirs = pil_to_tensor(resized_crop(picture, top, left, height, width, [side, side]))
        assert data.whole_images is not None
        apart.append((cut(data.whole_images[i : i + 1], box, (side, side))[0] - theirs).abs().mean())
    return same("the same box's pixels (of 255, on average)", float(torch.stack(apart).mean()), 4)


def _loader(folder: Path, side: int) -> DataLoader[tuple[Tensor, int]]:
    augmented = transforms.Compose(
        [
            transforms.RandomResizedCrop(side),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    return DataLoader(
        ImageFolder(folder, augmented),
        batch_size=BATCH,
        shuffle=True,
        drop_last=True,
        num_workers=WORKERS,
        persistent_workers=True,
    )
