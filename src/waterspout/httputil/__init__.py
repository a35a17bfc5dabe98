"""HTTP in values: start lines, header mappings, the request a program sees, dates and URLs."""

from waterspout.httputil.cookies import parse_cookie
from waterspout.httputil.delegate import (
    HTTPConnection,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
)
from waterspout.httputil.forms import ParseBodyConfig, ParseUrlEncodedConfig, parse_body_arguments
from waterspout.httputil.request import HTTPServerRequest
from waterspout.httputil.startline import (
    RequestStartLine,
    ResponseStartLine,
    parse_request_start_line,
    parse_response_start_line,
)
from waterspout.httputil.text import (
    encode_username_password,
    format_timestamp,
    qs_to_qsl,
    split_host_and_port,
    url_concat,
)
from waterspout.protocol.errors import HTTPInputError, HTTPOutputError
from waterspout.protocol.headers import HTTPHeaders

__all__ = [
    "HTTPConnection",
    "HTTPHeaders",
    "HTTPInputError",
    "HTTPMessageDelegate",
    "HTTPOutputError",
    "HTTPServerConnectionDelegate",
    "HTTPServerRequest",
    "ParseBodyConfig",
    "ParseUrlEncodedConfig",
    "RequestStartLine",
    "ResponseStartLine",
    "encode_username_password",
    "format_timestamp",
    "parse_body_arguments",
    "parse_cookie",
    "parse_request_start_line",
    "parse_response_start_line",
    "qs_to_qsl",
    "split_host_and_port",
    "url_concat",
]
