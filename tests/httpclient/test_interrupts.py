"""Ctrl-C, timeouts and other threads, at any point of a blocking fetch: nothing gets lost."""

import contextlib
import inspect
import itertools
import os
import random
import signal
import sys
import threading
from typing import Any

import pytest
from tests.httpclient.scripted_server import OK, Peer, always, eventually, response, serve

from waterspout.httpclient import HTTPClient, HTTPClientError
from waterspout.httpclient.flow import Flow
from waterspout.httpclient.settings import Settings
from waterspout.net import BlockingNet, run_blocking
from waterspout.net.blocking import BlockingWaiter

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
        # What is imported late is imported now: Python does not bear Ctrl-C there, and may leave
        # its own lock behind.
        for url in (*urls, urls[0].replace("127.0.0.1", "127.1")):
            with contextlib.suppress(HTTPClientError):
                client.fetch(url, **arguments, request_timeout=5)
        with pytest.raises(HTTPClientError):
            client.fetch(urls[0], **arguments, request_timeout=1e-6)
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


class Interruption:
    """Interrupts a call at its ``number``-th point: where Python looks for signals, as functions
    begin and end. Those of the collector and of generators, which have places of their own to look,
    are none.
    """

    def __init__(self, number: int) -> None:
        self.left = number

    def __enter__(self) -> "Interruption":
        sys.setprofile(self._on_event)
        return self

    def __exit__(self, *exc_info: object) -> None:
        sys.setprofile(None)

    def _on_event(self, frame: Any, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "c_call" or "waterspout" not in code.co_filename or code.co_name == "__del__":
            return
        if event != "c_return" and code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE):
            return
        self.left -= 1
        if not self.left:
            sys.setprofile(None)
            raise KeyboardInterrupt


@pytest.mark.slow
# A socket that was not closed yet when the interrupt came is closed by the collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("is_cut", [False, True])
def test_at_each_point(is_cut):
    """Of a fetch on a kept connection that is answered, or cut off. Where it is compiled there are
    few points.
    """
    answer = response(bytes(1000))

    def script(peer: Peer) -> None:
        while True:
            if peer.read_request().target == "/cut":
                peer.send(answer[:500])
                peer.reset()
                return
            peer.send(answer)

    with serve(script) as server:
        for number in itertools.count(1):
            with HTTPClient(max_clients_per_origin=1) as client:
                client.fetch(server.url)
                interruption = Interruption(number)
                with contextlib.suppress(KeyboardInterrupt, HTTPClientError), interruption:
                    client.fetch(server.url + ("cut" if is_cut else ""))
                pool = client._flow.pool
                assert pool.statistics == {"used": 0, "idle": len(pool.idle), "waiting": 0}
                assert client.fetch(server.url, request_timeout=5).code == 200
            if interruption.left > 0:
                break


class Interrupted:
    """A place to wait at that Ctrl-C keeps others from waking, once."""

    def __init__(self) -> None:
        self._waiter = BlockingWaiter()
        self.is_interrupted = False

    def wake(self) -> None:
        if not self.is_interrupted:
            self.is_interrupted = True
            raise KeyboardInterrupt
        self._waiter.wake()

    async def wait(self, deadline: float) -> None:
        await self._waiter.wait(deadline)


class InterruptedNet(BlockingNet):
    def __init__(self) -> None:
        self.waiters: list[Interrupted] = []

    def waiter(self) -> Any:
        self.waiters.append(Interrupted())
        return self.waiters[-1]


@pytest.mark.parametrize("is_refused", [False, True])
def test_when_the_next_one_is_to_be_woken(is_refused):
    """Whether a slot is given back after a response or after an error."""
    net = InterruptedNet()
    flow = Flow(net, Settings(max_clients=1))
    codes = []

    def queue_up() -> None:
        codes.append(run_blocking(flow.fetch(server.url, True)).code)

    second = threading.Thread(target=queue_up)

    def hold(peer: Peer) -> None:
        peer.read_request()
        second.start()
        eventually(lambda: net.waiters)
        if not is_refused:
            peer.send(OK)
            peer.answer_all()

    with serve(hold, always()) as server:
        with pytest.raises(KeyboardInterrupt):
            run_blocking(flow.fetch(server.url, True))
        second.join()
        assert codes == [200]
        assert [waiter.is_interrupted for waiter in net.waiters] == [True]
        assert flow.pool.statistics["used"] == 0
        flow.close()


@needs_signals
@pytest.mark.parametrize(("is_kept", "size"), [(False, 0), (True, 0), (True, 1_000_000)])
def test_a_handler_that_says_that_time_is_up(is_kept, size):
    """What programs do that have no other way to end a call: it ends, with that, and is not made
    again, though no answer has come.
    """

    def act(number, frame):
        raise TimeoutError("of the program")

    def ask(peer: Peer) -> None:
        if is_kept:
            peer.answer()
        peer.read_head()
        if size:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        signal.setitimer(signal.ITIMER_REAL, 0.2)  # by then the client waits
        peer.wait_for_end()

    before = signal.signal(signal.SIGALRM, act)
    try:
        with serve(ask) as server, HTTPClient(retries=3) as client:
            if is_kept:
                client.fetch(server.url)
            with pytest.raises(TimeoutError, match=r"^of the program$"):
                client.fetch(server.url)
            assert client._flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}
            assert server.connections == 1
    finally:
        signal.signal(signal.SIGALRM, before)
