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
    later; it may be ``async def``. Whoever answers also logs the request.
    """

    def initialize(self, fallback: Callable[[HTTPServerRequest], Any]) -> None:
        """Take who is to answer."""
        self.fallback = fallback

    def prepare(self) -> None:
        """Hand the request over; for this handler that is the end."""
        exchange = self.request.connection
        start = getattr(self.fallback, "start_exchange", None)
        if start is not None:
            start(exchange)
        else:
            if self.application.access_log == "json" and hasattr(self.fallback, "access_log"):
                # One log has one format. Where it is None somebody else writes it.
                self.fallback.access_log = self.fallback.access_log and "json"
            rest = self.fallback(self.request)
            if iscoroutine(rest):
                start_answering(exchange, rest, copy_context())
        self._finished = True
        self.on_finish()
