"""The application: its rules, its settings, and the way from a request to a handler."""

from typing import Any

from waterspout.httpserver import Exchange, HTTPServer
from waterspout.routing import PathRouter, Route
from waterspout.template import BaseLoader
from waterspout.web.accesslog import log_request
from waterspout.web.errorhandler import ErrorHandler
from waterspout.web.execution import execute
from waterspout.web.staticrules import static_rules
from waterspout.web.transforms import chosen_transforms
from waterspout.web.uimodules import ui_methods_of, ui_modules_of

__all__ = ["Application"]


class Application:
    """A list of rules, first match first, and settings that all handlers share.

    A rule is ``(pattern, handler[, kwargs[, name]])`` or a ``URLSpec``. Settings understood here:

    - ``default_handler_class``, ``default_handler_args``: who answers where no rule matches;
      without them it is a 404 page.
    - ``log_function``: called with the handler after each response, instead of the access log.
    - ``serve_traceback``: error pages show the traceback. Never in production.
    - ``static_path``, ``static_url_prefix``, ``static_handler_class``, ``static_handler_args``: the
      static files; see ``static_rules``.
    - ``compress_response``, or ``gzip``: responses are compressed; see ``GZipContentEncoding``.
    - ``cookie_secret``: signs cookies: a long random text, or a dictionary of such by their
      versions, of which ``key_version`` names the one to sign with.
    - ``login_url``: where ``@authenticated`` sends those who have not signed in.
    - ``xsrf_cookies``: requests that change something must show the token of ``xsrf_token``.
      ``xsrf_cookie_name`` is the name of its cookie (``_xsrf``), ``xsrf_cookie_kwargs`` are more
      keywords of ``set_cookie`` for it, ``xsrf_cookie_version`` is 2, or 1 for the older format.
    - ``cross_origin_protection``: requests that change something and come from a page of another
      origin are refused, but for the list ``trusted_origins`` (``["https://example.com"]``).
    - ``debug``: stands for ``serve_traceback``, and for ``compiled_template_cache=False``.
    - ``template_path``: the directory of templates; without it, that of the file that renders one.
    - ``template_loader``: a loader of one's own, in place of files in a directory.
    - ``autoescape``: the function that templates pass expressions through, by its name; None for
      none, which is dangerous. ``xhtml_escape`` by default.
    - ``template_whitespace``: what becomes of white space in templates; see `filter_whitespace`.
    - ``compiled_template_cache``: False loads templates anew for each request.
    - ``ui_modules``, ``ui_methods``: classes and functions that templates see, as a module, a
      dictionary, or a list of them.

    Every other setting is the program's own, found in ``RequestHandler.settings``.
    """

    def __init__(self, handlers: Any = None, **settings: Any) -> None:
        if settings.pop("default_host", None) is not None:
            raise TypeError("Application has no argument 'default_host'")
        #: The classes of the transforms that change each response; mostly there are none.
        self.transforms = chosen_transforms(settings.pop("transforms", None), settings)
        if settings.get("debug"):
            settings.setdefault("serve_traceback", True)
            settings.setdefault("compiled_template_cache", False)
        self.settings = settings
        self.router = PathRouter([*static_rules(settings), *(handlers or ())])
        self._log_function = settings.get("log_function")
        self.ui_modules = ui_modules_of(settings.get("ui_modules") or {})
        self.ui_methods = ui_methods_of(settings.get("ui_methods") or {})
        #: Loaders by directory and by the method that made them.
        self.template_loaders: dict[Any, BaseLoader] = {}
        #: Where paths lead that no rule matches.
        self.default_route = Route(
            settings.get("default_handler_class", ErrorHandler),
            settings.get("default_handler_args", {})
            if "default_handler_class" in settings
            else {"status_code": 404},
        )

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
        if self._log_function is None:
            log_request(handler)
        else:
            self._log_function(handler)

    def add_transform(self, transform_class: Any) -> None:
        """Have another class of ``OutputTransform`` change all responses from now on."""
        self.transforms.append(transform_class)

    # From the server

    def start_exchange(self, exchange: Exchange) -> None:
        """Answer a request that has been received whole."""
        execute(self, exchange)
