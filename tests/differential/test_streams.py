"""Streams, servers and clients of raw bytes beside Tornado's: one program, run on either."""

import asyncio
import contextlib
import importlib
import logging
import socket
import ssl
from typing import Any

import pytest

pytest.importorskip("tornado", reason="Tornado is not installed")
trustme = pytest.importorskip("trustme")


@pytest.fixture(scope="module")
def contexts():
    """Contexts of a server, and of a client that trusts it."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


class Box:
    """The modules of one framework, two connected streams, and what a program notes."""

    def __init__(self, framework: str, contexts: Any, is_secret: bool) -> None:
        for name in ("iostream", "netutil", "tcpclient", "tcpserver"):
            setattr(self, name, importlib.import_module(f"{framework}.{name}"))
        self.server_tls: Any
        self.client_tls: Any
        self.server_tls, self.client_tls = contexts if is_secret else (None, None)
        self.contexts = contexts
        self.notes: list[Any] = []
        self.iostream: Any
        self.netutil: Any
        self.tcpclient: Any
        self.tcpserver: Any

    def note(self, *values: Any) -> None:
        """Note values, exceptions by their kind, and of a closed stream by its reason."""
        self.notes.append(tuple(map(self._told, values)))

    def _told(self, value: Any) -> Any:
        if isinstance(value, self.iostream.StreamClosedError):
            return "closed", self._told(value.real_error)
        if isinstance(value, BaseException):
            return type(value).__name__
        return value

    @contextlib.contextmanager
    def noting(self, *values: Any):
        """Note how a block ends."""
        try:
            yield
        except Exception as error:
            self.note(*values, error)
        else:
            self.note(*values, "fine")

    async def outcome(self, name: str, make: Any) -> None:
        """Note what a read or a write gives, or raises, at the call or later."""
        try:
            self.note(name, await make())
        except Exception as error:
            self.note(name, error)

    async def pair(self, **options: Any) -> tuple[Any, Any]:
        """Return two connected streams; the options are the first one's."""
        ours, theirs = socket.socketpair()
        first = self.iostream.IOStream(ours, **options)
        second = self.iostream.IOStream(theirs)
        if self.server_tls is None:
            return first, second
        server = first.start_tls(True, self.server_tls)
        client = second.start_tls(False, self.client_tls, "localhost")
        return await server, await client


PROGRAMS: list[Any] = []


def program(function: Any) -> Any:
    """Take one into the comparison."""
    PROGRAMS.append(function)
    return function


def new_loop(kind: str) -> Any:
    """Return what makes a loop."""
    return (
        asyncio.new_event_loop
        if kind == "asyncio"
        else pytest.importorskip("uvloop").new_event_loop
    )


@pytest.mark.parametrize("loop_kind", ["asyncio", "uvloop"])
@pytest.mark.parametrize("is_secret", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_programs(program, is_secret, loop_kind, contexts, caplog):
    caplog.set_level(logging.CRITICAL)
    notes = []
    for framework in ("tornado", "waterspout"):
        box = Box(framework, contexts, is_secret)

        async def main(box: Box = box) -> None:
            await asyncio.wait_for(program(box), 30)

        with asyncio.Runner(loop_factory=new_loop(loop_kind)) as runner:
            runner.run(main())
        notes.append(box.notes)
    assert notes[0] == notes[1]
    assert notes[0]


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@program
async def every_read(box):
    first, second = await box.pair()
    await second.write(b"one\ntwo 2\nrest of it")
    box.note(await first.read_until(b"\n"))
    box.note(await first.read_until_regex(rb"\d\n"))
    box.note(await first.read_bytes(2))
    buffer = bytearray(b"....")
    box.note(await first.read_into(buffer), bytes(buffer))
    box.note(await first.read_bytes(0))
    box.note(await first.read_bytes(100, partial=True))
    box.note(first.reading(), first.writing(), first.closed())
    reading = first.read_bytes(100, partial=True)
    box.note(first.reading())
    await second.write(b"more")
    box.note(await reading)
    filling = first.read_into(buffer, partial=True)
    await second.write(b"ab")
    box.note(await filling, bytes(buffer))
    whole = first.read_until_close()
    await second.write(b"the end")
    second.close()
    box.note(await whole, first.closed(), first.error)
    second.close()


@program
async def large_pieces(box):
    data = bytes(range(256)) * 8192
    for options in ({}, {"max_buffer_size": 3_000_000, "read_chunk_size": 1000}):
        first, second = await box.pair(**options)
        writing = first.write(data), second.write(memoryview(data))
        box.note(await first.read_bytes(len(data)) == data)
        box.note(await second.read_bytes(len(data)) == data)
        buffer = bytearray(len(data))
        again = second.write(data)
        box.note(await first.read_into(buffer), buffer == data)
        for future in (*writing, again):
            box.note(await future)
        first.close()
        second.close()


@program
async def limits_of_reads(box):
    for kind, arguments in (
        ("read_until", (b"\n",)),
        ("read_until_regex", (rb"\n",)),
    ):
        for sent in (b"x" * 20, b"x" * 9 + b"\n", b"x" * 10 + b"\n" + b"y" * 10):
            for is_early in (True, False):
                first, second = await box.pair()
                if is_early:
                    future = getattr(first, kind)(*arguments, max_bytes=10)
                    await second.write(sent)
                else:
                    await second.write(sent)
                    await turns()
                    future = None
                with box.noting(kind, len(sent), is_early):
                    box.note(await (future or getattr(first, kind)(*arguments, max_bytes=10)))
                box.note(first.closed(), first.error)
                first.close()
                second.close()


@program
async def more_than_the_buffer_may_hold(box):
    first, second = await box.pair(max_buffer_size=1000)
    second.write(b"x" * 100_000)
    # Tornado raises the one at the call where enough has come, and the other one later.
    full = (box.iostream.StreamClosedError, box.iostream.StreamBufferFullError)
    with contextlib.suppress(*full):
        await first.read_until(b"\n")
    box.note(first.closed(), first.error)
    second.close()
    if box.server_tls is None:  # in Tornado the bound is lost with the upgrade
        first, second = await box.pair(max_write_buffer_size=1000)
        await box.outcome("too much", lambda: first.write(b"x" * 1001))
        box.note(first.closed())
        await box.outcome("enough", lambda: first.write(b"x" * 1000))
        first.close()
        second.close()


@program
async def two_reads(box):
    first, second = await box.pair()
    reading = first.read_bytes(3)
    for again in (
        lambda: first.read_bytes(1),
        lambda: first.read_until(b"\n"),
        lambda: first.read_until_regex(b"\n"),
        first.read_until_close,
        lambda: first.read_into(bytearray(1)),
    ):
        with box.noting():
            again()
    await second.write(b"abc")
    box.note(await reading)
    first.close()
    second.close()


@program
async def after_the_close(box):
    first, second = await box.pair()
    await second.write(b"abcdef\nrest")
    box.note(await first.read_bytes(1))
    first.close()
    first.close()
    box.note(first.closed(), first.error, first.socket, first.reading(), first.writing())
    await box.outcome("write", lambda: first.write(b"x"))
    await box.outcome("what has come", lambda: first.read_until(b"\n"))
    await box.outcome("some", lambda: first.read_bytes(2))
    await box.outcome("all", first.read_until_close)
    await box.outcome("no more", lambda: first.read_bytes(1))
    second.close()


@program
async def the_other_side_closes(box):
    for asked in (2, 4, 100):
        first, second = await box.pair()
        reading = first.read_bytes(asked)
        await second.write(b"abc")
        second.close()
        await box.outcome(f"{asked}", lambda reading=reading: reading)
        for name, make in (
            ("bytes", lambda stream=first: stream.read_bytes(1)),
            ("partial", lambda stream=first: stream.read_bytes(9, partial=True)),
            ("partial again", lambda stream=first: stream.read_bytes(9, partial=True)),
        ):
            await box.outcome(name, make)
        box.note(first.closed(), first.error)


@program
async def closed_with_a_reason(box):
    first, second = await box.pair()
    reading, error = first.read_bytes(1), LookupError("mine")
    first.close(exc_info=error)
    box.note(first.error is error)
    with box.noting():
        await reading
    await box.outcome("write", lambda: first.write(b"x"))
    second.close()
    for how in ("true", "tuple"):
        first, second = await box.pair()
        reading = first.read_until_close()
        try:
            raise error
        except LookupError as caught:
            first.close(exc_info=True if how == "true" else (type(caught), caught, None))
        box.note(first.error is error)
        await box.outcome(how, lambda reading=reading: reading)
        second.close()


@program
async def close_callbacks(box):
    # Who closes, and whether something is unread.
    for who in (0, 1):
        for unread in (b"", b"abc"):
            pair = await box.pair()
            order: list[str] = []
            closed = asyncio.Event()

            def on_close(order: list[str] = order, closed: asyncio.Event = closed) -> None:
                order.append("callback")
                closed.set()

            if unread:
                await pair[1].write(unread + b"!")
                await pair[0].read_bytes(1)
            pair[0].set_close_callback(on_close)
            pair[who].close()
            order.append("after close")
            await turns()
            if unread and who:
                order.append("read")
                with contextlib.suppress(box.iostream.StreamClosedError):
                    await pair[0].read_bytes(3)
            await closed.wait()
            if box.server_tls is not None and unread and who:
                order.sort()  # Tornado's looks ahead in TLS
            box.note(who, bool(unread), tuple(order), pair[0].closed())
            pair[1 - who].close()
    first, second = await box.pair()
    first.set_close_callback(lambda: box.note("never"))
    first.set_close_callback(None)
    first.close()
    second.close()
    await turns()
    box.note("end")


@program
async def a_close_callback_while_reading(box):
    first, second = await box.pair()
    order: list[str] = []
    closed = asyncio.Event()
    first.set_close_callback(closed.set)
    reading = first.read_until_close()
    reading.add_done_callback(lambda future: order.append("read"))
    await second.write(b"abc")
    second.close()
    await closed.wait()
    box.note(await reading, tuple(order))


@program
async def writes(box):
    first, second = await box.pair()
    for data in (b"", b"bytes", memoryview(b"view"), bytearray(b"array")):
        box.note(await first.write(data))
    box.note(await second.read_bytes(14))
    with box.noting("text"):
        first.write("text")
    large = first.write(b"x" * 3_000_000)
    after = first.write(b"end\n")
    await turns()
    box.note(first.writing(), large.done(), after.done())
    box.note(len(await second.read_until(b"end\n", max_bytes=4_000_000)))
    await large
    await after
    box.note(first.writing())
    second.close()
    closing = asyncio.Event()
    first.set_close_callback(closing.set)
    await closing.wait()
    await box.outcome("write", lambda: first.write(b"x"))


@program
async def a_write_that_is_never_read(box):
    first, second = await box.pair()
    writing = first.write(b"x" * 3_000_000)
    await turns()
    first.close()
    await box.outcome("write", lambda: writing)
    second.close()


@program
async def upgrades(box):
    server_tls, client_tls = box.contexts
    if box.server_tls is not None:
        box.note("plain only")
        return
    server, client = await box.pair()

    async def serve() -> None:
        box.note(await server.read_until(b"\n"))
        await server.write(b"go on\n")
        secret = await server.start_tls(True, server_tls)
        box.note(type(secret).__name__, await secret.read_until(b"\n"))
        await secret.write(b"bye\n")
        secret.close()

    serving = asyncio.ensure_future(serve())
    await client.write(b"STARTTLS\n")
    await client.read_until(b"\n")
    secret = await client.start_tls(False, client_tls, server_hostname="localhost")
    box.note(secret.socket.getpeercert()["subjectAltName"], client.socket)
    await secret.write(b"secret\n")
    line = await secret.read_until_close()
    await serving
    box.note(line)
    secret.close()
    # Not trusted, or not for this name.
    for context, name in ((ssl.create_default_context(), "localhost"), (client_tls, "other")):
        server, client = await box.pair()
        accepting = server.start_tls(True, server_tls)
        with box.noting(name):
            await client.start_tls(False, context, server_hostname=name)
        with box.noting("server"):
            await accepting
    # Not idle, or something unread.
    server, client = await box.pair()
    reading = server.read_until(b"\n")
    with box.noting("reading"):
        server.start_tls(True, server_tls)
    await client.write(b"one\ntwo\n")
    await reading
    with box.noting("unread"):
        server.start_tls(True, server_tls)
    server.close()
    client.close()


@program
async def an_echo_server(box):
    class Server(box.tcpserver.TCPServer):  # type: ignore[misc, name-defined]
        async def handle_stream(self, stream, address):
            box.note(type(stream).__name__, address[0])
            try:
                while True:
                    await stream.write(b"echo " + await stream.read_until(b"\n"))
            except box.iostream.StreamClosedError:
                box.note("gone")

    server = Server(ssl_options=box.server_tls)
    [listener] = box.netutil.bind_sockets(0, "127.0.0.1")
    server.add_sockets([listener])
    client = box.tcpclient.TCPClient()
    port = listener.getsockname()[1]
    for _ in range(2):
        stream = await client.connect("localhost", port, ssl_options=box.client_tls)
        await stream.write(b"one\ntwo\n")
        box.note(await stream.read_until(b"\n"), await stream.read_until(b"\n"))
        stream.close()
        await turns(100)
    server.stop()
    with box.noting("stopped"):
        await client.connect("127.0.0.1", port, ssl_options=box.client_tls)
    for timeout in (0.01, None):
        with box.noting("resolver", timeout):
            await box.tcpclient.TCPClient(resolver=Nobody()).connect("a", 1, timeout=timeout)
    with box.noting("timeout"):
        await client.connect("127.0.0.1", port, timeout="1")
    client.close()


class Nobody:
    """A resolver that finds nobody."""

    async def resolve(self, host: str, port: int, family: int = 0) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "nobody")


@program
async def connects(box):
    [listener] = box.netutil.bind_sockets(0, "127.0.0.1")
    address = listener.getsockname()
    stream = box.iostream.IOStream(socket.socket())
    connecting = stream.connect(address)
    early = stream.write(b"early")
    box.note(await connecting is stream)
    await early
    peer, _ = listener.accept()
    box.note(peer.recv(5))
    peer.close()
    listener.close()
    await box.outcome("end", stream.read_until_close)
    refused = box.iostream.IOStream(socket.socket())
    await box.outcome("refused", lambda: refused.connect(address))
    box.note(refused.closed(), refused.error)
    secret = box.iostream.SSLIOStream(socket.socket(), ssl_options=box.contexts[1])
    await box.outcome("in TLS", lambda: secret.connect(address, server_hostname="localhost"))
    box.note(secret.closed(), secret.error)


@program
async def names(box):
    resolve = [
        box.netutil.Resolver(),
        box.netutil.BlockingResolver(),
        box.netutil.ThreadedResolver(),
        box.netutil.DefaultExecutorResolver(),
        box.netutil.OverrideResolver(
            resolver=box.netutil.BlockingResolver(),
            mapping={"a.example": "127.0.0.1", ("b.example", 1): ("127.0.0.2", 2)},
        ),
    ]
    for resolver in resolve:
        for host in ("127.0.0.1", "::1", "localhost", "1.2.3.4.5"):
            with box.noting(host):
                box.note(await resolver.resolve(host, 80, socket.AF_INET))
    for host, port in (("a.example", 7), ("b.example", 1)):
        box.note(await resolve[-1].resolve(host, port))
    for text in ("127.0.0.1", "::1", "fe80::1%lo", "localhost", "", "1.2.3.4\0", "[::1]", "a" * 99):
        box.note(text, box.netutil.is_valid_ip(text))


@program
async def a_request_by_hand(box):
    class Server(box.tcpserver.TCPServer):  # type: ignore[misc, name-defined]
        async def handle_stream(self, stream, address):
            head = await stream.read_until(b"\r\n\r\n")
            box.note(head)
            await stream.write(b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)
            stream.close()

    server = Server(ssl_options=box.server_tls)
    [listener] = box.netutil.bind_sockets(0, "127.0.0.1")
    server.add_socket(listener)
    if box.client_tls is None:
        stream = box.iostream.IOStream(socket.socket())
    else:
        stream = box.iostream.SSLIOStream(socket.socket(), ssl_options=box.client_tls)
    await stream.connect(listener.getsockname(), server_hostname="localhost")
    await stream.write(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
    head = await stream.read_until(b"\r\n\r\n", max_bytes=1000)
    fields = dict(line.split(b": ", 1) for line in head.strip().split(b"\r\n")[1:])
    box.note(fields, len(await stream.read_bytes(int(fields[b"Content-Length"]))))
    box.note(await stream.read_until_close())
    server.stop()
