import torch
from hypothesis import given
from hypothesis import strategies as st

from sparsight.saliency.smoothgrad import field, smoothed

IMAGES = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_without_samples_it_is_the_attribution():
    assert smoothed(torch.square, 0, 0.1) is torch.square


def test_by_hand():
    """Of the identity the mean is the image and the mean of the fields, each image's scaled by its own range."""
    found = smoothed(lambda images: images, 3, 0.2)(IMAGES)
    noise = sum(field(i, IMAGES) for i in range(3)) / 3
    ranges = torch.tensor([float(image.max() - image.min()) for image in IMAGES])
    torch.testing.assert_close(found, IMAGES + 0.2 * ranges[:, None, None, None] * noise)


def test_of_a_square_the_noise_adds_its_variance():
    """E (x + s z)^2 = x^2 + s^2; the error of a mean over n is about sqrt(2 / n) s^2 + 2 |x| s / sqrt(n)."""
    samples, noise = 4000, 0.1
    found = smoothed(torch.square, samples, noise)(IMAGES[:1])
    spread = noise * float(IMAGES[0].max() - IMAGES[0].min())
    error = (found - (IMAGES[:1].square() + spread**2)).abs()
    assert (error <= 5 * ((2 / samples) ** 0.5 * spread**2 + 2 * IMAGES[:1].abs() * spread / samples**0.5)).all()


@given(st.integers(1, 5), st.floats(0.01, 1))
def test_an_image_does_not_depend_on_its_batch_and_the_global_generator_not_on_it(samples, noise):
    state = torch.get_rng_state()
    together = smoothed(torch.sin, samples, noise)(IMAGES)
    assert torch.equal(together[1:2], smoothed(torch.sin, samples, noise)(IMAGES[1:2]))
    assert torch.equal(torch.get_rng_state(), state)


def test_fields_differ_by_index_and_by_nothing_else():
    assert torch.equal(field(1, IMAGES), field(1, IMAGES[2:] + 1))
    assert not torch.equal(field(0, IMAGES), field(1, IMAGES))
    drawn = torch.stack([field(i, torch.zeros(1, 3, 32, 32)) for i in range(4)])
    assert abs(float(drawn.mean())) < 0.05
    assert abs(float(drawn.std()) - 1) < 0.05
