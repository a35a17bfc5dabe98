"""With or without a coroutine, on a connection that was idle or is new: it comes to the same."""

import gzip
from typing import Any

import pytest
from tests.httpclient.scripted_server import OK, response

from waterspout.httpclient import HTTPRequest
from waterspout.httpclient import flow as flow_module
from waterspout.httpclient.flow import Flow
from waterspout.httpclient.settings import Settings
from waterspout.net import run_blocking
from waterspout.net.fake import FakeNet, FakeStream

URL = "http://example.org/"
MOVED = response(b"gone", "302 Found", Location="/there")
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PACKED = response(gzip.compress(b"much" * 100), **{"Content-Encoding": "gzip"})
CLOSING = OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
MOVED_AND_CLOSED = MOVED.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)

# What the server says on the connection, and on those that are opened after it.
SCRIPTS: dict[str, tuple[list[Any], ...]] = {
    "at once": ([OK],),
    "in pieces": ([OK[:1], OK[1:20], 0.5, OK[20:-1], OK[-1:]],),
    "after early hints": ([EARLY + EARLY, EARLY + OK],),
    "chunks": ([CHUNKED + b"2\r\nok\r\n" * 9 + b"0\r\nA: b\r\n\r\n"],),
    "very many chunks": ([CHUNKED, b"1\r\nx\r\n" * 3000, b"0\r\n\r\n"],),
    "packed": ([PACKED[:60], PACKED[60:]],),
    "packed and broken": ([response(b"nonsense", **{"Content-Encoding": "gzip"})],),
    "long": ([response(b"x" * 300_000)],),
    "until the end": ([b"HTTP/1.1 200 OK\r\n\r\nall", b" of it", b""],),
    "and then closed": ([CLOSING],),
    "no content": ([b"HTTP/1.1 204 No Content\r\n\r\n"],),
    "not found": ([response(b"where?", "404 Not Found")],),
    "redirect": ([MOVED, OK],),
    "redirect, and a new connection": ([MOVED_AND_CLOSED], [OK]),
    "redirects in a circle": ([MOVED] * 9,),
    "redirect to nowhere": ([response(b"", "302 Found", Location="http://[")],),
    "more than the answer": ([OK + OK],),
    "nonsense": ([b"nonsense\r\n\r\n"],),
    "an end within": ([OK[:-1], b""],),
    "a reset within": ([OK[:-1], ConnectionResetError(104, "reset")],),
    "too large": ([response(b"x" * 2000)],),
    "silence": ([],),
    "silence within": ([OK[:5]],),
}
LIMITS: dict[str, dict[str, Any]] = {"too large": {"max_body_size": 1000}}


class PlainStream(FakeStream):
    """What a thread has: nothing is ever awaited."""

    def read(self, deadline: float) -> Any:
        return run_blocking(super().read(deadline))


class PlainNet(FakeNet):
    async def connect(self, address: Any, deadline: float) -> FakeStream:
        stream = await super().connect(address, deadline)
        self.streams[-1] = plain = PlainStream(self, stream.steps)
        return plain


class PromptNet(PlainNet):
    """One that connects without a coroutine."""

    def connect_now(self, address: Any, deadline: float) -> FakeStream:
        return run_blocking(self.connect(address, deadline))


class Opening:
    """A stream that is there when it is awaited, as a loop has it."""

    def __init__(self, net: FakeNet, address: Any, deadline: float) -> None:
        self._arguments = (address, deadline)
        self._net = net
        self.is_left = False

    def __await__(self) -> Any:
        return self._net.connect(*self._arguments).__await__()

    def leave(self) -> None:
        self.is_left = True


class BeginningNet(FakeNet):
    """One that begins to connect without a coroutine."""

    def __init__(self, *scripts: Any) -> None:
        super().__init__(*scripts)
        self.openings: list[Opening] = []

    def begin_connecting(self, address: Any, deadline: float) -> Opening:
        self.openings.append(Opening(self, address, deadline))
        return self.openings[-1]


NETS = [FakeNet, PlainNet, PromptNet, BeginningNet]
# Nobody has to be asked for its address.
NUMERIC = "http://192.0.2.1/"


def outcome(flow: Flow, way: str, url: str) -> tuple[Any, ...]:
    """Fetch, and return all that there is to compare."""
    net: Any = flow.net
    begun = net.now
    try:
        if way == "fetch_now":
            found = flow.fetch_now(url, True)
        else:
            found = run_blocking(flow.fetch(url, True))
    except Exception as error:
        cause = type(error.__cause__)
        return type(error), str(error), cause, net.now - begun, flow.pool.statistics
    hops = [(hop.code, hop.effective_url) for hop in found.history]
    what = (found.code, list(found.headers.get_all()), found.body, list(found.trailers.get_all()))
    early = [one.code for one in found.informational]
    pool = (flow.pool.statistics, [stream.is_closed for stream in net.streams])
    return *what, early, hops, found.effective_url, found.request_time, net.now - begun, *pool


@pytest.mark.parametrize("url", [URL, NUMERIC])
@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("net", NETS)
def test_all_ways_lead_to_the_same(name, net, url):
    first, *others = SCRIPTS[name]

    def tried(way: str, is_kept: bool) -> tuple[Any, ...]:
        before = [OK] if is_kept else []
        flow = Flow(net([*before, *first], *others), Settings(**LIMITS.get(name, {})))
        if is_kept:
            assert outcome(flow, way, url)[0] == 200
        return outcome(flow, way, url)

    expected = tried("fetch", False)
    assert tried("fetch", True) == expected
    assert tried("fetch_now", False) == expected
    assert tried("fetch_now", True) == expected


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("end", [b"", ConnectionResetError(104, "reset")])
def test_an_idle_connection_that_has_ended_is_replaced(net, end):
    fake = net([OK, end], [MOVED, OK])
    flow = Flow(fake, Settings())
    assert flow.fetch_now(URL, True).body == b"ok"
    again = flow.fetch_now(URL, True)
    assert [again.code, again.history[0].code, again.effective_url] == [200, 302, f"{URL}there"]
    assert [stream.is_closed for stream in fake.streams] == [True, False]
    assert flow.pool.statistics == {"used": 0, "idle": 1, "waiting": 0}


def test_a_request_that_may_not_be_repeated_is_not():
    flow = Flow(PlainNet([OK, 0.1, ConnectionResetError(104, "reset")]), Settings())
    flow.fetch_now(URL, True)
    with pytest.raises(OSError, match="reset"):
        flow.fetch_now(HTTPRequest(URL, method="POST", body=b""), True)
    assert flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}


@pytest.mark.parametrize("before", [0, 1])
def test_an_interrupt_before_there_is_a_coroutine_frees_everything(before, monkeypatch):
    """What has a slot, or a connection with half an answer, is nobody's in that moment."""
    fake = PlainNet([OK] * before + [PACKED])
    flow = Flow(fake, Settings(max_clients=1))
    for _ in range(before):
        flow.fetch_now(URL, True)

    def interrupt(coroutine: Any) -> None:
        coroutine.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(flow_module, "run_blocking", interrupt)
    with pytest.raises(KeyboardInterrupt):
        flow.fetch_now(URL, True)
    assert flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}
    assert [stream.is_closed for stream in fake.streams] == [True] * before


@pytest.mark.parametrize("way", ["fetch", "fetch_now"])
@pytest.mark.parametrize("failure", [ConnectionRefusedError(111, "refused"), 30.0])
def test_a_connection_that_does_not_come_about_is_told_alike(way, failure):
    """With the same error, after the same time, and the slot is free."""
    told = []
    for net in NETS:
        flow = Flow(net(failure), Settings(max_clients=1))
        told.append(outcome(flow, way, NUMERIC))
    assert all(one == told[0] for one in told)
    assert "connecting to 192.0.2.1:80" in told[0][1]
    assert told[0][-1] == {"used": 0, "idle": 0, "waiting": 0}


@pytest.mark.parametrize("net", [PromptNet, BeginningNet])
def test_the_times_of_a_new_connection(net):
    kind: Any = net

    class SlowNet(kind):  # type: ignore[misc]
        async def connect(self, address: Any, deadline: float) -> FakeStream:
            self.now += 0.5
            stream: FakeStream = await super().connect(address, deadline)
            return stream

    info = Flow(SlowNet([0.25, OK]), Settings()).fetch_now(NUMERIC, True).time_info
    assert (info["namelookup"], info["connect"], info["pretransfer"]) == (0.0, 0.5, 0.5)
    assert info["total"] == 0.75


def test_a_connection_that_nobody_waits_for_is_left(monkeypatch):
    """Interrupted when it has begun, and is awaited by nobody yet."""
    net = BeginningNet([OK])
    flow = Flow(net, Settings(max_clients=1))

    def interrupt(coroutine: Any) -> Any:
        coroutine.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(flow_module, "run_blocking", interrupt)
    with pytest.raises(KeyboardInterrupt):
        flow.fetch_now(NUMERIC, True)
    assert [opening.is_left for opening in net.openings] == [True]
    assert flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}


@pytest.mark.parametrize("net", [PromptNet, BeginningNet])
def test_an_idle_connection_goes_where_another_is_opened(net):
    fake = net([OK], [OK])
    flow = Flow(fake, Settings(max_clients=1))
    flow.fetch_now(NUMERIC, True)
    flow.fetch_now("http://192.0.2.2/", True)
    assert [stream.is_closed for stream in fake.streams] == [True, False]
    assert [address.host for address in fake.tried] == ["192.0.2.1", "192.0.2.2"]
