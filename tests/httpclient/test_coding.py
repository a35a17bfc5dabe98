"""Content codings, undone piece by piece."""

import gzip
import zlib
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.httpclient.codings import packer

from waterspout.protocol import optionalcoding
from waterspout.protocol.coding import Decoder, accepted, parse_codings
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
        ("zstd", None),
        ("gzip, br", None),
    ],
)
def test_names(value, codings):
    assert parse_codings(value) == codings


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_names_of_what_there_are_libraries_for(coding):
    packer(coding)
    assert coding in accepted()
    assert parse_codings(f"gzip, {coding.upper()}", takes_all=True) == ["gzip", coding]
    assert parse_codings(f"{coding}, compress", takes_all=True) is None


@pytest.mark.parametrize("name", ["brotli", "brotlicffi", "backports.zstd", "compression.zstd"])
def test_without_a_library(monkeypatch, name):
    """Or with one that is too old to bound what it puts out."""

    def find(wanted):
        if wanted == "brotli" != name:
            return SimpleNamespace(Decompressor=object)
        raise ModuleNotFoundError(wanted)

    caches = [optionalcoding._installed, optionalcoding._has_zstd]
    monkeypatch.setattr(optionalcoding, "import_module", find)
    monkeypatch.setattr(optionalcoding, "find_spec", find)
    monkeypatch.setattr(optionalcoding, "_ZSTD", name)
    for cache in caches:
        cache.cache_clear()
    try:
        assert accepted() == "gzip"
        assert parse_codings("br", takes_all=True) is None
        assert parse_codings("zstd", takes_all=True) is None
    finally:
        for cache in caches:
            cache.cache_clear()


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_a_library_that_cannot_be_loaded_now_is_looked_for_again(monkeypatch, coding):
    """What has no descriptor to be opened with is an ImportError too."""

    def refuse(wanted):
        raise ImportError("cannot open shared object file: Too many open files")

    packer(coding)
    optionalcoding._installed.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(optionalcoding, "import_module", refuse)
        assert parse_codings(coding, takes_all=True) is None
        assert "br" not in accepted()
    assert parse_codings(coding, takes_all=True) == [coding]
    assert coding in accepted()


@pytest.mark.parametrize("coding", ["br", "zstd"])
@given(data=st.binary(max_size=2000), cut=st.integers(1, 50))
def test_there_and_back_with_a_library(coding, data, cut):
    pack = packer(coding)
    assert decode(pack(data), coding, cut=cut) == data
    assert decode(pack(gzip.compress(data)), "gzip", coding, cut=cut) == data
    for end in range(1, len(pack(data)), 7):
        with pytest.raises(RemoteProtocolError, match="ended inside"):
            decode(pack(data)[:end], coding)


@pytest.mark.parametrize("coding", ["br", "zstd"])
@given(data=st.binary(max_size=300))
def test_whatever_comes_a_library_decodes_or_refuses_it(coding, data):
    packer(coding)
    try:
        decode(data, coding, limit=10_000)
    except RemoteProtocolError:
        pass


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_libraries_are_bounded(coding):
    packed = packer(coding)(bytes(10_000_000))
    sizes = [len(piece) for piece in Decoder([coding], BIG).decode(packed)]
    assert max(sizes) <= 2 * 65536
    assert sum(sizes) == 10_000_000
    with pytest.raises(RemoteProtocolError, match="larger than 99999 bytes"):
        decode(packed, coding, limit=99_999)


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_junk_at_the_end_of_what_libraries_decode(coding):
    with pytest.raises(RemoteProtocolError):
        decode(packer(coding)(b"text") + b"junk", coding)
    with pytest.raises(RemoteProtocolError):
        decode(packer(coding)(b"text") + b"junk", coding, cut=1)
    assert decode(b"", coding) == b""


def test_frames_of_zstd():
    pack = packer("zstd")
    assert decode(pack(b"one") + pack(b"") + pack(b"two"), "zstd", cut=3) == b"onetwo"
    with pytest.raises(RemoteProtocolError, match="more than 16384 zstd frames"):
        decode(pack(b"") * 16385, "zstd")


def test_a_window_that_is_too_large():
    """Honest senders use 8 MB at most (RFC 9659); this one wants 128."""
    zstd = pytest.importorskip(optionalcoding._ZSTD)
    compressor = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    with pytest.raises(RemoteProtocolError, match="no valid zstd"):
        decode(compressor.compress(b"text") + compressor.flush(), "zstd")


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
