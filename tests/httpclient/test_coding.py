"""Content codings, undone piece by piece."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.protocol.coding import Decoder, parse_codings
from waterspout.protocol.errors import RemoteProtocolError

BIG = 10**9


def decode(data: bytes, *codings: str, cut: int = 65536, limit: int = BIG) -> bytes:
    decoder = Decoder(list(codings), limit)
    pieces: list[bytes] = []
    for start in range(0, len(data), cut):
        pieces += decoder.decode(data[start : start + cut])
    decoder.finish()
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("value", "codings"),
    [
        ("gzip", ["gzip"]),
        ("x-GZIP", ["gzip"]),
        ("deflate", ["deflate"]),
        ("gzip, deflate", ["gzip", "deflate"]),
        (" gzip\t,,", ["gzip"]),
        ("identity", []),
        ("identity, gzip, identity", ["gzip"]),
        ("", []),
        ("br", None),
        ("gzip, br", None),
    ],
)
def test_names(value, codings):
    assert parse_codings(value) == codings


def test_too_many_names():
    with pytest.raises(RemoteProtocolError, match="more than 2"):
        parse_codings("gzip, gzip, gzip")


@given(st.binary(max_size=2000), st.integers(1, 50), st.integers(0, 9))
def test_there_and_back(data, cut, level):
    assert decode(gzip.compress(data, level), "gzip", cut=cut) == data
    assert decode(zlib.compress(data, level), "deflate", cut=cut) == data
    bare = zlib.compressobj(level, wbits=-15)
    assert decode(bare.compress(data) + bare.flush(), "deflate", cut=max(cut, 2)) == data
    both = zlib.compress(gzip.compress(data, level), level)
    assert decode(both, "gzip", "deflate", cut=cut) == data


@given(st.lists(st.binary(max_size=50), max_size=5), st.integers(1, 30))
def test_members(parts, cut):
    assert decode(b"".join(map(gzip.compress, parts)), "gzip", cut=cut) == b"".join(parts)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate"]))
def test_whatever_comes_it_is_decoded_or_refused(data, coding):
    try:
        decode(data, coding, limit=10_000)
    except RemoteProtocolError:
        pass


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_part_is_not_the_whole(data, chance):
    packed = gzip.compress(data)
    cut = chance.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(RemoteProtocolError):
        decode(packed[:cut], "gzip")


def test_pieces_are_of_a_bounded_size():
    decoder = Decoder(["gzip"], BIG)
    sizes = [len(piece) for piece in decoder.decode(gzip.compress(bytes(10_000_000)))]
    assert max(sizes) <= 65536
    assert sum(sizes) == 10_000_000


def test_the_limit_is_exact():
    packed = gzip.compress(bytes(100_000))
    assert len(decode(packed, "gzip", limit=100_000)) == 100_000
    with pytest.raises(RemoteProtocolError, match="larger than 99999 bytes") as caught:
        decode(packed, "gzip", limit=99_999)
    assert caught.value.status == 413


def test_too_many_members():
    with pytest.raises(RemoteProtocolError, match="more than 16384 gzip members"):
        decode(gzip.compress(b"") * 16385, "gzip")
    assert decode(gzip.compress(b"") * 16384, "gzip") == b""


def test_twice_as_many_tiny_members_are_twice_the_work(monkeypatch):
    make = zlib.decompressobj
    fed = 0

    class Engine:
        """Counts what it is fed, which zlib copies: all that stands behind a member, once more."""

        def __init__(self, window):
            self._engine = make(window)

        def decompress(self, data, size):
            nonlocal fed
            fed += len(data)
            return self._engine.decompress(data, size)

        def __getattr__(self, name):
            return getattr(self._engine, name)

    monkeypatch.setattr(zlib, "decompressobj", Engine)

    def work(members):
        nonlocal fed
        fed = 0
        decode(gzip.compress(b"") * members, "gzip")
        return fed

    assert work(16384) < 2.5 * work(8192)


@pytest.mark.parametrize("junk", [b"x", b"\0", b"\r\n", gzip.compress(b"x", mtime=0)[:5]])
def test_junk_at_the_end(junk):
    with pytest.raises(RemoteProtocolError):
        decode(gzip.compress(b"text") + junk, "gzip")
    with pytest.raises(RemoteProtocolError):
        decode(zlib.compress(b"text") + junk, "deflate")


def test_nothing_at_all():
    assert decode(b"", "gzip") == b""
    assert decode(b"", "gzip", "deflate") == b""
