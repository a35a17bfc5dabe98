"""SOCKS, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.protocol.errors import RemoteProtocolError
from waterspout.protocol.socks import Socks4, Socks5, SocksRefusedError, check_credentials

REPLY = b"\x05\x00\x00\x01" + bytes(6)


def run(handshake, *received):
    """Return what is sent in answer to each, the beginning first."""
    return [handshake.begin(), *(handshake.receive_data(data) for data in received)]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("a.test", b"\x03\x06a.test"),
        ("192.0.2.1", b"\x01\xc0\x00\x02\x01"),
        ("::1", b"\x04" + bytes(15) + b"\x01"),
    ],
)
def test_5(host, address):
    assert run(Socks5(host, 443), b"\x05\x00", REPLY) == [
        b"\x05\x01\x00",
        b"\x05\x01\x00" + address + b"\x01\xbb",
        None,
    ]


def test_5_with_credentials():
    sent = run(Socks5("a", 1, (b"me", b"secret")), b"\x05\x02", b"\x01\x00", REPLY)
    assert sent[:2] == [b"\x05\x02\x00\x02", b"\x01\x02me\x06secret"]
    assert sent[3] is None
    # A proxy need not want them.
    assert run(Socks5("a", 1, (b"me", b"secret")), b"\x05\x00", REPLY)[2] is None


@pytest.mark.parametrize(
    "reply",
    [
        REPLY,
        b"\x05\x00\x00\x03\x04name" + bytes(2),
        b"\x05\x00\x00\x04" + bytes(18),
        b"\x05\x00\x00\x03\x00" + bytes(2),
        b"\x05\x00\x00\x03\xff" + bytes(257),
    ],
)
def test_replies_in_pieces(reply):
    handshake = Socks5("a", 1)
    assert handshake.receive_data(b"\x05") == b""
    assert handshake.receive_data(b"\x00")
    for byte in reply[:-1]:
        assert handshake.receive_data(bytes((byte,))) == b""
    assert handshake.receive_data(reply[-1:]) is None


@pytest.mark.parametrize(
    ("received", "message"),
    [
        ([b"\x05\xff"], "no way of authentication"),
        ([b"\x05\x02", b"\x01\x01"], "not accepted"),
        ([b"\x05\x00", b"\x05\x05\x00\x01" + bytes(6)], "connection refused"),
        ([b"\x05\x00", b"\x05\x02"], "not allowed"),
        ([b"\x05\x00", b"\x05\x99"], "reply 153"),
    ],
)
def test_5_refuses(received, message):
    with pytest.raises(SocksRefusedError, match=message):
        run(Socks5("a", 1, (b"me", b"secret")), *received)


@pytest.mark.parametrize(
    "received",
    [
        [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
        [b"\x04\x00"],
        [b"\x05\x01"],
        [b"\x05\x02"],  # a method that was not offered
        [b"\x05\x00\x05"],
        [b"\x05\x00", b"\x04"],
        [b"\x05\x00", b"\x05\x00\x01\x01" + bytes(6)],
        [b"\x05\x00", b"\x05\x00\x00\x02" + bytes(6)],
        [b"\x05\x00", REPLY + b"H"],  # the server can't have said anything yet
        [b"\x05\x00", REPLY + bytes(100_000)],
    ],
)
def test_what_is_no_socks_5(received):
    with pytest.raises(RemoteProtocolError, match="SOCKS"):
        run(Socks5("a", 1), *received)


@pytest.mark.parametrize(
    "received", [[b"\x05\x02\x01"], [b"\x05\x02", b"\x05\x00"], [b"\x05\x02", b"\x01\x00\x05"]]
)
def test_what_is_no_authentication(received):
    with pytest.raises(RemoteProtocolError, match="SOCKS"):
        run(Socks5("a", 1, (b"me", b"")), *received)


def test_4():
    reply = b"\x00\x5a" + bytes(6)
    assert run(Socks4("192.0.2.1", 80, b"me"), reply) == [
        b"\x04\x01\x00\x50\xc0\x00\x02\x01me\x00",
        None,
    ]
    assert run(Socks4("a.test", 80), reply[:1], reply[1:7], reply[7:]) == [
        b"\x04\x01\x00\x50\x00\x00\x00\x01\x00a.test\x00",
        b"",
        b"",
        None,
    ]


@pytest.mark.parametrize(
    ("received", "error", "message"),
    [
        (b"\x00\x5b", SocksRefusedError, "rejected"),
        (b"\x00\x63", SocksRefusedError, "reply 99"),
        (b"\x04\x5a" + bytes(6), RemoteProtocolError, "no SOCKS 4"),
        (b"HTTP/1.1", RemoteProtocolError, "no SOCKS 4"),
        (b"\x00\x5a" + bytes(7), RemoteProtocolError, "more than its reply"),
    ],
)
def test_4_refuses_or_is_none(received, error, message):
    with pytest.raises(error, match=message):
        run(Socks4("a.test", 80), received)


def outcome(handshake, pieces):
    """What a handshake comes to, and what it sends on the way."""
    sent = handshake.begin()
    try:
        for piece in pieces:
            answer = handshake.receive_data(piece)
            if answer is None:
                return "done", sent
            sent += answer
    except (SocksRefusedError, RemoteProtocolError) as error:
        return str(error), sent
    return "wants more", sent


@given(
    st.sampled_from(
        [lambda: Socks5("a", 1), lambda: Socks5("a", 1, (b"b", b"c")), lambda: Socks4("a", 1)]
    ),
    st.one_of(
        st.binary(max_size=30), st.binary(max_size=30).map(lambda tail: b"\x05\x00" + REPLY + tail)
    ),
)
def test_whatever_comes_in_pieces_is_bounded_and_told(make, data):
    result, sent = outcome(make(), [bytes((byte,)) for byte in data])
    assert result
    assert len(sent) < 40


def test_what_cannot_be_asked_for():
    with pytest.raises(ValueError, match="255 bytes"):
        Socks5("a" * 256, 80)
    with pytest.raises(ValueError, match="IPv6"):
        Socks4("::1", 80)
    with pytest.raises(ValueError, match="NUL"):
        Socks4("a", 80, b"a\0b")
    for pair in ((b"", b""), (b"a" * 256, b""), (b"a", b"b" * 256)):
        with pytest.raises(ValueError, match="SOCKS has room"):
            check_credentials(*pair)
    check_credentials(b"a" * 255, b"b" * 255)
