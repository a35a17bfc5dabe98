"""The application: its rules, its settings, and the way from a request to a handler."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from waterspout.httpserver import Exchange, HTTPServer
from waterspout.httpserver.refusal import Refusal
from waterspout.httputil import HTTPMessageDelegate, HTTPServerRequest
from waterspout.routing import (
    AnyMatches,
    DefaultHostMatches,
    HostMatches,
    ReversibleRouter,
    Rule,
    RuleRouter,
)
from waterspout.routing.table import Route, RouteTable, handler_route
from waterspout.web.accesslog import handler_log, log_request, refusal_log
from waterspout.web.errorhandler import ErrorHandler
from waterspout.web.execution import execute, execute_at_head
from waterspout.web.handler import RequestHandler
from waterspout.web.handlerrouter import HandlerRouter
from waterspout.web.settings import check_settings
from waterspout.web.streaming import HandlerDelegate
from waterspout.web.transforms import OutputTransform, chosen_transforms

if TYPE_CHECKING:
    from waterspout.httpserver.observer import ServerObserver
    from waterspout.template import BaseLoader
    from waterspout.web.uimodules import UIModule

__all__ = ["Application"]

# What `debug` stands for.
_DEBUG_SETTINGS = {
    "autoreload": True,
    "compiled_template_cache": False,
    "static_hash_cache": False,
    "serve_traceback": True,
}


class Application(ReversibleRouter):
    """A list of rules, first match first, and settings that all handlers share.

    A rule is ``(pattern, handler[, kwargs[, name]])``, a ``URLSpec`` or any other
    ``routing.Rule``: ``pattern`` describes the whole path, or is a ``Matcher``; the groups in it
    become arguments of the handler's methods; ``kwargs`` those of its ``initialize``. A handler is
    a subclass of ``RequestHandler`` or its dotted name, a list of more rules, or whatever else
    ``routing.RuleRouter`` takes. Handlers for one host are added by ``add_handlers``, or by a rule
    of ``HostMatches`` and a list. Wrong rules raise an error that names the rule.

    ``default_host`` is the host whose handlers serve requests for a host that no rule knows.
    ``transforms`` are subclasses of ``OutputTransform`` that every response goes through.

    The settings are found in ``RequestHandler.settings``; those that are none of these are the
    program's own. One of these that is of a wrong kind is a ``TypeError`` here. For all handlers:

    - ``default_handler_class``, ``default_handler_args``: who answers where no rule matches, and
      the keywords of its ``initialize``; without them it is a 404 page.
    - ``log_function``: called with the handler after each response, instead of the access log.
    - ``access_log``: ``"text"``, which is the default, ``"detailed"``, ``"json"`` or None: see
      `access_log`.
    - ``metrics``: True or a `Metrics`: requests are counted, for a `MetricsHandler` to show.
    - ``request_id_header``: each response of a handler has ``X-Request-Id``, as in the log.
    - ``compress_response`` (also called ``gzip``): responses of textual types are compressed for
      clients that can read that; see ``GZipContentEncoding``.
    - ``serve_traceback``: error pages show the traceback. Never in production.
    - ``debug``: stands for ``serve_traceback`` and ``autoreload`` being on, and for
      ``compiled_template_cache`` and ``static_hash_cache`` being off; each can be set differently.
    - ``autoreload``: from when the application is served, the process is restarted whenever one of
      the program's files changes; see `waterspout.autoreload`.

    For cookies and for who is signed in:

    - ``cookie_secret``: signs cookies: a long random text, or a dictionary of such by their
      versions, of which ``key_version`` names the one to sign with.
    - ``login_url``: where ``@authenticated`` sends who is not signed in.
    - ``xsrf_cookies``: requests that change something must show the token of ``xsrf_token``.
      ``xsrf_cookie_name`` is the name of its cookie (``_xsrf``), ``xsrf_cookie_kwargs`` are more
      keywords of ``set_cookie`` for it, ``xsrf_cookie_version`` is 2, or 1 for the older format.
    - ``cross_origin_protection``: requests that change something and come from a page of another
      origin are refused, but for the list ``trusted_origins`` (``["https://example.com"]``).

    For sign-in with somebody else's account, by the mixins of ``waterspout.auth``:

    - ``google_oauth``: the ``key`` and the ``secret`` that Google has given.
    - ``twitter_consumer_key``, ``twitter_consumer_secret``: those that Twitter has given.
    - ``openid_connect``: the ``issuer``, the ``client_id`` and mostly a ``client_secret``.

    For templates:

    - ``template_path``: the directory of the templates; without it, that of the handler's file.
    - ``template_loader``: a loader to be used instead of one for ``template_path``.
    - ``template_whitespace``: how white space is treated: ``all``, ``single`` or ``oneline``.
    - ``autoescape``: the function that escapes what templates show, by its name; None for none.
    - ``compiled_template_cache``: compiled templates are kept; off, each is read anew.
    - ``ui_modules``, ``ui_methods``: what templates may call: modules, dictionaries, or lists of
      them.

    For static files:

    - ``static_path``: a directory whose files are served under ``static_url_prefix``, which is
      ``/static/`` by default; also ``/favicon.ico`` and ``/robots.txt`` are looked for there.
    - ``static_handler_class``, ``static_handler_args``: who serves them, and the keywords of its
      ``initialize``.
    - ``static_hash_cache``: the versions in static URLs are kept; off, each is computed anew.
    """

    def __init__(
        self,
        handlers: Iterable[Any] | None = None,
        default_host: str | None = None,
        transforms: list[type[OutputTransform]] | None = None,
        **settings: Any,
    ) -> None:
        if settings.get("debug"):
            settings = {**_DEBUG_SETTINGS, **settings}
        check_settings(settings)
        self.settings = settings
        self.default_host = default_host
        #: The classes of the transforms that change each response; mostly there are none.
        self.transforms = chosen_transforms(transforms, settings)
        #: The rules for all hosts.
        self.wildcard_router = HandlerRouter(self, [*_static_rules(settings), *(handlers or ())])
        #: The rules for single hosts, and behind them ``wildcard_router``.
        self.default_router = HandlerRouter(self, [Rule(AnyMatches(), self.wildcard_router)])
        self._own_log: Callable[[Any], None] | None = settings.get("log_function")
        self.access_log = settings.get("access_log", None if self._own_log else "text")
        #: Who counts what a server of this application does, or None.
        #: Who logs what a ``FallbackHandler`` leaves to a function; None: nobody but the function.
        self.fallback_log: Callable[[Any], None] | None = None
        self.observer: ServerObserver | None = _observer(settings.get("metrics"))
        if settings.get("ui_modules") or settings.get("ui_methods"):
            # What is wrong with them is told here.
            _ = self.ui_modules, self.ui_methods
        #: Loaders by directory and by the method that made them.
        self.template_loaders: dict[Any, BaseLoader] = {}
        #: Where requests lead that no rule matches.
        self.default_route = _default_route(settings)
        #: Where requests lead.
        self.route_table: RouteTable = (
            RouteTable(_OverriddenRouter([Rule(AnyMatches(), self)]), self)
            if _is_overridden(type(self))
            else self.default_router.route_table
        )

    def listen(self, port: int, address: str | None = None, **kwargs: Any) -> HTTPServer:
        """Serve this application on ``port``; return the server, by which it is stopped.

        ``family``, ``backlog``, ``flags`` and ``reuse_port`` are for the socket, as in
        ``HTTPServer.listen``; the other keywords are for ``HTTPServer``.
        """
        names = ("family", "backlog", "flags", "reuse_port")
        listening = {name: kwargs.pop(name) for name in names if name in kwargs}
        server = self.new_server(**kwargs)
        server.listen(port, address, **listening)
        return server

    def new_server(self, **kwargs: Any) -> HTTPServer:
        """Return a server of this application that does not listen yet.

        The keywords are for ``HTTPServer``.
        """
        return HTTPServer(self, **kwargs)

    def add_handlers(self, host_pattern: str, host_handlers: Iterable[Any]) -> None:
        """Add rules for the hosts that ``host_pattern`` describes (see ``HostMatches``).

        Hosts are tried in the order in which they were added, before the application's own rules,
        which serve all hosts.
        """
        matcher = HostMatches(host_pattern)
        router = HandlerRouter(self, host_handlers)
        rule = self.default_router.process_rule(Rule(matcher, router))
        self.default_router.rules.insert(-1, rule)
        if self.default_host is not None:
            default = DefaultHostMatches(self, matcher.host_pattern)
            self.wildcard_router.add_rules([(default, router)])

    def add_transform(self, transform_class: type[OutputTransform]) -> None:
        """Have the responses to come go through one more output transform, behind the others."""
        self.transforms.append(transform_class)

    def reverse_url(self, name: str, *args: Any) -> str:
        """Return the path of the rule called ``name``, with ``args`` in the place of its groups.

        Raises ``KeyError`` for an unknown name, ``TypeError`` for a wrong number of arguments, and
        ``ValueError`` where the rule's pattern does not tell the path.
        """
        path = self.default_router.reverse_url(name, *args)
        if path is None:
            raise KeyError(f"no rule is called {name!r}")
        return path

    @cached_property
    def ui_modules(self) -> "dict[str, type[UIModule]]":
        """The UI modules by their names in templates; those that are built in among them."""
        from waterspout.web.uimodules import ui_modules_of  # many programs have no pages

        return ui_modules_of(self.settings.get("ui_modules") or {})

    @cached_property
    def ui_methods(self) -> dict[str, Callable[..., Any]]:
        """The functions for templates by their names; they are called with the handler first."""
        from waterspout.web.uimodules import ui_methods_of

        return ui_methods_of(self.settings.get("ui_methods") or {})

    @property
    def access_log(self) -> str | None:
        """The format of the access log: ``text``, ``detailed``, ``json``, or None; may be set.

        Each response of a handler is a record of the logger ``waterspout.access``, and so is each
        request that was refused before it had one. In ``detailed`` text there are bytes sent, peer
        and request id too. A record in ``json`` is a line of JSON with
        time, request_id, remote_ip, peer, method, target, version, status, milliseconds,
        bytes_sent, body_bytes_sent, body_bytes_received, user_agent, referer and handler; with
        ``error`` for a refusal, and ``is_incomplete`` for a response that was cut.
        ``log_function`` takes the place of the log of the responses, and where ``access_log`` is
        not given, of the whole log.
        """
        return self._access_log

    @access_log.setter
    def access_log(self, kind: str | None) -> None:
        log = handler_log(kind)
        self._access_log = None if kind == "off" else kind
        self._log_function = log if self._own_log is None else self._own_log
        self._refusal_log = refusal_log(kind)

    def log_request(self, handler: Any) -> None:
        """Write a finished request to the access log; to be overridden for another log."""
        if self._log_function is None:
            log_request(handler)
        else:
            self._log_function(handler)

    def log_refusal(self, refusal: Refusal) -> None:
        """Write a request that was answered without a handler to the access log."""
        self._refusal_log(refusal)

    # As a router; to be overridden by who wants to choose handlers in another way

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate:
        """Return who takes the request: where no rule matches, the default handler does."""
        delegate = self.default_router.find_handler(request)
        if delegate is None:
            route = self.default_route
            return self.get_handler_delegate(request, route.handler_class, route.settings)
        return delegate

    def get_handler_delegate(
        self,
        request: HTTPServerRequest,
        target_class: type[RequestHandler],
        target_kwargs: dict[str, Any] | None = None,
        path_args: list[bytes] | None = None,
        path_kwargs: dict[str, bytes] | None = None,
    ) -> HTTPMessageDelegate:
        """Return what hands the request to a new handler of ``target_class``.

        ``target_kwargs`` are for its ``initialize``, ``path_args`` and ``path_kwargs`` for its
        method.
        """
        route = handler_route(target_class, target_kwargs, path_args, path_kwargs)
        return HandlerDelegate(self, request, route)

    # From the server

    def on_serving(self) -> None:
        """Begin what is to run as long as the application is served, in the loop that serves."""
        if self.settings.get("autoreload"):
            from waterspout import autoreload  # not where programs are not worked on

            autoreload.start()

    def start_exchange(self, exchange: Exchange) -> None:
        """Answer a request that has been received whole."""
        execute(self, exchange)

    def start_at_head(self, exchange: Exchange) -> bool:
        """Take a request whose body is still to come, if its handler streams it."""
        return execute_at_head(self, exchange)


class _OverriddenRouter(RuleRouter):
    """Leads to an application whose own methods say where a request goes."""

    def get_target_delegate(
        self, target: Any, request: HTTPServerRequest, **target_params: Any
    ) -> HTTPMessageDelegate | None:
        connection: Any = request.connection
        return target.start_request(connection.server_connection, connection)  # type: ignore[no-any-return]


def _is_overridden(cls: type[Application]) -> bool:
    names = ("start_request", "find_handler", "get_handler_delegate")
    return any(getattr(cls, name) is not getattr(Application, name) for name in names)


def _static_rules(settings: dict[str, Any]) -> Iterable[Any]:
    if not settings.get("static_path"):
        return ()
    # It is asked for here, so that an application without files starts sooner.
    from waterspout.web.staticfilehandler import static_rules

    return static_rules(settings)


def _default_route(settings: dict[str, Any]) -> Route:
    handler_class = settings.get("default_handler_class")
    if handler_class is None:
        return Route(ErrorHandler, {"status_code": 404})
    if not (isinstance(handler_class, type) and issubclass(handler_class, RequestHandler)):
        raise TypeError(f"default_handler_class: {handler_class!r} is no RequestHandler class")
    return Route(handler_class, settings.get("default_handler_args") or {})


def _observer(metrics: Any) -> "ServerObserver | None":
    if metrics is None:
        return None
    from waterspout.web.metrics import chosen_metrics  # most applications count nothing

    return chosen_metrics(metrics)
