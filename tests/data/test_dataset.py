from dataclasses import replace

import pytest
import torch
from jaxtyping import TypeCheckError

from sparsight.data import read_dataset, write_dataset


def test_a_data_set_is_the_same_after_it_was_a_file(tiny, tmp_path):
    hostile = replace(tiny, class_names=('a"b', "</script>", "x\ny"), notes=("one",))
    write_dataset(tmp_path / "data.safetensors", hostile)
    found = read_dataset(tmp_path / "data.safetensors")
    assert torch.equal(found.images, tiny.images)
    assert torch.equal(found.object_masks, tiny.object_masks)
    assert found.part_masks is None
    assert {name: part.tolist() for name, part in found.splits.items()} == {
        name: part.tolist() for name, part in tiny.splits.items()
    }
    assert (found.class_names, found.mean, found.notes, found.flip) == (hostile.class_names, tiny.mean, ("one",), True)


def _examples(m, c):
    return {
        "example_concepts": torch.zeros(m, c, dtype=torch.int8),
        "example_held_out": torch.zeros(m, dtype=torch.bool),
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labels": torch.zeros(5, dtype=torch.int64)}, "labels"),
        ({"labels": torch.full((72,), 3)}, r"outside 0\.\.2"),
        ({"concepts": torch.full((72, 4), 2, dtype=torch.int8)}, "not -1, 0 or 1"),
        ({"concept_names": ("a",)}, "4 concept columns for 1 names"),
        ({"splits": {"train": torch.tensor([0, 1]), "test": torch.tensor([1])}}, "repeats an image"),
        ({"splits": {"train": torch.tensor([0, 0])}}, "repeats an image"),
        ({"splits": {"train": torch.tensor([72])}}, "does not exist"),
        ({"splits": {"dev": torch.tensor([0])}}, "unknown split"),
        ({"example_concepts": torch.zeros(2, 4, dtype=torch.int8)}, "examples need images"),
        ({"example_images": torch.zeros(2, 3, 8, 8, dtype=torch.uint8)} | _examples(3, 4), "one each|example"),
        ({"example_images": torch.zeros(2, 3, 8, 8, dtype=torch.uint8)} | _examples(2, 5), "5 columns|example"),
    ],
)
def test_what_does_not_fit_is_refused(tiny, change, says):
    with pytest.raises((ValueError, TypeCheckError), match=says):  # shapes are checked in tests alone
        replace(tiny, **change)
