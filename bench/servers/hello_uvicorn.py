"""A bare ASGI application on uvicorn, with the loop and the parser it takes by itself.

hello_uvicorn.py PORT
"""

import sys
from typing import Any

import uvicorn

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


uvicorn.run(
    app,
    host="127.0.0.1",
    port=int(sys.argv[1]),
    lifespan="off",
    log_level="warning",
    access_log=False,
)
