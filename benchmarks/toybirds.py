"""Images a second of ToyBirds on one core, masks included: python benchmarks/toybirds.py [image size]."""

import statistics
import sys
import time

import torch

from sparsight.data.toybirds import ToyBirdsSettings, toybirds

REPEATS, IMAGES = 5, 600


def main() -> None:
    torch.set_num_threads(1)
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    wall, processor = [], []
    for seed in range(REPEATS):
        settings = ToyBirdsSettings(train=IMAGES - 24, validation=12, test=12, image_size=size, seed=seed)
        start, start_processor = time.perf_counter(), time.process_time()
        toybirds(settings)
        wall.append(IMAGES / (time.perf_counter() - start))
        processor.append(IMAGES / (time.process_time() - start_processor))
    print(
        f"{size} x {size}: {statistics.median(wall):.0f} images/s of wall time, "
        f"{statistics.median(processor):.0f} of processor time (median of {REPEATS} x {IMAGES} images)"
    )


if __name__ == "__main__":
    main()
