"""What goes out: default fields, the body as it is written, and the end of the response.

Most responses have nothing but the default fields. They share one block of bytes, made anew
once a second for its date; a mapping of their own is made only for handlers that touch it.
"""

import asyncio
import datetime
from operator import index
from time import monotonic, time
from typing import TYPE_CHECKING, Any, SupportsIndex
from urllib.parse import quote

from waterspout._version import __version__
from waterspout.escape import json_encode
from waterspout.httpserver.exchange import Exchange
from waterspout.httputil import format_timestamp
from waterspout.httputil.request import RequestFields
from waterspout.log import app_log
from waterspout.protocol.errors import HTTPInputError, LocalProtocolError
from waterspout.protocol.headers import HTTPHeaders, check_field_value, encode_fields
from waterspout.protocol.http1.writer import Framing, check_reason, reason_phrase, split_framing
from waterspout.web.etag import compute_etag, matches
from waterspout.web.state import HandlerState
from waterspout.web.summary import where
from waterspout.web.transforms import transform_first, transform_next

if TYPE_CHECKING:
    from waterspout.iostream import BaseIOStream

__all__ = [
    "HeaderValue",
    "abort",
    "body_tag",
    "default_headers",
    "detach",
    "finish",
    "flush",
    "give_up",
    "header_text",
    "is_not_modified",
    "location",
    "reason_of",
    "redirect",
    "set_etag",
    "set_header",
    "set_status",
    "write",
]

HeaderValue = bytes | str | int | SupportsIndex | datetime.datetime

# Fields that describe a body, and go where there is none.
_REPRESENTATION_FIELDS = ("Content-Encoding", "Content-Language", "Content-Type")
# All that is legal in a URL, and the sign of what is quoted already.
_SAFE_IN_URL = "!#$%&'()*+,/:;=?@[]~"

# Small bodies are often the same ones again, and so are their tags.
_MAX_KEPT_TAGS = 512
_MAX_KEPT_TAG_SIZE = 64


class _Defaults:
    """The fields of every response, as a mapping and encoded, good for one second."""

    def __init__(self) -> None:
        self.good_until = 0.0  # on the clock of time.monotonic
        self.headers = HTTPHeaders()
        self.fields = b""
        #: The same with an entity tag behind them, by that.
        self.tagged: dict[str, bytes] = {}

    def renew(self, now: float) -> None:
        """Write the date anew; ``now`` is on the clock of ``time.monotonic``."""
        seconds = time()
        self.headers = HTTPHeaders(
            {
                "Server": f"waterspout/{__version__}",
                "Content-Type": "text/html; charset=UTF-8",
                "Date": format_timestamp(seconds),
            }
        )
        self.fields = encode_fields(self.headers)
        self.tagged.clear()
        self.good_until = now + 1.0 - seconds % 1.0

    def with_tag(self, tag: str) -> bytes:
        """Return the fields with an entity tag; ``ValueError`` for what no field may hold."""
        try:
            text = check_field_value(tag)
        except HTTPInputError as error:
            raise ValueError(f"no entity tag: {error}") from None
        fields = b"%bEtag: %b\r\n" % (self.fields, text.encode("latin-1"))
        if len(text) <= _MAX_KEPT_TAG_SIZE:
            if len(self.tagged) >= _MAX_KEPT_TAGS:
                self.tagged.clear()
            self.tagged[text] = fields
        return fields


_defaults = _Defaults()


def default_headers() -> HTTPHeaders:
    """Return a mapping of its own with the fields of every response."""
    now = monotonic()
    if now >= _defaults.good_until:
        _defaults.renew(now)
    return _defaults.headers.copy()


def header_text(value: Any) -> str:
    """Return the value of a field as text: of str, bytes, an integer or a time."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if hasattr(value, "__index__"):
        return str(value)
    if isinstance(value, datetime.datetime):
        return format_timestamp(value)
    raise TypeError(f"a header value is str, bytes, int or datetime, not {type(value).__name__}")


def set_header(headers: HTTPHeaders, name: str, value: Any, is_added: bool = False) -> None:
    """Set or add a field; ``ValueError`` where HTTP does not allow its name or its value."""
    text = header_text(value)
    try:
        if is_added:
            headers.add(name, text)
        else:
            headers[name] = text
    except HTTPInputError as error:
        # As an input error it would become a 400, but it is the handler's fault.
        raise ValueError(str(error)) from None


def set_status(handler: HandlerState, status: int, reason: str | None) -> None:
    """Set the status and its reason; ``ValueError`` for what could not stand in a status line."""
    if not 100 <= index(status) <= 999:
        raise ValueError(f"a status has three digits, not {status!r}")
    if reason is not None:
        check_reason(reason)
    handler._status_code = status
    handler._own_reason = reason


def reason_of(handler: HandlerState) -> str:
    """Return the reason phrase: the handler's own, or that of its status."""
    own = handler._own_reason
    return reason_phrase(handler._status_code) if own is None else own


def redirect(handler: Any, url: str, is_permanent: bool, status: int | None) -> None:
    """Finish with a redirect; see ``RequestHandler.redirect``."""
    if handler._headers_written:
        raise RuntimeError("redirect() after the response has begun")
    if status is None:
        status = 301 if is_permanent else 302
    elif not 300 <= status <= 399:
        raise ValueError(f"a redirect has a status from 300 to 399, not {status!r}")
    handler.set_header("Location", location(url))
    handler.set_status(status)
    handler.finish()


def location(url: str) -> str:
    """Return a URL as it stands in ``Location``: what is not ASCII is quoted as UTF-8."""
    return url if url.isascii() else quote(url, safe=_SAFE_IN_URL)


def write(handler: HandlerState, chunk: Any) -> None:
    """Add to the body: text as UTF-8, bytes, or a dictionary as JSON."""
    if handler._finished:
        raise RuntimeError("write() after finish(): the response is complete")
    if type(chunk) is str:
        text: str = chunk  # compiled, not a subclass
        handler._write_buffer.append(text.encode("utf-8"))
    elif isinstance(chunk, str):
        handler._write_buffer.append(chunk.encode("utf-8"))
    elif isinstance(chunk, bytes):
        handler._write_buffer.append(chunk)
    else:
        handler._write_buffer.append(_encode_json(handler, chunk))


def _encode_json(handler: Any, chunk: Any) -> bytes:
    if not isinstance(chunk, dict):
        hint = ": put a list into a dictionary" if isinstance(chunk, list) else ""
        raise TypeError(f"write() takes str, bytes or a dict, not {type(chunk).__name__}{hint}")
    handler.set_header("Content-Type", "application/json; charset=UTF-8")
    return json_encode(chunk).encode("utf-8")


def finish(handler: HandlerState, chunk: Any) -> "asyncio.Future[None]":
    """Send what is left, end the response and the request; return what waits for the client."""
    if handler._finished:
        raise RuntimeError("finish() was called twice: is a callback or a task left over?")
    if chunk is not None:
        handler.write(chunk)  # type: ignore[attr-defined]
    request: RequestFields = handler.request
    exchange = request.connection
    if handler._headers_written:
        _finish_body(handler, exchange)
    else:
        _send_whole(handler, exchange)
    _end(handler)
    return exchange.drain()  # type: ignore[no-any-return]


def detach(handler: HandlerState) -> "BaseIOStream":
    """Take the connection out of HTTP, and end the request; see ``RequestHandler.detach``."""
    stream: BaseIOStream = handler.request.connection.detach()
    handler._finished = True
    return stream


def abort(handler: HandlerState) -> None:
    """Cut the connection in the middle of a response, and end the request."""
    handler.request.connection.abort()
    _end(handler)


def give_up(handler: HandlerState) -> None:
    """End a request that failed, and whose error page failed too; raise nothing."""
    if handler._finished:
        return
    handler._status_code = 500
    handler.request.connection.fail()
    try:
        _end(handler)
    except Exception:
        app_log.exception("on_finish failed: %s", where(handler))


def _end(handler: HandlerState) -> None:
    handler._finished = True
    try:
        handler.application.log_request(handler)
    except Exception:
        app_log.exception("the access log failed: %s", where(handler))
    handler.on_finish()  # type: ignore[attr-defined]


def _finish_body(handler: HandlerState, exchange: Exchange) -> None:
    """Send the rest of a body whose head has gone out."""
    body = b"".join(handler._write_buffer)
    handler._write_buffer = []
    _check_body(handler, body)
    if handler._transforms is not None:
        body = transform_next(handler, body, True)
    if body and handler.request.method != "HEAD":
        exchange.send_data(body)
    exchange.end_response()


def _send_whole(handler: HandlerState, exchange: Exchange) -> None:
    """Send a response in one piece, or the 304 that spares it."""
    method = exchange.head.method
    if handler._status_code == 200 and (method == "GET" or method == "HEAD"):
        handler.set_etag_header()  # type: ignore[attr-defined]
        if handler.check_etag_header():  # type: ignore[attr-defined]
            handler._write_buffer = []
            handler._status_code = 304
            handler._own_reason = None
    status = handler._status_code
    if _has_no_body(status):
        _drop_body(handler, status)
    chunks = handler._write_buffer
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    handler._write_buffer = []
    if handler.application.transforms:
        _send_transformed(handler, exchange, body)
    elif handler._own_headers is None and handler._new_cookies is None:
        now = monotonic() if exchange.is_late else exchange.start_time
        if now >= _defaults.good_until:
            _defaults.renew(now)
        tag = handler._response_etag
        fields = _defaults.fields
        if tag:
            tagged = _defaults.tagged.get(tag)
            fields = _defaults.with_tag(tag) if tagged is None else tagged
        exchange.respond(status, handler._own_reason, fields, body)
    else:
        _send_own(handler, exchange, body)
    handler._headers_written = True


def _send_own(handler: HandlerState, exchange: Exchange, body: bytes) -> None:
    """Send a response with fields of the handler's own."""
    status = handler._status_code
    framing = _framing(handler, exchange)
    if status == 101:
        exchange.start_response(status, None, framing.fields, 0)  # and detach() follows
    elif framing.length < 0 or framing.length == len(body):
        exchange.respond(status, handler._own_reason, framing.fields, body)
    elif not body and (exchange.head.method == "HEAD" or status == 304):
        exchange.start_response(status, handler._own_reason, framing.fields, framing.length)
        exchange.end_response()
    else:
        raise _wrong_length(body, framing.length)


def _wrong_length(body: bytes, length: int | str) -> LocalProtocolError:
    return LocalProtocolError(f"the body has {len(body)} bytes, but Content-Length says {length}")


def _send_transformed(handler: HandlerState, exchange: Exchange, body: bytes) -> None:
    """Send a response when the transforms have changed it, which shall know its length."""
    headers = _headers_with_tag(handler)
    length = headers.get("Content-Length")
    if length is not None and body and length != str(len(body)):
        raise _wrong_length(body, length)
    if length is None and not _has_no_body(handler._status_code):
        headers["Content-Length"] = str(len(body))
    body = transform_first(handler, body, True)
    headers = handler._headers  # type: ignore[attr-defined]
    if length is None:
        headers.pop("Content-Length", None)
    elif not body and exchange.head.method == "HEAD" and "Content-Length" not in headers:
        # GET would have a body, and nobody knows how long.
        exchange.start_response(
            handler._status_code, handler._own_reason, _framing(handler, exchange).fields, -1
        )
        exchange.end_response()
        return
    _send_own(handler, exchange, body)


def _headers_with_tag(handler: HandlerState) -> HTTPHeaders:
    headers: HTTPHeaders = handler._headers  # type: ignore[attr-defined]
    if handler._response_etag:
        set_header(headers, "Etag", handler._response_etag)
        handler._response_etag = None
    return headers


def _has_no_body(status: int) -> bool:
    """Tell whether a response of that status cannot have one (RFC 9110 section 6.4.1, 15.3.6)."""
    return status < 200 or status == 204 or status == 205 or status == 304


def _check_body(handler: HandlerState, body: bytes) -> None:
    if body and _has_no_body(handler._status_code):
        raise LocalProtocolError(f"a response {handler._status_code} has no body")


def _drop_body(handler: HandlerState, status: int) -> None:
    if handler._write_buffer:
        raise LocalProtocolError(f"a response {status} has no body")
    for name in _REPRESENTATION_FIELDS:
        handler.clear_header(name)  # type: ignore[attr-defined]


def flush(handler: HandlerState) -> "asyncio.Future[None]":
    """Send what has been written so far; the future waits for a slow reader."""
    if handler._finished:
        raise RuntimeError("flush() after finish(): the response is complete")
    exchange = handler.request.connection
    body = b"".join(handler._write_buffer)
    handler._write_buffer = []
    _check_body(handler, body)
    if not handler._headers_written:
        if _has_no_body(handler._status_code) and handler._status_code != 101:
            _drop_body(handler, handler._status_code)
        if handler.application.transforms:
            _headers_with_tag(handler)
            body = transform_first(handler, body, False)
        framing = _framing(handler, exchange)
        exchange.start_response(
            handler._status_code, handler._own_reason, framing.fields, framing.length
        )
        handler._headers_written = True
    elif handler._transforms is not None:
        body = transform_next(handler, body, False)
    if body and handler.request.method != "HEAD":
        exchange.send_data(body)
    return exchange.drain()  # type: ignore[no-any-return]


def set_etag(handler: HandlerState) -> None:
    """Have the response tagged with what ``compute_etag`` of the handler says."""
    handler._response_etag = handler.compute_etag()  # type: ignore[attr-defined]


def body_tag(handler: HandlerState) -> str:
    """Return the tag of the body written so far."""
    return compute_etag(handler._write_buffer)


def is_not_modified(handler: HandlerState) -> bool:
    """Tell whether the client's ``If-None-Match`` names the tag of the response."""
    request: RequestFields = handler.request
    exchange = request.connection
    if exchange.head.find(b"if-none-match") is None:
        return False
    tag = handler._response_etag or handler._headers.get("Etag")  # type: ignore[attr-defined]
    # The list may be spread over several lines.
    return tag is not None and matches(tag, exchange.head.headers["If-None-Match"])


def _framing(handler: Any, exchange: Any) -> Framing:
    """Encode the handler's own fields, the tag among them."""
    headers = handler._headers
    if handler._response_etag:
        set_header(headers, "Etag", handler._response_etag)
    if handler._new_cookies:
        for line in handler._new_cookies.values():
            headers.add("Set-Cookie", line)
    framing = split_framing(headers)
    if framing.has_close:
        exchange.close_after_response()
    return framing
