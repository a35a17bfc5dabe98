"""Bytes that a server sends, and what a client makes of them: each case in three styles."""

import pytest
from tests.httpclient.scripted_server import Peer, always, eventually, response, serve
from tests.wire.cases import BAD_RESPONSES, CUT_RESPONSES

from waterspout.httpclient import HTTPClient, HTTPClientError
from waterspout.httpclient.errors import HTTPProtocolError, HTTPStreamClosedError

EMPTY = {"used": 0, "idle": 0, "waiting": 0}
HEAD = b"HTTP/1.1 200 OK\r\n"


def once(data: bytes):
    """A script that answers a request with ``data`` and closes."""
    return lambda peer: peer.answer(data)


def kept(data: bytes):
    """A script that answers a request with ``data`` and waits for the client to close."""

    def script(peer: Peer) -> None:
        peer.answer(data)
        peer.wait_for_end()

    return script


LEGAL = {
    "no header": (HEAD + b"\r\nbody", b"body"),
    "no reason": (b"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", b"x"),
    "no reason, no space": (b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", b"x"),
    "length": (HEAD + b"Content-Length: 4\r\n\r\nbody", b"body"),
    "length of zero": (HEAD + b"Content-Length: 0\r\n\r\n", b""),
    "length twice the same": (HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", b"x"),
    "chunks": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
        b"body",
    ),
    "chunks with extensions and trailers": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nbo\r\n2\r\ndy\r\n0\r\nX: y\r\n\r\n",
        b"body",
    ),
    "until close": (b"HTTP/1.0 200 OK\r\n\r\nbody", b"body"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "early hints": (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + response(b"body"), b"body"),
    "continue unasked": (b"HTTP/1.1 100 Continue\r\n\r\n" + response(b"body"), b"body"),
    "ten interim": (b"HTTP/1.1 102 Processing\r\n\r\n" * 10 + response(b"body"), b"body"),
    "unknown success": (b"HTTP/1.1 299 Fine\r\nContent-Length: 1\r\n\r\nx", b"x"),
}


@pytest.mark.parametrize("name", LEGAL)
@pytest.mark.parametrize("is_dripped", [False, True], ids=["", "dripped"])
def test_legal(client, name, is_dripped):
    data, body = LEGAL[name]

    def drip(peer):
        peer.read_request()
        for byte in data:
            peer.send(bytes([byte]))

    with serve(drip if is_dripped else once(data)) as server:
        assert client.fetch(server.url).body == body


REFUSED = {
    "nothing": b"",
    "nonsense": b"Hello, world\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/0.9": b"<html>",
    "a request": b"GET / HTTP/1.1\r\n\r\n",
    "HTTP/2": b"HTTP/2 200 OK\r\n\r\n",
    "version 2.0": b"HTTP/2.0 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "status below 100": b"HTTP/1.1 099 OK\r\n\r\n",
    "status with a sign": b"HTTP/1.1 +20 OK\r\n\r\n",
    "bare LF": HEAD + b"X: y\n\r\n",
    "bare LF after the status": b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
    "bare CR": HEAD + b"X: a\rb\r\n\r\n",
    "NUL": HEAD + b"X: \0\r\n\r\n",
    "space before the colon": HEAD + b"X : y\r\n\r\n",
    "folded": HEAD + b"X: y\r\n z\r\n\r\n",
    "no name": HEAD + b": y\r\n\r\n",
    "no colon": HEAD + b"X\r\n\r\n",
    "lengths that differ": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "length as a list": HEAD + b"Content-Length: 1, 1\r\n\r\nx",
    "length with a sign": HEAD + b"Content-Length: +1\r\n\r\nx",
    "length with an underscore": HEAD + b"Content-Length: 1_0\r\n\r\n" + b"x" * 10,
    "length in hexadecimal": HEAD + b"Content-Length: 0x1\r\n\r\nx",
    "negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "both framings": HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
    "two codings": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunk size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nx\r\n\r\n",
    "chunk size with a sign": HEAD + b"Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n",
    "chunk without CRLF": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n",
    "chunk size with LF": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
    "eleven interim": b"HTTP/1.1 102 Processing\r\n\r\n" * 11 + response(),
    "switching": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "short body": HEAD + b"Content-Length: 5\r\n\r\nbody",
    "short chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nbody",
    "no last chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n",
    "half a head": HEAD + b"Content-Len",
    "a hundred and one headers": HEAD + b"X: y\r\n" * 101 + b"\r\n",
    "a long status line": b"HTTP/1.1 200 " + b"x" * 9000 + b"\r\n\r\n",
    "large headers": HEAD + b"".join(b"X%d: %s\r\n" % (n, b"x" * 5000) for n in range(20)),
    "a large length": HEAD + b"Content-Length: 99999999999999\r\n\r\n",
    "a long chunk extension": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n1;"
    + b"x" * 5000
    + b"\r\nx\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(client, name):
    with serve(once(REFUSED[name])) as server:
        with pytest.raises((HTTPProtocolError, HTTPStreamClosedError)) as caught:
            client.fetch(server.url)
        assert caught.value.code == 599
        assert server.url in str(caught.value)
        assert client.flow.pool.statistics == EMPTY
    assert len(server.requests) == 1


@pytest.mark.parametrize("case", BAD_RESPONSES, ids=str)
@pytest.mark.slow
def test_every_bad_response_is_refused_by_what_has_come(case):
    """The engine's own list, on a socket; and the server hears nothing but our end."""
    heard = []

    def answer(peer: Peer) -> None:
        peer.answer(case.raw)
        heard.append(peer.wait_for_end())

    with serve(answer) as server, HTTPClient() as client:
        with pytest.raises(HTTPProtocolError):
            client.fetch(server.url, request_timeout=15)
        eventually(lambda: heard)
    assert heard == [b""]


@pytest.mark.parametrize("case", CUT_RESPONSES, ids=str)
def test_every_response_that_is_cut_off_is_refused(case):
    with (
        serve(once(case.raw)) as server,
        HTTPClient() as client,
        pytest.raises(HTTPStreamClosedError),
    ):
        client.fetch(server.url)
    assert len(server.requests) == 1


AT_ONCE = [
    "nonsense",
    "another protocol",
    "HTTP/2",
    "no status",
    "bare LF",
    "NUL",
    "lengths that differ",
    "both framings",
    "chunk size",
    "chunk without CRLF",
    "eleven interim",
    "switching",
    "a hundred and one headers",
    "a long status line",
    "large headers",
    "a large length",
]


@pytest.mark.parametrize("name", AT_ONCE)
def test_refused_at_once(client, name):
    """Not only when the server closes, or the time is over; and we close."""
    with serve(kept(REFUSED[name])) as server:
        with pytest.raises(HTTPProtocolError):
            client.fetch(server.url, request_timeout=15)
        client.let_notice()


def test_a_switch_that_was_asked_for(client):
    """What comes behind it is no body, and no response."""
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    with serve(kept(switch + response(b"evil"))) as server:
        with pytest.raises(HTTPProtocolError, match="switched to another protocol"):
            client.fetch(server.url, headers={"Upgrade": "x", "Connection": "upgrade"})
        client.let_notice()
        assert client.flow.pool.statistics == EMPTY


def test_the_server_closes_at_once(client):
    with (
        serve(lambda peer: peer.socket.close()) as server,
        pytest.raises(HTTPStreamClosedError),
    ):
        client.fetch(server.url)


def test_the_server_resets_at_once(client):
    with serve(lambda peer: peer.reset()) as server, pytest.raises(HTTPStreamClosedError):
        client.fetch(server.url)
    assert client.flow.pool.statistics == EMPTY


def test_a_reset_in_the_body(client):
    def script(peer):
        peer.answer(HEAD + b"Content-Length: 5\r\n\r\nb")
        peer.reset()

    with serve(script) as server, pytest.raises(HTTPStreamClosedError) as caught:
        client.fetch(server.url)
    assert isinstance(caught.value, ConnectionResetError)


def test_a_body_that_is_too_large(make_client):
    client = make_client(max_body_size=1000)
    chunks = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"64\r\n%b\r\n" % (b"x" * 100) * 11
    for data in (response(b"x" * 1001), chunks, b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1001):
        with serve(kept(data)) as server:
            with pytest.raises(HTTPProtocolError, match="larger than 1000 bytes"):
                client.fetch(server.url)
            client.let_notice()
    with serve(always(response(b"x" * 1000))) as server:
        assert len(client.fetch(server.url).body) == 1000


def test_headers_that_are_too_large(make_client):
    client = make_client(max_header_size=1000)
    with serve(kept(HEAD + b"X: " + b"x" * 1000)) as server:
        with pytest.raises(HTTPProtocolError, match="1000 bytes"):
            client.fetch(server.url)
        client.let_notice()


@pytest.mark.slow
def test_a_million_tiny_chunks(client):
    count = 1_000_000
    with serve(
        once(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * count + b"0\r\n\r\n")
    ) as server:
        assert len(client.fetch(server.url, request_timeout=100).body) == count


def test_repeated_headers(client):
    with serve(
        once(HEAD + b"Set-Cookie: a\r\nset-cookie: b\r\nContent-Length: 0\r\n\r\n")
    ) as server:
        answer = client.fetch(server.url)
    assert answer.headers.get_list("Set-Cookie") == ["a", "b"]
    assert answer.headers["set-cookie"] == "a,b"


def test_a_reason_that_is_not_ascii(client):
    with (
        serve(once("HTTP/1.1 404 Tür\r\nContent-Length: 0\r\n\r\n".encode("latin-1"))) as server,
        pytest.raises(HTTPClientError, match="HTTP 404: Tür"),
    ):
        client.fetch(server.url)


@pytest.mark.parametrize(
    ("method", "status"),
    [("HEAD", b"200 OK"), ("GET", b"204 No Content"), ("GET", b"304 Not Modified")],
)
def test_a_body_where_there_is_none(client, method, status):
    """It is no body, and it is not the next response."""
    with serve(always(b"HTTP/1.1 " + status + b"\r\nContent-Length: 4\r\n\r\nevil")) as server:
        for _ in range(2):
            assert client.fetch(server.url, method=method, raise_error=False).body == b""
        assert server.connections == 2
