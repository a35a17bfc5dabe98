"""A bare WSGI application on fastpysgi.

hello_fastpysgi.py PORT
"""

import sys
from typing import Any

import fastpysgi

HEADERS = [("Content-Type", "text/plain; charset=utf-8")]


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer."""
    start_response("200 OK", HEADERS)
    return [b"Hello, world"]


fastpysgi.run(app, "127.0.0.1", int(sys.argv[1]))
