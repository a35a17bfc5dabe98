"""A fetch that waits without a coroutine comes to what one with a coroutine comes to."""

import asyncio
import socket
from typing import Any

import pytest
from tests.httpclient.loops import EMPTY, run
from tests.httpclient.scripted_server import OK, response
from tests.httpclient.test_fetch_now import LIMITS, PACKED, SCRIPTS

from waterspout.httpclient.flow import Flow
from waterspout.httpclient.settings import Settings
from waterspout.httpclient.waiting import fetch_soon
from waterspout.net import AsyncNet
from waterspout.net.transport import AsyncStream

__all__ = ["run"]

URL = "http://127.0.0.1/"
HALF = response(b"x" * 20)[:-10]


class Transport:
    """Gives a stream what a script says, a step with each pass of the loop, once it is written to.

    Of a step that is a number nothing is given: the next one comes a pass later.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, steps: list[Any]) -> None:
        self.stream: Any = None
        self.written: list[bytes] = []
        self.is_closed = False
        self._loop = loop
        self._steps = steps

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self._loop.call_soon(self._step, len(self.written))

    def _step(self, request: int) -> None:
        if not self._steps or self.is_closed or request != len(self.written):
            return
        step = self._steps.pop(0)
        if step == b"":
            self.stream.eof_received()
        elif isinstance(step, bytes):
            self.stream.data_received(step)
        elif isinstance(step, Exception):
            self.is_closed = True
            self.stream.connection_lost(step)
        self._loop.call_soon(self._step, request)

    def set_protocol(self, protocol: Any) -> None:
        """It goes on with what the stream has for it from the beginning."""

    def pause_reading(self) -> None:
        """What was said already does not get lost."""

    resume_reading = pause_reading

    def is_closing(self) -> bool:
        return self.is_closed

    def abort(self) -> None:
        self.is_closed = True


class ScriptedNet(AsyncNet):
    """Connects to transports, each with a script; streams and gates are the real ones."""

    __slots__ = ("_scripts", "_sockets", "transports")

    # There is nothing to wait for.
    begin_connecting = None  # type: ignore[assignment]

    def __init__(self, loop: asyncio.AbstractEventLoop, *scripts: list[Any]) -> None:
        super().__init__(loop)
        self.transports: list[Transport] = []
        self._scripts = [list(script) for script in scripts]
        self._sockets: list[socket.socket] = []

    async def connect_any(self, addresses: Any, deadline: float) -> AsyncStream:
        if not self._scripts:
            raise ConnectionRefusedError(111, "refused")
        transport = Transport(self.loop, self._scripts.pop(0))
        self._sockets.append(socket.socket())
        stream = transport.stream = AsyncStream(self.loop, self._gates, self._sockets[-1])
        stream.connection_made(transport)
        self.transports.append(transport)
        return stream

    def close(self) -> None:
        super().close()
        for made in self._sockets:
            made.close()


async def outcome(flow: Flow, way: str) -> tuple[Any, ...]:
    """Fetch, and return all that there is to compare."""
    net: Any = flow.net
    future: asyncio.Future[Any] = (
        fetch_soon(flow, URL, True) if way == "soon" else net.start(flow.fetch(URL, True))
    )
    found: Any = (await asyncio.gather(future, return_exceptions=True))[0]
    seen = [(transport.written, transport.is_closed) for transport in net.transports]
    if isinstance(found, BaseException):
        message = str(found).split(" after ")[0]  # some seconds
        return type(found), message, type(found.__cause__), flow.pool.statistics, seen
    hops = [(hop.code, hop.effective_url) for hop in found.history]
    what = (found.code, list(found.headers.get_all()), found.body, list(found.trailers.get_all()))
    early = [one.code for one in found.informational]
    return *what, early, hops, found.effective_url, flow.pool.statistics, seen


@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.parametrize("name", SCRIPTS)
def test_both_ways_lead_to_the_same(run, name, is_kept):
    first, *others = SCRIPTS[name]
    limits = {**LIMITS.get(name, {}), "defaults": {"request_timeout": 0.2}}

    async def tried(way: str) -> tuple[Any, ...]:
        before = [OK] if is_kept else []
        net = ScriptedNet(asyncio.get_running_loop(), [*before, *first], *others)
        flow = Flow(net, Settings(**limits))
        try:
            if is_kept:
                assert (await outcome(flow, way))[0] == 200
            return await outcome(flow, way)
        finally:
            flow.close()
            net.close()

    assert run(tried("soon")) == run(tried("fetch"))


@pytest.mark.parametrize("end", [b"", ConnectionResetError(104, "reset")])
def test_an_idle_connection_that_ends_on_the_way_is_replaced(run, end):
    async def main():
        net = ScriptedNet(asyncio.get_running_loop(), [OK, end], [OK])
        flow = Flow(net, Settings())
        assert (await fetch_soon(flow, URL, True)).body == b"ok"
        assert (await fetch_soon(flow, URL, True)).body == b"ok"
        assert [transport.is_closed for transport in net.transports] == [True, False]
        assert flow.pool.statistics == {"used": 0, "idle": 1, "waiting": 0}
        flow.close()
        net.close()

    run(main())


@pytest.mark.parametrize(
    ("said", "is_kept"),
    [(OK, True), (HALF, False), (PACKED, False), (b"nonsense\r\n\r\n", False)],
    ids=["all", "a half", "packed", "nonsense"],
)
@pytest.mark.parametrize("ends", ["cancel", "set_result"])
def test_what_comes_when_it_is_of_no_use_any_more(run, said, is_kept, ends):
    """The end of the fetch is known in the next pass of the loop, and here bytes are sooner."""

    async def main():
        net = ScriptedNet(asyncio.get_running_loop(), [OK], [OK])
        flow = Flow(net, Settings(max_clients=1))
        await fetch_soon(flow, URL, True)
        future: asyncio.Future[Any] = fetch_soon(flow, URL, True)
        stream = net.transports[0].stream
        assert "Waiting" in repr(stream.driver)
        if ends == "cancel":
            future.cancel()
        else:
            future.set_result("mine")
        stream.data_received(said)
        found = (await asyncio.gather(future, return_exceptions=True))[0]
        assert found == "mine" or isinstance(found, asyncio.CancelledError)
        await asyncio.sleep(0)
        assert stream.driver is None
        assert flow.pool.statistics == ({**EMPTY, "idle": 1} if is_kept else EMPTY)
        flow.close()
        net.close()

    run(main())


def test_to_cancel_in_the_middle_closes_the_connection(run):
    async def main():
        net = ScriptedNet(asyncio.get_running_loop(), [OK, HALF])
        flow = Flow(net, Settings())
        await fetch_soon(flow, URL, True)
        future = fetch_soon(flow, URL, True)
        for _ in range(5):
            await asyncio.sleep(0)
        future.cancel()
        await asyncio.sleep(0)
        assert net.transports[0].is_closed
        assert flow.pool.statistics == EMPTY
        flow.close()
        net.close()

    run(main())


def test_what_can_not_be_sent_is_the_futures(run):
    async def main():
        net = ScriptedNet(asyncio.get_running_loop())
        flow = Flow(net, Settings())
        future = fetch_soon(flow, "ftp://example.org/", True)
        with pytest.raises(ValueError, match="scheme"):
            await future
        net.close()

    run(main())
