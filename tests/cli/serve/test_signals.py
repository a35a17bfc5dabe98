"""Signals that are waited for."""

import os
import signal
import socket
import threading

from waterspout.cli.serve.signals import Signals, held_back


def test_a_signal():
    before = signal.getsignal(signal.SIGUSR1)
    with Signals([signal.SIGUSR1]) as signals:
        assert signals.wait(0) == ([], [])
        os.kill(os.getpid(), signal.SIGUSR1)
        assert signals.wait(10) == ([signal.SIGUSR1], [])
        assert signals.wait(0) == ([], [])
    assert signal.getsignal(signal.SIGUSR1) == before
    assert signal.set_wakeup_fd(-1) == -1


def test_what_can_be_read_too():
    ours, theirs = socket.socketpair()
    with ours, theirs, Signals([signal.SIGUSR1]) as signals:
        signals.add(ours)
        theirs.send(b"x")
        assert signals.wait(10) == ([], [ours])
        os.kill(os.getpid(), signal.SIGUSR1)
        assert signals.wait(10) == ([signal.SIGUSR1], [ours])
        signals.remove(ours)
        assert signals.wait(0) == ([], [])


def test_a_signal_that_is_held_back_comes_later():
    with Signals([signal.SIGUSR1]) as signals:
        with held_back({signal.SIGUSR1}):
            # To this thread: what is for all another one may take, such as the test runner's.
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
            assert signals.wait(0) == ([], [])
        assert signals.wait(10) == ([signal.SIGUSR1], [])
