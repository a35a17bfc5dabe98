"""The application: its rules, its settings, and the way from a request to a handler."""

from typing import Any

from waterspout.httpserver import Exchange, HTTPServer
from waterspout.httputil.request import from_exchange
from waterspout.routing import PathRouter
from waterspout.web.accesslog import log_request
from waterspout.web.errorhandler import ErrorHandler
from waterspout.web.execution import execute
from waterspout.web.handler import RequestHandler

__all__ = ["Application"]


class Application:
    """A list of rules, first match first, and settings that all handlers share.

    A rule is ``(pattern, handler[, kwargs[, name]])`` or a ``URLSpec``. Settings understood here:

    - ``default_handler_class``, ``default_handler_args``: who answers where no rule matches;
      without them it is a 404 page.
    - ``log_function``: called with the handler after each response, instead of the access log.
    - ``serve_traceback``: error pages show the traceback. Never in production.
    - ``debug``: stands for ``serve_traceback``.

    Every other setting is the program's own, found in ``RequestHandler.settings``.
    """

    def __init__(self, handlers: Any = None, **settings: Any) -> None:
        for name in ("default_host", "transforms"):
            if settings.pop(name, None) is not None:
                raise TypeError(f"Application has no argument {name!r}")
        if settings.get("debug"):
            settings.setdefault("serve_traceback", True)
        self.settings = settings
        self.router = PathRouter(handlers or ())
        self._log_function = settings.get("log_function", log_request)
        if "default_handler_class" in settings:
            self._default = (
                settings["default_handler_class"],
                settings.get("default_handler_args", {}),
            )
        else:
            self._default = (ErrorHandler, {"status_code": 404})

    def listen(self, port: int, address: str | None = None, **kwargs: Any) -> HTTPServer:
        """Serve this application on ``port``; return the server, by which it is stopped.

        ``family``, ``backlog``, ``flags`` and ``reuse_port`` are for the socket, as in
        ``HTTPServer.listen``; the other keywords are for ``HTTPServer``.
        """
        names = ("family", "backlog", "flags", "reuse_port")
        listening = {name: kwargs.pop(name) for name in names if name in kwargs}
        server = HTTPServer(self, **kwargs)
        server.listen(port, address, **listening)
        return server

    def log_request(self, handler: Any) -> None:
        """Write a finished request to the access log; to be overridden for another log."""
        self._log_function(handler)

    # From the server

    def start_exchange(self, exchange: Exchange) -> None:
        """Answer a request that has been received whole."""
        execute(self, exchange)

    def find_handler(self, exchange: Exchange) -> tuple[RequestHandler, Any, Any]:
        """Make the handler for a request; return it with the arguments for its method."""
        request = from_exchange(exchange)
        route = self.router.find(request.path)
        if route is None:
            handler_class, handler_kwargs = self._default
            return handler_class(self, request, **handler_kwargs), (), {}
        spec, args, kwargs = route
        if spec.kwargs:
            return spec.handler_class(self, request, **spec.kwargs), args, kwargs
        return spec.handler_class(self, request), args, kwargs
