"""Clients that go early, stop sending, or read slowly."""

import asyncio
import gzip
import random

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import Policy
from waterspout.iostream import StreamClosedError
from waterspout.web import Application, RequestHandler


class Gate(RequestHandler):
    """Waits until the test opens ``gate``, and tells ``notes`` what happens."""

    def initialize(self, gate, notes):
        self.gate = gate
        self.notes = notes

    async def get(self):
        self.notes.append("begun")
        await self.gate.wait()
        self.write("waited")
        self.notes.append("ended")

    def on_connection_close(self):
        self.notes.append("gone")

    def on_finish(self):
        self.notes.append("finished")


@pytest.fixture
def gate():
    return asyncio.Event()


@pytest.fixture
def notes():
    return []


async def until(notes: list[str], *expected: str) -> None:
    while len(notes) < len(expected):
        await turns(1)
    await turns()
    assert notes == list(expected)


@pytest.mark.parametrize("ahead", [b"", b"\r\n", b"GET", request() * 3])
@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
async def test_a_handler_hears_that_its_client_has_gone_and_goes_on(
    wire: Wire, gate, notes, is_reset, ahead
):
    policy = Policy(cancel_on_disconnect=False)
    server = wire.serve([("/", Gate, {"gate": gate, "notes": notes})], policy=policy)
    client = await wire.connect(server)
    await client.send(request())
    await until(notes, "begun")
    await client.send(ahead)
    await turns()
    if is_reset:
        client.reset()
    else:
        client.close()
    await until(notes, "begun", "gone")
    if ahead and not is_reset:
        return  # what was sent ahead is answered too: the client may be reading
    gate.set()
    await until(notes, "begun", "gone", "ended", "finished")
    await wire.closed(server)


@pytest.mark.parametrize("ahead", [b"", b"\r\n", b"GET", request() * 3])
@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
async def test_a_handler_whose_client_has_gone_is_cancelled(
    wire: Wire, gate, notes, is_reset, ahead
):
    server = wire.serve([("/", Gate, {"gate": gate, "notes": notes})])
    client = await wire.connect(server)
    await client.send(request())
    await until(notes, "begun")
    await client.send(ahead)
    await turns()
    if is_reset:
        client.reset()
    else:
        client.close()
    await until(notes, "begun", "gone", "finished")
    await wire.closed(server)


async def test_a_client_that_has_only_stopped_sending_gets_its_answer(wire: Wire, gate, notes):
    policy = Policy(allow_half_close=True)
    server = wire.serve([("/", Gate, {"gate": gate, "notes": notes})], policy=policy)
    client = await wire.connect(server)
    await client.send(request())
    client.end_sending()
    await until(notes, "begun", "gone")
    gate.set()
    assert (await client.response()).body == b"waited"
    assert await client.rest() == b""
    assert notes == ["begun", "gone", "ended", "finished"]
    await wire.closed(server)


async def test_a_handler_hears_nothing_of_a_client_that_goes_after_the_answer(
    wire: Wire, gate, notes
):
    class GoesOn(Gate):
        async def get(self):
            self.finish("done")
            await self.gate.wait()

    server = wire.serve([("/", GoesOn, {"gate": gate, "notes": notes})])
    client = await wire.connect(server)
    assert (await client.ask()).body == b"done"
    client.close()
    await wire.closed(server)
    gate.set()
    await until(notes, "finished")


async def test_a_program_may_listen_for_the_close_itself(wire: Wire, gate, notes):
    class Listens(Gate):
        cancel_on_disconnect = False

        async def get(self):
            self.request.connection.set_close_callback(lambda: self.notes.append("heard"))
            await self.gate.wait()

    server = wire.serve([("/", Listens, {"gate": gate, "notes": notes})])
    client = await wire.connect(server)
    await client.send(request())
    await wire.connection(server)
    client.close()
    await until(notes, "heard")
    gate.set()
    await until(notes, "heard", "finished")


async def test_an_error_in_on_connection_close_is_logged_and_nothing_else(
    wire: Wire, gate, notes, caplog
):
    class Wrong(Gate):
        def on_connection_close(self):
            self.notes.append("gone")
            raise RuntimeError("in the callback")

    policy = Policy(allow_half_close=True)
    server = wire.serve([("/", Wrong, {"gate": gate, "notes": notes})], policy=policy)
    client = await wire.connect(server)
    await client.send(request())
    client.end_sending()
    await until(notes, "begun", "gone")
    gate.set()
    assert (await client.response()).body == b"waited"
    assert "RuntimeError: in the callback" in caplog.text
    assert "the close callback failed: GET / (127.0.0.1) [" in caplog.text


async def test_a_handler_of_callbacks_hears_of_the_close_too(wire: Wire, gate, notes):
    class Later(Gate):
        def get(self):
            self._auto_finish = False
            self.notes.append("begun")

    server = wire.serve([("/", Later, {"gate": gate, "notes": notes})])
    client = await wire.connect(server)
    await client.send(request())
    await until(notes, "begun")
    client.close()
    await until(notes, "begun", "gone")


async def test_a_client_that_goes_within_its_body_is_not_served(wire: Wire, notes):
    class Note(RequestHandler):
        def post(self):
            notes.append("served")

    server = wire.serve([("/", Note)])
    client = await wire.connect(server)
    await client.send(request("Content-Length: 5", method="POST") + b"hel")
    await wire.connection(server)
    client.reset()
    await wire.closed(server)
    assert notes == []


class Streaming(RequestHandler):
    """Sends ``count`` pieces of 64 KiB, each when the client has taken the one before."""

    sent = 0
    error: BaseException | None = None
    ended: asyncio.Event
    piece = b"x" * 65536

    def initialize(self, count):
        self.count = count

    async def get(self):
        cls = Streaming
        cls.sent = 0
        cls.error = None
        cls.ended = asyncio.Event()
        try:
            for _ in range(self.count):
                self.write(self.piece)
                await self.flush()
                cls.sent += 1
        except BaseException as error:
            cls.error = error
            raise
        finally:
            cls.ended.set()


async def stalled(wire: Wire, server, client) -> None:
    """Ask, and wait until the server has to wait for this reader."""
    await client.send(request())
    connection = await wire.connection(server)
    while connection.deadline == float("inf") or connection.exchange is None:
        await turns(1)
    await turns()


async def test_flush_waits_for_a_slow_reader(wire: Wire):
    server = wire.serve([("/", Streaming, {"count": 100})], send_buffer=65536)
    client = await wire.connect(server, receive_buffer=65536)
    await stalled(wire, server, client)
    sent = Streaming.sent
    assert sent < 50
    await turns(100)
    assert Streaming.sent == sent
    assert len((await client.response()).body) == 100 * 65536
    assert Streaming.sent == 100


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("is_compressed", [False, True], ids=["", "compressed"])
@pytest.mark.slow
async def test_flush_waits_whatever_frames_the_body(wire: Wire, version, is_compressed):
    class Noise(Streaming):
        piece = random.Random(1).randbytes(65536)

    application = Application(
        [("/", Noise, {"count": 100})],
        compress_response=is_compressed,
        log_function=lambda handler: None,
    )
    server = wire.serve(application, send_buffer=65536)
    client = await wire.connect(server, receive_buffer=65536)
    head = f"GET / HTTP/{version}\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"
    await client.send(head.encode())
    connection = await wire.connection(server)
    while connection.deadline == float("inf") or connection.exchange is None:
        await turns(1)
    await turns(100)
    sent = Streaming.sent
    assert sent < 50
    await turns(100)
    assert Streaming.sent == sent
    answer = await client.response()
    assert ("Content-Encoding" in answer) is is_compressed
    body = gzip.decompress(answer.body) if is_compressed else answer.body
    assert body == Noise.piece * 100
    assert Streaming.sent == 100


async def test_flush_notices_a_client_that_has_gone_before_the_loop_does(wire: Wire, caplog):
    """Who only ever flushes would run to its end for nobody, and keep all others waiting."""
    told: list[type[BaseException]] = []
    sent = 0

    class Endless(RequestHandler):
        async def get(self):
            nonlocal sent
            await self.flush()
            client.reset()
            try:
                for _ in range(1000):
                    self.write(bytes(4096))
                    await self.flush()
                    sent += 1
            except StreamClosedError as error:
                told.append(type(error))

    server = wire.serve([("/", Endless)])
    client = await wire.connect(server)
    await client.send(request())
    await wire.connection(server)
    await wire.closed(server)
    await turns()
    assert told == [StreamClosedError]
    assert sent < 100
    assert [record for record in caplog.records if record.name == "asyncio"] == []


@pytest.mark.parametrize("turns_in_the_handler", [0, 3])
async def test_a_reader_that_takes_nothing_is_cut_off(wire: Wire, caplog, turns_in_the_handler):
    caplog.set_level("INFO", "waterspout")

    class Turning(Streaming):
        async def prepare(self):
            await turns(turns_in_the_handler)

    log: list[int] = []
    application = Application(
        [("/", Turning, {"count": 100})],
        log_function=lambda handler: log.append(handler.get_status()),
    )
    server = wire.serve(application, send_buffer=65536)
    client = await wire.connect(server, receive_buffer=65536)
    await stalled(wire, server, client)
    [connection] = server.connections
    server.sweep(connection.deadline - 0.001)
    await turns()
    assert Streaming.error is None
    server.sweep(connection.deadline)
    await wire.closed(server)
    await Streaming.ended.wait()
    assert isinstance(Streaming.error, StreamClosedError)
    await turns()
    assert log == [200]
    assert "the client has gone: GET / (127.0.0.1)" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_reader_that_takes_something_is_not_cut_off(wire: Wire):
    server = wire.serve([("/", Streaming, {"count": 100})], send_buffer=65536)
    client = await wire.connect(server, receive_buffer=65536)
    await stalled(wire, server, client)
    [connection] = server.connections
    for _ in range(3):
        deadline = connection.deadline
        await client.read(300_000)
        await turns()
        server.sweep(deadline)
        await turns()
        assert server.connections
    await client.last_chunk()
    assert Streaming.error is None


async def test_a_whole_answer_that_is_taken_slowly_is_not_cut_off(wire: Wire):
    class Large(RequestHandler):
        def get(self):
            self.write(b"x" * 3_000_000)

    server = wire.serve([("/", Large)], send_buffer=65536)
    client = await wire.connect(server, receive_buffer=65536)
    await client.send(request())
    connection = await wire.connection(server)
    await client.until(b"\r\n\r\n")
    for _ in range(3):
        deadline = connection.deadline
        await client.read(400_000)
        await turns()
        server.sweep(deadline)
        await turns()
        assert connection in server.connections
        assert connection.deadline > deadline
    server.sweep(connection.deadline)
    await wire.closed(server)


async def test_an_answer_in_many_pieces_at_once_that_is_taken_slowly_is_not_cut_off(wire: Wire):
    class Many(RequestHandler):
        def get(self):
            for _ in range(30):
                self.write(b"x" * 100_000)
                self.flush()

    server = wire.serve([("/", Many)], send_buffer=65536)
    client = await wire.connect(server, receive_buffer=65536)
    await client.send(request())
    connection = await wire.connection(server)
    await client.until(b"\r\n\r\n")
    for _ in range(3):
        deadline = connection.deadline
        await client.read(400_000)
        await turns()
        server.sweep(deadline)
        await turns()
        assert connection in server.connections
    # Two looks: what was unsent at the first one may have grown since it was noted.
    server.sweep(connection.deadline)
    await turns()
    if server.connections:
        server.sweep(connection.deadline)
    await wire.closed(server)


async def test_a_client_that_never_takes_its_last_answer_is_cut_off(wire: Wire):
    class Last(RequestHandler):
        def get(self):
            self.set_header("Connection", "close")
            self.write(b"x" * 400_000)

    # The write buffer is never full, so nobody is told to wait.
    policy = Policy(write_buffer_size=1_000_000)
    server = wire.serve([("/", Last)], send_buffer=4096, policy=policy)
    client = await wire.connect(server, receive_buffer=4096)
    await client.send(request())
    connection = await wire.connection(server)
    while "closing" not in repr(connection):
        await turns(1)
    await turns()
    server.sweep(connection.deadline - 0.001)
    await turns()
    assert server.connections
    for _ in range(3):
        server.sweep(connection.deadline)
        await turns()
    assert not server.connections


async def test_an_idle_client_that_never_takes_its_answer_is_cut_off(wire: Wire):
    class Answer(RequestHandler):
        def get(self):
            self.write(b"x" * 400_000)

    policy = Policy(write_buffer_size=1_000_000)
    server = wire.serve([("/", Answer)], send_buffer=4096, policy=policy)
    client = await wire.connect(server, receive_buffer=4096)
    await client.send(request())
    connection = await wire.connection(server)
    while not connection.requests or connection.exchange is not None:
        await turns(1)
    await turns()
    for _ in range(4):
        server.sweep(connection.deadline)
        await turns()
    assert not server.connections


async def test_the_future_of_flush_fails_where_the_client_has_gone(wire: Wire, gate):
    errors = []

    class Late(RequestHandler):
        cancel_on_disconnect = False

        async def get(self):
            await gate.wait()
            self.write("hello")
            try:
                await self.flush()
            except StreamClosedError as error:
                errors.append(error)
            self.write("more")
            self.finish("end")  # into the void

    server = wire.serve([("/", Late)])
    client = await wire.connect(server)
    await client.send(request())
    connection = await wire.connection(server)
    while connection.exchange is None:
        await turns(1)
    client.reset()
    await wire.closed(server)
    gate.set()
    while not errors:
        await turns(1)
    await turns()


async def test_a_callback_that_is_set_when_the_client_has_gone_is_called(wire: Wire, gate, notes):
    class Late(Gate):
        cancel_on_disconnect = False

        async def get(self):
            self.notes.append("begun")
            await self.gate.wait()
            self.request.connection.set_close_callback(lambda: self.notes.append("heard"))
            self.notes.append("ended")
            await turns(3)

    server = wire.serve([("/", Late, {"gate": gate, "notes": notes})])
    client = await wire.connect(server)
    await client.send(request())
    await until(notes, "begun")
    client.reset()
    await wire.closed(server)
    gate.set()
    await until(notes, "begun", "gone", "ended", "heard", "finished")


@pytest.mark.parametrize("turns_between", [0, 1, 3])
async def test_a_handler_may_write_on_when_it_has_closed_the_connection(wire: Wire, turns_between):
    class Aborts(RequestHandler):
        async def get(self):
            self.write("half")
            self.flush()
            self.request.connection.abort()
            for _ in range(5):
                await turns(turns_between)
                self.write("x" * 1000)
                self.flush()

    server = wire.serve([("/", Aborts)])
    client = await wire.connect(server)
    await client.send(request() * 2)
    assert (await client.rest_or_reset()).count(b"HTTP/1.1") <= 1
    await wire.closed(server)
    await turns()


async def test_a_client_that_goes_while_much_is_written(wire: Wire):
    ended = asyncio.Event()

    class Writes(RequestHandler):
        async def get(self):
            try:
                while True:
                    self.write(b"x" * 65536)
                    self.flush()
                    if self.request.connection.is_lost:
                        break
                    await asyncio.sleep(0)
            finally:
                ended.set()

    server = wire.serve([("/", Writes)], send_buffer=65536)
    client = await wire.connect(server, receive_buffer=65536)
    await client.send(request())
    await client.read(1000)
    client.reset()
    await ended.wait()
    await wire.closed(server)
