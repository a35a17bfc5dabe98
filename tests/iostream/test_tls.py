"""Streams in TLS: the same reads and writes, and how one comes to it."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, turns

from waterspout.iostream import (
    IOStream,
    SSLIOStream,
    StreamBufferFullError,
    StreamClosedError,
    UnsatisfiableReadError,
    tls,
)
from waterspout.netutil import bind_sockets, ssl_wrap_socket

Pair = tuple[IOStream, IOStream]


def plain_pair(wire: Wire, **options: Any) -> Pair:
    """Return two streams that talk to each other; the options are the first one's."""
    ours, theirs = socket.socketpair()
    pair = IOStream(ours, **options), IOStream(theirs)
    wire.streams.extend(pair)
    return pair


@pytest.fixture
def tls_pair(wire, server_tls, client_tls) -> Callable[..., Any]:
    """A function: two streams that talk in TLS, the first one a server's."""

    async def make(**options: Any) -> Pair:
        ours, theirs = plain_pair(wire, **options)
        server = ours.start_tls(True, server_tls)
        client = theirs.start_tls(False, client_tls, "localhost")
        pair = await server, await client
        wire.streams.extend(pair)
        return pair

    return make


@pytest.fixture(params=["plain", "tls"])
def pair(request, wire, tls_pair):
    """A function: two streams that talk to each other, in TLS or not."""
    if request.param == "tls":
        return tls_pair

    async def make(**options: Any) -> Pair:
        return plain_pair(wire, **options)

    return make


async def why(awaitable: Any) -> BaseException | None:
    """Return the ``real_error`` of the StreamClosedError that comes."""
    with pytest.raises(StreamClosedError) as caught:
        await awaitable
    return caught.value.real_error


# In TLS as without


async def test_every_read(wire: Wire, pair):
    first, second = await pair()
    await second.write(b"one\ntwo 2\nrest")
    assert await first.read_until(b"\n") == b"one\n"
    assert await first.read_until_regex(rb"\d\n") == b"two 2\n"
    assert await first.read_bytes(2) == b"re"
    buffer = bytearray(2)
    assert await first.read_into(buffer) == 2
    assert buffer == b"st"
    reading = first.read_bytes(10, partial=True)
    await second.write(b"more")
    assert await reading == b"more"
    whole = first.read_until_close()
    await second.write(b"the end")
    second.close()
    assert await whole == b"the end"
    assert first.closed()
    assert first.error is None


@pytest.mark.parametrize("options", [{}, {"read_chunk_size": 100}, {"max_buffer_size": 2_000_000}])
async def test_a_large_piece_both_ways(wire: Wire, pair, options):
    first, second = await pair(**options)
    data = bytes(range(256)) * 4096
    writing = first.write(data), second.write(data)
    assert await second.read_bytes(len(data)) == data
    assert await first.read_bytes(len(data)) == data
    await asyncio.gather(*writing)
    assert not first.writing()


async def test_a_record_that_is_read_in_pieces(wire: Wire, pair):
    # What has been decrypted and not yet read is not for the event loop to tell of.
    first, second = await pair(read_chunk_size=7)
    first.set_close_callback(lambda: None)
    await second.write(b"0123456789" * 1000)
    received = b""
    while len(received) < 10_000:
        received += await first.read_bytes(11, partial=True)
    assert received == b"0123456789" * 1000


async def test_lines_in_one_record(wire: Wire, pair):
    first, second = await pair(read_chunk_size=16)
    lines = [b"line %d\n" % number for number in range(1000)]
    await second.write(b"".join(lines))
    assert [await first.read_until(b"\n") for _ in lines] == lines


async def test_a_buffer_that_is_read_into(wire: Wire, pair):
    first, second = await pair()
    data = bytes(range(256)) * 1000
    buffer = bytearray(len(data))
    reading = first.read_into(buffer)
    writing = second.write(data + b"rest")
    assert await reading == len(data)
    assert buffer == data
    assert await first.read_bytes(4) == b"rest"
    await writing


@pytest.mark.parametrize("is_given_up", [True, False])
async def test_a_large_read_that_is_given_up_takes_nothing(wire: Wire, pair, is_given_up):
    first, second = await pair()
    reading = first.read_bytes(1_000_000)
    part = b"0123456789" * 40_000
    sending = second.write(part)
    while not sending.done():
        await turns(1)
    await turns()
    assert not reading.done()
    if is_given_up:
        reading.cancel()
    else:
        second.close()
        assert await why(reading) is None
    assert await first.read_bytes(len(part)) == part


async def test_a_delimiter_that_does_not_come(wire: Wire, pair, caplog):
    first, second = await pair()
    reading = first.read_until(b"\n", max_bytes=10)
    await second.write(b"x" * 11)
    assert isinstance(await why(reading), UnsatisfiableReadError)
    assert first.closed()


async def test_more_than_the_buffer_may_hold(wire: Wire, pair, caplog):
    first, second = await pair(max_buffer_size=1000)
    reading = first.read_until(b"\n")
    second.write(b"x" * 5000)
    assert isinstance(await why(reading), StreamBufferFullError)
    assert "Reached maximum read buffer size" in caplog.text


async def test_one_read_at_a_time(wire: Wire, pair):
    first, second = await pair()
    reading = first.read_bytes(1)
    with pytest.raises(AssertionError, match="Already reading"):
        first.read_bytes(1)
    await second.write(b"a")
    assert await reading == b"a"


async def test_the_close_callback_tells_that_the_other_side_has_closed(wire: Wire, pair):
    first, second = await pair()
    closed = asyncio.Event()
    first.set_close_callback(closed.set)
    second.close()
    await closed.wait()
    assert first.closed()
    assert first.error is None
    with pytest.raises(StreamClosedError):
        first.write(b"x")
    with pytest.raises(StreamClosedError):
        first.read_bytes(1)


async def test_a_reset_is_told_from_an_end(wire: Wire, pair, server_tls, client_tls):
    [listener] = bind_sockets(0, "127.0.0.1")
    with listener:
        raw = socket.socket()
        raw.connect(listener.getsockname())
        server = IOStream(listener.accept()[0])
        client = IOStream(raw)
        if isinstance((await pair())[0], SSLIOStream):
            upgraded = server.start_tls(True, server_tls)
            client = await client.start_tls(False, client_tls, "localhost")
            server = await upgraded
        wire.streams.extend([server, client])
        reading = server.read_bytes(1)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close(exc_info=ValueError("without a word"))
        assert isinstance(await why(reading), ConnectionResetError)
        assert isinstance(server.error, ConnectionResetError)


# Only in TLS


async def test_leave_is_taken(wire: Wire, tls_pair):
    server, client = await tls_pair()
    plain = server.socket
    reading = server.read_until_close()
    client.close()
    # Seen by OpenSSL, that is: an end without it would be an error to who asks for it.
    plain.suppress_ragged_eofs = False
    assert await reading == b""
    assert server.error is None


async def test_an_end_without_leave_is_an_end(wire: Wire, tls_pair):
    server, client = await tls_pair()
    # What a client closes with something unread is a reset: the tickets of TLS 1.3, say.
    server.write(b"!")
    await client.read_bytes(1)
    reading = server.read_until_close()
    await client.write(b"abc")
    client.close(exc_info=ValueError("without a word"))
    assert await reading == b"abc"
    assert server.error is None


async def test_what_is_said_before_the_handshake_has_ended_waits_for_it(
    wire: Wire, server_tls, client_tls
):
    ours, theirs = socket.socketpair()
    server = SSLIOStream(
        ssl_wrap_socket(ours, server_tls, server_side=True, do_handshake_on_connect=False)
    )
    wire.streams.append(server)
    assert server.reading()
    assert server.writing()
    line = server.read_until(b"\n")
    early = server.write(b"early\n")
    await turns()
    assert not early.done()
    client = await IOStream(theirs).start_tls(False, client_tls, "localhost")
    wire.streams.append(client)
    await client.write(b"hello\n")
    assert await client.read_until(b"\n") == b"early\n"
    assert await line == b"hello\n"
    await early
    assert not server.reading()
    assert not server.writing()
    assert await server.wait_for_handshake() is server
    assert client.socket.getpeercert()["subjectAltName"] == (
        ("DNS", "localhost"),
        ("IP Address", "127.0.0.1"),
    )


async def test_a_handshake_is_waited_for_once(wire: Wire, server_tls, client_tls):
    ours, theirs = plain_pair(wire)
    server = ours.start_tls(True, server_tls)
    secret = SSLIOStream(
        ssl_wrap_socket(
            theirs.give_up_socket(),
            client_tls,
            server_hostname="localhost",
            do_handshake_on_connect=False,
        )
    )
    wire.streams.append(secret)
    waiting = secret.wait_for_handshake()
    with pytest.raises(RuntimeError, match="Already waiting"):
        secret.wait_for_handshake()
    assert await waiting is secret
    wire.streams.append(await server)
    secret.close()
    with pytest.raises(StreamClosedError):
        secret.wait_for_handshake()


async def test_upgrade_in_the_middle(wire: Wire, server_tls, client_tls):
    server, client = plain_pair(wire, max_buffer_size=12345)
    closed = asyncio.Event()
    server.set_close_callback(closed.set)

    async def serve() -> bytes:
        assert await server.read_until(b"\n") == b"STARTTLS\n"
        await server.write(b"go on\n")
        secret = await server.start_tls(True, server_tls)
        assert secret.max_buffer_size == 12345
        return await secret.read_until_close()

    serving = asyncio.ensure_future(serve())
    await client.write(b"STARTTLS\n")
    assert await client.read_until(b"\n") == b"go on\n"
    secret = await client.start_tls(False, client_tls, "localhost")
    assert client.closed()
    assert client.socket is None
    await secret.write(b"in secret")
    assert not closed.is_set()
    secret.close()
    assert await serving == b"in secret"
    await closed.wait()


async def test_upgrade_only_what_is_idle(wire: Wire, server_tls):
    server, client = plain_pair(wire)
    reading = server.read_until(b"\n")
    with pytest.raises(ValueError, match="is not idle"):
        server.start_tls(True, server_tls)
    # A client that sends more before TLS could have it taken for what it said in TLS.
    await client.write(b"STARTTLS\nand more")
    await reading
    with pytest.raises(ValueError, match="has unread bytes"):
        server.start_tls(True, server_tls)
    assert await server.read_bytes(8) == b"and more"
    server.close()
    with pytest.raises(StreamClosedError):
        server.start_tls(True, server_tls)


async def test_upgrade_needs_a_certificate_or_a_name(wire: Wire, tls_pair, server_tls):
    server, client = plain_pair(wire)
    with pytest.raises(ValueError, match="certfile"):
        server.start_tls(True)
    with pytest.raises(ValueError, match="server_hostname is missing"):
        client.start_tls(False)
    with pytest.raises(ValueError, match=r"must be a host name, not '\.localhost'"):
        client.start_tls(False, server_hostname=".localhost")
    assert not client.closed()
    assert not server.closed()
    secret, _ = await tls_pair()
    with pytest.raises(ValueError, match="speaks TLS already"):
        secret.start_tls(True, server_tls)


async def test_a_certificate_that_is_not_trusted(wire: Wire, server_tls, caplog):
    server, client = plain_pair(wire)
    accepting = server.start_tls(True, server_tls)
    with pytest.raises(ssl.SSLCertVerificationError):
        await client.start_tls(False, server_hostname="localhost")
    with pytest.raises(ssl.SSLError, match=r"(?i)unknown.ca"):
        await accepting
    assert caplog.text.count("TLS handshake with a local socket failed") == 2


@pytest.mark.parametrize("is_closed", [True, False])
async def test_no_handshake(wire: Wire, server_tls, caplog, is_closed):
    server, client = plain_pair(wire)
    accepting = server.start_tls(True, server_tls)
    if is_closed:
        client.close()
    else:
        client.write(b"GET / HTTP/1.0\r\n\r\n")
    with pytest.raises(ssl.SSLError):
        await accepting
    assert ("TLS handshake" in caplog.text) != is_closed


async def test_upgrade_of_a_stream_whose_other_side_has_gone(wire: Wire, server_tls, client_tls):
    [listener] = bind_sockets(0, "127.0.0.1")
    with listener:
        peer = await wire.connect_to(listener)
        stream = IOStream(listener.accept()[0])
        wire.streams.append(stream)
    closed = asyncio.Event()
    stream.set_close_callback(closed.set)
    stream._watch_reads(False)  # nobody tells
    peer.reset()
    upgraded = stream.start_tls(True, server_tls)
    assert isinstance(await why(upgraded), OSError)
    assert stream.closed()
    await closed.wait()


async def test_a_handshake_that_does_not_end(wire: Wire, server_tls, caplog, monkeypatch):
    monkeypatch.setattr(tls, "_HANDSHAKE_TIMEOUT", 0)
    server, _ = plain_pair(wire)
    with pytest.raises(TimeoutError, match="not ended within 0 seconds"):
        await server.start_tls(True, server_tls)
    assert "TLS handshake with a local socket failed: it has not ended" in caplog.text


async def test_nobody_waits_for_a_handshake_that_has_ended(wire: Wire, tls_pair):
    server, client = await tls_pair()
    assert server._handshake_timer is None
    assert client._handshake_timer is None


async def test_connect(wire: Wire, server_tls, client_tls, caplog):
    [listener] = bind_sockets(0, "127.0.0.1")
    address = listener.getsockname()
    accepted: list[SSLIOStream] = []

    def accept() -> None:
        connection, _ = listener.accept()
        accepted.append(
            SSLIOStream(
                ssl_wrap_socket(
                    connection, server_tls, server_side=True, do_handshake_on_connect=False
                )
            )
        )
        wire.streams.append(accepted[-1])

    loop = asyncio.get_running_loop()
    loop.add_reader(listener, accept)
    stream = SSLIOStream(socket.socket(), ssl_options=client_tls)
    wire.streams.append(stream)
    with pytest.raises(ValueError, match="server_hostname is missing"):
        stream.connect(address)
    closed: list[bool] = []
    stream.set_close_callback(lambda: closed.append(True))
    connecting = stream.connect(address, server_hostname="localhost")
    line = stream.read_until(b"\n")
    early = stream.write(b"early\n")
    assert await connecting is stream
    await early
    assert await accepted[0].read_until(b"\n") == b"early\n"
    await accepted[0].write(b"line\n")
    assert await line == b"line\n"
    assert closed == []

    other = SSLIOStream(socket.socket(), ssl_options=client_tls)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"other\.example"):
        await other.connect(address, server_hostname="other.example")
    assert other.closed()
    assert isinstance(other.error, ssl.SSLCertVerificationError)
    with pytest.raises(ssl.SSLError):
        await accepted[1].wait_for_handshake()
    loop.remove_reader(listener)
    listener.close()
    refused = SSLIOStream(socket.socket(), ssl_options=client_tls)
    with pytest.raises(ConnectionRefusedError):
        await refused.connect(address, server_hostname="localhost")
    wrapped = ssl_wrap_socket(socket.socket(), client_tls, server_hostname="localhost")
    with wrapped, pytest.raises(ValueError, match="plain socket"):
        SSLIOStream(wrapped).connect(address)


async def test_a_plain_socket_that_is_connected(wire: Wire, server_tls, client_tls):
    ours, theirs = socket.socketpair()
    server = IOStream(ours).start_tls(True, server_tls)
    client = SSLIOStream(theirs, ssl_options={"cert_reqs": ssl.CERT_NONE})
    assert await client.wait_for_handshake() is client
    wire.streams.extend([client, await server])
    ours, theirs = socket.socketpair()
    with theirs:
        nameless = SSLIOStream(ours, ssl_options=client_tls)
        with pytest.raises(ValueError, match="server_hostname is missing"):
            await nameless.wait_for_handshake()
        assert nameless.closed()
        gone = SSLIOStream(socket.socket(), ssl_options=client_tls)
        gone.close()
    await turns()


class Renegotiating:
    """A socket that reads only after it could send, and sends only after something has come."""

    def __init__(self, secret: ssl.SSLSocket) -> None:
        self._secret = secret
        self.refusals: list[type[ssl.SSLError]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._secret, name)

    def recv_into(self, buffer: Any) -> int:
        self._refuse(ssl.SSLWantWriteError)
        return self._secret.recv_into(buffer)

    def send(self, data: Any) -> int:
        self._refuse(ssl.SSLWantReadError)
        return self._secret.send(data)

    def _refuse(self, kind: type[ssl.SSLError]) -> None:
        if kind in self.refusals:
            self.refusals.remove(kind)
            raise kind


async def test_a_handshake_that_has_to_wait_until_it_can_send(tls_pair, monkeypatch):
    refusals = [True, True]
    do_handshake = ssl.SSLSocket.do_handshake

    def refuse(self: ssl.SSLSocket) -> None:
        if refusals:
            refusals.pop()
            raise ssl.SSLWantWriteError
        do_handshake(self)

    monkeypatch.setattr(ssl.SSLSocket, "do_handshake", refuse)
    server, client = await tls_pair()
    assert refusals == []
    await client.write(b"abc")
    assert await server.read_bytes(3) == b"abc"


async def test_a_read_that_has_to_send_first(wire: Wire, tls_pair):
    server, client = await tls_pair()
    server.socket = between = Renegotiating(server.socket)
    between.refusals.append(ssl.SSLWantWriteError)
    reading = server.read_bytes(3)
    await client.write(b"abc")
    assert await reading == b"abc"
    assert between.refusals == []


async def test_a_write_that_has_to_read_first(wire: Wire, tls_pair):
    server, client = await tls_pair()
    server.socket = between = Renegotiating(server.socket)
    between.refusals.append(ssl.SSLWantReadError)
    writing = server.write(b"abc")
    await turns()
    assert not writing.done()
    await client.write(b"def")
    assert await client.read_bytes(3) == b"abc"
    await writing
    assert await server.read_bytes(3) == b"def"
