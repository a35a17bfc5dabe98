"""The three ways to call a client, behind one: a case is written once and run in each."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import uvloop
from tests.httpclient.scripted_server import eventually

from waterspout.httpclient import AsyncHTTPClient, HTTPClient, HTTPRequest, HTTPResponse
from waterspout.ioloop import IOLoop


class Blocking:
    """``HTTPClient().fetch(url)``."""

    def __init__(self, **arguments: Any) -> None:
        self.client = HTTPClient(**arguments)
        self.flow = self.client._flow

    def fetch(
        self, request: HTTPRequest | str, raise_error: bool = True, **arguments: Any
    ) -> HTTPResponse:
        return self.client.fetch(request, raise_error, **arguments)

    def stream(self, request: HTTPRequest | str, raise_error: bool = True, **arguments: Any) -> Any:
        return self.client.stream(request, raise_error, **arguments)

    def let_notice(self) -> None:
        """Let what has arrived be noticed, if it can be without asking."""

    def close(self) -> None:
        self.client.close()


class Awaiting:
    """``await AsyncHTTPClient().fetch(url)``, on one kind of loop."""

    make_loop: Callable[[], asyncio.AbstractEventLoop] = staticmethod(asyncio.new_event_loop)

    def __init__(self, **arguments: Any) -> None:
        self.loop = type(self).make_loop()
        try:
            self.client = self.loop.run_until_complete(self._make(arguments))
        except BaseException:
            self.loop.close()
            raise
        self.flow = self.client._flow

    async def _make(self, arguments: dict[str, Any]) -> Any:
        return AsyncHTTPClient(force_instance=True, **arguments)

    def fetch(
        self, request: HTTPRequest | str, raise_error: bool = True, **arguments: Any
    ) -> HTTPResponse:
        return self.loop.run_until_complete(self._fetch(request, raise_error, arguments))

    async def _fetch(
        self, request: HTTPRequest | str, raise_error: bool, arguments: dict[str, Any]
    ) -> HTTPResponse:
        response = await self.client.fetch(request, raise_error=raise_error, **arguments)
        assert isinstance(response, HTTPResponse)
        return response

    def stream(self, request: HTTPRequest | str, raise_error: bool = True, **arguments: Any) -> Any:
        return _Streaming(self.loop, self.client.stream(request, raise_error, **arguments))

    def let_notice(self) -> None:
        """Let what has arrived be noticed."""
        for _ in range(3):
            self.loop.run_until_complete(asyncio.sleep(0))

    def close(self) -> None:
        try:
            self.client.close()
            self.let_notice()
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            assert not asyncio.all_tasks(self.loop)
        finally:
            self.loop.close()


class _Streaming:
    """``async with`` as ``with``: each step runs the loop until it is done."""

    def __init__(self, loop: asyncio.AbstractEventLoop, streaming: Any) -> None:
        self._loop = loop
        self._streaming = streaming

    def __enter__(self) -> "_Response":
        return _Response(self._loop, self._run(self._streaming.__aenter__()))

    def __exit__(self, *raised: Any) -> None:
        self._run(self._streaming.__aexit__(*raised))
        # What was cancelled is over in the next pass.
        self._run(asyncio.sleep(0))
        self._run(asyncio.sleep(0))

    def _run(self, coroutine: Any) -> Any:
        return self._loop.run_until_complete(coroutine)


class _Response:
    """A streamed response, with ``async for`` as ``for``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, response: Any) -> None:
        self._loop = loop
        self._response = response

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    def iter_bytes(self) -> Iterator[bytes]:
        return self._each(self._response.iter_bytes())

    def iter_lines(self, *arguments: Any) -> Iterator[str]:
        return self._each(self._response.iter_lines(*arguments))

    def read(self) -> bytes:
        body: bytes = self._loop.run_until_complete(self._response.read())
        return body

    def _each(self, items: Any) -> Iterator[Any]:
        while True:
            try:
                yield self._loop.run_until_complete(self._next(items))
            except StopAsyncIteration:
                return

    async def _next(self, items: Any) -> Any:
        return await items.__anext__()


class AwaitingOnUvloop(Awaiting):
    """The same on uvloop."""

    make_loop = staticmethod(uvloop.new_event_loop)


class CallingBack(Awaiting):
    """``AsyncHTTPClient().fetch(url, callback=f)``, called before the loop runs."""

    def fetch(
        self, request: HTTPRequest | str, raise_error: bool = True, **arguments: Any
    ) -> HTTPResponse:
        responses: list[HTTPResponse] = []
        io_loop: IOLoop = self.client.io_loop

        def handle(response: HTTPResponse) -> None:
            responses.append(response)
            io_loop.stop()

        self.client.fetch(request, callback=handle, **arguments)
        assert not responses
        io_loop.start()
        (response,) = responses
        error = response.error
        if error is not None and (raise_error or response.code == 599):
            assert response.code == getattr(error, "code", 599)
            raise error
        return response


def until_heard(client: Any) -> None:
    """Wait until what servers have sent, or their end, has come to the client's system.

    Of all idle connections. The client itself need not have noticed.
    """
    for connection in client.flow.pool.idle:
        stream: Any = getattr(connection.stream, "_stream", connection.stream)
        eventually(partial(_is_heard, stream))


def _is_heard(stream: Any) -> bool:
    return not stream.is_quiet(True)


STYLES = [Blocking, Awaiting, AwaitingOnUvloop, CallingBack]
