"""The PROXY header, in whatever pieces it comes, and what is none."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.protocol.errors import RemoteProtocolError
from waterspout.protocol.proxyheader import ProxyHeaderParser

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
AFTER = b"GET / HTTP/1.1\r\n\r\n"


def binary(command: int, kind: int, block: bytes, size: int | None = None) -> bytes:
    """Return a header of version 2."""
    length = len(block) if size is None else size
    return SIGNATURE + bytes([command, kind]) + length.to_bytes(2) + block


def addresses(source: str, target: str, source_port: int, target_port: int) -> bytes:
    """Return the address block of TCP over IP."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    return (
        socket.inet_pton(family, source)
        + socket.inet_pton(family, target)
        + source_port.to_bytes(2)
        + target_port.to_bytes(2)
    )


TCP4 = addresses("1.2.3.4", "5.6.7.8", 50000, 443)
TCP6 = addresses("2001:db8::1", "::1", 50000, 443)

GOOD = [
    (b"PROXY TCP4 1.2.3.4 5.6.7.8 50000 443\r\n", ("1.2.3.4", 50000)),
    (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", ("255.255.255.255", 65535)),
    (b"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", ("0.0.0.0", 0)),
    (b"PROXY TCP6 2001:DB8::1 ::1 50000 443\r\n", ("2001:db8::1", 50000)),
    (b"PROXY TCP6 ::ffff:1.2.3.4 ::1 50000 443\r\n", ("1.2.3.4", 50000)),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN ffff::1 whatever \0 it is\r\n", None),
    (b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n", None),
    (
        b"PROXY TCP6 " + b"ffff:" * 7 + b"ffff " + b"ffff:" * 7 + b"ffff 65535 65535\r\n",
        ("ffff:" * 7 + "ffff", 65535),
    ),
    (binary(0x21, 0x11, TCP4), ("1.2.3.4", 50000)),
    (binary(0x21, 0x21, TCP6), ("2001:db8::1", 50000)),
    (
        binary(0x21, 0x21, addresses("::ffff:1.2.3.4", "::1", 1, 2)),
        ("1.2.3.4", 1),
    ),
    # Extensions are passed over, whatever is in them.
    (binary(0x21, 0x11, TCP4 + b"\x05\xff\xffx"), ("1.2.3.4", 50000)),
    (binary(0x21, 0x11, TCP4 + bytes(16 * 1024 - 12)), ("1.2.3.4", 50000)),
    # Who asks for itself, and where it is not known or not TCP over IP.
    (binary(0x20, 0x00, b""), None),
    (binary(0x20, 0x11, TCP4), None),
    (binary(0x20, 0x11, b""), None),
    (binary(0x21, 0x00, b""), None),
    (binary(0x21, 0x00, b"anything"), None),
    (binary(0x21, 0x12, TCP4), None),
    (binary(0x21, 0x31, bytes(216)), None),
]


@pytest.mark.parametrize(("raw", "address"), GOOD)
def test_a_header(raw: bytes, address: tuple[str, int] | None):
    parser = ProxyHeaderParser()
    assert not parser.has_begun
    assert parser.feed(raw + AFTER) == len(raw)
    assert parser.is_complete
    assert parser.has_begun
    assert parser.address == address


@pytest.mark.parametrize(("raw", "address"), GOOD)
@given(cuts=st.sets(st.integers(1, 300), max_size=20))
@pytest.mark.slow
def test_a_header_in_pieces(raw: bytes, address: tuple[str, int] | None, cuts: set[int]):
    parser = ProxyHeaderParser()
    whole = raw + AFTER
    position = 0
    for end in (*sorted(cuts), len(whole)):
        if not parser.is_complete:
            taken = parser.feed(whole[position:end])
            assert taken == min(end, len(raw)) - position
            position = end
    assert parser.is_complete
    assert parser.address == address


@pytest.mark.parametrize("raw", [raw for raw, _ in GOOD if len(raw) < 1000])
def test_a_header_is_not_complete_before_its_end(raw: bytes):
    parser = ProxyHeaderParser()
    for index in range(len(raw) - 1):
        assert parser.feed(raw[index : index + 1]) == 1
        assert not parser.is_complete
        assert parser.address is None
    parser.feed(raw[-1:])
    assert parser.is_complete


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (AFTER, r"no PROXY header begins with b'GET / HTTP/1\.1\\r\\n'"),
        (b"\x16\x03\x01", "no PROXY header begins with"),
        (b"G", "no PROXY header begins with b'G'"),
        (b"proxy TCP4 ", "no PROXY header begins with"),
        (b"PROXY\tTCP4", "no PROXY header begins with"),
        (b"PROXX", "no PROXY header begins with b'PROXX'"),
        (b"\r\n\r\nG", "no PROXY header begins with"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "a malformed PROXY line"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", "a malformed PROXY line"),
        (b"PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n", "a malformed PROXY line"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n", "a malformed PROXY line"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", "a malformed PROXY line"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n", "a malformed PROXY line"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 \r\n", "a malformed PROXY line"),
        (b"PROXY TCP4 1.2.3.04 5.6.7.8 1 2\r\n", "a malformed PROXY line"),
        (b"PROXY TCP4 1.2.3.4 ::1 1 2\r\n", "a malformed PROXY line"),
        (b"PROXY TCP4 ::1 ::1 1 2\r\n", "a malformed PROXY line"),
        (b"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n", "a malformed PROXY line"),
        (b"PROXY TCP6 fe80::1%x ::1 1 2\r\n", "a malformed PROXY line"),
        (b"PROXY TCP6 ::\xff ::1 1 2\r\n", "a malformed PROXY line"),
        (b"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", "a malformed PROXY line"),
        (b"PROXY UNKNOWNX\r\n", "a malformed PROXY line"),
        (b"PROXY \r\n", "a malformed PROXY line"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n" + AFTER, "a malformed PROXY line"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r" + AFTER, "a malformed PROXY line"),
        (b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n", "a PROXY line of more than 107 bytes"),
        (b"PROXY UNKNOWN " + b"x" * 1000, "a PROXY line of more than 107 bytes"),
        (binary(0x11, 0x11, TCP4), "of version and command 0x11"),
        (binary(0x31, 0x11, TCP4), "of version and command 0x31"),
        (binary(0x22, 0x11, TCP4), "of version and command 0x22"),
        (binary(0x21, 0x13, TCP4), "of family and transport 0x13"),
        (binary(0x21, 0x41, TCP4), "of family and transport 0x41"),
        (binary(0x21, 0x11, TCP4[:-1]), "too small for its addresses: 11 bytes"),
        (binary(0x21, 0x21, TCP4), "too small for its addresses: 12 bytes"),
        (binary(0x21, 0x11, b"", 16 * 1024 + 1), "of more than 16384 bytes"),
        (binary(0x20, 0x00, b"", 65535), "of more than 16384 bytes"),
    ],
)
def test_what_is_no_header(raw: bytes, error: str):
    with pytest.raises(RemoteProtocolError, match=error):
        ProxyHeaderParser().feed(raw)


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 65535), st.integers(0, 65535))
def test_both_versions_say_the_same(source, target, port: int, other: int):
    if source.version != target.version:
        target = source
    kind = 0x11 if source.version == 4 else 0x21
    line, block = ProxyHeaderParser(), ProxyHeaderParser()
    line.feed(f"PROXY TCP{source.version} {source} {target} {port} {other}\r\n".encode())
    block.feed(binary(0x21, kind, addresses(str(source), str(target), port, other)))
    plain = source.ipv4_mapped or source if source.version == 6 else source
    assert line.address == block.address == (str(plain), port)


@given(st.binary(max_size=200), st.sampled_from([b"", b"PROXY ", b"PROXY TCP6 ", SIGNATURE]))
def test_nothing_but_a_refusal(raw: bytes, begin: bytes):
    parser = ProxyHeaderParser()
    try:
        taken = parser.feed(begin + raw)
    except RemoteProtocolError as error:
        told = str(error)
    else:
        told = ""
        assert taken <= len(begin + raw)
        assert parser.is_complete or taken == len(begin + raw)
    assert len(told) < 600
