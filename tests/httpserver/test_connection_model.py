"""A connection under all that may befall it, in any order: no answer is lost, none is stuck.

The transport and the loop are fakes, so that hypothesis decides when bytes arrive, when the
client reads, when a handler that waits goes on, and when a callback of the loop runs.
"""

import asyncio
import re
from collections import deque
from contextvars import copy_context
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.wire.server_under_test import request

from waterspout.httpserver import HTTPServerConnection, Policy

PIECES = [
    request(path="/now"),
    request(path="/later"),
    request(path="/large"),
    request(path="/large/later"),
    request(path="/now", method="POST", body=b"hello"),
    request("Transfer-Encoding: chunked", path="/later", method="POST")
    + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    request("Expect: 100-continue", path="/now", method="POST", body=b"hello"),
]
BAD = b"GET /\r\n\r\n"


class FakeLoop:
    """Runs callbacks when it is told to."""

    def __init__(self) -> None:
        self.ready: deque[Any] = deque()

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> None:
        self.ready.append(lambda: (context or copy_context()).run(callback, *args))

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> None:
        self.call_soon(callback, *args, context=context)

    def step(self) -> None:
        if self.ready:
            self.ready.popleft()()

    def create_future(self) -> Any:
        raise AssertionError("nobody waits here")


class FakeTransport:
    """Keeps what is written until the client reads; closes when it may."""

    HIGH = 1000

    def __init__(self, loop: FakeLoop) -> None:
        self.loop = loop
        self.connection: Any = None
        self.unsent = b""
        self.sent = b""
        self.is_reading = True
        self.is_paused = False  # the connection has been told to write no more
        self.is_closing = False
        self.is_closed = False

    def set_write_buffer_limits(self, high: int) -> None:
        pass

    def get_extra_info(self, name: str) -> Any:
        return ("192.0.2.1", 1) if name == "peername" else None

    def get_write_buffer_size(self) -> int:
        return len(self.unsent)

    def write(self, data: bytes) -> None:
        if self.is_closed:
            return
        self.unsent += data
        if len(self.unsent) > self.HIGH and not self.is_paused:
            self.is_paused = True
            self.connection.pause_writing()

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def close(self) -> None:
        self.is_closing = True
        self.is_reading = False
        if not self.unsent:
            self.loop.call_soon(self._lose)

    def abort(self) -> None:
        self.is_closing = True
        self.is_reading = False
        self.unsent = b""
        self.loop.call_soon(self._lose)

    def _lose(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.connection.connection_lost(None)

    # The client

    def read(self, size: int) -> None:
        self.sent += self.unsent[:size]
        self.unsent = self.unsent[size:]
        if self.is_paused and len(self.unsent) <= self.HIGH // 4 and not self.is_closed:
            self.is_paused = False
            self.connection.resume_writing()
        if self.is_closing and not self.unsent and not self.is_closed:
            self.loop.call_soon(self._lose)


class World:
    """One connection, its server, its client, and what the handlers have promised."""

    def __init__(self) -> None:
        self.loop = FakeLoop()
        self.policy = Policy()
        self.context = copy_context()
        self.application = self.answer
        self.start_at_head = None
        self.observer = self
        self.begun: list[Any] = []  # exchanges that have no end yet
        self.drained = None
        self.waiting: deque[Any] = deque()
        self.served = 0
        self.is_over = False
        self.faults: list[str] = []
        self.transport = FakeTransport(self.loop)
        server: Any = self
        self.connection: Any = HTTPServerConnection(server)
        self.transport.connection = self.connection
        self.connection.connection_made(self.transport)

    def on_open(self, connection: Any) -> None:
        pass

    def on_end(self, connection: Any) -> None:
        assert not self.is_over
        self.is_over = True
        # The end of the exchange is told right after.

    def tell(self, call: Any, subject: Any) -> None:
        call(subject)

    def on_request_start(self, exchange: Any) -> None:
        self.begun.append(exchange)
        if len(self.begun) > 1:
            self.faults.append("two exchanges are under way")

    def on_request_end(self, exchange: Any) -> None:
        if exchange not in self.begun:
            self.faults.append("an end without a begin")
        self.begun.clear()
        if exchange.body_bytes_received not in (0, 5) and exchange.finish_time:
            self.faults.append("the body is another one")

    def on_refusal(self, refusal: Any) -> None:
        if self.begun:
            self.faults.append("a refusal in the middle of an exchange")

    def answer(self, exchange: Any) -> None:
        # Raised here they would become an answer.
        if self.waiting:
            self.faults.append("one request at a time")
        if self.transport.is_paused:
            self.faults.append("who does not read gets no more")
        self.served += 1
        number = b"<%d>" % self.served
        target = exchange.head.target
        if exchange.head.method == "POST" and exchange.body != b"hello":
            self.faults.append("the body is another one")
        body = number + b"x" * 3000 if "large" in target else number
        if "later" in target:
            self.waiting.append(lambda: exchange.respond(200, None, b"", body))
        else:
            exchange.respond(200, None, b"", body)

    # What may happen

    def receive(self, data: bytes) -> bytes:
        """Deliver ``data`` if the transport reads; return what is left of it."""
        if not self.transport.is_reading or self.transport.is_closed:
            return data
        self.connection.data_received(data)
        return b""

    def go_on(self) -> None:
        if self.waiting:
            self.waiting.popleft()()

    def drain(self, data: bytes) -> bytes:
        """Let everything happen until nothing does; return what the server has not read."""
        while True:
            before = (self.served, len(data), len(self.transport.sent), len(self.loop.ready))
            for _ in range(len(self.loop.ready)):
                self.loop.step()
            self.go_on()
            self.transport.read(10_000)
            if data:
                data = self.receive(data)
            after = (self.served, len(data), len(self.transport.sent), len(self.loop.ready))
            if before == after and not self.waiting and not self.loop.ready:
                assert self.faults == []
                assert self.connection.exchange is not None or not self.begun
                return data


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 200)),
        st.tuples(st.just("read"), st.integers(1, 3000)),
        st.tuples(st.just("go on"), st.just(0)),
        st.tuples(st.just("step"), st.just(0)),
    ),
    max_size=60,
)


def play(world: World, stream: bytes, steps: list[tuple[str, int]]) -> bytes:
    """Do the steps; return what of the stream is still to come."""
    for step, size in steps:
        if step == "send" and stream:
            stream = world.receive(stream[:size]) + stream[size:]
        elif step == "read":
            world.transport.read(size)
        elif step == "go on":
            world.go_on()
        else:
            world.loop.step()
    return stream


def numbers(sent: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"<(\d+)>", sent)]


@given(st.lists(st.sampled_from(PIECES), max_size=25), STEPS)
def test_every_request_is_answered_in_its_order(requests, steps):
    world = World()
    left = play(world, b"".join(requests), steps)
    left = world.drain(left)
    assert left == b""
    assert numbers(world.transport.sent) == list(range(1, len(requests) + 1))
    assert not world.is_over
    assert world.transport.is_reading
    assert world.connection.deadline < float("inf")
    world.connection.close_when_idle()
    world.drain(b"")
    assert world.is_over


@given(st.lists(st.sampled_from(PIECES), max_size=25), STEPS, STEPS)
def test_every_request_is_answered_where_the_client_stops_sending(requests, steps, more):
    world = World()
    left = play(world, b"".join(requests), steps)
    while left or not world.transport.is_reading:
        if world.transport.is_reading:
            left = world.receive(left)
        else:
            play(world, b"", [("step", 0), ("go on", 0), ("read", 1000)])
    if not world.connection.eof_received():
        world.transport.close()
    world.transport.is_reading = False
    play(world, b"", more)
    world.drain(b"")
    assert numbers(world.transport.sent) == list(range(1, len(requests) + 1))
    assert world.is_over


@given(st.lists(st.sampled_from(PIECES), max_size=25), STEPS)
def test_nothing_behind_an_error_is_answered(requests, steps):
    world = World()
    stream = b"".join(requests) + BAD + PIECES[0] * 5
    world.drain(play(world, stream, steps))
    assert numbers(world.transport.sent) == list(range(1, len(requests) + 1))
    assert world.transport.sent.count(b"HTTP/1.1 400 ") == 1
    assert world.transport.sent.endswith(b"400 Bad Request\n")
    assert world.transport.is_reading  # or the client's end would not be noticed
    world.connection.on_deadline(world.connection.deadline)
    world.drain(b"")
    assert world.is_over


@given(st.lists(st.sampled_from(PIECES), max_size=10), STEPS, st.sampled_from(["now", "later"]))
def test_nothing_behind_connection_close_is_answered(requests, steps, last):
    world = World()
    stream = b"".join(requests) + request("Connection: close", path=f"/{last}")
    left = world.drain(play(world, stream + PIECES[0] * 5, steps))
    assert numbers(world.transport.sent) == list(range(1, len(requests) + 2))
    if not world.is_over:
        assert world.transport.is_reading
        assert left == b""
        world.connection.on_deadline(world.connection.deadline)
        world.drain(b"")
    assert world.is_over


@given(st.lists(st.sampled_from([*PIECES, BAD]), max_size=25), STEPS)
def test_a_connection_that_stops_answers_what_it_has_begun(requests, steps):
    world = World()
    play(world, b"".join(requests), steps)
    has_exchange = world.connection.exchange is not None and world.waiting
    served = world.served
    world.connection.close_when_idle()
    world.drain(b"")
    if not world.is_over:  # in a body, or refused
        world.connection.on_deadline(world.connection.deadline)
        world.drain(b"")
        if not world.is_over:
            world.connection.on_deadline(world.connection.deadline)
            world.drain(b"")
    assert world.is_over
    assert world.served == served
    assert numbers(world.transport.sent) == list(range(1, served + 1))
    if has_exchange:
        assert b"Connection: close" in world.transport.sent


@given(st.lists(st.sampled_from([*PIECES, BAD]), max_size=25), STEPS, STEPS)
def test_a_client_may_go_at_any_time(requests, steps, more):
    world = World()
    left = play(world, b"".join(requests), steps)
    world.transport.abort()
    while not world.is_over:
        world.loop.step()
    served = world.served
    play(world, left, more)
    world.drain(b"")
    assert world.served == served
    assert world.connection.deadline == float("inf")
    assert world.connection.is_lost


@given(st.lists(st.sampled_from([*PIECES, BAD]), max_size=25), STEPS)
def test_a_client_that_reads_and_sends_no_more_is_cut_off(requests, steps):
    world = World()
    play(world, b"".join(requests), steps)
    while world.waiting or world.loop.ready:
        world.loop.step()
        world.go_on()
    for _ in range(6):
        if world.is_over:
            break
        world.connection.on_deadline(world.connection.deadline)
        while world.loop.ready:
            world.loop.step()
    assert world.is_over


@given(st.lists(st.sampled_from(PIECES), max_size=10), STEPS)
def test_a_request_whose_time_is_up_has_one_answer_and_is_the_last(requests, steps):
    world = World()
    left = play(world, b"".join(requests), steps)
    exchange = world.connection.exchange
    if exchange is None:
        return
    served = world.served
    is_whole = bool(world.waiting)
    world.connection.on_deadline(exchange.deadline)
    world.drain(left)
    assert world.served == served
    status = b"503" if is_whole else b"408"
    assert world.transport.sent.count(b"HTTP/1.1 %s " % status) == 1
    assert exchange.is_refused
    world.connection.on_deadline(world.connection.deadline)
    world.drain(b"")
    assert world.is_over


def test_the_end_of_a_client_that_reads_slowly():
    world = World()
    world.receive(request(path="/large/later"))
    world.go_on()
    assert world.transport.is_paused
    world.receive(PIECES[0] * 20)
    assert world.connection.eof_received()
    world.drain(b"")
    assert numbers(world.transport.sent) == list(range(1, 22))
    assert world.is_over


def test_what_comes_behind_the_last_request_is_read_and_dropped():
    world = World()
    world.receive(request("Connection: close", path="/later"))
    world.receive(PIECES[0])
    assert world.transport.is_reading  # to notice that the client goes
    world.receive(PIECES[0] * 3000)
    assert not world.transport.is_reading
    world.go_on()
    assert world.transport.is_reading  # or the client's end would not be noticed
    world.receive(PIECES[0])
    world.drain(b"")
    assert numbers(world.transport.sent) == [1]
    world.connection.on_deadline(world.connection.deadline)
    world.drain(b"")
    assert world.is_over


def test_a_client_that_has_gone_before_it_was_refused():
    world = World()

    def write_eof() -> None:
        raise OSError("not connected")

    world.transport.write_eof = write_eof  # type: ignore[method-assign]
    world.receive(BAD)
    world.drain(b"")
    assert world.is_over


@given(st.binary(max_size=300), STEPS)
def test_no_input_ends_a_worker(data, steps):
    world = World()
    world.drain(play(world, data, steps))
    if not world.is_over and world.transport.is_reading:
        world.connection.eof_received()
    world.drain(b"")


def test_the_fakes_are_what_a_connection_takes_for_real():
    for name in ("pause_reading", "resume_reading", "write_eof", "get_write_buffer_size"):
        assert hasattr(asyncio.Transport, name)
