"""HTTP in values: start lines, header mappings, the request a program sees, dates and URLs."""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names
from waterspout.httputil.bounds import (
    ParseBodyConfig,
    ParseMultipartConfig,
    ParseUrlEncodedConfig,
    set_parse_body_config,
)
from waterspout.httputil.cookies import parse_cookie
from waterspout.httputil.delegate import (
    HTTPConnection,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
)
from waterspout.httputil.forms import parse_body_arguments
from waterspout.httputil.multipart import HTTPFile, parse_multipart_form_data
from waterspout.httputil.request import HTTPServerRequest
from waterspout.httputil.startline import (
    RequestStartLine,
    ResponseStartLine,
    parse_request_start_line,
    parse_response_start_line,
    responses,
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

if TYPE_CHECKING:
    from waterspout.httputil.examples import doctests

__all__ = [
    "HTTPConnection",
    "HTTPFile",
    "HTTPHeaders",
    "HTTPInputError",
    "HTTPMessageDelegate",
    "HTTPOutputError",
    "HTTPServerConnectionDelegate",
    "HTTPServerRequest",
    "ParseBodyConfig",
    "ParseMultipartConfig",
    "ParseUrlEncodedConfig",
    "RequestStartLine",
    "ResponseStartLine",
    "doctests",
    "encode_username_password",
    "format_timestamp",
    "parse_body_arguments",
    "parse_cookie",
    "parse_multipart_form_data",
    "parse_request_start_line",
    "parse_response_start_line",
    "qs_to_qsl",
    "responses",
    "set_parse_body_config",
    "split_host_and_port",
    "url_concat",
]

__getattr__, __dir__ = lazy_names(__name__, {"doctests": "examples"})
