"""A bare ASGI application on fastpysgi and uvloop.

hello_fastpysgi_asgi.py PORT
"""

import sys
from typing import Any

import fastpysgi
import uvloop

START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"12")],
}
BODY = {"type": "http.response.body", "body": b"Hello, world"}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer."""
    await send(START)
    await send(BODY)


fastpysgi.server.loop = uvloop.new_event_loop()
fastpysgi.run(app, "127.0.0.1", int(sys.argv[1]))
