"""The request as a program sees it."""

import time
from functools import cached_property
from typing import Any

from waterspout.httputil.forms import parse_body_arguments, parse_query
from waterspout.httputil.startline import RequestStartLine
from waterspout.httputil.text import split_host_and_port
from waterspout.protocol.headers import HTTPHeaders

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


def from_exchange(exchange: Any) -> "HTTPServerRequest":
    """Make the request of an exchange that has been received whole."""
    request: HTTPServerRequest = RequestFields.__new__(HTTPServerRequest)
    _fill(request, exchange)
    return request


def _fill(request: RequestFields, exchange: Any) -> None:
    head = exchange.head
    request.connection = exchange
    request.server_connection = None
    request.method = head.method
    uri = request.uri = head.target
    path = uri
    if "?" in uri:
        path, _, request.query = uri.partition("?")
    else:
        request.query = ""
    if uri[0] != "/" and "://" in path:
        # An absolute target keeps its authority in ``uri`` only (RFC 9112 section 3.2.2).
        path = "/" + path.partition("://")[2].partition("/")[2]
    request.path = path
    request.body = exchange.body


class HTTPServerRequest(RequestFields):
    """One request; its parts are understood when they are first looked at.

    Made by the server, or by hand from a method and a URI (for tests). ``connection`` is the
    exchange that the request came in and that its response goes out on. Argument values are
    lists of bytes, as sent; ``RequestHandler.get_argument`` decodes them. Belongs to the thread
    of its event loop.
    """

    def __init__(
        self,
        method: str | None = None,
        uri: str | None = None,
        version: str = "HTTP/1.0",
        headers: HTTPHeaders | None = None,
        body: bytes | None = None,
        host: str | None = None,
        files: dict[str, list[Any]] | None = None,
        connection: Any = None,
        start_line: RequestStartLine | None = None,
        server_connection: object | None = None,
    ) -> None:
        if start_line is not None:
            method, uri, version = start_line
        self.method = method or "GET"
        self.uri = uri or "/"
        self.path, _, self.query = self.uri.partition("?")
        self.version = version
        self.headers = HTTPHeaders() if headers is None else headers
        self.body = body or b""
        self.host = host or self.headers.get("Host") or "127.0.0.1"
        self.files = {} if files is None else files
        self.connection = connection
        self.server_connection = server_connection
        self.remote_ip = getattr(connection, "remote_ip", "")
        self.protocol = getattr(connection, "protocol", "http")
        self._start_time = time.monotonic()

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
        """The address of the client."""
        return self.connection.remote_ip  # type: ignore[no-any-return]

    @cached_property
    def protocol(self) -> str:
        """``http`` or ``https``."""
        return self.connection.protocol  # type: ignore[no-any-return]

    @cached_property
    def files(self) -> dict[str, list[Any]]:
        """Uploaded files by the names of their form fields."""
        return {}

    @cached_property
    def query_arguments(self) -> dict[str, list[bytes]]:
        """The arguments of the query. Raises ``HTTPInputError`` where it is malformed."""
        return parse_query(self.query) if self.query else {}

    @cached_property
    def body_arguments(self) -> dict[str, list[bytes]]:
        """The arguments of a form in the body. Raises ``HTTPInputError`` where it is malformed."""
        arguments: dict[str, list[bytes]] = {}
        if self.body:
            content_type = self.headers.get("Content-Type", "")
            parse_body_arguments(content_type, self.body, arguments, self.files, self.headers)
        return arguments

    @cached_property
    def arguments(self) -> dict[str, list[bytes]]:
        """The arguments of query and body together, in this order."""
        joined = {name: list(values) for name, values in self.query_arguments.items()}
        for name, values in self.body_arguments.items():
            joined.setdefault(name, []).extend(values)
        return joined

    @cached_property
    def _start_time(self) -> float:
        return self.connection.start_time  # type: ignore[no-any-return]

    def full_url(self) -> str:
        """Return the URL that was asked for, with scheme and host."""
        if self.uri[:1] != "/":
            # RFC 9112 section 3.3: an absolute target is the URL; * and host:port have no path.
            return self.uri if "://" in self.uri else f"{self.protocol}://{self.host}"
        return f"{self.protocol}://{self.host}{self.uri}"

    def request_time(self) -> float:
        """Return the seconds from the request's arrival to the end of its response, or to now."""
        finished = getattr(self.connection, "finish_time", None)
        return float((finished or time.monotonic()) - self._start_time)

    def __repr__(self) -> str:
        return (
            f"HTTPServerRequest(protocol={self.protocol!r}, host={self.host!r},"
            f" method={self.method!r}, uri={self.uri!r}, version={self.version!r},"
            f" remote_ip={self.remote_ip!r})"
        )
