"""Errors that are answers: what a handler raises, how it is logged, the page it becomes."""

import asyncio
import traceback
from typing import Any

from waterspout.escape import xhtml_escape
from waterspout.iostream import StreamClosedError
from waterspout.log import app_log, gen_log, printable
from waterspout.protocol.errors import HTTPInputError
from waterspout.protocol.http1.writer import check_reason, reason_phrase
from waterspout.web.response import abort, give_up
from waterspout.web.summary import where

__all__ = ["Finish", "HTTPError", "MissingArgumentError"]

#: The status in the access log of a request whose client has gone before its response; nginx's.
CLIENT_CLOSED_REQUEST = 499


class HTTPError(Exception):
    """Raised by a handler, becomes a response with ``status_code``.

    ``log_message`` is for the log, not for the client; ``args`` are put into its ``%s``. A
    ``reason`` among the keywords takes the place of the usual phrase in the status line. Raises
    ``ValueError`` for a reason that could not stand there.
    """

    def __init__(
        self,
        status_code: int = 500,
        log_message: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        self.status_code = status_code
        self._log_message = log_message
        self.args = args
        self.reason: str | None = kwargs.get("reason")
        if self.reason is not None:
            check_reason(self.reason)

    @property
    def log_message(self) -> str | None:
        """The message for the log, before ``args`` are put in; for use with ``%``."""
        if self._log_message and not self.args:
            return self._log_message.replace("%", "%%")
        return self._log_message

    def get_message(self) -> str | None:
        """Return the message for the log with ``args`` put in."""
        if self._log_message and self.args:
            return self._log_message % self.args
        return self._log_message

    def __str__(self) -> str:
        message = f"HTTP {self.status_code}: {self.reason or reason_phrase(self.status_code)}"
        return f"{message} ({self.get_message()})" if self._log_message else message


class MissingArgumentError(HTTPError):
    """``get_argument`` found nothing and had no default: a 400."""

    def __init__(self, arg_name: str) -> None:
        super().__init__(400, f"Missing argument {arg_name}")
        self.arg_name = arg_name


class Finish(Exception):
    """Raised by a handler, ends the request without an error page.

    What has been written so far is sent; an argument is passed to ``finish``.
    """


def handle_exception(handler: Any, error: BaseException) -> None:
    """Log what a handler raised and answer it, if that can still be done; raise nothing."""
    try:
        if isinstance(error, asyncio.CancelledError):
            _answer_cancelled(handler)
        else:
            _answer(handler, error)
    except Exception:
        app_log.exception("the error page failed: %s", where(handler))
        give_up(handler)


def _answer_cancelled(handler: Any) -> None:
    """Answer 503 for a handler whose coroutine was cancelled, if somebody waits for an answer."""
    exchange = handler.request.connection
    if exchange.is_lost:
        _leave(handler)
        return
    reason = exchange.cancel_reason
    gen_log.warning("%s: %s", reason or "the handler was cancelled", where(handler))
    if handler._finished:
        return
    if reason is not None and handler._headers_written:
        abort(handler)
    else:
        handler.send_error(503)


def log_lost(handler: Any) -> None:
    """Log the request of a client that has gone within its body, if it has: the last that is done.

    ``on_finish`` is not called, as the method has not been.
    """
    exchange = handler.request.connection
    if handler._finished or exchange.finish_time or exchange.is_refused or not exchange.is_lost:
        return
    if not handler._headers_written:
        handler._status_code = CLIENT_CLOSED_REQUEST
    try:
        handler.application.log_request(handler)
    except Exception:
        app_log.exception("the access log failed: %s", where(handler))


def _leave(handler: Any) -> None:
    """End the request of a client that has gone."""
    gen_log.info("the client has gone: %s", where(handler))
    if handler._finished:
        return
    if not handler._headers_written:
        handler._status_code = CLIENT_CLOSED_REQUEST
    abort(handler)


def _answer(handler: Any, error: BaseException) -> None:
    if isinstance(error, Finish):
        if not handler._finished:
            handler.finish(*error.args)
        return
    if isinstance(error, StreamClosedError) and handler.request.connection.is_lost:
        _leave(handler)
        return
    if isinstance(error, HTTPInputError):
        error = _with_context(HTTPError(400, printable(str(error))), error)
    exc_info = (type(error), error, error.__traceback__)
    try:
        handler.log_exception(*exc_info)
    except Exception:
        app_log.exception("log_exception failed: %s", where(handler))
    if handler._finished:
        return
    status: Any = error.status_code if isinstance(error, HTTPError) else 500
    if not isinstance(status, int) or not 200 <= status <= 999:
        gen_log.error("HTTPError with the status %.80r: %s", status, where(handler))
        status = 500
    handler.send_error(status, exc_info=exc_info)


def _with_context(error: HTTPError, cause: Exception) -> HTTPError:
    error.__cause__ = cause
    return error


def log_exception(handler: Any, error: BaseException | None) -> None:
    """Log one line for an ``HTTPError`` that has a message, a traceback for anything else."""
    if isinstance(error, HTTPError):
        if error.log_message:
            _log_message(error, handler._request_summary())
    else:
        app_log.error("Uncaught exception %s", where(handler), exc_info=error)


def _log_message(error: HTTPError, summary: str) -> None:
    """Log the message of an error, in which much is often of the client's making."""
    if error.args:
        args = [printable(value) if isinstance(value, str) else value for value in error.args]
        gen_log.warning(f"%d %s: {error.log_message}", error.status_code, summary, *args)
    else:
        message = printable(error.get_message() or "")
        gen_log.warning("%d %s: %s", error.status_code, summary, message)


def send_error(handler: Any, status_code: int, **kwargs: Any) -> None:
    """Replace what has been prepared by an error page, and finish."""
    if handler._finished:
        gen_log.error("send_error() after finish(): %s", where(handler))
        return
    if handler._headers_written:
        # The client has half an answer that looks good. Only the end of the connection can tell
        # it that no more will come.
        gen_log.error("failed after its response had begun: %s", where(handler))
        abort(handler)
        return
    handler.clear()
    exc_info = kwargs.get("exc_info")
    error = exc_info[1] if exc_info else None
    reason = kwargs.get("reason") or (error.reason if isinstance(error, HTTPError) else None)
    handler.set_status(status_code, reason)
    if status_code == 405 and (allowed := allowed_methods(handler)):
        handler.set_header("Allow", ", ".join(allowed))  # RFC 9110 section 15.5.6
    try:
        handler.write_error(status_code, **kwargs)
    except Exception:
        app_log.exception("write_error failed: %s", where(handler))
    if not handler._finished:
        handler.finish()


def allowed_methods(handler: Any) -> list[str]:
    """Return the methods that the handler's class has defined."""
    cls = type(handler)
    refusing = cls._refuse_method
    return [
        method
        for method in handler.SUPPORTED_METHODS
        if getattr(cls, method.lower(), refusing) is not refusing
    ]


def write_error(handler: Any, status_code: int, **kwargs: Any) -> None:
    """Write the error page: the traceback where the application serves it, else one line."""
    if status_code in (204, 205, 304):
        handler.finish()  # these have no body
        return
    if handler.settings.get("serve_traceback") and kwargs.get("exc_info"):
        handler.set_header("Content-Type", "text/plain; charset=UTF-8")
        handler.finish("".join(traceback.format_exception(*kwargs["exc_info"])))
        return
    title = xhtml_escape(f"{status_code}: {handler._reason}")
    handler.finish(f"<html><title>{title}</title><body>{title}</body></html>")
