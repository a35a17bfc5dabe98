"""The base class of all handlers: a table of contents over the modules beside it."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from waterspout._lazy import LazyModule
from waterspout.httputil import HTTPHeaders, HTTPServerRequest
from waterspout.util import ObjectDict
from waterspout.web import arguments, cookies, errors, response, settings
from waterspout.web.response import HeaderValue
from waterspout.web.state import HandlerState
from waterspout.web.summary import summary

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

    from waterspout.iostream import BaseIOStream
    from waterspout.locale import Locale
    from waterspout.template import BaseLoader
    from waterspout.web import (
        crossorigin,
        earlyhints,
        language,
        rendering,
        signedcookies,
        uiresources,
        xsrf,
    )
    from waterspout.web.application import Application
else:
    # What many programs do without.
    crossorigin = LazyModule("waterspout.web.crossorigin")
    earlyhints = LazyModule("waterspout.web.earlyhints")
    language = LazyModule("waterspout.web.language")
    rendering = LazyModule("waterspout.web.rendering")
    signedcookies = LazyModule("waterspout.web.signedcookies")
    uiresources = LazyModule("waterspout.web.uiresources")
    xsrf = LazyModule("waterspout.web.xsrf")

__all__ = ["RequestHandler"]


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

    def __init__(
        self, application: "Application", request: HTTPServerRequest, **kwargs: Any
    ) -> None:
        self._take_request(application, request)
        self.set_default_headers()
        if kwargs:
            self.initialize(**kwargs)
        else:
            self.initialize()

    # To be overridden: the steps of a request

    def _initialize(self) -> None:
        """Take the keywords of the rule that led here."""

    # A subclass has the parameters that its rules give, whatever they are.
    initialize: Callable[..., None] = _initialize

    def set_default_headers(self) -> None:
        """Set fields that every response shall have, error pages too."""

    def prepare(self) -> Awaitable[None] | None:
        """Do what comes before every method; may be ``async def``, may ``finish``."""

    def _refuse_method(self, *args: Any, **kwargs: Any) -> Any:
        """Answer the method of this name; 405 unless overridden. HEAD writes as GET, unsent."""
        raise errors.HTTPError(405)

    get: Callable[..., Any] = _refuse_method
    head: Callable[..., Any] = _refuse_method
    post: Callable[..., Any] = _refuse_method
    delete: Callable[..., Any] = _refuse_method
    patch: Callable[..., Any] = _refuse_method
    put: Callable[..., Any] = _refuse_method
    options: Callable[..., Any] = _refuse_method

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Take a piece of the request's body, where the class is a ``@stream_request_body``.

        What is returned is awaited before more is read from the client.
        """
        raise NotImplementedError(f"{type(self).__name__} has no data_received()")

    def on_finish(self) -> None:
        """Do what comes after the response has been sent, such as logging or cleaning up."""

    def on_connection_close(self) -> None:
        """Take note that the client has gone while its request was being worked on."""

    # The application

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the application."""
        return self.application.settings  # type: ignore[no-any-return]

    def require_setting(self, name: str, feature: str = "this feature") -> None:
        """Raise ``RuntimeError``, which says what ``feature`` needs, where a setting is missing."""
        settings.require_setting(self, name, feature)

    def reverse_url(self, name: str, *args: Any) -> str:
        """Return the path of the rule called ``name``; see ``Application.reverse_url``."""
        return self.application.reverse_url(name, *args)  # type: ignore[no-any-return]

    def static_url(self, path: str, include_host: bool | None = None, **kwargs: Any) -> str:
        """Return the URL of a file below the setting ``static_path``, with its version.

        ``include_host`` gives a whole URL; without it the attribute ``include_host`` of the
        handler decides. The other keywords are for ``make_static_url`` of the setting
        ``static_handler_class``; ``StaticFileHandler`` knows ``include_version``. ``path`` names a
        known file, not one that a client has sent: the file is read when it has changed. Raises
        ``RuntimeError`` without the setting, and ``HTTPError`` for a path that leads outside.
        """
        return settings.static_url(self, path, include_host, kwargs)

    # The request

    @cached_property
    def path_args(self) -> list[str | None]:
        """What the groups of the rule's pattern hold, decoded, where they have no names."""
        return []

    @cached_property
    def path_kwargs(self) -> dict[str, str | None]:
        """What the groups of the rule's pattern hold, decoded, by their names."""
        return {}

    def get_argument(self, name: str, default: Any = arguments.REQUIRED, strip: bool = True) -> Any:
        """Return the last value of an argument of the query or the form.

        Without a value and without a default the request is answered with 400.
        """
        return arguments.last_argument(self, name, default, self.request.arguments, strip)

    def get_arguments(self, name: str, strip: bool = True) -> list[str]:
        """Return all values of an argument of the query or the form."""
        return arguments.text_arguments(self, name, self.request.arguments, strip)

    def get_query_argument(
        self, name: str, default: Any = arguments.REQUIRED, strip: bool = True
    ) -> Any:
        """Return the last value of an argument of the query; see ``get_argument``."""
        return arguments.last_argument(self, name, default, self.request.query_arguments, strip)

    def get_query_arguments(self, name: str, strip: bool = True) -> list[str]:
        """Return all values of an argument of the query."""
        return arguments.text_arguments(self, name, self.request.query_arguments, strip)

    def get_body_argument(
        self, name: str, default: Any = arguments.REQUIRED, strip: bool = True
    ) -> Any:
        """Return the last value of an argument of the form; see ``get_argument``."""
        return arguments.last_argument(self, name, default, self.request.body_arguments, strip)

    def get_body_arguments(self, name: str, strip: bool = True) -> list[str]:
        """Return all values of an argument of the form."""
        return arguments.text_arguments(self, name, self.request.body_arguments, strip)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Decode an argument; ``name`` is None for a group of the path. UTF-8, or a 400."""
        return arguments.decode_argument(value, name)

    # Cookies

    @property
    def cookies(self) -> "SimpleCookie":
        """The cookies of the request, as morsels of ``http.cookies``."""
        return self.request.cookies  # type: ignore[no-any-return]

    def get_cookie(self, name: str, default: str | None = None) -> str | None:
        """Return the value of a cookie of the request; what has just been set is not there."""
        return cookies.get_cookie(self, name, default)

    def set_cookie(
        self,
        name: str,
        value: str | bytes,
        domain: str | None = None,
        expires: float | tuple[int, ...] | datetime.datetime | None = None,
        path: str = "/",
        expires_days: float | None = None,
        *,
        max_age: int | None = None,
        httponly: bool = False,
        secure: bool = False,
        samesite: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Send a cookie with the response, whatever becomes of it; the last of a name counts.

        ``expires`` is seconds since the epoch, a time tuple in UTC or a ``datetime``;
        ``expires_days`` counts from now, where ``expires`` is not given; ``max_age`` is in
        seconds. Without any of them the cookie ends with the browser's session. ``samesite`` is
        strict, lax or none. ``partitioned`` is among the other keywords; to spell attributes
        otherwise than in lower case is deprecated. Raises ``ValueError`` for what could not be
        sent. See RFC 6265bis section 4.1.
        """
        attributes = {
            "domain": domain,
            "expires": expires,
            "path": path,
            "max_age": max_age,
            "httponly": httponly,
            "secure": secure,
            "samesite": samesite,
        }
        cookies.set_cookie(self, name, value, expires_days, attributes, kwargs)

    def clear_cookie(self, name: str, **kwargs: Any) -> None:
        """Have the client forget a cookie.

        It does so only where ``domain`` and ``path``, and for some browsers ``samesite`` and
        ``secure``, are those that the cookie was set with. The keywords are those of
        ``set_cookie``, without ``expires`` and ``max_age``.
        """
        cookies.clear_cookie(self, name, kwargs)

    def clear_all_cookies(self, **kwargs: Any) -> None:
        """Have the client forget all cookies that came with the request; see ``clear_cookie``."""
        cookies.clear_all_cookies(self, kwargs)

    # Signed cookies

    def create_signed_value(
        self, name: str, value: str | bytes, version: int | None = None
    ) -> bytes:
        """Sign a value under a name with the setting ``cookie_secret``; see ``set_signed_cookie``.

        ``get_signed_cookie`` with ``value`` gives it back.
        """
        return signedcookies.sign(self, name, value, version)

    def get_signed_cookie(
        self,
        name: str,
        value: str | None = None,
        max_age_days: float = 31,
        min_version: int | None = None,
    ) -> bytes | None:
        """Return what was signed, of the cookie or of ``value``; None unless the signature is good.

        None also where it is older than ``max_age_days``. ``min_version`` 2 refuses the older
        format, version 1.
        """
        return signedcookies.get_signed_cookie(self, name, value, max_age_days, min_version)

    def get_signed_cookie_key_version(self, name: str, value: str | None = None) -> int | None:
        """Return the key version that a signed cookie, or ``value``, says it is signed with."""
        return signedcookies.get_signed_cookie_key_version(self, name, value)

    def set_signed_cookie(
        self,
        name: str,
        value: str | bytes,
        expires_days: float | None = 30,
        version: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Send a cookie that nobody without the setting ``cookie_secret`` can change or forge.

        Everybody can read it. ``cookie_secret`` is a long random text, or bytes; or a dictionary
        of such by their versions, where the setting ``key_version`` names the one to sign with.
        ``expires_days`` is how long browsers keep it, None for the session; how long it is good
        is said where it is read. The other keywords are those of ``set_cookie``.
        """
        signed = self.create_signed_value(name, value, version=version)
        self.set_cookie(name, signed, expires_days=expires_days, **kwargs)

    # Their older names
    set_secure_cookie = set_signed_cookie
    get_secure_cookie = get_signed_cookie
    get_secure_cookie_key_version = get_signed_cookie_key_version

    # The user

    @cached_property
    def current_user(self) -> Any:
        """Who has signed in: what ``get_current_user`` returns, asked once.

        It may be set as well, in ``prepare`` for example, where it takes awaiting to find out.
        """
        return self.get_current_user()

    def get_current_user(self) -> Any:
        """Return who has signed in, from a cookie for example; to be overridden, not ``async``."""
        return None

    def get_login_url(self) -> str:
        """Return where to sign in, for ``@authenticated``: the setting ``login_url``."""
        self.require_setting("login_url", "@authenticated")
        return self.settings["login_url"]  # type: ignore[no-any-return]

    # Requests that another site has forged

    @cached_property
    def xsrf_token(self) -> bytes:
        """The token that forms and scripts send back, against forgery from another site.

        To look at it is to have its cookie set, where the client has none yet. It differs from
        page to page and is ASCII only.
        """
        return xsrf.xsrf_token(self)

    def check_xsrf_cookie(self) -> None:
        """Raise a 403 unless the request shows the token of its cookie.

        It is the argument ``_xsrf`` or the header ``X-Xsrftoken`` or ``X-Csrftoken``. Called
        before ``prepare`` for all methods but GET, HEAD and OPTIONS, where the setting
        ``xsrf_cookies`` is on; to be overridden for handlers that shall not be protected.
        """
        xsrf.check_xsrf_cookie(self)

    def xsrf_form_html(self) -> str:
        """Return the hidden field that every form needs, where ``xsrf_cookies`` is on."""
        return xsrf.xsrf_form_html(self)

    def check_trusted_origin(self, origin: str) -> bool:
        """Tell whether pages of another origin may send requests that change something.

        Asked before ``prepare``, with the value of ``Origin``, where the setting
        ``cross_origin_protection`` is on and the request does come from another origin. By
        default those of the setting ``trusted_origins`` may. To allow all is safe only where
        cookies are not what tells who somebody is.
        """
        return crossorigin.is_trusted_origin(self, origin)

    # The language

    @cached_property
    def locale(self) -> "Locale":
        """The locale of the response: that of the user, or the browser's; may be set to another."""
        return language.chosen_locale(self)

    def get_user_locale(self) -> "Locale | None":
        """Return the locale that the user has chosen; None for the browser's. To be overridden."""
        return None

    def get_browser_locale(self, default: str = "en_US") -> "Locale":
        """Return the closest locale to ``Accept-Language``, by its order and its q-values.

        ``default`` is for a browser that asks for none. Where there is nothing that it asks for it
        is the locale of `locale.set_default_locale`.
        """
        return language.browser_locale(self, default)

    # The response: status and fields

    def clear(self) -> None:
        """Forget the status, the fields and the body prepared so far."""
        self._begin_response()
        self.set_default_headers()

    def set_status(self, status_code: int, reason: str | None = None) -> None:
        """Set the status, and the reason phrase where it is not the usual one.

        A body with 204, 205 or 304 is an error of ``flush`` and ``finish``. Raises ``ValueError``
        for what could not stand in a status line.
        """
        response.set_status(self, status_code, reason)

    def get_status(self) -> int:
        """Return the status."""
        return self._status_code

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

        The future is done when the client keeps up: to await it is to keep little in memory, and
        to give way to other requests from time to time where the client is as fast.
        """
        return response.flush(self)

    def send_early_hints(self, links: str | Iterable[str]) -> None:
        """Tell the client now which resources the response will need: an interim response 103.

        Each of ``links`` is a value of ``Link``: ``</style.css>; rel=preload; as=style``. Before
        ``flush`` and ``finish``, up to 8 times for a request, up to 4 KiB each. A client of
        HTTP/1.0 gets none. Raises ``ValueError`` for what is no such value, and ``RuntimeError``
        once the response has begun, or for more. See RFC 8297.
        """
        earlyhints.send_early_hints(self, links)

    async def send_events(self, events: AsyncIterator[Any], keep_alive: float = 15.0) -> None:
        """Answer with server-sent events, each when the client has taken those before.

        ``events`` gives an ``Event``, or its ``data`` only: text, or what becomes JSON. It is
        closed when the client goes or the server drains. ``keep_alive`` is after how many seconds
        of silence a comment is sent. ``EventStream`` is the same for events that come otherwise.
        """
        from waterspout.web import eventstream  # few handlers send events

        await eventstream.send_events(self, events, keep_alive)

    @property
    def last_event_id(self) -> str | None:
        """The id of the last event that the client says it has got; None without one."""
        from waterspout.web import eventstream

        return eventstream.last_event_id(self)

    def finish(self, chunk: str | bytes | dict[Any, Any] | None = None) -> "asyncio.Future[None]":
        """End the response, and with it the request; nothing can be written after it."""
        return response.finish(self, chunk)

    def redirect(self, url: str, permanent: bool = False, status: int | None = None) -> None:
        """Finish with a redirect to ``url``: 302, 301 if permanent, or ``status`` (300 to 399)."""
        response.redirect(self, url, permanent, status)

    def detach(self) -> "BaseIOStream":
        """Take the connection out of HTTP and return the stream on it; the request is over.

        What the client has sent behind its request is read from the stream first. It may follow
        a ``flush`` with status 101. Without TLS the stream is an ``IOStream``; see
        ``Exchange.detach`` for what it raises.
        """
        return response.detach(self)

    # Pages

    def render(self, template_name: str, **kwargs: Any) -> "asyncio.Future[None]":
        """Finish with a template's output, and with what the UI modules in it need.

        ``kwargs`` are the template's variables. Raises ``RuntimeError`` after ``finish``.
        """
        return rendering.render(self, template_name, kwargs)

    def render_string(self, template_name: str, **kwargs: Any) -> bytes:
        """Return a template's output; ``kwargs`` are its variables."""
        return rendering.render_string(self, template_name, kwargs)

    def get_template_namespace(self) -> dict[str, Any]:
        """Return what templates see besides their variables; to be extended by a subclass."""
        return rendering.namespace(self)

    def get_template_path(self) -> str | None:
        """Return the directory of templates: the setting ``template_path``.

        None stands for the directory of the file that calls ``render`` or ``render_string``.
        """
        return self.settings.get("template_path")

    def create_template_loader(self, template_path: str) -> "BaseLoader":
        """Return a loader of templates in a directory; the application keeps it for this class.

        That is the setting ``template_loader``, or one that follows the settings ``autoescape``
        and ``template_whitespace``.
        """
        return rendering.create_loader(self.settings, template_path)

    @cached_property
    def ui(self) -> ObjectDict:
        """The application's UI methods, bound to this handler, and its UI modules."""
        return rendering.user_interface(self)

    def render_linked_js(self, js_files: Iterable[str]) -> str:
        """Return the elements by which a page loads scripts; to be overridden for others."""
        return uiresources.linked_js(self, js_files)

    def render_embed_js(self, js_embed: Iterable[bytes]) -> bytes:
        """Return the element that has a page's scripts; to be overridden for another."""
        return uiresources.embedded_js(js_embed)

    def render_linked_css(self, css_files: Iterable[str]) -> str:
        """Return the elements by which a page loads style sheets; to be overridden for others."""
        return uiresources.linked_css(self, css_files)

    def render_embed_css(self, css_embed: Iterable[bytes]) -> bytes:
        """Return the element that has a page's styles; to be overridden for another."""
        return uiresources.embedded_css(css_embed)

    # Errors

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Finish with an error page, in place of what has been written.

        ``reason`` and ``exc_info`` are among the keywords of ``write_error``. Where the response
        has begun the connection is cut, so that the client sees it is not whole.
        """
        errors.send_error(self, status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write an error page; to be overridden. ``exc_info`` is there for an exception."""
        errors.write_error(self, status_code, **kwargs)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log what the handler raised; to be overridden for another log."""
        errors.log_exception(self, value)

    # Entity tags

    def compute_etag(self) -> str | None:
        """Return the quoted tag of the body written so far; None for none."""
        return response.body_tag(self)

    def set_etag_header(self) -> None:
        """Set the field ``Etag`` from ``compute_etag``."""
        response.set_etag(self)

    def check_etag_header(self) -> bool:
        """Tell whether the client has this body already, so that 304 is the answer."""
        return response.is_not_modified(self)

    # Inside

    # Set by `stream_request_body`.
    _streams_request_body = False

    @property
    def _reason(self) -> str:
        """The reason phrase of the response; many a program shows it on its error pages."""
        return response.reason_of(self)

    @_reason.setter
    def _reason(self, reason: str | None) -> None:
        response.set_status(self, self._status_code, reason)

    @property
    def _headers(self) -> HTTPHeaders:
        if self._own_headers is None:
            self._own_headers = response.default_headers()
        return self._own_headers

    @classmethod
    def _check_keywords(cls, keywords: dict[str, Any]) -> None:
        """Raise ``ValueError`` for wrong keywords of a rule; asked when the rule is made."""

    def _request_summary(self) -> str:
        return summary(self)
