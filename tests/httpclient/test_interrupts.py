"""Ctrl-C, timeouts and other threads, at any point of a blocking fetch: nothing gets lost."""

import os
import random
import signal
import threading

import pytest
from tests.httpclient.scripted_server import always, eventually, serve

from waterspout.httpclient import HTTPClient, HTTPClientError

needs_signals = pytest.mark.skipif(
    not hasattr(signal, "pthread_kill") or not os.path.exists("/proc/self/fd"),
    reason="signals can't be sent to a thread, or descriptors not be counted",
)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


class Interrupter:
    """Sends a signal to the main thread at random times, which interrupts what is ``armed``."""

    def __init__(self, longest: float) -> None:
        self.count = 0
        self.is_armed = False
        self._longest = longest
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Interrupter":
        self._before = signal.signal(signal.SIGUSR1, self._on_signal)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        self._thread.join()
        signal.signal(signal.SIGUSR1, self._before)

    def _run(self) -> None:
        chance = random.Random(3)
        main = threading.main_thread().ident
        assert main is not None
        while not self._stop.wait(chance.random() * self._longest):
            signal.pthread_kill(main, signal.SIGUSR1)

    def _on_signal(self, number: int, frame: object) -> None:
        if self.is_armed:
            self.is_armed = False
            self.count += 1
            raise KeyboardInterrupt


@needs_signals
@pytest.mark.slow
# A socket that nobody had yet when the interrupt came is closed by the collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("per_origin", [None, 2])
def test_at_random_points(per_origin, server_tls):
    done = threading.Event()

    def work(number: int) -> None:
        chance = random.Random(number)
        while not done.is_set():
            try:
                client.fetch(chance.choice(urls), **arguments, request_timeout=chance.random() / 99)
            except HTTPClientError:
                pass

    arguments = {"validate_cert": False, "raise_error": False}
    with serve(always()) as plain, serve(always(), tls=server_tls) as secure:
        urls = [plain.url, secure.url]
        before = descriptors()
        client = HTTPClient(max_clients=3, max_clients_per_origin=per_origin)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        with Interrupter(0.004) as interrupter:
            number = 0
            while interrupter.count < 300:
                number += 1
                try:
                    interrupter.is_armed = True
                    client.fetch(urls[number % 2], **arguments)
                    interrupter.is_armed = False
                except KeyboardInterrupt:
                    pass
        done.set()
        for thread in threads:
            thread.join()
        assert client._flow.pool.statistics["used"] == 0
        assert client._flow.pool.statistics["waiting"] == 0
        assert client.fetch(urls[0]).code == 200
        client.close()
        assert client._flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}
        eventually(lambda: descriptors() <= before)
