"""One call of a WSGI application: what it may say, in which order, and what becomes of it.

`run` is the way of a call from beginning to end, written once for both callers. It is a generator
that stops before more is sent, so that who drives it can wait for the client: the event loop
awaits, a thread blocks. What is sent goes to a `Sink`; nothing here knows loops or threads.
"""

import re
from collections.abc import Callable, Generator, Iterable
from types import TracebackType
from typing import Any, Protocol
from wsgiref.types import WSGIApplication

from waterspout.log import app_log
from waterspout.protocol.errors import HTTPInputError
from waterspout.protocol.grammar import parse_content_length
from waterspout.protocol.headers import HTTPHeaders, encode_fields
from waterspout.protocol.http1.writer import check_reason
from waterspout.web.response import default_headers

__all__ = ["ClientGoneError", "Reply", "Sink", "run"]

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

_STATUS = re.compile(r"([2-9][0-9]{2})(?: (.*))?", re.DOTALL)
# What the connection says itself (RFC 9110 section 7.6.1; PEP 3333, "Other HTTP Features").
_HOP_BY_HOP = frozenset(
    [
        "Connection",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Te",
        "Trailer",
        "Trailers",
        "Transfer-Encoding",
        "Upgrade",
    ]
)
_NO_BODY_STATUS = (204, 205, 304)


class ClientGoneError(Exception):
    """Nobody waits for the response any more."""


class Sink(Protocol):
    """Where a reply goes: an exchange, or what stands for it in another thread."""

    def respond(self, status: int, reason: str | None, fields: bytes, body: bytes) -> None:
        """Send a whole response."""

    def start_response(self, status: int, reason: str | None, fields: bytes, length: int) -> None:
        """Send the head of a response; ``length`` -1 where it is not known."""

    def send_data(self, data: bytes) -> None:
        """Send a piece of the body."""

    def end_response(self) -> None:
        """End a response that was sent in pieces."""

    def abort(self) -> None:
        """Cut the connection, so that the client sees that its response is not whole."""


class Reply:
    """What an application has said so far, checked: ``start_response`` and ``write`` are its own.

    ``wait`` is called after ``write`` has sent something; it may block, and may raise.
    """

    def __init__(self, sink: Sink, is_head: bool, summary: str, wait: Callable[[], object]) -> None:
        self._sink = sink
        self._is_head = is_head
        self._summary = summary
        self._wait = wait
        #: The status, 500 until the application has given one.
        self.status = 500
        self._reason: str | None = None
        self._headers: HTTPHeaders | None = None
        self._length = -1  # what Content-Length says
        self._sent = 0  # bytes of the body, also of those that are dropped
        #: Whether the head has been sent.
        self.is_begun = False
        self._is_complete = False

    # For the application

    def start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: ExcInfo | None = None,
    ) -> Callable[[bytes], None]:
        """Take status and fields; return ``write``. They are sent with the first of the body.

        May be called again with ``exc_info`` only: then it replaces them, or, where they have been
        sent, raises that exception. Raises ``ValueError`` for what HTTP or PEP 3333 does not allow
        and ``TypeError`` for what is of another type.
        """
        if exc_info is not None:
            try:
                if self.is_begun:
                    raise exc_info[1] or AssertionError("the response has begun")
            finally:
                exc_info = None  # the traceback has this frame
        elif self._headers is not None:
            raise AssertionError("start_response() was called twice without exc_info")
        code, reason = _parse_status(status)
        checked = _checked(headers)
        length = -1
        if "Content-Length" in checked:
            text = checked.pop("Content-Length")
            length = parse_content_length(text.encode("latin-1"))
            if length < 0:
                raise ValueError(f"start_response(): invalid Content-Length {text[:40]!r}")
        self.status, self._reason = code, reason
        self._headers, self._length = checked, length
        return self.write

    def write(self, data: bytes) -> None:
        """Send a piece of the body now; an old way, for what cannot return its pieces."""
        self.send(data)
        self._wait()

    # For `run`

    def send(self, piece: bytes) -> None:
        """Send a piece of the body, the head before the first one."""
        if not isinstance(piece, bytes):
            raise TypeError(f"a WSGI body consists of bytes, not {type(piece).__name__}")
        if not piece:
            return
        length = self._length
        if not self.is_begun:
            if len(piece) == length and self._has_body:
                # Most bodies are one piece of a length that is told: one write for all.
                self._send_all(piece)
                self._sent = length
                return
            self._begin(length)
        room = len(piece) if length < 0 else length - self._sent
        self._sent += len(piece)
        if room < len(piece):
            app_log.error("the body is cut, for it is beyond Content-Length: %s", self._summary)
            piece = piece[:room]
        if piece and self._has_body:
            self._sink.send_data(piece)

    def send_whole(self, pieces: list[bytes] | tuple[bytes, ...]) -> bool:
        """Send a body that is there as a whole, and its end; False if it is to be sent in pieces.

        Its length is known then, whether or not the application says it.
        """
        if self.is_begun or not all(isinstance(piece, bytes) for piece in pieces):
            return False
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if not self._has_body:
            if body and self._length < 0:
                self._length = len(body)
            self.end()
            return True
        if self._length not in (-1, len(body)):
            return False
        self._send_all(body)
        return True

    def end(self) -> None:
        """End the response."""
        if self._is_complete:
            return
        if not self.is_begun:
            # What HEAD leaves out may have any length.
            self._begin(0 if self._length < 0 and not self._is_head else self._length)
        if self._has_body and self._sent < self._length:
            app_log.error(
                "the body has %d bytes, but Content-Length says %d: %s",
                self._sent,
                self._length,
                self._summary,
            )
            self._sink.abort()
        else:
            self._sink.end_response()

    @property
    def is_enough(self) -> bool:
        """Whether what may still come is dropped: all beyond Content-Length, or any body."""
        return self.is_begun and (not self._has_body or 0 <= self._length < self._sent)

    @property
    def _has_body(self) -> bool:
        return not self._is_head and self.status not in _NO_BODY_STATUS

    def _send_all(self, body: bytes) -> None:
        fields = self._fields()
        self.is_begun = self._is_complete = True
        self._sink.respond(self.status, self._reason, fields, body)

    def _begin(self, length: int) -> None:
        fields = self._fields()
        self.is_begun = True
        self._sink.start_response(self.status, self._reason, fields, length)

    def _fields(self) -> bytes:
        """Return the application's fields, and those that every response has."""
        if self._headers is None:
            raise AssertionError("the application has not called start_response()")
        headers = default_headers()
        if self.status in _NO_BODY_STATUS:
            del headers["Content-Type"]
        for name in self._headers:
            values = self._headers.get_list(name)
            headers[name] = values[0]
            for value in values[1:]:
                headers.add(name, value)
        return encode_fields(headers)


def run(
    application: WSGIApplication, environ: dict[str, Any], reply: Reply
) -> Generator[None, None, None]:
    """Call ``application`` and send what it returns; stop before each piece but the first.

    Most bodies are one piece, and then nobody has to wait.
    ``close`` of what the application returns is called once, however this ends: also where the
    generator is closed because the client has gone. Raises what the application raises.
    """
    iterable = application(environ, reply.start_response)
    try:
        if not (isinstance(iterable, list | tuple) and reply.send_whole(iterable)):
            yield from _send_pieces(iterable, reply)
            reply.end()
    finally:
        close = getattr(iterable, "close", None)
        if close is not None:
            close()


def _send_pieces(pieces: Iterable[bytes], reply: Reply) -> Generator[None, None, None]:
    is_first = True
    for piece in pieces:
        if not is_first:
            yield
        is_first = False
        reply.send(piece)
        if reply.is_enough:
            return


def _parse_status(status: str) -> tuple[int, str | None]:
    if not isinstance(status, str):
        raise TypeError(f"start_response(): the status is str, not {type(status).__name__}")
    found = _STATUS.fullmatch(status)
    if found is None:
        raise ValueError(f"start_response(): no status line of a final response: {status[:40]!r}")
    reason: str | None = found[2]
    if reason is not None:
        check_reason(reason)
    return int(found[1]), reason


def _checked(headers: Iterable[Any]) -> HTTPHeaders:
    checked = HTTPHeaders()
    for field in headers:
        if not isinstance(field, tuple) or len(field) != 2:
            raise TypeError(f"start_response(): a header is (name, value), not {field!r:.60}")
        name, value = field
        try:
            checked.add(name, value)
        except HTTPInputError as error:
            raise ValueError(f"start_response(): {name!r:.60}: {error}") from None
    refused = _HOP_BY_HOP.intersection(checked)
    if refused:
        raise ValueError(
            f"start_response(): {', '.join(sorted(refused))} is for the server to say (PEP 3333)"
        )
    return checked
