"""Serves the requests of one stream, one after the other."""

import asyncio

from waterspout.http1connection.connection import HTTP1Connection, following
from waterspout.http1connection.parameters import HTTP1ConnectionParameters
from waterspout.httputil import HTTPServerConnectionDelegate
from waterspout.iostream import BaseIOStream, StreamClosedError
from waterspout.log import app_log

__all__ = ["HTTP1ServerConnection"]


class HTTP1ServerConnection:
    """The server's side of ``stream``, for as many requests as the client sends.

    ``context`` becomes that of each request's connection: a ``remote_ip`` and a ``protocol`` in it
    are those of an ``HTTPServerRequest``. Belongs to the event loop of the stream.
    """

    def __init__(
        self,
        stream: BaseIOStream,
        params: HTTP1ConnectionParameters | None = None,
        context: object | None = None,
    ) -> None:
        self.stream = stream
        self.params = params or HTTP1ConnectionParameters()
        self.context = context
        self._serving: asyncio.Task[None] | None = None

    def start_serving(self, delegate: HTTPServerConnectionDelegate) -> None:
        """Begin to serve: ``delegate`` is asked, at each request's head, who takes the request.

        Requests that were sent ahead wait until those before them have been answered. A delegate
        that fails is logged, and its client gets a 500 or sees the connection end.
        """
        if self._serving is not None:
            raise RuntimeError("start_serving() has been called before")
        self._serving = self.stream.io_loop.asyncio_loop.create_task(self._serve(delegate))

    async def close(self) -> None:
        """Close the connection at once, whatever is under way, and wait until serving has ended.

        Not to be awaited by who serves a request of this connection: it would wait for itself.
        """
        self.stream.close()
        if self._serving is not None:
            await asyncio.wait([self._serving])

    async def _serve(self, delegate: HTTPServerConnectionDelegate) -> None:
        connection = HTTP1Connection(self.stream, False, self.params, self.context)
        try:
            while (head := await connection.receive_head()) is not None:
                receiver = delegate.start_request(self, connection)
                if not await connection.deliver(head, receiver):
                    break
                connection = following(connection)
        except StreamClosedError:
            pass  # the client has gone, which its delegate has been told
        except Exception:
            app_log.exception("a request on %r failed", self)
        finally:
            if connection.stream is not None:
                self.stream.close()
            try:
                delegate.on_close(self)
            except Exception:
                app_log.exception("on_close of %r failed", delegate)

    def __repr__(self) -> str:
        return f"<HTTP1ServerConnection on {self.stream!r}>"
