"""The request as a program sees it."""

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from waterspout.httputil.cookies import parse_cookie
from waterspout.httputil.forms import parse_body_arguments, parse_query
from waterspout.httputil.multipart import HTTPFile
from waterspout.httputil.startline import RequestStartLine
from waterspout.httputil.text import split_host_and_port
from waterspout.protocol.errors import HTTPInputError
from waterspout.protocol.grammar import is_host
from waterspout.protocol.headers import HTTPHeaders
from waterspout.protocol.http1.messages import RequestHead

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

__all__ = ["HTTPServerRequest", "from_exchange"]


class RequestFields:
    """The attributes that every request fills; compiled, a structure in C."""

    def __init__(self) -> None:
        #: The exchange that the request came in and that its response goes out on.
        self.connection: Any = None
        self.server_connection: Any = None
        self.method = ""
        self.uri = ""
        self.path = ""
        self.query = ""
        self.body = b""


def from_exchange(exchange: Any, head: RequestHead, body: bytes) -> "HTTPServerRequest":
    """Make the request of an exchange, whose head has been received, and maybe its body."""
    cls = HTTPServerRequest
    request = cls.__new__(cls)
    _fill(request, exchange, head, body)
    return request


def _fill(request: RequestFields, exchange: Any, head: RequestHead, body: bytes) -> None:
    request.connection = exchange
    request.server_connection = None
    request.method = head.method
    uri = request.uri = head.target
    if "?" in uri:
        request.path, _, request.query = uri.partition("?")
    else:
        request.path = uri
        request.query = ""
    if uri[0] != "/":
        request.path = _without_authority(request.path)
    request.body = body


def _without_authority(path: str) -> str:
    """Return the path of an absolute target (RFC 9112 section 3.2.2), or a path as it is."""
    scheme, colon, rest = path.partition("://")
    return "/" + rest.partition("/")[2] if colon and "/" not in scheme else path


class HTTPServerRequest(RequestFields):
    """One request; its parts are understood when they are first looked at.

    Made by the server, or by hand: from ``method`` and ``uri`` or from a ``start_line``, for tests
    and for servers of one's own. ``connection`` is the exchange that the request came in and that
    its response goes out on, by hand any ``HTTPConnection``; ``remote_ip`` and ``protocol`` are
    those of its ``context``, where it has one.

    Argument values are lists of bytes, as sent; ``RequestHandler.get_argument`` decodes them.
    ``HTTPInputError`` is raised by what looks at a malformed query or form, and by making a
    request with a Host that cannot be one. Belongs to the thread of its event loop.
    """

    def __init__(
        self,
        method: str | None = None,
        uri: str | None = None,
        version: str = "HTTP/1.0",
        headers: HTTPHeaders | None = None,
        body: bytes | None = None,
        host: str | None = None,
        files: dict[str, list[HTTPFile]] | None = None,
        connection: Any = None,
        start_line: RequestStartLine | None = None,
        server_connection: object | None = None,
    ) -> None:
        if start_line is not None:
            method, uri, version = start_line
        self.method = method or "GET"
        self.uri = uri or "/"
        path, _, self.query = self.uri.partition("?")
        self.path = _without_authority(path)
        self.version = version
        self.headers = HTTPHeaders() if headers is None else headers
        self.body = body or b""
        self.host = host or _checked_host(self.headers.get("Host", "127.0.0.1"))
        if files is not None:
            self.files = files
        self.connection = connection
        self.server_connection = server_connection
        # An exchange tells of the client itself; of a Mock nothing is asked but its context.
        client: Any = getattr(connection, "context", connection)
        self.remote_ip = getattr(client, "remote_ip", None)  # type: ignore[assignment]
        self.protocol = getattr(client, "protocol", "http")
        self._start = time.monotonic()

    # Who asks, and for what

    @cached_property
    def version(self) -> str:
        """``HTTP/1.1`` or ``HTTP/1.0``."""
        return self.connection.head.version  # type: ignore[no-any-return]

    @cached_property
    def headers(self) -> HTTPHeaders:
        """The header fields."""
        return self.connection.head.headers  # type: ignore[no-any-return]

    @cached_property
    def host(self) -> str:
        """The host asked for, with its port where one was given."""
        return self.connection.head.host or "127.0.0.1"

    @cached_property
    def host_name(self) -> str:
        """The host asked for, without a port, in lower case."""
        return split_host_and_port(self.host.lower())[0]

    @cached_property
    def remote_ip(self) -> str:
        """The address of the client; None where a request was made by hand and came from nobody."""
        return self.connection.remote_ip  # type: ignore[no-any-return]

    @cached_property
    def protocol(self) -> str:
        """``http`` or ``https``."""
        return self.connection.protocol  # type: ignore[no-any-return]

    @cached_property
    def request_id(self) -> str:
        """The name of the request in logs: what ``X-Request-Id`` says, or a new one.

        The client's is taken where it is one field of 1 to 128 letters, digits and ``-._~:/+=@``.
        Empty where a request was made by hand.
        """
        found = getattr(self.connection, "request_id", "")
        return found if isinstance(found, str) else ""

    def full_url(self) -> str:
        """Return the URL that was asked for, with scheme and host."""
        if self.uri[:1] != "/":
            # RFC 9112 section 3.3: an absolute target is the URL; * and host:port have no path.
            return self.uri if "://" in self.uri else f"{self.protocol}://{self.host}"
        return f"{self.protocol}://{self.host}{self.uri}"

    def get_ssl_certificate(self, binary_form: bool = False) -> dict[str, Any] | bytes | None:
        """Return the certificate that the client has shown, in DER where ``binary_form`` is true.

        It takes a server whose ``ssl_options`` ask for one: with ``cert_reqs`` other than
        ``CERT_REQUIRED`` a client may have none, and without TLS no client has. That is None. The
        form is that of ``ssl.SSLSocket.getpeercert``.
        """
        get_certificate = getattr(self.connection, "get_ssl_certificate", None)
        return None if get_certificate is None else get_certificate(binary_form)

    @cached_property
    def cookies(self) -> "SimpleCookie":
        """The cookies; what is malformed, or has a name that no cookie may have, is not there."""
        # A millisecond for those who want morsels; `get_cookie` does not.
        from http.cookies import CookieError, SimpleCookie

        cookies = SimpleCookie()
        for name, value in self._cookie_values.items():
            try:
                cookies[name] = value
            except CookieError:
                pass
        return cookies

    @cached_property
    def _cookie_values(self) -> dict[str, str]:
        """All cookies as they came: a morsel for each would cost more than most programs use."""
        head = getattr(self.connection, "head", None)
        if head is None or "headers" in self.__dict__:
            fields = self.headers.get_list("Cookie")
        else:
            # Without the mapping, which nobody has looked at.
            fields = [value.decode("latin-1") for value in head.find_all(b"cookie")]
        # RFC 9113 section 8.2.3: a field that was sent in pieces.
        return parse_cookie("; ".join(fields))

    # Arguments

    @cached_property
    def query_arguments(self) -> dict[str, list[bytes]]:
        """The arguments of the query."""
        return parse_query(self.query) if self.query else {}

    @cached_property
    def body_arguments(self) -> dict[str, list[bytes]]:
        """The fields of a form in the body that are no files."""
        return self._form[0] if self.body else {}

    @cached_property
    def files(self) -> dict[str, list[HTTPFile]]:
        """The files of a form in the body, by the names of their fields."""
        return self._form[1] if self.body else {}

    @cached_property
    def arguments(self) -> dict[str, list[bytes]]:
        """The arguments of query and body together, in this order."""
        joined = {name: values.copy() for name, values in self.query_arguments.items()}
        if self.body:
            for name, values in self.body_arguments.items():
                joined.setdefault(name, []).extend(values)
        return joined

    @cached_property
    def _form(self) -> tuple[dict[str, list[bytes]], dict[str, list[HTTPFile]]]:
        arguments: dict[str, list[bytes]] = {}
        files: dict[str, list[HTTPFile]] = {}
        content_type = self.headers.get("Content-Type", "")
        parse_body_arguments(content_type, self.body, arguments, files, self.headers)
        return arguments, files

    # Time

    @cached_property
    def _start(self) -> float:
        return self.connection.start_time  # type: ignore[no-any-return]

    @property
    def _start_time(self) -> float:
        """When the request came, on the clock of ``time.time``, as programs have come to use it."""
        return time.time() - (time.monotonic() - self._start)

    @_start_time.setter
    def _start_time(self, moment: float) -> None:
        self._start = time.monotonic() - (time.time() - moment)

    def request_time(self) -> float:
        """Return the seconds from the request's arrival to the end of its response, or to now."""
        finished = getattr(self.connection, "finish_time", None)
        # A Mock has everything, but no time.
        end = finished if finished and isinstance(finished, float) else time.monotonic()
        return end - self._start

    def __repr__(self) -> str:
        return (
            f"HTTPServerRequest(protocol={self.protocol!r}, host={self.host!r},"
            f" method={self.method!r}, uri={self.uri!r}, version={self.version!r},"
            f" remote_ip={self.remote_ip!r})"
        )


def _checked_host(host: str) -> str:
    """Return a Host as it came; the server's own parser has done this for what it has read."""
    # With a comma it is two Host fields, joined.
    if host and ("," in host or not is_host(host.encode("utf-8", "replace"))):
        raise HTTPInputError("a Host must be one host, maybe with a port")
    return host
