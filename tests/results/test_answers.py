"""What is said of a study's dense networks at chance, and of heads that give one class."""

import torch
from safetensors.torch import save_file

from sparsight.networks import Network
from sparsight.results.answers import answer_notices, constant_of
from sparsight.verdict import Constant

LABELS = torch.tensor([0] * 44 + [1] * 16)
DENSE, TICKET = Network("dense:dense", 0, None, 0), Network("magnitude", 0, None, 1)


def written(folder, network, answers, **heads):
    (folder / network.folder).mkdir(parents=True)
    tensors = {f"{name}/logits/test": torch.eye(2)[own].contiguous() for name, own in heads.items()}
    tensors |= {"logits/test": torch.eye(2)[answers], "saliency/classes": LABELS[:, None].repeat(1, 3)}
    save_file(tensors, folder / network.folder / "evidence.safetensors")


def test_the_constant_answer_is_the_line(tmp_path):
    written(tmp_path, DENSE, LABELS)
    assert constant_of(tmp_path, [DENSE]) == Constant(0, 44 / 60, 1 / 2)
    assert list(answer_notices(tmp_path, [DENSE], ("cat", "dog"), 0.05)) == []


def test_a_dense_network_at_chance_is_a_caution_that_comes_first(tmp_path):
    ones = torch.zeros(60, dtype=torch.int64)
    written(tmp_path, DENSE, ones, g=ones, probe=LABELS)
    written(tmp_path, TICKET, ones, **{"g-random": ones, "probe": ones})
    first, *others = answer_notices(tmp_path, [DENSE, TICKET], ("cat", "dog"), 0.05)
    assert first.startswith(f"CAUTION: {DENSE}: answers at chance (0.733 of the test images right")
    assert "always 'cat': 0.733), so that nothing can be concluded from its tickets" in first
    assert others == [
        f"{DENSE}: g, from concepts, answers the same class for every test image",
        f"{TICKET}: the linear probe answers the same class for every test image",
        f"{TICKET}: g on random concepts answers the same class for every test image",
    ]
