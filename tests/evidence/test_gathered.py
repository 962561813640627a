import pytest
import torch

from sparsight.evidence.gathered import gathered


def test_rows_of_batches_in_order_and_in_single_precision():
    whole = torch.arange(14.0, dtype=torch.float64).view(7, 2), torch.arange(7)
    values, places = gathered(7, zip(*(part.split(3) for part in whole), strict=True))
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, whole[0].float(), rtol=0, atol=0)
    assert places.tolist() == list(range(7))


@pytest.mark.parametrize("total", [0, 2, 9])
def test_other_numbers_of_rows_are_refused(total):
    with pytest.raises((ValueError, RuntimeError)):
        gathered(total, [(torch.zeros(3, 2),)])
