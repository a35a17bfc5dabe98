"""Bodies that come compressed, each case in three styles."""

import gzip
import zlib
from typing import Any

import pytest
from tests.httpclient.codings import packer
from tests.httpclient.scripted_server import always, response, serve

from waterspout.httpclient import HTTPClientError, HTTPProtocolError, HTTPTooLargeError

TEXT = b"Hello, world. " * 1000
EMPTY = {"used": 0, "idle": 0, "waiting": 0}


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def coded(body: bytes, coding: str) -> bytes:
    return response(body, Content_Encoding=coding)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(TEXT, mtime=0), "gzip"),
        (gzip.compress(TEXT, mtime=0), "x-gzip"),
        (gzip.compress(TEXT, mtime=0), "GZIP"),
        (gzip.compress(TEXT[:5000], mtime=0) + gzip.compress(TEXT[5000:], mtime=0), "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
        (zlib.compress(gzip.compress(TEXT, mtime=0)), "gzip, deflate"),
        (TEXT, "identity"),
        (gzip.compress(TEXT, mtime=0), "identity, gzip"),
    ],
)
def test_it_is_undone(client, body, coding):
    with serve(always(coded(body, coding))) as server:
        for _ in range(2):
            answer = client.fetch(server.url)
            assert answer.body == TEXT
            if coding != "identity":
                assert "Content-Encoding" not in answer.headers
                assert answer.headers["X-Consumed-Content-Encoding"] == coding
        assert server.connections == 1


def test_in_pieces(client):
    body = gzip.compress(TEXT, mtime=0)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces: list[bytes] = []
    with serve(always(head + chunks + b"0\r\n\r\n")) as server:
        assert client.fetch(server.url).body == TEXT
        client.fetch(server.url, streaming_callback=pieces.append)
    assert b"".join(pieces) == TEXT


def test_not_unless_it_is_wanted(client):
    body = gzip.compress(TEXT, mtime=0)
    with serve(always(coded(body, "gzip"))) as server:
        for name in ("decompress_response", "use_gzip"):
            answer = client.fetch(server.url, **{name: False})
            assert answer.body == body
            assert answer.headers["Content-Encoding"] == "gzip"
            assert "accept-encoding" not in server.last.headers


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_what_there_is_a_library_for(client, coding):
    pack = packer(coding)
    with serve(always(coded(pack(TEXT), coding))) as server:
        answer = client.fetch(server.url)
        assert answer.body == TEXT
        assert answer.headers["X-Consumed-Content-Encoding"] == coding
        assert coding in server.last.headers["accept-encoding"].split(", ")
        with client.stream(server.url) as streamed:
            assert streamed.read() == TEXT
    with (
        serve(always(coded(pack(TEXT)[:-1], coding))) as server,
        pytest.raises(HTTPProtocolError, match=f"inside its {coding} coding"),
    ):
        client.fetch(server.url)
    with serve(always(coded(pack(gzip.compress(TEXT)), f"gzip, {coding}"))) as server:
        assert client.fetch(server.url).body == TEXT


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_what_follows_the_end_of_another_kind(client, coding):
    """Frames of zstd may follow each other, brotli has one end, and junk is junk."""
    packed = packer(coding)(TEXT)
    with serve(always(coded(packed + b"junk", coding))) as server:
        with pytest.raises(HTTPProtocolError, match=coding):
            client.fetch(server.url)
        with pytest.raises(HTTPProtocolError, match=coding), client.stream(server.url) as streamed:
            streamed.read()
    assert client.flow.pool.statistics == EMPTY
    with serve(always(coded(packed * 2, coding))) as server:
        if coding == "zstd":
            assert client.fetch(server.url).body == TEXT * 2
        else:
            with pytest.raises(HTTPProtocolError, match=coding):
                client.fetch(server.url)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_streamed_in_small_pieces(client, coding):
    packers: dict[str, Any] = {"gzip": gzip.compress, "deflate": zlib.compress}
    packed = packers.get(coding) or packer(coding)
    size = 4_000_000
    sizes: list[int] = []
    with serve(always(coded(packed(bytes(size)), coding))) as server:
        with client.stream(server.url) as streamed:
            sizes += map(len, streamed.iter_bytes())
        assert (sum(sizes), max(sizes) <= 256 * 1024) == (size, True)
        sizes.clear()
        client.fetch(server.url, streaming_callback=lambda piece: sizes.append(len(piece)))
        assert (sum(sizes), max(sizes) <= 256 * 1024) == (size, True)


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_a_bomb_of_another_kind(make_client, coding):
    client = make_client(max_body_size=1_000_000)
    body = packer(coding)(bytes(20_000_000))
    with (
        serve(always(coded(body, coding))) as server,
        pytest.raises(HTTPTooLargeError, match="larger than 1000000 bytes"),
    ):
        client.fetch(server.url)


def test_an_unknown_coding_is_handed_on(client):
    with serve(always(coded(b"???", "compress"))) as server:
        answer = client.fetch(server.url)
    assert answer.body == b"???"
    assert answer.headers["Content-Encoding"] == "compress"


def test_an_empty_body_is_not_looked_into(client):
    with serve(always(coded(b"", "gzip"))) as server:
        assert client.fetch(server.url).body == b""


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(TEXT, mtime=0)[:-1],
        gzip.compress(TEXT, mtime=0)[:-8],
        gzip.compress(TEXT, mtime=0) + b"junk",
        gzip.compress(TEXT, mtime=0)[:-8] + b"\0" * 8,
        b"no gzip",
        zlib.compress(TEXT),
    ],
    ids=["cut", "no trailer", "junk", "checksum", "text", "zlib"],
)
def test_what_is_not_what_it_says_is_refused(client, body):
    with (
        serve(always(coded(body, "gzip"))) as server,
        pytest.raises(HTTPClientError, match=r"gzip|HTTP") as caught,
    ):
        client.fetch(server.url)
    assert caught.value.code == 599
    assert client.flow.pool.statistics == EMPTY


def test_junk_behind_deflate_is_refused(client):
    with (
        serve(always(coded(zlib.compress(TEXT) + b"junk", "deflate"))) as server,
        pytest.raises(HTTPClientError, match="behind the end"),
    ):
        client.fetch(server.url)


def test_a_long_chain_is_refused(client):
    body = gzip.compress(gzip.compress(gzip.compress(TEXT, mtime=0)))
    with (
        serve(always(coded(body, "gzip, gzip, gzip"))) as server,
        pytest.raises(HTTPClientError, match="more than 2 content codings"),
    ):
        client.fetch(server.url)


BOMB = gzip.compress(bytes(20_000_000), compresslevel=1)


def test_a_bomb_is_refused_before_it_goes_off(make_client):
    """Twenty megabytes in a hundred kilobytes; one is allowed."""
    client = make_client(max_body_size=1_000_000)
    pieces: list[bytes] = []
    with serve(always(coded(BOMB, "gzip"))) as server:
        with pytest.raises(HTTPClientError, match="larger than 1000000 bytes"):
            client.fetch(server.url)
        with pytest.raises(HTTPClientError, match="larger than 1000000 bytes"):
            client.fetch(server.url, streaming_callback=pieces.append)
    assert sum(map(len, pieces)) <= 1_000_000


def test_a_bomb_inside_a_bomb_is_refused(make_client):
    client = make_client(max_body_size=100_000)
    with (
        serve(always(coded(gzip.compress(BOMB), "gzip, gzip"))) as server,
        pytest.raises(HTTPClientError, match="larger than 100000 bytes"),
    ):
        client.fetch(server.url)


def test_the_largest_body_that_is_allowed(make_client):
    client = make_client(max_body_size=len(TEXT))
    with serve(always(coded(gzip.compress(TEXT, mtime=0), "gzip"))) as server:
        assert client.fetch(server.url).body == TEXT
    with (
        serve(always(coded(gzip.compress(TEXT + b"!"), "gzip"))) as server,
        pytest.raises(HTTPClientError),
    ):
        client.fetch(server.url)
