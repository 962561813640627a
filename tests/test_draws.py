import torch

from sparsight.draws import generator, key_seed


def test_keys_are_told_apart_by_value_type_and_place():
    seeds = {key_seed("a", 1), key_seed("a1"), key_seed("a", "1"), key_seed(1, "a"), key_seed("a", 1, 0), key_seed()}
    assert len(seeds) == 6


def test_known_value():
    """A change here would change every result of every study."""
    assert key_seed("order", "epoch", 0, 0, 0, 0) == 3208934511348123630


def test_generators_are_fresh_and_alike():
    first, second = generator("order", 3), generator("order", 3)
    assert torch.equal(torch.rand(4, generator=first), torch.rand(4, generator=second))


def test_the_global_generator_is_untouched():
    before = torch.get_rng_state()
    generator("order", 3)
    assert torch.equal(before, torch.get_rng_state())
