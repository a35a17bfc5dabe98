"""What goes out: default fields, the body as it is written, and the end of the response.

Most responses have nothing but the default fields. They share one block of bytes, made anew
once a second for its date; a mapping of their own is made only for handlers that touch it.
"""

import asyncio
from email.utils import formatdate
from time import time
from typing import Any
from urllib.parse import quote

from waterspout._version import __version__
from waterspout.escape import json_encode, utf8
from waterspout.protocol.errors import LocalProtocolError
from waterspout.protocol.headers import HTTPHeaders, encode_fields
from waterspout.protocol.http1.writer import split_framing

__all__ = ["default_headers", "finish", "flush", "location", "to_bytes"]

# All that is legal in a URL, and the sign of what is quoted already.
_SAFE_IN_URL = "!#$%&'()*+,/:;=?@[]~"
_REPRESENTATION_FIELDS = ("Content-Encoding", "Content-Language", "Content-Type")


class _Defaults:
    """The default fields of one second, as a mapping and encoded."""

    second = -1
    headers = HTTPHeaders()
    fields = b""


def _defaults() -> type[_Defaults]:
    now = int(time())
    if now != _Defaults.second:
        _Defaults.headers = HTTPHeaders(
            {
                "Server": f"waterspout/{__version__}",
                "Content-Type": "text/html; charset=UTF-8",
                "Date": formatdate(now, usegmt=True),
            }
        )
        _Defaults.fields = encode_fields(_Defaults.headers)
        _Defaults.second = now
    return _Defaults


def default_headers() -> HTTPHeaders:
    """Return a mapping of its own with the fields of every response."""
    return _defaults().headers.copy()


def to_bytes(handler: Any, chunk: str | bytes | dict[Any, Any]) -> bytes:
    """Encode what a handler writes: text as UTF-8, a dictionary as JSON."""
    if isinstance(chunk, str):
        return chunk.encode("utf-8")
    if isinstance(chunk, bytes):
        return chunk
    if isinstance(chunk, dict):
        handler.set_header("Content-Type", "application/json; charset=UTF-8")
        return utf8(json_encode(chunk))
    hint = ": put a list into a dictionary" if isinstance(chunk, list) else ""
    raise TypeError(f"write() takes str, bytes or a dict, not {type(chunk).__name__}{hint}")


def finish(handler: Any) -> None:
    """Send what is left and end the response."""
    exchange = handler.request.connection
    if handler._headers_written:
        chunks = handler._write_buffer
        if chunks:
            exchange.send_data(b"".join(chunks))
            chunks.clear()
        exchange.end_response()
        return
    method = handler.request.method
    status = handler._status_code
    if status == 200 and (method == "GET" or method == "HEAD"):
        handler.set_etag_header()
        if handler.check_etag_header():
            handler._write_buffer = []
            handler.set_status(304)
            status = 304
    if status < 200 or status == 204 or status == 304:
        if handler._write_buffer:
            raise LocalProtocolError(f"a response {status} has no body")
        for name in _REPRESENTATION_FIELDS:
            handler.clear_header(name)
    chunks = handler._write_buffer
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    handler._write_buffer = []
    handler._headers_written = True
    headers = handler._own_headers
    if headers is None:
        fields = _defaults().fields
        if handler._etag:
            fields += f"Etag: {handler._etag}\r\n".encode("latin-1")
        exchange.respond(status, handler._reason, fields, body)
        return
    framing = _framing(handler, headers)
    if framing.has_close:
        exchange.close_after_response()
    if framing.length < 0 or framing.length == len(body):
        exchange.respond(status, handler._reason, framing.fields, body)
    elif not body and (method == "HEAD" or status == 304):
        exchange.start_response(status, handler._reason, framing.fields, framing.length)
        exchange.end_response()
    else:
        raise LocalProtocolError(
            f"the body has {len(body)} bytes, but Content-Length says {framing.length}"
        )


def flush(handler: Any) -> "asyncio.Future[None]":
    """Send what has been written so far; the future waits for a slow reader."""
    exchange = handler.request.connection
    chunks = handler._write_buffer
    body = b"".join(chunks)
    chunks.clear()
    if not handler._headers_written:
        handler._headers_written = True
        framing = _framing(handler, handler._headers)
        if framing.has_close:
            exchange.close_after_response()
        exchange.start_response(
            handler._status_code, handler._reason, framing.fields, framing.length
        )
    if body and handler.request.method != "HEAD":
        exchange.send_data(body)
    return exchange.drain()  # type: ignore[no-any-return]


def location(url: str) -> str:
    """Return a URL as it stands in ``Location``: what is not ASCII is quoted as UTF-8."""
    return quote(url, safe=_SAFE_IN_URL) if not url.isascii() else url


def _framing(handler: Any, headers: HTTPHeaders) -> Any:
    if handler._etag:
        headers["Etag"] = handler._etag
    return split_framing(headers)
