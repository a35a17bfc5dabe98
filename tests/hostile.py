"""A server that means no good: what it does, and which error a client has to end with.

Each `Misdeed` is a script for a `ScriptedServer`. The client has a time limit of `LIMIT` seconds
and takes bodies of `MOST` bytes; it must end with the error that is named, and keep nothing.
"""

import contextlib
import gzip
import itertools
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.httpclient.scripted_server import Peer, response

from waterspout import httpclient
from waterspout.httpclient import HTTPClientError

__all__ = ["LIMIT", "MISDEEDS", "MOST", "Misdeed"]

LIMIT = 0.5
MOST = 1_000_000

HEAD = b"HTTP/1.1 200 OK\r\n"
LENGTH = HEAD + b"Content-Length: 100\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Misdeed:
    """Something a server does, and what a client makes of it."""

    name: str
    script: Callable[[Peer], object]
    error: str  # of `waterspout.httpclient`
    message: str = "."
    is_tls: bool = False  # whether the client believes in TLS there
    phase: str | None = None

    #: Whether only the bound of a body holds it, which a reader has himself.
    is_of_the_body: bool = False

    @property
    def kind(self) -> type[HTTPClientError]:
        """The class of the error."""
        kind: type[HTTPClientError] = getattr(httpclient, self.error)
        return kind


def says(data: bytes) -> Callable[[Peer], object]:
    """A server that answers this, and closes."""
    return lambda peer: peer.answer(data)


def stalls(data: bytes) -> Callable[[Peer], object]:
    """A server that answers this, and then keeps silent until the client goes."""

    def script(peer: Peer) -> None:
        peer.answer(data)
        peer.wait_for_end()

    return script


def drips(data: bytes) -> Callable[[Peer], object]:
    """A server that answers this byte by byte, and then keeps silent."""

    def script(peer: Peer) -> None:
        peer.read_request()
        for byte in data:
            peer.send(bytes([byte]))
        peer.wait_for_end()

    return script


def resets(data: bytes) -> Callable[[Peer], object]:
    """A server that answers this, waits until it is there, and breaks the connection."""

    def script(peer: Peer) -> None:
        peer.read_request()
        if data:
            peer.send(data)
        peer.reset()

    return script


def floods(first: bytes, pieces: Iterator[bytes]) -> Callable[[Peer], object]:
    """A server that sends without an end."""

    def script(peer: Peer) -> None:
        peer.read_request()
        with contextlib.suppress(ConnectionError):
            peer.send(first)
            for piece in pieces:
                peer.send(piece)

    return script


def raw(data: bytes) -> Callable[[Peer], object]:
    """A server that speaks first, whatever is asked."""

    def script(peer: Peer) -> None:
        peer.send(data)
        peer.wait_for_end()

    return script


def circle(peer: Peer) -> None:
    """A server that sends everybody to somewhere else, on and on."""
    for number in itertools.count():
        peer.answer(response(b"", "302 Found", Location=f"/{number % 3}"))


def _coded(body: bytes, coding: str) -> bytes:
    return response(body, Content_Encoding=coding)


_FIELDS = itertools.repeat(b"X: y\r\n")
_BOMB = gzip.compress(bytes(20 * MOST), 9, mtime=0)

MISDEEDS = [
    # Ends and breaks
    Misdeed("closes at once", lambda peer: None, "HTTPStreamClosedError"),
    Misdeed("closes without an answer", says(b""), "HTTPStreamClosedError", phase="wait"),
    Misdeed("closes in the status line", says(HEAD[:9]), "HTTPStreamClosedError", phase="read"),
    Misdeed("closes in the head", says(HEAD + b"X: y\r\n"), "HTTPStreamClosedError"),
    Misdeed("closes in the body", says(LENGTH + b"x" * 99), "HTTPStreamClosedError"),
    Misdeed("closes in a chunk", says(CHUNKED + b"5\r\nabc"), "HTTPStreamClosedError"),
    Misdeed("closes before the last chunk", says(CHUNKED + b"1\r\na\r\n"), "HTTPStreamClosedError"),
    Misdeed("closes in the trailers", says(CHUNKED + b"0\r\nX: y\r\n"), "HTTPStreamClosedError"),
    Misdeed("resets without an answer", resets(b""), "HTTPConnectionResetError"),
    Misdeed("resets in the body", resets(LENGTH + b"x"), "HTTPConnectionResetError", phase="read"),
    # Silence
    Misdeed("never answers", stalls(b""), "HTTPTimeoutError", "request_timeout", phase="wait"),
    Misdeed("stalls in the head", stalls(HEAD), "HTTPTimeoutError", phase="read"),
    Misdeed("stalls in the body", stalls(LENGTH + b"x"), "HTTPTimeoutError", phase="read"),
    Misdeed("stalls in a chunk's size", stalls(CHUNKED + b"1"), "HTTPTimeoutError"),
    Misdeed(
        "stalls in a coding",
        stalls(_coded(_BOMB, "gzip")[:-1]),
        "HTTPTooLargeError",
        is_of_the_body=True,
    ),
    Misdeed("stalls, byte by byte", drips(LENGTH + b"x" * 99), "HTTPTimeoutError"),
    # Lies
    Misdeed("two lengths", says(HEAD + b"Content-Length: 1\r\n" * 2 + LENGTH), "HTTPProtocolError"),
    Misdeed(
        "a length with a sign", says(HEAD + b"Content-Length: +1\r\n\r\nx"), "HTTPProtocolError"
    ),
    Misdeed(
        "length and chunks",
        says(CHUNKED[:-2] + b"Content-Length: 3\r\n\r\n0\r\n\r\n"),
        "HTTPProtocolError",
    ),
    Misdeed(
        "a chunk that is too long", says(CHUNKED + b"1\r\nab\r\n0\r\n\r\n"), "HTTPProtocolError"
    ),
    Misdeed("a switch nobody asked for", says(b"HTTP/1.1 101 Go\r\n\r\n"), "HTTPProtocolError"),
    Misdeed("no HTTP at all", says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "HTTPProtocolError"),
    Misdeed("HTTP/2", says(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"), "HTTPProtocolError"),
    Misdeed("no gzip", says(_coded(b"text", "gzip")), "HTTPProtocolError", "no valid gzip"),
    Misdeed(
        "gzip with an appendix",
        says(_coded(gzip.compress(b"text") + b"junk", "gzip")),
        "HTTPProtocolError",
    ),
    # Too much
    Misdeed("endless fields", floods(HEAD, _FIELDS), "HTTPTooLargeError", "header"),
    Misdeed(
        "an endless field",
        floods(HEAD + b"X: ", itertools.repeat(b"y" * 4096)),
        "HTTPTooLargeError",
    ),
    Misdeed(
        "an endless status line",
        floods(HEAD[:-2], itertools.repeat(b"OK" * 999)),
        "HTTPTooLargeError",
    ),
    Misdeed(
        "endless informational responses",
        floods(b"", itertools.repeat(b"HTTP/1.1 103 Early\r\n\r\n")),
        "HTTPProtocolError",
        "more than 10",
    ),
    Misdeed(
        "an endless body",
        floods(HEAD + b"\r\n", itertools.repeat(bytes(65536))),
        "HTTPTooLargeError",
        is_of_the_body=True,
    ),
    Misdeed(
        "endless chunks",
        floods(CHUNKED, itertools.repeat(b"10000\r\n" + bytes(65536) + b"\r\n")),
        "HTTPTooLargeError",
        is_of_the_body=True,
    ),
    Misdeed(
        "an endless chunk extension",
        floods(CHUNKED + b"1;", itertools.repeat(b"x" * 1000)),
        "HTTPProtocolError",
        "longer than",
    ),
    Misdeed(
        "endless trailers",
        floods(CHUNKED + b"0\r\n", _FIELDS),
        "HTTPTooLargeError",
        "header fields",
    ),
    Misdeed(
        "a huge length",
        floods(HEAD + b"Content-Length: 999999999\r\n\r\n", itertools.repeat(bytes(65536))),
        "HTTPTooLargeError",
        is_of_the_body=True,
    ),
    Misdeed(
        "a length beyond counting",
        says(HEAD + b"Content-Length: " + b"9" * 99 + b"\r\n\r\n"),
        "HTTPProtocolError",
    ),
    Misdeed(
        "a bomb",
        says(_coded(_BOMB, "gzip")),
        "HTTPTooLargeError",
        "decoded body",
        is_of_the_body=True,
    ),
    Misdeed(
        "a bomb in a bomb",
        says(_coded(gzip.compress(_BOMB), "gzip, gzip")),
        "HTTPTooLargeError",
        is_of_the_body=True,
    ),
    Misdeed(
        "a bomb of deflate",
        says(_coded(zlib.compress(bytes(20 * MOST)), "deflate")),
        "HTTPTooLargeError",
        is_of_the_body=True,
    ),
    Misdeed("codings on codings", says(_coded(b"", "gzip, gzip, gzip")), "HTTPProtocolError"),
    # Elsewhere
    Misdeed("redirects in a circle", circle, "HTTPClientError", "302"),
    Misdeed(
        "a redirect to a file",
        says(response(b"", "302 Found", Location="file:///etc/passwd")),
        "HTTPRedirectError",
        "unsupported URL scheme 'file'",
    ),
    Misdeed(
        "a redirect to nowhere",
        says(response(b"", "302 Found", Location="http://[")),
        "HTTPRedirectError",
    ),
    # TLS
    Misdeed(
        "speaks no TLS", raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "HTTPTLSError", ".", True, "tls"
    ),
    Misdeed("rubbish instead of TLS", raw(bytes(range(256)) * 9), "HTTPTLSError", ".", True, "tls"),
    Misdeed(
        "an alert of TLS", raw(b"\x15\x03\x03\x00\x02\x02\x28"), "HTTPTLSError", ".", True, "tls"
    ),
    Misdeed("closes in the handshake", lambda peer: None, "HTTPConnectError", ".", True, "tls"),
    Misdeed(
        "stalls in the handshake",
        lambda peer: peer.wait_for_end(),
        "HTTPTimeoutError",
        ".",
        True,
        "tls",
    ),
]
