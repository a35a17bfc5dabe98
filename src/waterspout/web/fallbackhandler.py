"""A handler that leaves its requests to somebody else."""

from collections.abc import Callable
from contextvars import copy_context
from inspect import iscoroutine
from typing import Any

from waterspout.httpserver.answering import start_answering
from waterspout.httputil import HTTPServerRequest
from waterspout.web.handler import RequestHandler

__all__ = ["FallbackHandler"]


class FallbackHandler(RequestHandler):
    """Hands each request to ``fallback``: an ``Application``, a ``WSGIContainer``, a function.

    A function gets the ``HTTPServerRequest`` and answers through ``request.connection``, at once or
    later; it may be ``async def``. Whoever answers also logs the request; where that is a function
    ``waterspout serve`` does.
    """

    def initialize(self, fallback: Callable[[HTTPServerRequest], Any]) -> None:
        """Take who is to answer."""
        self.fallback = fallback

    def prepare(self) -> None:
        """Hand the request over; for this handler that is the end."""
        exchange = self.request.connection
        application = self.application
        fallback: Any = self.fallback
        has_own_log = hasattr(fallback, "access_log")
        if has_own_log and fallback.access_log == "text" and application.access_log is not None:
            fallback.access_log = application.access_log  # one log has one format
        start = getattr(fallback, "start_exchange", None)
        if start is not None:
            if application.fallback_log is not None and hasattr(fallback, "fallback_log"):
                fallback.fallback_log = application.fallback_log
            start(exchange)
        else:
            if application.fallback_log is not None and not has_own_log:
                exchange.access_log = application.fallback_log
            rest = self.fallback(self.request)
            if iscoroutine(rest):
                start_answering(exchange, rest, copy_context())
        self._finished = True
        self.on_finish()
