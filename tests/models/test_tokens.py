"""A transformer's tokens as a map of the image's patches."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sparsight.errors import InputError
from sparsight.models import token_map
from sparsight.models.tokens import prefix, token_grid


@pytest.mark.parametrize("count", [1, 6])
def test_tokens_that_make_no_square_are_refused(count):
    with pytest.raises(InputError, match=r"a layer gives \(2, .* not \(b, 1 \+ a square number, l\)"):
        token_map(torch.zeros(2, count, 8), 1, (40, 40))


def test_a_class_token_is_no_place_where_with_it_the_tokens_make_a_square():
    assert prefix(81, (64, 80)) == 1  # 8 x 10 patches
    tokens = torch.arange(81.0).view(1, 81, 1)
    found = token_map(tokens, 1, (64, 80))
    assert found.shape == (1, 1, 8, 10)
    assert torch.equal(found.flatten(), tokens.flatten()[1:])
    assert prefix(81, (72, 72)) == 0
    with pytest.raises(InputError, match=r"not \(b, 0 \+ the patches of 64 x 80 pixels, l\)"):
        token_map(tokens, 0, (64, 80))


@given(st.integers(2, 20), st.integers(2, 20), st.integers(2, 16), st.integers(0, 3))
def test_the_patches_of_an_image_are_found_among_its_tokens(rows, columns, patch, first):
    size = (rows * patch, columns * patch)
    assert token_grid(rows * columns, size) == (rows, columns)
    found = prefix(rows * columns + first, size)
    assert found is not None
    assert found <= first


def test_what_fits_no_grid_has_none():
    assert token_grid(7, (64, 80)) is None
    assert token_grid(0, (64, 64)) is None
    assert token_grid(-3, (64, 80)) is None
    assert prefix(1, (64, 64)) is None
