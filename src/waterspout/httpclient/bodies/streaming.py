"""Streamed responses: what ``stream`` of both clients gives, for readers who take their time."""

import copy
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from waterspout.httpclient.bodies.pulling import AsyncPull, AsyncTap, BlockingPull, BlockingTap
from waterspout.httpclient.content import decoder_for
from waterspout.httpclient.errors import HTTPTooLargeError
from waterspout.httpclient.request import HTTPRequest, with_arguments
from waterspout.httpclient.response import HTTPResponse, InformationalResponse
from waterspout.net import AsyncNet
from waterspout.protocol.headers import HTTPHeaders
from waterspout.protocol.http1.writer import reason_phrase

if TYPE_CHECKING:
    from waterspout.httpclient.exchange import Exchange
    from waterspout.httpclient.flow import Flow

__all__ = ["AsyncStreamedResponse", "AsyncStreaming", "StreamedResponse", "Streaming"]

#: The longest line, in characters.
MAX_LINE_SIZE = 1024 * 1024


class _Streamed:
    """The head of a response whose body is still to come.

    - ``request``: what was asked for; ``effective_url``: where it came from, without credentials
    - ``code``, ``reason``, ``headers``; ``informational``: what the server said before
    - ``history``: the responses that led here; ``from_cache``: whether the cache has this one
    """

    def __init__(self, exchange: "Exchange", max_body_size: int) -> None:
        head = exchange.head
        assert head is not None
        self.request: HTTPRequest = exchange.hop.request
        self.effective_url: str = exchange.hop.url
        self.code: int = head.status
        self.reason: str = head.reason or reason_phrase(head.status)
        self.headers: HTTPHeaders = head.headers if exchange.headers is None else exchange.headers
        self.informational = [
            InformationalResponse(early.status, early.reason, early.headers)
            for early in exchange.interims or ()
        ]
        self.history: list[HTTPResponse] = list(exchange.history or ())
        self.from_cache: bool = exchange.is_stored
        self._exchange = exchange
        self._max_body_size = max_body_size

    @property
    def trailers(self) -> HTTPHeaders:
        """The header fields that came behind the body; none before it was read to its end."""
        found = self._exchange.trailers
        return HTTPHeaders() if found is None else found

    def _splitter(self, max_size: int) -> "_LineSplitter":
        return _LineSplitter(self.headers.get("Content-Type"), max_size, self.effective_url)

    def _too_large(self, size: int) -> HTTPTooLargeError:
        error = HTTPTooLargeError(f"the body from {self.effective_url} has more than {size} bytes")
        error.url, error.phase = self.effective_url, "read"
        return error

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.code} {self.reason} {self.effective_url}>"


class StreamedResponse(_Streamed):
    """A response whose body comes when it is asked for; see `HTTPClient.stream`.

    ``code reason headers informational effective_url request`` are there at once, ``trailers`` at
    the end. The body can be read once, by one thread.
    """

    def __init__(self, exchange: "Exchange", max_body_size: int, pull: BlockingPull) -> None:
        super().__init__(exchange, max_body_size)
        self._pull = pull

    def iter_bytes(self) -> Iterator[bytes]:
        """Yield the body in the pieces in which it comes, decoded; none is longer than a few
        hundred kilobytes.

        Raises what `HTTPClient.fetch` raises where the body can't be had to its end.
        """
        while piece := self._pull.take():
            yield piece

    def iter_lines(self, max_size: int = MAX_LINE_SIZE) -> Iterator[str]:
        """Yield the body as lines of text, as soon as they are there, without their ends: LF, CR or
        both.

        The charset is that of `HTTPResponse.text`. Raises `HTTPTooLargeError` for a line of more
        than ``max_size`` characters.
        """
        splitter = self._splitter(max_size)
        for piece in self.iter_bytes():
            yield from splitter.split(piece)
        yield from splitter.finish()

    def read(self) -> bytes:
        """Return the rest of the body; `HTTPTooLargeError` if it is larger than the client's
        ``max_body_size``.
        """
        pieces: list[bytes] = []
        left = self._max_body_size
        for piece in self.iter_bytes():
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                raise self._too_large(self._max_body_size)
        return b"".join(pieces)


class AsyncStreamedResponse(_Streamed):
    """A response whose body comes when it is awaited; see `AsyncHTTPClient.stream`.

    ``code reason headers informational effective_url request`` are there at once, ``trailers`` at
    the end. The body can be read once, by one task at a time. A task that is cancelled while it
    waits for a piece has lost nothing.
    """

    def __init__(self, exchange: "Exchange", max_body_size: int, pull: AsyncPull) -> None:
        super().__init__(exchange, max_body_size)
        self._pull = pull

    def iter_bytes(self) -> "_AsyncPieces":
        """Iterate over the body (``async for``); see `StreamedResponse.iter_bytes`."""
        return _AsyncPieces(self._pull)

    def iter_lines(self, max_size: int = MAX_LINE_SIZE) -> "_AsyncLines":
        """Iterate over lines (``async for``); see `StreamedResponse.iter_lines`."""
        return _AsyncLines(self._pull, self._splitter(max_size))

    async def read(self) -> bytes:
        """Return the rest of the body; see `StreamedResponse.read`."""
        pieces: list[bytes] = []
        left = self._max_body_size
        async for piece in self.iter_bytes():
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                raise self._too_large(self._max_body_size)
        return b"".join(pieces)


class _AsyncPieces:
    """No generator: one that is left in the middle would have to be closed by its loop."""

    def __init__(self, pull: AsyncPull) -> None:
        self._pull = pull

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        piece: bytes | None = await self._pull.take()
        if piece is None:
            raise StopAsyncIteration
        return piece


class _AsyncLines:
    """Lines of text; no generator either."""

    def __init__(self, pull: AsyncPull, splitter: "_LineSplitter") -> None:
        self._pull = pull
        self._splitter = splitter
        self._lines: list[str] = []  # the next one is the last
        self._is_over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while not self._lines:
            if self._is_over:
                raise StopAsyncIteration
            piece = await self._pull.take()
            if piece is None:
                self._is_over = True
                self._lines = self._splitter.finish()
            else:
                self._lines = self._splitter.split(piece)[::-1]
        return self._lines.pop()


class _LineSplitter:
    """Makes lines of pieces of a body, in time that is linear in their size."""

    def __init__(self, content_type: str | None, max_size: int, url: str) -> None:
        if max_size < 1:
            raise ValueError(f"max_size must be at least 1, not {max_size!r}")
        self._content_type = content_type
        self._max_size = max_size
        self._url = url
        self._decoder: Any = None
        self._begun: list[str] = []  # of the line that is not over
        self._size = 0  # of that

    def split(self, piece: bytes) -> list[str]:
        """Return the lines that end in ``piece``."""
        if self._decoder is None:
            self._decoder = decoder_for(piece, self._content_type)
        return self._take(self._decoder.decode(piece))

    def finish(self) -> list[str]:
        """Return the last line, if it has no end."""
        if self._decoder is None:
            return []
        lines = self._take(self._decoder.decode(b"", True))
        if self._size:
            lines.append("".join(self._begun))
        return lines

    def _take(self, text: str) -> list[str]:
        *lines, rest = text.split("\n")
        if lines:
            self._check(self._size + len(lines[0]))
            lines[0] = "".join((*self._begun, lines[0]))
            self._begun.clear()
            self._size = 0
            self._check(max(map(len, lines)))
        if rest:
            self._begun.append(rest)
            self._size += len(rest)
            self._check(self._size)
        return lines

    def _check(self, size: int) -> None:
        if size > self._max_size:
            error = HTTPTooLargeError(
                f"a line from {self._url} has more than {self._max_size} characters"
            )
            error.url, error.phase = self._url, "read"
            raise error


def _own(request: HTTPRequest | str, arguments: dict[str, Any]) -> HTTPRequest:
    """Return the request to fetch for ``stream(request, **arguments)``."""
    if arguments or isinstance(request, str):
        request = with_arguments(request, arguments)
    else:
        request = copy.copy(request)
    if request.streaming_callback is not None:
        raise ValueError("stream() gives the body itself, and takes no streaming_callback")
    return request


class Streaming:
    """The context manager that `HTTPClient.stream` returns; for one ``with``."""

    def __init__(
        self, flow: "Flow", request: HTTPRequest | str, raise_error: bool, arguments: dict[str, Any]
    ) -> None:
        self._flow = flow
        self._request = _own(request, arguments)
        self._raise_error = raise_error
        self._pull: BlockingPull | None = None

    def __enter__(self) -> StreamedResponse:
        if self._pull is not None:
            raise RuntimeError("what stream() returns is for one with statement")
        self._request.tap = BlockingTap(self._raise_error)
        self._pull = BlockingPull(self._flow.fetch(self._request, self._raise_error))
        exchange = self._pull.take()
        return StreamedResponse(exchange, self._flow.settings.limits.max_body_size, self._pull)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._pull is not None
        self._pull.leave()


class AsyncStreaming:
    """The context manager that `AsyncHTTPClient.stream` returns; for one ``async with``."""

    def __init__(
        self,
        net: AsyncNet,
        flow: "Flow",
        request: HTTPRequest | str,
        raise_error: bool,
        arguments: dict[str, Any],
    ) -> None:
        self._net = net
        self._flow = flow
        self._request = _own(request, arguments)
        self._raise_error = raise_error
        self._pull: AsyncPull | None = None

    async def __aenter__(self) -> AsyncStreamedResponse:
        if self._pull is not None:
            raise RuntimeError("what stream() returns is for one async with statement")
        tap = self._request.tap = AsyncTap(self._raise_error, self._net)
        try:
            future = self._net.start(self._flow.fetch(self._request, self._raise_error))
        except RuntimeError:
            tap.gate.close_gate()  # The loop that runs here is another one.
            raise
        self._pull = AsyncPull(tap, future)
        try:
            exchange = await self._pull.take()
        except BaseException:
            self._pull.leave()
            raise
        limit = self._flow.settings.limits.max_body_size
        return AsyncStreamedResponse(exchange, limit, self._pull)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._pull is not None
        # Nothing is awaited here, so that it works where a coroutine is closed.
        self._pull.leave()
