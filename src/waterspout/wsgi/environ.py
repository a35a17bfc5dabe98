"""The request as a WSGI application sees it: the dictionary of PEP 3333 and RFC 3875."""

import sys
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from waterspout.httputil import HTTPServerRequest
from waterspout.httputil.text import split_host_and_port

__all__ = ["make_environ", "to_wsgi_str"]

# Fields that have a name of their own there, or that the server has dealt with: the body is
# whole and without chunks.
_NO_VARIABLE = frozenset(["Content-Type", "Content-Length", "Transfer-Encoding"])
# HTTP_PROXY is where programs look for the proxy of their own requests: a client must not choose
# it (httpoxy, CVE-2016-5385).
_REFUSED = frozenset(["Proxy"])


def to_wsgi_str(s: bytes) -> str:
    """Return bytes as WSGI has them in text: each byte is the character of its number."""
    return s.decode("latin-1")


def make_environ(request: HTTPServerRequest, is_multithread: bool) -> dict[str, Any]:
    """Return a new environ for ``request``, whose body has been read whole.

    ``CONTENT_LENGTH`` is that of the body as it is read here, also where it came in chunks.
    Repeated fields are joined, cookies by ``; ``. A field with an underscore in its name is left
    out: as a variable it could not be told from the one with hyphens, which a proxy may have
    checked or set.
    """
    is_https = request.protocol == "https"
    name, port = split_host_and_port(request.host)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": to_wsgi_str(unquote_to_bytes(request.path)),
        "QUERY_STRING": request.query,
        "REQUEST_URI": request.uri,
        "REMOTE_ADDR": request.remote_ip or "",
        "SERVER_NAME": name.removesuffix(":") or "127.0.0.1",  # never empty, as PEP 3333 says
        "SERVER_PORT": str(port or (443 if is_https else 80)),
        "SERVER_PROTOCOL": request.version,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.protocol,
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": is_multithread,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if is_https:
        environ["HTTPS"] = "on"
    headers = request.headers
    if "Content-Type" in headers:
        environ["CONTENT_TYPE"] = headers["Content-Type"]
    if request.body or "Content-Length" in headers:
        environ["CONTENT_LENGTH"] = str(len(request.body))
    for field in headers:
        if "_" not in field and field not in _NO_VARIABLE and field not in _REFUSED:
            values = headers.get_list(field)
            separator = "; " if field == "Cookie" else ","
            environ["HTTP_" + field.replace("-", "_").upper()] = separator.join(values)
    return environ
