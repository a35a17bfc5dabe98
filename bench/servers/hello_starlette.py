"""A Starlette route on uvicorn, with the loop and the parser it takes by itself.

hello_starlette.py PORT
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def hello(request: Request) -> PlainTextResponse:
    """Answer."""
    return PlainTextResponse("Hello, world")


uvicorn.run(
    Starlette(routes=[Route("/", hello)]),
    host="127.0.0.1",
    port=int(sys.argv[1]),
    log_level="warning",
    access_log=False,
)
