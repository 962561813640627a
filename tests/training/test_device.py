"""Where the arithmetic runs, and with how many threads."""

import pytest
import torch

from sparsight.errors import InputError
from sparsight.training import one_thread, resolve_device


@pytest.fixture
def four_threads():
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(1)


def test_the_cpu_takes_one_thread_and_gives_the_others_back(four_threads):
    with one_thread(torch.device("cpu")):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 4


def test_the_others_come_back_after_an_error(four_threads):
    with pytest.raises(RuntimeError, match="lost"), one_thread(torch.device("cpu")):
        raise RuntimeError("lost")
    assert torch.get_num_threads() == 4


def test_another_device_keeps_its_threads(four_threads):
    with one_thread(torch.device("cuda")):
        assert torch.get_num_threads() == 4
    assert torch.get_num_threads() == 4


def test_it_may_be_nested(four_threads):
    with one_thread(torch.device("cpu")):
        with one_thread(torch.device("cpu")):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 4


def test_names_of_devices():
    assert resolve_device("cpu") == torch.device("cpu")
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_an_absent_device_is_refused_by_name():
    with pytest.raises(InputError, match="device cuda: this machine has no usable CUDA device"):
        resolve_device("cuda")
