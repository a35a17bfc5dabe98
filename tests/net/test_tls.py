"""TLS over a stream, without sockets; and the contexts that are shared."""

import math
import os
import ssl

import pytest

from waterspout.net import run_blocking
from waterspout.net.tls import TLSStream, start_tls
from waterspout.net.tlscontext import shared_context


class Echo:
    """A stream whose peer is a TLS server in memory that says what it hears."""

    ask_after = 1.0

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._is_ready = False
        self.is_closed = False
        self.heard = b""
        self.said_goodbye = False
        self.is_plain = False
        self.pauses = 0

    async def pause(self, deadline):
        self.pauses += 1

    def write(self, data, deadline):
        self._incoming.write(data)
        self._work()

    def _work(self):
        try:
            if not self._is_ready:
                self._tls.do_handshake()
                self._is_ready = True
            while data := self._tls.read(65536):
                self.heard += data
                self._tls.write(data)
            self.said_goodbye = True
        except ssl.SSLWantReadError:
            pass

    def say(self, data):
        self._tls.write(data)

    def leave(self):
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            pass

    def read(self, deadline):
        """As whoever blocks does, or as who awaits, in turn."""
        self.is_plain = not self.is_plain
        return self._outgoing.read() if self.is_plain else self._read()

    async def _read(self):
        return self._outgoing.read()

    def read_now(self):
        return self._outgoing.read() or None

    def is_quiet(self, ask):
        return not self._outgoing.pending

    def close(self, farewell=b""):
        if farewell:
            self.write(farewell, 0.0)
        self.is_closed = True

    def drop(self):
        self.is_closed = True


@pytest.fixture
def echo(server_tls):
    return Echo(server_tls)


@pytest.fixture
def stream(echo, ca_certs) -> TLSStream:
    context = shared_context(ca_certs=ca_certs)
    return run_blocking(start_tls(echo, context, "localhost", math.inf))


def write(stream, data):
    async def flow():
        waiting = stream.write(data, math.inf)
        if waiting is not None:
            await waiting

    run_blocking(flow())


def read(stream):
    async def flow():
        data = stream.read(math.inf)
        return data if isinstance(data, bytes) else await data

    return run_blocking(flow())


def test_there_and_back(stream):
    write(stream, b"ping")
    assert read(stream) == b"ping"
    assert stream.read_now() is None
    assert "TLSv1.3" in repr(stream)


@pytest.mark.parametrize("size", [1, 16384, 16385, 300_000, 1_000_000])
def test_all_sizes(stream, size):
    data = os.urandom(size)
    write(stream, data)
    received = b""
    while len(received) < size:
        received += read(stream)
    assert received == data


def test_openssl_is_not_asked_in_vain(stream):
    """An exception each time was half of what the fetch of a small answer cost."""
    stream.read_now()
    asked = []

    class Counted:
        def __init__(self, tls):
            self.write = tls.write
            self._tls = tls

        def read(self, size):
            asked.append(size)
            return self._tls.read(size)

    stream._tls = Counted(stream._tls)
    for number in range(1, 5):
        write(stream, b"ping")
        assert read(stream) == b"ping"
        assert len(asked) == number


def test_tickets_are_nothing(stream, echo):
    """They come after the handshake, and nobody asked for them."""
    assert not echo.is_quiet(ask=False)
    assert stream.is_quiet(ask=False)
    echo.say(b"unasked")
    assert not stream.is_quiet(ask=False)


def test_leaving(stream, echo):
    stream.close()
    assert echo.said_goodbye
    assert echo.is_closed
    stream.close()


def test_being_left(stream, echo):
    echo.leave()
    assert not stream.is_quiet(ask=False)
    assert read(stream) == b""


def test_being_cut_off(stream, echo, monkeypatch):
    stream.read_now()

    async def end(deadline):
        return b""

    monkeypatch.setattr(echo, "read", end)
    with pytest.raises(ssl.SSLEOFError):
        read(stream)


def test_a_protocol_is_offered(echo, ca_certs, server_tls):
    offered = []
    server_tls.set_alpn_protocols(["http/1.1"])
    context = shared_context(ca_certs=ca_certs)
    stream = run_blocking(start_tls(echo, context, "localhost", math.inf))
    offered.append(stream.protocol)
    assert offered == ["http/1.1"]


def test_a_name_that_is_not_in_the_certificate(echo, ca_certs):
    with pytest.raises(ssl.SSLCertVerificationError):
        run_blocking(start_tls(echo, shared_context(ca_certs=ca_certs), "example.org", math.inf))


def test_records_that_have_come_are_read_as_one_piece(stream, echo):
    body = os.urandom(100_000)
    echo.say(body)
    assert read(stream) == body
    echo.say(body)
    assert stream.read_now() == body
    assert stream.read_now() is None


def test_a_piece_has_a_bound(stream, echo):
    body = os.urandom(1_000_000)
    echo.say(body)
    pieces = []
    while piece := stream.read_now():
        pieces.append(piece)
    assert b"".join(pieces) == body
    assert 128 * 1024 <= len(pieces[0]) <= 144 * 1024


def test_the_end_comes_after_what_was_said_before(stream, echo):
    echo.say(b"x" * 40_000)
    echo.leave()
    assert read(stream) == b"x" * 40_000
    assert not stream.is_quiet(ask=False)
    assert read(stream) == b""
    assert stream.read_now() == b""


def test_a_bad_record_spoils_none_before_it(stream, echo):
    echo.say(b"x" * 40_000)
    *records, last = echo._outgoing.read()
    echo._outgoing.write(bytes([*records, last ^ 1]))
    assert read(stream) == b"x" * 32 * 1024
    assert not stream.is_quiet(ask=False)
    with pytest.raises(ssl.SSLError, match=r"(?i)bad.record.mac|decryption.failed"):
        read(stream)


def test_a_cut_spoils_none_before_it(stream, echo):
    echo.say(b"x" * 40_000)
    cut = echo._outgoing.read()[:-1]
    echo._outgoing.write(cut)
    assert read(stream) == b"x" * 32 * 1024
    assert not stream.is_quiet(ask=False)
    with pytest.raises(ssl.SSLEOFError):
        read(stream)


@pytest.mark.parametrize("size", [1, 3, 5, 6, 1000])
def test_the_begin_of_a_record_is_no_silence(stream, echo, size):
    echo.say(b"x" * 1000)
    whole = echo._outgoing.read()
    echo.say(b"y" * 2000)
    unasked = echo._outgoing.read()
    echo._outgoing.write(whole + unasked[:size])
    assert read(stream) == b"x" * 1000
    assert not stream.is_quiet(ask=False)
    echo._outgoing.write(unasked[size:-1])
    assert stream.read_now() is None
    assert not stream.is_quiet(ask=False)
    echo._outgoing.write(unasked[-1:])
    assert read(stream) == b"y" * 2000
    assert stream.is_quiet(ask=False)


def read_into(stream, room):
    async def flow():
        got = stream.read_into(room, math.inf)
        if isinstance(got, int):
            return got
        return await got or 0

    return run_blocking(flow())


def fill(stream, size):
    """Read so many bytes into one room; return them."""
    room = bytearray(size)
    filled = 0
    while filled < size:
        got = read_into(stream, memoryview(room)[filled:])
        assert got
        filled += got
    return bytes(room)


@pytest.mark.parametrize("size", [1, 16384, 16385, 300_000, 1_000_000])
def test_reading_into_room(stream, echo, size):
    body = os.urandom(size)
    echo.say(body)
    assert fill(stream, size) == body
    assert stream.is_quiet(ask=False)
    echo.say(body)
    assert fill(stream, size) == body


def test_what_there_is_no_room_for_is_kept(stream, echo):
    body = os.urandom(50_000)
    echo.say(body)
    assert fill(stream, 40_000) == body[:40_000]
    assert read(stream) == body[40_000:]
    assert stream.is_quiet(ask=False)
    echo.say(body)
    assert fill(stream, 40_000) == body[:40_000]
    assert not stream.is_quiet(ask=False)


def test_who_awaits_has_the_room_filled_as_well(stream, echo):
    body = os.urandom(60_000)
    echo.say(body)
    room = memoryview(bytearray(100_000))
    echo.is_plain = True  # so that the next read is one to await
    assert read_into(stream, room) == 60_000
    assert room[:60_000] == body
    echo.is_plain = True
    echo.leave()
    assert read_into(stream, room) == 0


def test_no_room_is_taken_at_the_end(stream, echo):
    room = memoryview(bytearray(100_000))
    echo.say(b"x" * 40_000)
    echo.leave()
    assert fill(stream, 40_000) == b"x" * 40_000
    assert read_into(stream, room) == 0
    assert read_into(stream, room) == 0


def test_a_cut_is_told_to_who_reads_into_room(stream, echo):
    echo.say(b"x" * 40_000)
    cut = echo._outgoing.read()[:-1]
    echo._outgoing.write(cut)
    assert fill(stream, 32 * 1024) == b"x" * 32 * 1024
    for _ in range(2):
        with pytest.raises(ssl.SSLEOFError):
            read_into(stream, memoryview(bytearray(10)))


def test_a_record_that_can_not_be_is_no_reason_to_wait(stream, echo):
    echo._outgoing.read()
    echo._outgoing.write(b"\x17\x03\x03\xff\xff")
    with pytest.raises(ssl.SSLError, match=r"(?i)record|length|packet"):
        read(stream)


def test_a_record_in_two_parts_is_read_when_it_is_whole(stream, echo):
    stream.read_now()
    echo.say(b"x" * 1000)
    whole = echo._outgoing.read()
    for part in (whole[:3], whole[3:500]):
        echo._outgoing.write(part)
        assert stream.read_now() is None
    echo._outgoing.write(whole[500:])
    assert stream.read_now() == b"x" * 1000


def test_many_short_records_leave_others_their_turn(stream, echo):
    echo.say(b"z" * 16_000)
    fill(stream, 16_000)
    for _ in range(1030):
        echo.say(b"y")
    echo.is_plain = True
    assert fill(stream, 1030) == b"y" * 1030
    assert echo.pauses == 8
    for _ in range(100):
        echo.say(b"x" * 16_000)
    echo.is_plain = True
    assert fill(stream, 1_600_000) == b"x" * 1_600_000
    assert echo.pauses == 8
    for _ in range(200):
        echo.say(b"w")
    assert stream.read_now() == b"w" * 128
    assert not stream.is_quiet(ask=False)
    assert stream.read_now() == b"w" * 72
    assert stream.is_quiet(ask=False)
