"""The base class of all handlers: a table of contents over the modules beside it."""

import asyncio
import datetime
import numbers
from collections.abc import Awaitable, Callable
from functools import cached_property
from operator import index
from typing import TYPE_CHECKING, Any

from waterspout.httputil import HTTPHeaders, HTTPServerRequest
from waterspout.locale import Locale
from waterspout.iostream import BaseIOStream
from waterspout.protocol.http1.writer import check_reason
from waterspout.web import arguments, errors, etag, language, response
from waterspout.web.arguments import REQUIRED
from waterspout.web.state import HandlerState

if TYPE_CHECKING:
    from waterspout.web.application import Application

__all__ = ["RequestHandler"]

HeaderValue = bytes | str | int | numbers.Integral | datetime.datetime


class RequestHandler(HandlerState):
    """Answers requests: a subclass defines ``get``, ``post`` and so on, plain or ``async def``.

    One instance serves one request: ``initialize``, ``prepare``, the method named like the
    request's, then ``finish`` where the method has not called it, and ``on_finish``. Everything
    runs in the thread of the event loop, and so nothing here may be called from another one. A
    plain method that takes long holds all other requests up.
    """

    SUPPORTED_METHODS: tuple[str, ...] = (
        "GET",
        "HEAD",
        "POST",
        "DELETE",
        "PATCH",
        "PUT",
        "OPTIONS",
    )

    @cached_property
    def path_args(self) -> list[str | None]:
        """What the groups of the rule's pattern hold, decoded, where they have no names."""
        return []

    @cached_property
    def path_kwargs(self) -> dict[str, str | None]:
        """What the groups of the rule's pattern hold, decoded, by their names."""
        return {}

    def __init__(
        self, application: "Application", request: HTTPServerRequest, **kwargs: Any
    ) -> None:
        self._take(application, request)
        self.set_default_headers()
        if kwargs:
            self.initialize(**kwargs)
        else:
            self.initialize()

    # To be overridden

    def _initialize(self) -> None:
        """Take the keywords of the rule that led here."""

    # A subclass has the parameters that its rules give, whatever they are.
    initialize: Callable[..., None] = _initialize

    def set_default_headers(self) -> None:
        """Set fields that every response shall have, error pages too."""

    def prepare(self) -> Awaitable[None] | None:
        """Do what comes before every method; may be ``async def``, may ``finish``."""

    def on_finish(self) -> None:
        """Do what comes after the response has been sent, such as logging or cleaning up."""

    def on_connection_close(self) -> None:
        """Take note that the client has gone while its request was being worked on."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Answer GET."""
        raise errors.HTTPError(405)

    def head(self, *args: Any, **kwargs: Any) -> Any:
        """Answer HEAD: as GET does, but what is written is only counted."""
        raise errors.HTTPError(405)

    def post(self, *args: Any, **kwargs: Any) -> Any:
        """Answer POST."""
        raise errors.HTTPError(405)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Answer DELETE."""
        raise errors.HTTPError(405)

    def patch(self, *args: Any, **kwargs: Any) -> Any:
        """Answer PATCH."""
        raise errors.HTTPError(405)

    def put(self, *args: Any, **kwargs: Any) -> Any:
        """Answer PUT."""
        raise errors.HTTPError(405)

    def options(self, *args: Any, **kwargs: Any) -> Any:
        """Answer OPTIONS."""
        raise errors.HTTPError(405)

    # The request

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the application."""
        return self.application.settings  # type: ignore[no-any-return]

    def get_argument(self, name: str, default: Any = REQUIRED, strip: bool = True) -> Any:
        """Return the last value of an argument of the query or the form.

        Without a value and without a default the request is answered with 400.
        """
        return arguments.last_argument(self, name, default, self.request.arguments, strip)

    def get_arguments(self, name: str, strip: bool = True) -> list[str]:
        """Return all values of an argument of the query or the form."""
        return arguments.text_arguments(self, name, self.request.arguments, strip)

    def get_query_argument(self, name: str, default: Any = REQUIRED, strip: bool = True) -> Any:
        """Return the last value of an argument of the query; see ``get_argument``."""
        return arguments.last_argument(self, name, default, self.request.query_arguments, strip)

    def get_query_arguments(self, name: str, strip: bool = True) -> list[str]:
        """Return all values of an argument of the query."""
        return arguments.text_arguments(self, name, self.request.query_arguments, strip)

    def get_body_argument(self, name: str, default: Any = REQUIRED, strip: bool = True) -> Any:
        """Return the last value of an argument of the form; see ``get_argument``."""
        return arguments.last_argument(self, name, default, self.request.body_arguments, strip)

    def get_body_arguments(self, name: str, strip: bool = True) -> list[str]:
        """Return all values of an argument of the form."""
        return arguments.text_arguments(self, name, self.request.body_arguments, strip)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Decode an argument; ``name`` is None for a group of the path. UTF-8, or a 400."""
        return arguments.decode_argument(value, name)

    # The language

    @cached_property
    def locale(self) -> Locale:
        """The locale of the response: that of the user, or the browser's; may be set to another."""
        return language.chosen_locale(self)

    def get_user_locale(self) -> Locale | None:
        """Return the locale that the user has chosen; None for the browser's. To be overridden."""
        return None

    def get_browser_locale(self, default: str = "en_US") -> Locale:
        """Return the closest locale to ``Accept-Language``, by its order and its q-values.

        ``default`` is for a browser that asks for none. Where there is nothing that it asks for it
        is the locale of `locale.set_default_locale`.
        """
        return language.browser_locale(self, default)

    # The response: status and fields

    def clear(self) -> None:
        """Forget the status, the fields and the body prepared so far."""
        self._begin()
        self.set_default_headers()

    def set_status(self, status_code: int, reason: str | None = None) -> None:
        """Set the status, and the reason phrase where it is not the usual one.

        Raises ``ValueError`` for what could not stand in a status line.
        """
        if not 100 <= index(status_code) <= 999:
            raise ValueError(f"a status has three digits, not {status_code!r}")
        if reason is not None:
            check_reason(reason)
        self._status_code = status_code
        self._reason = reason

    def get_status(self) -> int:
        """Return the status."""
        return self._status_code

    @property
    def _headers(self) -> HTTPHeaders:
        if self._own_headers is None:
            self._own_headers = response.default_headers()
        return self._own_headers

    def set_header(self, name: str, value: HeaderValue) -> None:
        """Set a field, in place of any of the same name.

        Raises ``ValueError`` for a name or a value that HTTP does not allow, and ``TypeError``
        for a value of another type.
        """
        response.set_header(self._headers, name, value)

    def add_header(self, name: str, value: HeaderValue) -> None:
        """Add a field beside those of the same name; see ``set_header``."""
        response.set_header(self._headers, name, value, is_added=True)

    def clear_header(self, name: str) -> None:
        """Remove a field, if it is there; also one of the default fields."""
        self._headers.pop(name, None)

    # The response: body

    def write(self, chunk: str | bytes | dict[Any, Any]) -> None:
        """Add to the body: text as UTF-8, bytes, or a dictionary as JSON.

        The body is sent by ``flush`` or ``finish``. Raises ``RuntimeError`` after ``finish``.
        """
        response.write(self, chunk)

    def flush(self, include_footers: bool = False) -> "asyncio.Future[None]":
        """Send what has been written; the body goes on, in chunks if its length is not known.

        The future is done when the client keeps up: to await it is to keep little in memory.
        """
        return response.flush(self)

    def finish(self, chunk: str | bytes | dict[Any, Any] | None = None) -> "asyncio.Future[None]":
        """End the response, and with it the request; nothing can be written after it."""
        return response.finish(self, chunk)

    def redirect(self, url: str, permanent: bool = False, status: int | None = None) -> None:
        """Finish with a redirect to ``url``: 302, 301 if permanent, or ``status`` (300 to 399)."""
        if self._headers_written:
            raise RuntimeError("redirect() after the response has begun")
        if status is None:
            status = 301 if permanent else 302
        elif not 300 <= status <= 399:
            raise ValueError(f"a redirect has a status from 300 to 399, not {status!r}")
        self.set_header("Location", response.location(url))
        self.set_status(status)
        self.finish()

    # Another protocol

    def detach(self) -> BaseIOStream:
        """Take the connection out of HTTP and return the stream on it; the request is over.

        What the client has sent behind its request is read from the stream first. It may follow
        a ``flush`` with status 101. Without TLS the stream is an ``IOStream``; see
        ``Exchange.detach`` for what it raises.
        """
        stream: BaseIOStream = self.request.connection.detach()
        self._finished = True
        return stream

    # Errors

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Finish with an error page, in place of what has been written.

        ``reason`` and ``exc_info`` are among the keywords of ``write_error``. Where the response
        has begun the connection is cut, so that the client sees it is not whole.
        """
        errors.send_error(self, status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write an error page; to be overridden for pages of one's own.

        ``exc_info`` is there if an exception is the cause.
        """
        errors.write_error(self, status_code, **kwargs)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log what the handler raised; to be overridden for another log."""
        errors.log_exception(self, value)

    # Entity tags

    def compute_etag(self) -> str | None:
        """Return the quoted tag of the body written so far; None for none."""
        return etag.compute_etag(self._write_buffer)

    def set_etag_header(self) -> None:
        """Set the field ``Etag`` from ``compute_etag``."""
        self._etag = self.compute_etag()

    def check_etag_header(self) -> bool:
        """Tell whether the client has this body already, so that 304 is the answer."""
        return response.is_not_modified(self)

    # Inside

    def _allowed_methods(self) -> list[str]:
        """Return the methods that the subclass has defined."""
        cls = type(self)
        names = [(method, method.lower()) for method in self.SUPPORTED_METHODS]
        return [
            method
            for method, name in names
            if getattr(cls, name, None) is not getattr(RequestHandler, name, None)
        ]

    def _request_summary(self) -> str:
        request = self.request
        return f"{request.method} {request.uri} ({request.remote_ip})"

    def __repr__(self) -> str:
        state = "finished" if self._finished else f"status={self._status_code}"
        return f"<{type(self).__name__} {self.request.method} {self.request.uri} {state}>"
