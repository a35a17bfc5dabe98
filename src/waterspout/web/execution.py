"""How a handler runs: ``prepare``, its method, ``finish``, and what becomes of its errors.

Everything is done at once as long as nothing has to be awaited, without a coroutine of our own.
Where something has to be, one of the two coroutines here goes on from there; it is started at
once too, and only if it really waits does the event loop get a Task.

A request whose body is still to come is looked at when its head is there: a handler that streams
it, or a delegate, begins then, and any other one when the body is whole.
"""

import asyncio
from collections.abc import Coroutine
from contextvars import Context, copy_context
from inspect import isawaitable
from types import CoroutineType
from typing import Any

from waterspout.httpserver.answering import begin_answering, start_answering
from waterspout.httpserver.delivery import deliver
from waterspout.httpserver.exchange import Exchange
from waterspout.httputil.request import RequestFields, from_exchange
from waterspout.routing.table import Route, RouteTable
from waterspout.web.errors import HTTPError, handle_exception
from waterspout.web.handler import RequestHandler
from waterspout.web.state import HandlerState

__all__ = ["PASSED_ON", "execute", "execute_at_head", "go_on", "govern"]
__all__ += ["make_handler", "prepare", "watch"]

# What no handler's error page is for.
PASSED_ON = (KeyboardInterrupt, SystemExit, GeneratorExit)

_INIT = vars(RequestHandler)["__init__"]

_METHOD_NAMES = {
    method: method.lower()
    for method in ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")
}


def execute(application: Any, exchange: Exchange) -> None:
    """Answer a request, in a context of its own, as far as that can be done at once."""
    context = copy_context() if exchange.memo is None else exchange.memo[0]
    context.run(_begin, application, exchange, context)


def execute_at_head(application: Any, exchange: Exchange) -> bool:
    """Begin with a request whose body is still to come, if it leads to who wants it so."""
    context = copy_context()
    delegate = context.run(_find_receiver, application, exchange, context)
    if delegate is None:
        return False
    start_answering(exchange, deliver(exchange, delegate), context)
    return True


def _find_receiver(application: Any, exchange: Exchange, context: Context) -> Any:
    """Return the delegate that takes a body piece by piece; None where it has to be gathered."""
    request: RequestFields = from_exchange(exchange, exchange.head, exchange.body)
    table: RouteTable = application.route_table
    route: Route = table.find(request) or application.default_route
    if route.delegate is not None:
        return route.delegate
    if not route.handler_class._streams_request_body:
        exchange.memo = (context, request, route)
        return None
    return application.get_handler_delegate(
        request, route.handler_class, route.settings, list(route.args), route.kwargs
    )


def _begin(application: Any, exchange: Exchange, context: Context) -> None:
    """Answer a request in ``context``, where the caller is, as far as that can be done at once."""
    request: RequestFields
    route: Route
    if exchange.memo is None:
        request = from_exchange(exchange, exchange.head, exchange.body)
        table: RouteTable = application.route_table
        found: Route | None = table.find(request)
        route = application.default_route if found is None else found
    else:
        _, request, route = exchange.memo
        exchange.memo = None
        request.body = exchange.body
    if route.delegate is not None:
        begin_answering(exchange, exchange.loop, deliver(exchange, route.delegate), context)
        return
    exchange.handler_class = route.handler_class
    handler: Any = make_handler(application, request, route)
    rest: Coroutine[Any, Any, None] | None = None
    try:
        waiting = prepare(handler, route)
        if waiting is not None:
            rest = _go_on_after_prepare(handler, waiting, route)
        elif not handler._finished:
            rest = go_on(handler, route, exchange)
    except PASSED_ON:
        raise
    except BaseException as error:
        handle_exception(handler, error)
    if rest is not None and begin_answering(exchange, exchange.loop, rest, context):
        watch(handler, exchange)


def make_handler(application: Any, request: Any, route: Route) -> Any:
    """Return the handler that a route leads to, initialized."""
    handler_class: Any = route.handler_class
    if route.settings:
        return handler_class(application, request, **route.settings)
    if type(handler_class) is type and handler_class.__init__ is _INIT:  # type: ignore[misc]
        return _new_handler(handler_class, application, request)
    return handler_class(application, request)


def _new_handler(cls: Any, application: Any, request: Any) -> Any:
    """Call a class that has ``__init__`` from ``RequestHandler``: compiled, at half the cost."""
    handler: HandlerState = cls.__new__(cls, application, request)
    handler._take_request(application, request)
    handler.set_default_headers()  # type: ignore[attr-defined]
    handler.initialize()  # type: ignore[attr-defined]
    return handler


def prepare(handler: Any, route: Route) -> Any:
    """Do what comes before the method; return what is to be awaited for it, or None."""
    request: RequestFields = handler.request
    method = request.method
    if method not in handler.SUPPORTED_METHODS:
        raise HTTPError(405)
    if route.args or route.kwargs:
        handler.path_args = [_decode(handler, value) for value in route.args]
        handler.path_kwargs = {
            name: _decode(handler, value) for name, value in route.kwargs.items()
        }
    if method != "GET":
        _refuse_forgery(handler, method)
    waiting = handler.prepare()
    if waiting is not None:
        _check_awaitable(handler, "prepare", waiting)
    return waiting


def go_on(handler: Any, route: Route, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
    """Call the method of a handler that is prepared; return what is left to do."""
    try:
        waiting = _call_method(handler, route)
        if waiting is not None:
            return _go_on_after_method(handler, waiting)
        if handler._auto_finish and not handler._finished:
            handler.finish()
        elif not handler._finished:
            watch(handler, exchange)
    except PASSED_ON:
        raise
    except BaseException as error:
        handle_exception(handler, error)
    return None


def _refuse_forgery(handler: Any, method: str) -> None:
    """Check requests that change something, as far as the application asks for it."""
    if method == "HEAD" or method == "OPTIONS":
        return
    settings = handler.application.settings
    if settings.get("xsrf_cookies"):
        handler.check_xsrf_cookie()
    if settings.get("cross_origin_protection"):
        from waterspout.web.crossorigin import check_cross_origin

        check_cross_origin(handler)


def watch(handler: Any, exchange: Exchange) -> None:
    """Have a handler that answers later be told if the client goes, and hold it to its rules."""
    if exchange.finish_time:
        return
    if exchange.close_callback is None:
        exchange.close_callback = handler.on_connection_close
    govern(handler, exchange)


def govern(handler: Any, exchange: Exchange) -> None:
    """Apply what the class of a handler says of its time and its client."""
    if not handler.cancel_on_disconnect:
        exchange.cancel_on_disconnect = False
    timeout = handler.request_timeout
    if timeout is not ... and not exchange.has_own_timeout:
        exchange.set_request_timeout(timeout)


def _check_awaitable(handler: Any, method: str, value: Any) -> None:
    if type(value) is not CoroutineType and not isawaitable(value):
        raise TypeError(
            f"{type(handler).__name__}.{method.lower()}() returned {value!r:.80}, which cannot be"
            f" awaited: a response is given to write() or finish()"
        )


async def _go_on_after_prepare(handler: Any, waiting: Any, route: Route) -> None:
    try:
        await waiting
        if handler._finished:
            return
        waiting = _call_method(handler, route)
        if waiting is not None:
            await waiting
        _finish(handler)
    except PASSED_ON:
        raise
    except BaseException as error:
        handle_exception(handler, error)
        if isinstance(error, asyncio.CancelledError):
            raise


async def _go_on_after_method(handler: Any, waiting: Any) -> None:
    try:
        await waiting
        _finish(handler)
    except PASSED_ON:
        raise
    except BaseException as error:
        handle_exception(handler, error)
        if isinstance(error, asyncio.CancelledError):
            raise


def _finish(handler: Any) -> None:
    """Finish, unless the handler has done so, or shall itself."""
    # The variables of a coroutine have no types, where it is compiled; those of a function have.
    if handler._auto_finish and not handler._finished:
        handler.finish()


def _call_method(handler: Any, route: Route) -> Any:
    """Call the method of the request's; return what is to be awaited for it, or None."""
    request: RequestFields = handler.request
    method = request.method
    has_arguments = route.args or route.kwargs
    if method == "GET" and not has_arguments:
        try:
            waiting = handler.get()  # compiled, without an object for the bound method
        except TypeError:
            if handler.get is None:
                raise HTTPError(405) from None
            raise
    else:
        call = getattr(handler, _METHOD_NAMES.get(method) or method.lower(), None)
        if call is None:
            raise HTTPError(405)
        waiting = call(*handler.path_args, **handler.path_kwargs) if has_arguments else call()
    if waiting is not None:
        _check_awaitable(handler, method, waiting)
    return waiting


def _decode(handler: Any, value: Any) -> Any:
    return handler.decode_argument(value) if isinstance(value, bytes) else value
