"""How a handler runs: ``prepare``, its method, ``finish``, and what becomes of its errors.

Everything is done at once as long as nothing has to be awaited, without a coroutine of our own.
Where something has to be, one of the two coroutines here goes on from there; it is started at
once too, and only if it really waits does the event loop get a Task.
"""

import asyncio
from collections.abc import Coroutine
from contextvars import copy_context
from inspect import isawaitable
from types import CoroutineType
from typing import Any

from waterspout.httpserver.answering import start_answering
from waterspout.httpserver.exchange import Exchange
from waterspout.httputil.request import RequestFields, from_exchange
from waterspout.routing import PathRouter, Route
from waterspout.web.crossorigin import check_cross_origin
from waterspout.web.errors import HTTPError, handle_cancellation, handle_exception

__all__ = ["execute"]

_METHOD_NAMES = {
    method: method.lower()
    for method in ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")
}


def execute(application: Any, exchange: Any) -> None:
    """Answer a request, in a context of its own, as far as that can be done at once."""
    context = copy_context()
    begun = context.run(_begin, application, exchange)
    if begun is None:
        return
    handler, rest = begun
    if start_answering(exchange, rest, context):
        _watch(handler, exchange)


def _begin(application: Any, exchange: Exchange) -> tuple[Any, Coroutine[Any, Any, None]] | None:
    """Go as far as nothing has to be awaited; return the handler and what is left to do."""
    request: RequestFields = from_exchange(exchange)
    router: PathRouter = application.router
    route: Route = router.find(request.path) or application.default_route
    handler: Any
    if route.settings:
        handler = route.handler_class(application, request, **route.settings)
    else:
        handler = route.handler_class(application, request)
    try:
        method = request.method
        if method not in handler.SUPPORTED_METHODS:
            raise HTTPError(405)
        args: Any = route.args
        kwargs: Any = route.kwargs
        if args or kwargs:
            args = handler.path_args = [_decode(handler, value) for value in args]
            kwargs = {name: _decode(handler, value) for name, value in kwargs.items()}
            handler.path_kwargs = kwargs
        if method != "GET":
            _refuse_forgery(handler, method)
        waiting = handler.prepare()
        if waiting is not None:
            _check_awaitable(handler, "prepare", waiting)
            return handler, _go_on_after_prepare(handler, waiting, args, kwargs)
        if not handler._finished:
            waiting = _call_method(handler, method, args, kwargs)
            if waiting is not None:
                _check_awaitable(handler, method, waiting)
                return handler, _go_on_after_method(handler, waiting)
            if handler._auto_finish and not handler._finished:
                handler.finish()
            elif not handler._finished:
                _watch(handler, exchange)
    except Exception as error:
        handle_exception(handler, error)
    except asyncio.CancelledError:
        handle_cancellation(handler)
    return None


def _refuse_forgery(handler: Any, method: str) -> None:
    """Check requests that change something, as far as the application asks for it."""
    if method == "HEAD" or method == "OPTIONS":
        return
    settings = handler.application.settings
    if settings.get("xsrf_cookies"):
        handler.check_xsrf_cookie()
    if settings.get("cross_origin_protection"):
        check_cross_origin(handler)


def _watch(handler: Any, exchange: Exchange) -> None:
    """Have a handler that answers later be told if the client goes."""
    if exchange.close_callback is None and not exchange.finish_time:
        exchange.close_callback = handler.on_connection_close


def _check_awaitable(handler: Any, method: str, value: Any) -> None:
    if type(value) is not CoroutineType and not isawaitable(value):
        raise TypeError(
            f"{type(handler).__name__}.{method.lower()}() returned {value!r:.80}, which cannot be"
            f" awaited: a response is given to write() or finish()"
        )


async def _go_on_after_prepare(handler: Any, waiting: Any, args: Any, kwargs: Any) -> None:
    try:
        await waiting
        if handler._finished:
            return
        method = handler.request.method
        waiting = _call_method(handler, method, args, kwargs)
        if waiting is not None:
            _check_awaitable(handler, method, waiting)
            await waiting
        if handler._auto_finish and not handler._finished:
            handler.finish()
    except Exception as error:
        handle_exception(handler, error)
    except asyncio.CancelledError:
        handle_cancellation(handler)
        raise


async def _go_on_after_method(handler: Any, waiting: Any) -> None:
    try:
        await waiting
        if handler._auto_finish and not handler._finished:
            handler.finish()
    except Exception as error:
        handle_exception(handler, error)
    except asyncio.CancelledError:
        handle_cancellation(handler)
        raise


def _call_method(handler: Any, method: str, args: Any, kwargs: Any) -> Any:
    call = getattr(handler, _METHOD_NAMES.get(method) or method.lower())
    if kwargs:
        return call(*args, **kwargs)
    return call(*args) if args else call()


def _decode(handler: Any, value: bytes | None) -> str | None:
    return None if value is None else handler.decode_argument(value)
