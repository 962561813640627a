from contextlib import contextmanager

import pytest
import torch

from sparsight.models.ordinary import ordinary_torch


@contextmanager
def double():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def state():
    return (
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
    )


@pytest.mark.parametrize(
    "around",
    [
        double,
        torch.no_grad,
        torch.inference_mode,
        lambda: torch.device("meta"),
        lambda: torch.autocast("cpu", torch.bfloat16),
    ],
)
def test_whatever_the_caller_has_set_torch_is_as_it_starts_and_afterwards_as_it_was(around):
    fresh = state()
    with around():
        before = state()
        assert before != fresh
        with ordinary_torch():
            assert state() == fresh
            weight = torch.ones(4, 4, requires_grad=True)
            (weight @ torch.full((4, 1), 1.001)).sum().backward()
            torch.testing.assert_close(weight.grad, torch.full((4, 4), 1.001))  # rounded, in single precision
        assert state() == before
        with pytest.raises(ZeroDivisionError), ordinary_torch():
            _ = 1 / 0
        assert state() == before
    assert state() == fresh
