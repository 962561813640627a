"""A stop that is asked for waits where work is patient, and is passed on elsewhere."""
# ruff: noqa: PT012 (signals come between statements)

import os
import pickle
import signal
import time

import pytest

from sparsight.stopping import Stopped, asked, check_stop, heard, patient

pytestmark = pytest.mark.usefixtures("interruptible")


def ask(number=signal.SIGINT):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_what_is_not_patient(number):
    with heard(), pytest.raises(Stopped) as stop:
        ask(number)
        time.sleep(1)
    assert stop.value.number == number
    assert asked() is None


def test_it_is_a_keyboard_interrupt_to_python():
    assert issubclass(Stopped, KeyboardInterrupt)
    assert pickle.loads(pickle.dumps(Stopped(2))).number == 2


def test_patient_work_stops_where_it_looks(capfd):
    steps = 0
    with pytest.raises(Stopped), heard(waiting="stopping"), patient():
        for steps in range(5):
            check_stop()
            if steps == 2:
                ask()
    assert steps == 3
    assert capfd.readouterr().err == "stopping\n"


def test_patient_work_that_never_looks_stops_at_its_end():
    with heard():
        with pytest.raises(Stopped), patient():
            ask()
            ended = True
        assert ended


def test_a_second_signal_stops_at_once_and_one_that_was_passed_on_does_not():
    with heard(), pytest.raises(Stopped), patient():
        ask()
        ask()
        assert asked() == signal.SIGINT
        time.sleep(0.6)
        ask()
        pytest.fail("the third came later than what is passed on")


def test_a_worker_is_not_hurried():
    with heard((signal.SIGTERM,), hurried=False):
        with pytest.raises(Stopped), patient():
            ask(signal.SIGTERM)
            time.sleep(0.6)
            ask(signal.SIGTERM)
            ended = True
        assert ended


def test_what_others_have_taken_or_ignored_stays_theirs():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heard():
            ask()
            assert asked() is None
    finally:
        signal.signal(signal.SIGINT, before)
    assert signal.getsignal(signal.SIGINT) is before
