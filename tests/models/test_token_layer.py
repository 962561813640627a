"""Transformers in a study: where their tokens are explained."""

import pytest
import torch
from torch import nn
from torchvision.models import VisionTransformer

from sparsight.errors import InputError
from sparsight.models import ModelSettings, Split, find_split, forward_parts
from sparsight.models.watch import watched

IMAGES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
OWN = ModelSettings(name="mine:net")


def transformer() -> VisionTransformer:
    """It starts with a head of zeros, so that nothing reaches its logits yet."""
    torch.manual_seed(0)
    return VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=5)


def test_a_transformer_is_cut_at_the_last_norm_whose_patches_reach_its_class_token():
    model = transformer()
    cut = find_split(OWN, model, IMAGES)
    assert cut == Split("encoder.layers.encoder_layer_1.ln_1", "heads.head", tokens=1)
    assert forward_parts(model.eval(), cut, IMAGES).features.shape == (2, 16, 4, 4)
    assert not model.heads.head.weight.any()  # what was tried was a copy


@pytest.mark.parametrize("layer", ["encoder.layers.encoder_layer_0", "encoder.layers.encoder_layer_1.ln_1"])
def test_a_layer_of_tokens_may_be_named(layer):
    settings = OWN.model_copy(update={"features": layer})
    assert find_split(settings, transformer(), IMAGES) == Split(layer, "heads.head", tokens=1)


def test_a_layer_of_maps_may_be_named_in_a_transformer():
    settings = OWN.model_copy(update={"features": "conv_proj"})
    assert find_split(settings, transformer(), IMAGES) == Split("conv_proj", "heads.head")


def test_tokens_have_one_resolution():
    with pytest.raises(InputError, match=r"model\.embedding: .* gives tokens, which have one resolution; take head"):
        find_split(OWN.model_copy(update={"embedding": "blocks"}), transformer(), IMAGES)


class Twice(nn.Module):
    """A norm that runs twice, and a head after an activation: neither an average nor tokens that can be taken."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.patches, self.norm, self.head = nn.Conv2d(3, 16, 8, 8), nn.LayerNorm(16), nn.Linear(16, 5)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return self.head(torch.tanh(self.norm(self.norm(tokens)).mean(1)))


def test_where_no_tokens_can_be_taken_the_candidates_end_well():
    with pytest.raises(InputError, match=r"by --set model\.features=LAYER: candidates are patches$"):
        find_split(OWN, Twice(), IMAGES)
    assert find_split(OWN.model_copy(update={"features": "patches"}), Twice(), IMAGES) == Split("patches", "head")
    seen, _ = watched("mine", Twice(), IMAGES)
    assert seen.runs["norm"] == 2
