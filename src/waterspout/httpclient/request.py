"""`HTTPRequest`: what to fetch, and how."""

import datetime
import ssl
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Collection, Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any, Literal

from waterspout.escape import utf8
from waterspout.httpclient.target import redacted
from waterspout.httputil import format_timestamp
from waterspout.protocol.headers import HTTPHeaders

if TYPE_CHECKING:
    from waterspout.httpclient.auth.credentials import Auth
    from waterspout.httpclient.bodies.progress import Progress
    from waterspout.httpclient.bodies.source import Source
    from waterspout.httpclient.retries import RetryPolicy

#: What a body may be beside bytes and text: a binary file, or pieces.
Body = IO[bytes] | Iterable[bytes] | AsyncIterable[bytes]

#: Names with values, in order.
Fields = Mapping[str, Any] | Iterable[tuple[str, Any]]

__all__ = ["DEFAULTS", "SENSITIVE_HEADERS", "HTTPRequest", "with_arguments"]

#: Fields that tell who asks. They are for the origin that was asked, and no other.
SENSITIVE_HEADERS = frozenset(
    {
        "Api-Key",
        "Authorization",
        "Cookie",
        "Cookie2",
        "Ocp-Apim-Subscription-Key",
        "Private-Token",
        "Proxy-Authorization",
        "X-Access-Token",
        "X-Amz-Security-Token",
        "X-Api-Key",
        "X-Api-Token",
        "X-Auth-Key",
        "X-Auth-Token",
        "X-Csrf-Token",
        "X-Csrftoken",
        "X-Functions-Key",
        "X-Gitlab-Token",
        "X-Goog-Api-Key",
        "X-Vault-Token",
        "X-Xsrf-Token",
        "X-Xsrftoken",
    }
)

#: What holds where neither the request nor the client says otherwise.
DEFAULTS: dict[str, Any] = {
    "connect_timeout": 20.0,
    "request_timeout": 20.0,
    "read_timeout": 0.0,
    "follow_redirects": True,
    "max_redirects": 5,
    "decompress_response": True,
    "proxy_password": "",
    "allow_nonstandard_methods": False,
    "validate_cert": True,
    "allow_ipv6": True,
    "sensitive_headers": SENSITIVE_HEADERS,
}


class HTTPRequest:
    """A request; its attributes are the arguments. What is None is up to the client.

    - ``url``: http or https. Credentials in it are sent as Basic authentication.
    - ``method``, ``headers`` (any mapping), ``body`` (bytes, or text that is sent as UTF-8).
      ``POST``, ``PUT`` and ``PATCH`` need a body, other methods must have none, unless
      ``allow_nonstandard_methods`` is true; that also allows methods of other names.
      The body may also be a binary file, from where it stands to its end, the `pathlib.Path` of
      one, which is opened each time it is sent, or an iterable of bytes, and for `AsyncHTTPClient`
      an asynchronous one. Those are sent in pieces, as fast as the server takes them, with a
      Content-Length where the size of a file can be told, or one is given, and otherwise in chunks.
      Files are read in the thread that sends, so in the loop. An iterator or
      generator can be sent once; `HTTPBodyError` tells where it was wanted again.
    - ``json``: a value that is sent as JSON. ``form``: names with values, a mapping or pairs, sent
      as browsers send forms; a value that is a list comes several times. ``files``: names with
      files, a mapping or pairs, sent in a form together with the fields of ``form``
      (multipart/form-data). A file is what ``body`` can be, or a tuple ``(filename, content)`` or
      ``(filename, content, content_type)``, where a filename of None makes it a field. These three
      make ``body`` and Content-Type.
    - ``body_producer``: called with a function ``write(chunk)`` that sends a piece of the body and
      returns what can be awaited until another should follow. The body ends when the producer
      returns, or when what it returns was awaited. Sent in chunks unless there is a Content-Length.
      It is called again where a redirect asks for the body once more.
    - ``auth_username``, ``auth_password``: authentication; ``auth_mode`` is "basic", which None
      stands for, or "digest".
    - ``auth``: a pair of user name and password, which is Basic authentication, or one of
      `BasicAuth`, `BearerAuth`, `DigestAuth` and `NetrcAuth`. As all credentials, those of the URL
      first of all, it is for the origin of ``url``, and stays behind where a redirect leaves it.
    - ``cookies``: names and values to send to the origin of ``url``, beside those of the client's
      `CookieJar`.
    - ``retries``: how many times to try again at most, or a `RetryPolicy`.
    - ``connect_timeout``: seconds until a new connection stands, TLS included.
    - ``request_timeout``: seconds from the call of `fetch` to the end of the body, with everything
      in between: the queue, redirects.
    - ``read_timeout``: seconds for which the server may keep silent while a response, or more of
      it, is waited for, or take no more of the request. 0 unless given, so for downloads that take
      long give this one, and a ``request_timeout`` of 0. In all three 0 means that there is no such
      limit.
    - ``if_modified_since``: time, or date, that is sent in a header.
    - ``follow_redirects``, ``max_redirects``: whether, and how many times.
    - ``sensitive_headers``: names of headers that are sent to the origin of ``url`` only, and not
      where a redirect leads to another one: `SENSITIVE_HEADERS` unless given. An empty collection
      sends all, except for credentials that are not in headers.
    - ``user_agent``: what to send as User-Agent.
    - ``decompress_response``: ask for a compressed body, and decode it. ``use_gzip`` is an old
      name.
    - ``streaming_callback``: called with each piece of the body as it comes; ``response.body``
      stays empty then. The next piece is read when what it returns, if awaitable, was awaited.
    - ``header_callback``: called with the status line, each header and the empty line, as text.
    - ``restart_callback``: called when a response broke off of which ``streaming_callback`` or
      ``header_callback`` have seen a part, and ``retries`` are left: what they got is to be
      forgotten, as it all comes once more. Without it such a response is not asked for again.
    - ``progress_callback``: called with a `Progress`, whenever a piece of the body was sent and
      whenever one of the response's has come: how many bytes so far, and of how many.
    - ``expect_100_continue``: send the body only when the server has asked for it, or kept silent.
      Who answers with 417 knows no such question, and gets the request once more without.
    - ``validate_cert``: whether the certificate of an https server must be good, and be for its
      name. ``ca_certs``: a file in PEM format, or a directory as OpenSSL has them, of the
      certificates to trust instead of those that the system does. ``client_cert``, ``client_key``:
      files with the certificate to show, and its key, which may also be in the first. Files that
      were replaced are noticed within a fifth of a second, and new connections are made with them.
      ``minimum_tls_version``: "1.2", which it is unless given, or "1.3".
      ``ssl_options``, a context or a dict as `ssl.wrap_socket` had it, replaces these five. A
      connection is only used for requests that agree in all of them.
    - ``allow_ipv6``: whether to connect to such addresses.
    - ``proxy``: the URL of a proxy, ``http https socks4 socks4a socks5 socks5h``, which may hold
      credentials; False for none, whatever the client and the environment say.
      ``proxy_host``, ``proxy_port``: the same for HTTP. ``proxy_username``, ``proxy_password``:
      where the URL has none; ``proxy_auth_mode`` is "basic", "digest" or None.
    - ``proxy_ssl_options``: about TLS to a proxy of https; as ``ssl_options``, which it has nothing
      to do with.
    - ``network_interface``: the local IP address to connect from, or the name of an interface.
    - ``unix_socket``: the path of the socket to connect to, whatever the URL says.

    Refused when set: ``prepare_curl_callback``.

    Can be fetched any number of times, by several clients, but is not to be changed meanwhile.
    """

    def __init__(
        self,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | str | Body | None = None,
        auth_username: str | None = None,
        auth_password: str | None = None,
        auth_mode: str | None = None,
        connect_timeout: float | None = None,
        request_timeout: float | None = None,
        if_modified_since: float | datetime.datetime | None = None,
        follow_redirects: bool | None = None,
        max_redirects: int | None = None,
        user_agent: str | None = None,
        use_gzip: bool | None = None,
        network_interface: str | None = None,
        streaming_callback: Callable[[bytes], Awaitable[None] | None] | None = None,
        header_callback: Callable[[str], None] | None = None,
        prepare_curl_callback: Callable[[Any], None] | None = None,
        proxy_host: str | None = None,
        proxy_port: int | None = None,
        proxy_username: str | None = None,
        proxy_password: str | None = None,
        proxy_auth_mode: str | None = None,
        allow_nonstandard_methods: bool | None = None,
        validate_cert: bool | None = None,
        ca_certs: str | None = None,
        allow_ipv6: bool | None = None,
        client_key: str | None = None,
        client_cert: str | None = None,
        body_producer: Callable[[Callable[[bytes], Any]], Awaitable[None] | None] | None = None,
        expect_100_continue: bool = False,
        decompress_response: bool | None = None,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        *,
        json: Any = None,
        form: Fields | None = None,
        files: Fields | None = None,
        sensitive_headers: Collection[str] | None = None,
        proxy: str | Literal[False] | None = None,
        proxy_ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        unix_socket: str | None = None,
        auth: "tuple[str, str] | Auth | None" = None,
        cookies: Mapping[str, str] | None = None,
        retries: "int | RetryPolicy | None" = None,
        read_timeout: float | None = None,
        minimum_tls_version: str | ssl.TLSVersion | None = None,
        progress_callback: "Callable[[Progress], object] | None" = None,
        restart_callback: Callable[[], object] | None = None,
    ) -> None:
        self.url = url
        self.method = method
        self._headers: HTTPHeaders | None = None
        if headers is not None:
            self.headers = headers
        if if_modified_since:
            # A copy: the mapping may be the caller's.
            self._headers = HTTPHeaders(self.headers)
            self._headers["If-Modified-Since"] = format_timestamp(if_modified_since)
        self.source: Source | None = None
        self._body: bytes | None = None
        if body is not None:
            self.body = body
        if json is not None or form is not None or files is not None:
            self._take_content(json, form, files)
        self.body_producer = body_producer
        self.auth_username = auth_username
        self.auth_password = auth_password
        self.auth_mode = auth_mode
        self.connect_timeout = connect_timeout
        self.request_timeout = request_timeout
        self.read_timeout = read_timeout
        self.minimum_tls_version = minimum_tls_version
        self.follow_redirects = follow_redirects
        self.max_redirects = max_redirects
        self.sensitive_headers = sensitive_headers
        self.auth = auth
        self.cookies = cookies
        self.retries = retries
        self.user_agent = user_agent
        self.decompress_response = use_gzip if decompress_response is None else decompress_response
        self.network_interface = network_interface
        self.streaming_callback = streaming_callback
        self.header_callback = header_callback
        self.progress_callback = progress_callback
        self.restart_callback = restart_callback
        self.prepare_curl_callback = prepare_curl_callback
        self.proxy = proxy
        self.proxy_host = proxy_host
        self.proxy_port = proxy_port
        self.proxy_username = proxy_username
        self.proxy_password = proxy_password
        self.proxy_auth_mode = proxy_auth_mode
        self.proxy_ssl_options = proxy_ssl_options
        self.allow_nonstandard_methods = allow_nonstandard_methods
        self.validate_cert = validate_cert
        self.ca_certs = ca_certs
        self.allow_ipv6 = allow_ipv6
        self.client_key = client_key
        self.client_cert = client_cert
        self.ssl_options = ssl_options
        self.unix_socket = unix_socket
        self.expect_100_continue = expect_100_continue
        #: Where the response goes if it is streamed, a `pulling.Tap`; not for users.
        self.tap: Any = None
        #: When this was made: seconds since the epoch.
        self.start_time = time.time()

    @property
    def headers(self) -> HTTPHeaders:
        """The headers to send, beside those that the client adds. May be set to any mapping."""
        if self._headers is None:
            self._headers = HTTPHeaders()
        return self._headers

    @headers.setter
    def headers(self, value: Mapping[str, str] | None) -> None:
        if value is None or isinstance(value, HTTPHeaders):
            self._headers = value
        else:
            self._headers = HTTPHeaders(value)

    @property
    def body(self) -> Any:
        """The body to send, in bytes, or what it is to come from. May be set to text."""
        return self._body if self.source is None else self.source.body

    @body.setter
    def body(self, value: Any) -> None:
        self._body = None
        self.source = None
        if value is None or isinstance(value, (bytes, str)):
            self._body = utf8(value)
        elif isinstance(value, bytearray | memoryview):
            self._body = bytes(value)
        else:
            from waterspout.httpclient.bodies.source import (  # most programs do without
                Source,
                source_of,
            )

            self.source = value if isinstance(value, Source) else source_of(value)

    def _take_content(self, json: Any, form: Any, files: Any) -> None:
        """Make the body of values."""
        from waterspout.httpclient.bodies.forms import content_of  # most programs do without

        if self.body is not None:
            raise ValueError("body and json, form or files are two bodies")
        content_type, self.body = content_of(json, form, files)
        self._headers = HTTPHeaders(self.headers)  # a copy: the mapping may be the caller's
        if files is not None and "Content-Type" in self._headers:
            raise ValueError("files makes a Content-Type itself, with the boundary of its parts")
        self._headers.setdefault("Content-Type", content_type)

    @property
    def is_streamed(self) -> bool:
        """Whether somebody gets the body of the response while it comes."""
        return self.streaming_callback is not None or self.tap is not None

    @property
    def has_callbacks(self) -> bool:
        """Whether functions of the user's are called while this is fetched."""
        return (
            self.streaming_callback is not None
            or self.header_callback is not None
            or self.body_producer is not None
            or self.progress_callback is not None
        )

    def manner(self) -> tuple[object, ...] | None:
        """Return all that says how this is to be sent, the method first, but for its URL and what
        is in the body: where two requests agree in that they differ by those, and by callbacks
        about the response. None where that can't be told. Not for users.
        """
        if (
            type(self) is not HTTPRequest
            or type(self.url) is not str
            or self.source is not None
            or self.body_producer is not None
        ):
            return None
        fields: Any = None
        if self._headers:
            if type(self._headers) is not HTTPHeaders or "Content-Length" in self._headers:
                return None
            fields = self._headers.get_all()
        body = self._body
        return (
            self.method,
            fields,
            # Whether there is one, and whether there is something in it.
            None if body is None else body != b"",
            self.allow_ipv6,
            self.allow_nonstandard_methods,
            self.auth,
            self.auth_mode,
            self.auth_password,
            self.auth_username,
            self.ca_certs,
            self.client_cert,
            self.client_key,
            self.connect_timeout,
            self.cookies,
            self.decompress_response,
            self.expect_100_continue,
            self.follow_redirects,
            self.max_redirects,
            self.minimum_tls_version,
            self.network_interface,
            self.prepare_curl_callback,
            self.proxy,
            self.proxy_auth_mode,
            self.proxy_host,
            self.proxy_password,
            self.proxy_port,
            self.proxy_ssl_options,
            self.proxy_username,
            self.read_timeout,
            self.request_timeout,
            self.retries,
            self.sensitive_headers,
            self.ssl_options,
            self.unix_socket,
            self.user_agent,
            self.validate_cert,
        )

    def __repr__(self) -> str:
        return f"<HTTPRequest {self.method} {redacted(self.url)}>"


def with_arguments(request: HTTPRequest | str, arguments: dict[str, Any]) -> HTTPRequest:
    """Return the request that `fetch` is asked for by a URL and ``arguments`` of `HTTPRequest`."""
    if isinstance(request, str):
        return HTTPRequest(request, **arguments)
    raise ValueError("with an HTTPRequest, fetch takes no arguments of one")
