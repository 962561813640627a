"""All evidence of one network, from one pass, beside a bare forward pass; and the memory that more images take."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor
from torchvision.models import resnet50

from benchmarks.speed.bench import Row, compare, same
from sparsight.concepts import concept_values
from sparsight.concepts.bank import vectors_only
from sparsight.data import normalise
from sparsight.data.toybirds import ToyBirdsSettings, toybirds
from sparsight.evidence import EvidenceSettings, explain
from sparsight.models import Split, evaluating
from sparsight.saliency import SaliencySettings

CPU = torch.device("cpu")


def rows(repeats: int, quick: bool) -> Iterator[Row]:
    images, pixels = (24, 64) if quick else (64, 224)
    birds = toybirds(ToyBirdsSettings(train=48, validation=12, test=images, image_size=pixels))
    birds = replace(birds, images=birds.images.clone())
    torch.manual_seed(0)
    model = resnet50(num_classes=len(birds.class_names)).eval().to(memory_format=torch.channels_last)
    split = Split(features="layer4", head="fc")
    concepts = len(birds.concept_names)
    draw = torch.Generator().manual_seed(1)
    bank = vectors_only(
        torch.randn(concepts, 2048, generator=draw, dtype=torch.float64),
        torch.randn(concepts, generator=draw, dtype=torch.float64),
        birds.concept_names,
    )
    settings = EvidenceSettings(batch_size=32)
    shown = birds.images[birds.splits["test"]]
    batches = [
        normalise(part, birds, CPU).contiguous(memory_format=torch.channels_last)
        for part in shown.split(settings.batch_size)
    ]

    def bare() -> list[Tensor]:
        with torch.no_grad(), evaluating(model):
            return [model(batch) for batch in batches]

    def everything() -> Tensor:
        seen, maps = explain(model, split, birds, settings, SaliencySettings(), CPU, None)
        concept_values(bank, seen.embedding, "projection")
        assert maps.closed_form
        return seen.logits

    logits = torch.cat(bare())
    apart = float((everything() - logits).abs().max() / logits.abs().max())
    yield compare(
        f"evidence of a network: logits, embeddings, {concepts} concept values, maps of 3 classes and their energy; "
        f"ResNet-50, {images} images of {pixels} px, from uint8",
        "bare forward pass over normalised batches", everything, bare,
        target=1.25, faster=False, checked=same("logits", apart, 1e-5), repeats=repeats,
    )  # fmt: skip
