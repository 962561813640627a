from dataclasses import replace

import torch

from sparsight.data import normalise, normalise_
from sparsight.training import DrawKey, TrainingSettings, steps_per_epoch, training_batches

CPU = torch.device("cpu")
KEY = DrawKey(0, 0, 0)
PLAIN = TrainingSettings(batch_size=8, flip=False)


def batches(data, settings, key=KEY, epoch=0):
    return list(training_batches(data, settings, key, epoch, CPU))


def test_an_epoch_is_every_training_image_once(tiny):
    seen = torch.cat([images for images, _ in batches(tiny, PLAIN)])
    expected = normalise(tiny.images[tiny.splits["train"]], tiny, CPU)
    assert sorted(seen.flatten(1).sum(1).tolist()) == sorted(expected.flatten(1).sum(1).tolist())


def test_an_incomplete_batch_is_left_out_unless_it_is_the_only_one(tiny):
    assert [len(labels) for _, labels in batches(tiny, TrainingSettings(batch_size=7))] == [7, 7, 7]
    assert [len(labels) for _, labels in batches(tiny, TrainingSettings(batch_size=64))] == [24]
    assert steps_per_epoch(tiny, TrainingSettings(batch_size=64)) == 1


def test_order_depends_on_epoch_and_key(tiny):
    first = torch.cat([labels for _, labels in batches(tiny, PLAIN)])
    assert torch.equal(first, torch.cat([labels for _, labels in batches(tiny, PLAIN)]))
    for other in (batches(tiny, PLAIN, epoch=1), batches(tiny, PLAIN, DrawKey(0, 1, 0))):
        assert not torch.equal(first, torch.cat([labels for _, labels in other]))


def test_flips_mirror_about_half_and_only_where_allowed(tiny):
    def mirrored(data):
        plain = torch.cat([images for images, _ in batches(data, PLAIN)])
        flipped = torch.cat([images for images, _ in batches(data, TrainingSettings(batch_size=8, flip=True))])
        same = (plain == flipped).flatten(1).all(1)
        assert torch.equal(plain[~same].flip(3), flipped[~same])
        return int((~same).sum())

    assert 4 < mirrored(tiny) < 20
    assert mirrored(replace(tiny, flip=False)) == 0


def test_crops_shift_by_at_most_the_padding_and_pad_with_black(tiny):
    plain = torch.cat([images for images, _ in batches(tiny, PLAIN)])
    cropped = torch.cat(
        [images for images, _ in batches(tiny, TrainingSettings(batch_size=8, flip=False, crop_padding=2))]
    )
    black = normalise(torch.zeros(1, 3, 16, 16, dtype=torch.uint8), tiny, CPU)
    padded = torch.cat([black.repeat(24, 1, 1, 1)] * 2, dim=2)
    offsets = set()
    for before, after in zip(plain, cropped, strict=True):
        canvas = padded[0, :, :20, :1].repeat(1, 1, 20).clone()
        canvas[:, 2:18, 2:18] = before
        found = [(y, x) for y in range(5) for x in range(5) if torch.equal(canvas[:, y : y + 16, x : x + 16], after)]
        assert len(found) == 1
        offsets.add(found[0])
    assert len(offsets) > 5


def test_normalise_by_hand(tiny):
    data = replace(tiny, mean=(0.0, 0.5, 1.0), std=(1.0, 0.5, 0.25))
    images = torch.full((1, 3, 2, 2), 51, dtype=torch.uint8)
    out = normalise(images, data, CPU)
    assert torch.allclose(out[0, :, 0, 0], torch.tensor([0.2, -0.6, -3.2]))
    assert images.sum() == 51 * 12, "the stored pixels are not changed"
    floats = images.float().contiguous(memory_format=torch.channels_last)
    assert torch.equal(normalise(floats, data, CPU), out)
    assert floats.sum() == 51 * 12, "nor are floats"
    assert normalise_(floats, data) is floats
    assert torch.equal(floats, out)


def test_random_resized_crops_are_of_the_whole_picture_where_it_is_kept(tiny):
    settings = TrainingSettings(batch_size=8, flip=False, crop_scale=(0.3, 0.6))
    shape = tiny.images.shape
    grey = torch.full((shape[0], 3, 40, 40), 77, dtype=torch.uint8)
    whole = replace(tiny, whole_images=grey, whole_sizes=torch.tensor([[50, 30]]).expand(shape[0], 2).clone())
    crops = torch.cat([images for images, _ in batches(whole, settings)])
    plain = normalise(torch.full((1, *shape[1:]), 77, dtype=torch.uint8), tiny, CPU)
    assert torch.allclose(crops, plain.expand_as(crops), atol=1e-4)
    of_squares = torch.cat([images for images, _ in batches(tiny, settings)])
    assert of_squares.shape == crops.shape
    assert torch.equal(of_squares, torch.cat([images for images, _ in batches(tiny, settings)]))
    assert not torch.equal(of_squares, torch.cat([images for images, _ in batches(tiny, settings, epoch=1)]))


def test_random_resized_crops_are_mirrored_by_the_draws_that_mirror_whole_images(tiny):
    crops = TrainingSettings(batch_size=8, flip=False, crop_scale=(0.3, 0.6))
    plain = torch.cat([images for images, _ in batches(tiny, crops)])
    flipped = torch.cat([images for images, _ in batches(tiny, crops.model_copy(update={"flip": True}))])
    whole = torch.cat([images for images, _ in batches(tiny, TrainingSettings(batch_size=8))])
    unmoved = (whole == torch.cat([images for images, _ in batches(tiny, PLAIN)])).flatten(1).all(1)
    assert 4 < int((~unmoved).sum()) < 20
    assert torch.equal(flipped[unmoved], plain[unmoved])
    assert torch.allclose(flipped[~unmoved], plain[~unmoved].flip(3), atol=1e-3)
    unflippable = batches(replace(tiny, flip=False), crops.model_copy(update={"flip": True}))
    assert torch.equal(torch.cat([images for images, _ in unflippable]), plain)
