"""`FunctionConnection`: a server in memory whose answers are those of one function.

The function, plain or async, gets an `HTTPRequest` and returns an `HTTPResponse`, or a shorter form
of one: a tuple ``(code, headers, body)``, or a body alone. What it raises is raised by `fetch`.
"""

import asyncio
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from waterspout.httpclient.request import HTTPRequest
from waterspout.httpclient.response import HTTPResponse
from waterspout.net import CallbackError
from waterspout.protocol.headers import HTTPHeaders, encode_fields
from waterspout.protocol.http1.limits import Limits
from waterspout.protocol.http1.messages import RequestHead, Signal
from waterspout.protocol.http1.server import ServerConnection

__all__ = ["FunctionConnection"]

# What the engine writes by itself.
_FRAMING = ("Connection", "Content-Length", "Transfer-Encoding")

_MAX_BODY_SIZE = 1024 * 1024 * 1024


class _Reply(NamedTuple):
    """What a function has returned, in one form."""

    code: int
    reason: str | None
    headers: HTTPHeaders
    body: bytes


class FunctionConnection(asyncio.Protocol):
    """Answers the requests of one connection, one after the other."""

    def __init__(self, function: Callable[[HTTPRequest], Any]) -> None:
        self._function = function
        self._engine = ServerConnection(Limits(max_body_size=_MAX_BODY_SIZE))
        self._transport: Any = None
        self._head: RequestHead | None = None
        self._body: list[bytes] = []
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what the client sends."""
        self._engine.receive_data(data)
        if self._task is None:
            self._advance()

    def connection_lost(self, exc: Exception | None) -> None:
        """End: nobody waits for the answer any more."""
        if self._task is not None:
            self._task.cancel()

    def _advance(self) -> None:
        engine = self._engine
        while True:
            event = engine.next_event()
            if event is Signal.END_OF_MESSAGE:
                assert self._head is not None
                request = self._request(self._head)
                self._body = []
                self._task = asyncio.get_running_loop().create_task(self._answer(request))
                return
            if isinstance(event, RequestHead):
                self._head = event
                if engine.must_continue:
                    self._transport.write(engine.send_continue())
            elif type(event) is bytes:
                self._body.append(event)
            elif event is not Signal.YIELD:
                return

    def _request(self, head: RequestHead) -> HTTPRequest:
        scheme = "http" if self._transport.get_extra_info("sslcontext") is None else "https"
        url = f"{scheme}://{head.headers.get('Host', '')}{head.target}"
        body = b"".join(self._body)
        has_body = head.is_chunked or head.content_length >= 0
        headers = HTTPHeaders(head.headers)
        return HTTPRequest(url, head.method, headers, body if has_body else None)

    async def _answer(self, request: HTTPRequest) -> None:
        try:
            result = self._function(request)
            if inspect.isawaitable(result):
                result = await result
            data = self._encode(_reply(result))
        except Exception as error:
            failure = CallbackError()
            failure.__cause__ = error
            self._transport.cut(failure)
            return
        self._transport.write(data)
        self._task = None
        if not self._engine.keep_alive:
            self._transport.close()
            return
        self._engine.start_next_cycle()
        self._advance()

    def _encode(self, reply: _Reply) -> bytes:
        headers = HTTPHeaders(reply.headers)
        for name in _FRAMING:
            if name in headers:
                del headers[name]
        return self._engine.respond(reply.code, reply.reason, encode_fields(headers), reply.body)


def _reply(result: Any) -> _Reply:
    if isinstance(result, HTTPResponse):
        return _Reply(result.code, result.reason, result.headers, result.body)
    code, headers, body = (
        result
        if isinstance(result, tuple) and len(result) == 3
        else (
            200,
            {},
            result,
        )
    )
    if isinstance(body, str):
        body = body.encode()
    if not (isinstance(body, bytes) and isinstance(code, int) and isinstance(headers, Mapping)):
        raise TypeError(
            "the function of app= must return an HTTPResponse, a tuple (code, headers, body), or"
            f" a body of bytes or str, not {result!r:.200}"
        )
    return _Reply(code, None, HTTPHeaders(headers), body)
