"""`WSGIContainer`: serves a WSGI application, on the event loop or in threads."""

import asyncio
from collections.abc import Generator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import closing
from contextvars import copy_context
from typing import Any
from wsgiref.types import WSGIApplication

from waterspout.httpserver import Exchange
from waterspout.httpserver.accesslog import level_of, log_exchange_detailed, log_exchange_json
from waterspout.httpserver.answering import start_answering
from waterspout.httputil import HTTPServerRequest
from waterspout.log import access_log, app_log
from waterspout.wsgi.environ import make_environ
from waterspout.wsgi.reply import ClientGoneError, Reply, run
from waterspout.wsgi.thread import ThreadSink

__all__ = ["WSGIContainer"]


class WSGIContainer:
    """Serves a WSGI application (PEP 3333): a callback for ``HTTPServer`` and ``FallbackHandler``.

        HTTPServer(WSGIContainer(application, ThreadPoolExecutor(40))).listen(8888)

    With an ``executor``, which must be one of threads, each request takes a thread from the call
    of the application to the end of its response: what the application returns is sent as it comes,
    and the thread waits for a client that reads slowly. ``wsgi.multithread`` is true.

    Without one the application runs on the event loop, and nothing else does until it has its next
    piece ready: good for applications that are quick, and for tests. Between two pieces other
    requests are served; while a client reads slowly what is given to ``write`` waits in memory.

    A thread cannot be cancelled: when the client goes, or a request takes too long, it runs on
    until it sends something.

    An application that fails is a 500, or where its response has begun the end of the connection,
    and a traceback in ``log.app_log``. Each response is a line in ``log.access_log``, unless the
    attribute ``access_log`` is None.
    """

    def __init__(self, wsgi_application: WSGIApplication, executor: Executor | None = None) -> None:
        if not callable(wsgi_application):
            raise TypeError(f"a WSGI application can be called, not {wsgi_application!r:.80}")
        if isinstance(executor, ProcessPoolExecutor):
            raise TypeError("a WSGI application runs in threads: ProcessPoolExecutor has none")
        self.wsgi_application = wsgi_application
        self.executor = executor
        #: ``"text"``, or as the application of a handler before it logs; None where
        #: somebody else logs the requests, as ``waterspout serve`` does.
        self.access_log: str | None = "text"

    def __call__(self, request: HTTPServerRequest) -> None:
        """Begin to answer ``request``, in the thread of the event loop."""
        start_answering(request.connection, self.handle_request(request), copy_context())

    async def handle_request(self, request: HTTPServerRequest) -> None:
        """Answer ``request``; done when the application is."""
        exchange: Exchange = request.connection
        sink = exchange if self.executor is None else ThreadSink(exchange)
        if self.executor is not None:
            exchange.cancel_on_disconnect = False  # a thread finds out by what it sends
        wait = sink.wait if isinstance(sink, ThreadSink) else _go_on
        summary = f"{request.method} {request.uri} ({request.remote_ip})"
        reply = Reply(sink, request.method == "HEAD", summary, wait)
        try:
            steps = run(self.wsgi_application, self.environ(request), reply)
            if isinstance(sink, ThreadSink):
                call = copy_context().run
                await exchange.loop.run_in_executor(self.executor, call, _block, steps, sink)
            else:
                await _drive(steps, exchange)
        except ClientGoneError:
            pass
        except asyncio.CancelledError:
            status = reply.status if reply.is_begun else 499 if exchange.is_lost else 503
            self._log(request, status, summary)
            raise
        except Exception:
            app_log.exception("the WSGI application failed: %s", exchange.summary)
            if not reply.is_begun:
                reply.status = 500
            exchange.fail()
        self._log(request, reply.status, summary)

    def environ(self, request: HTTPServerRequest) -> dict[str, Any]:
        """Return the environ for ``request``; to be overridden to add to it."""
        return make_environ(request, is_multithread=self.executor is not None)

    def _log(self, request: HTTPServerRequest, status: int, summary: str) -> None:
        level = level_of(status)
        if self.access_log is None or not access_log.isEnabledFor(level):
            return
        if self.access_log == "json":
            log_exchange_json(request.connection, status)
        elif self.access_log == "detailed":
            log_exchange_detailed(request.connection, status)
        else:
            access_log.log(level, "%d %s %.2fms", status, summary, 1000.0 * request.request_time())


async def _drive(steps: Generator[None, None, None], exchange: Exchange) -> None:
    """Run an application in the event loop, which has its turn where the application stops."""
    with closing(steps):
        for _ in steps:
            drained = exchange.drain()
            if drained.done():
                await asyncio.sleep(0)
            else:
                await asyncio.wait([drained])
            if exchange.is_lost:
                raise ClientGoneError


def _block(steps: Generator[None, None, None], sink: ThreadSink) -> None:
    """Run an application in a thread, which waits where the application stops."""
    with closing(steps):
        sink.wait()
        for _ in steps:
            sink.wait()


def _go_on() -> None:
    """Wait for nobody: the event loop cannot."""
