"""Delegates that note what they are told."""

from collections.abc import Callable
from typing import Any

from waterspout.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    ResponseStartLine,
)

__all__ = ["OK", "Recorder", "Recorders", "answer"]

OK = ResponseStartLine("HTTP/1.1", 200, "OK")


def answer(connection: HTTPConnection, body: bytes = b"hello") -> None:
    """Send a whole response."""
    headers = HTTPHeaders({"Content-Length": str(len(body))})
    connection.write_headers(OK, headers, body)
    connection.finish()


class Recorder(HTTPMessageDelegate):
    """Notes one message; ``then`` is called at its end, ``at_head`` and ``at_piece`` before."""

    def __init__(
        self,
        then: Callable[[], Any] | None = None,
        at_head: Callable[[], Any] | None = None,
        at_piece: Callable[[bytes], Any] | None = None,
    ) -> None:
        self.start_lines: list[Any] = []
        self.headers = HTTPHeaders()
        self.pieces: list[bytes] = []
        self.end = ""
        self._then = then
        self._at_head = at_head
        self._at_piece = at_piece

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Any:
        self.start_lines.append(start_line)
        self.headers = headers
        return None if self._at_head is None else self._at_head()

    def data_received(self, chunk: bytes) -> Any:
        assert not self.end
        self.pieces.append(chunk)
        return None if self._at_piece is None else self._at_piece(chunk)

    def finish(self) -> None:
        assert not self.end
        self.end = "finish"
        if self._then is not None:
            self._then()

    def on_connection_close(self) -> None:
        assert not self.end
        self.end = "close"


class Recorders(HTTPServerConnectionDelegate):
    """Notes all messages of a connection; ``then`` is called at the end of each."""

    def __init__(self, then: Callable[[HTTPConnection, Recorder], Any]) -> None:
        self.taken: list[Recorder] = []
        self.closed: list[object] = []
        self._then = then

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> Recorder:
        recorder = Recorder(lambda: self._then(request_conn, recorder))
        self.taken.append(recorder)
        return recorder

    def on_close(self, server_conn: object) -> None:
        self.closed.append(server_conn)
