"""The data set that the official folder becomes."""

import numpy as np
import pytest
import torch
from PIL import Image

from sparsight.data import CubSettings, examine, load_dataset
from sparsight.data.picture import read_picture
from sparsight.errors import InputError
from tests.data.cub.conftest import draw_cub


def load(root, **more):
    return load_dataset(CubSettings(path=root, image_size=20, **more))


def test_names_are_as_the_paper_prints_them(cub):
    data = load(cub)
    assert data.class_names[:2] == ("Drawn Bird A", "Drawn Bird B")
    assert data.concept_names == ("bill_shape_hooked_seabird", "bill_shape_allpurpose", "size_medium_9_16_in")
    assert data.concept_groups == ("bill_shape", "bill_shape", "size")
    assert data.part_names == ("beak", "left eye")
    assert (data.mean, data.flip) == ((0.485, 0.456, 0.406), True)


def test_every_image_gets_its_classs_concepts(cub):
    data = load(cub)
    for k, expected in ((0, [0, 1, 1]), (1, [1, 0, 1]), (5, [1, 1, 1])):
        assert data.concepts[data.labels == k].tolist() == [expected] * 6


def test_the_official_split_is_kept_and_validation_is_cut_from_training(cub):
    data = load(cub, validation=0.25)
    sizes = {split: len(chosen) for split, chosen in data.splits.items()}
    assert sizes == {"train": 36, "validation": 12, "test": 24}
    within = torch.arange(72) % 6
    assert set(within[data.splits["test"]].tolist()) == {4, 5}
    again, other = load(cub, validation=0.25), load(cub, validation=0.25, seed=1)
    assert torch.equal(again.splits["validation"], data.splits["validation"])
    assert not torch.equal(other.splits["validation"], data.splits["validation"])


def test_boxes_and_parts_are_cut_as_the_images_are(cub):
    data = load(cub)
    # Of 40 x 30 the middle 30 columns are kept: the box from 10, 5 of 20 x 20 lies at 5, 5; at 20 pixels, two thirds.
    expected = torch.zeros(20, 20, dtype=torch.bool)
    expected[3:17, 3:17] = True
    assert torch.equal(data.object_masks[0], expected)
    beak = (data.part_masks[0] == 1).nonzero().float().mean(0)
    assert torch.allclose(beak, torch.tensor([9.5, 4.17]), atol=0.6)
    assert (data.part_masks[0] == 2).any()
    assert not (data.part_masks[1] == 2).any()  # not visible there
    path = cub / "images" / "001.Drawn_Bird_A" / "Bird_0_0.jpg"
    assert np.array_equal(data.images[0].permute(1, 2, 0).numpy(), read_picture(path, 20).pixels)


def test_segmentations_are_taken_where_there_are_some(tmp_path):
    root = draw_cub(tmp_path / "CUB_200_2011", segmentations=True)
    data = load(root)
    expected = torch.zeros(20, 20, dtype=torch.bool)
    expected[7:13, 7:13] = True  # half of the annotators or more
    assert (data.object_masks[0] != expected).sum() <= 20
    assert not torch.equal(data.object_masks[0], load(root, masks="box").object_masks[0])
    (root / "segmentations").rename(tmp_path / "segmentations")
    assert torch.equal(load(root).object_masks, data.object_masks)
    (tmp_path / "segmentations" / "001.Drawn_Bird_A" / "Bird_0_1.png").unlink()
    _, problems = examine(CubSettings(path=root, image_size=20))
    assert len(problems) == 1
    assert "Bird_0_1.png" in problems[0]


def test_masks_parts_and_concepts_can_be_left_out(cub):
    data = load(cub, masks="none", parts=False, concepts="none")
    assert (data.object_masks, data.part_masks, data.part_names) == (None, None, ())
    assert data.concepts.shape == (72, 0)
    with pytest.raises(InputError, match=r"segmentations: missing; unpack"):
        load(cub, masks="segmentation")


def test_concepts_may_come_as_example_images(cub, tmp_path):
    for concept in ("striped", "spotted"):
        for kind in ("positive", "negative"):
            folder = tmp_path / "examples" / concept / kind
            folder.mkdir(parents=True)
            for i in range(12):
                draw = np.random.default_rng([i, ord(concept[1]), ord(kind[0])])
                pixels = draw.integers(0, 255, (30, 40, 3), dtype=np.uint8)
                pixels[0, 0] = (i, ord(concept[1]), ord(kind[0]))
                Image.fromarray(pixels).save(folder / f"{i}.png")
    data = load(cub, concepts="examples", concept_path=tmp_path / "examples", concept_examples=6, concept_held_out=6)
    assert data.concept_names == ("spotted", "striped")
    assert data.example_images.shape == (48, 3, 20, 20)
    assert (data.concepts == -1).all()
    with pytest.raises(InputError):
        load(cub, concepts="examples", concept_path=tmp_path / "absent")


def test_a_subset_of_images_and_classes_is_a_data_set(cub):
    for path in (cub / "images" / "002.Drawn_Bird_B").iterdir():
        path.unlink()
    (cub / "images" / "001.Drawn_Bird_A" / "Bird_0_0.jpg").unlink()
    data = load(cub)
    assert len(data) == 65
    assert "65 of 72 images of images.txt are there; 7 ids have no image: 1, 7, 8, 9, 10, ..." in data.notes
    assert "11 of 12 classes" in data.notes
    assert data.concepts[:, 1].all()  # the class without it is not here: dropped later, because it is constant
    assert load(cub, classes=3).class_names == ("Drawn Bird A", "Drawn Bird C", "Drawn Bird D")
    assert load(cub, classes=("Drawn Bird D", "Drawn Bird A")).class_names == ("Drawn Bird A", "Drawn Bird D")
    assert load(cub, classes=(4, "001.Drawn_Bird_A")).class_names == ("Drawn Bird A", "Drawn Bird D")
    with pytest.raises(InputError, match=r"no images of 'Drawn Bird B' .*there are Drawn Bird"):
        load(cub, classes=("Drawn Bird A", "Drawn Bird B"))
    with pytest.raises(InputError, match="12 asked for, 11 have images"):
        load(cub, classes=12)


def test_a_class_keeps_its_split_in_every_subset(cub):
    for split in ("official", "released"):
        whole, some = load(cub, split=split), load(cub, split=split, classes=(3, 8))
        for side, chosen in some.splits.items():
            theirs = [whole.images[i] for i in whole.splits[side] if int(whole.labels[i]) in (2, 7)]
            assert torch.equal(some.images[chosen], torch.stack(theirs))


def test_what_would_fill_the_memory_is_refused_before_it_is_read(cub, monkeypatch):
    monkeypatch.setattr("sparsight.data.cub.build.MOST_BYTES", 72 * 5 * 400)
    assert len(load(cub)) == 72
    with pytest.raises(InputError, match=r"72 images and masks of 20 x 20 take 154 KiB, more than 140 KiB; lower"):
        load(cub, whole_size=8)


def test_a_class_without_an_image_on_a_side_is_named(cub):
    for i in range(4):
        (cub / "images" / "001.Drawn_Bird_A" / f"Bird_0_{i}.jpg").unlink()
    with pytest.raises(InputError, match="class 'Drawn Bird A' has no image for train, validation"):
        load(cub)


def test_whole_pictures_are_kept_for_crops(cub):
    data = load(cub, whole_size=24)
    assert data.whole_images.shape == (72, 3, 24, 24)
    assert data.whole_sizes.tolist() == [[40, 30]] * 72


def test_grey_images_are_converted_and_broken_ones_named(cub):
    one, two = sorted((cub / "images" / "001.Drawn_Bird_A").iterdir())[:2]
    Image.new("L", (40, 30), 90).save(one)
    two.write_bytes(two.read_bytes()[:100])
    data, problems = examine(CubSettings(path=cub, image_size=20))
    assert (data.images[0] == 90).all()
    assert len(problems) == 1
    assert str(two) in problems[0]


def test_the_real_birds(test_data):
    data = load(test_data / "CUB_200_2011", classes=4)
    assert data.class_names[0] == "Black footed Albatross"
    assert len(data.concept_names) == 108
    assert set(data.splits["test"].tolist()).isdisjoint(data.splits["train"].tolist())
    assert data.object_masks.flatten(1).any(1).all()
    assert 0.1 < data.object_masks.float().mean() < 0.7
    assert data.part_masks.flatten(1).any(1).float().mean() > 0.9
    inside = data.object_masks[data.part_masks > 0].float().mean()
    assert inside > 0.9, "parts lie on the bird"
    assert data.notes[0].startswith("1,463 of 11,788 images of images.txt are there; 10,325 ids have no image: ")
    assert data.notes[1:] == ("4 of 200 classes",)
