"""Starlette with Jinja2 on uvicorn (uvloop, httptools), access log off.

web_starlette.py DIRECTORY PORT
"""

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

ROWS = [(number, f"row <{number}>", number * 1.5, "yes & no") for number in range(50)]
TEMPLATES = Jinja2Templates(directory=Path(__file__).parent / "templates")


async def json(request: Request) -> Response:
    """A dictionary as JSON."""
    return JSONResponse({"message": "Hello, world", "items": [1, 2, 3], "ok": True})


async def arguments(request: Request) -> Response:
    """Five arguments of the query."""
    query = request.query_params
    names = ("name", "city", "year", "page", "order")
    return PlainTextResponse(", ".join([query[name] for name in names]))


async def cookie(request: Request) -> Response:
    """A signed cookie, by the middleware for sessions."""
    return PlainTextResponse(request.session.get("user", "nobody"))


async def set_cookie(request: Request) -> Response:
    """Where the cookie comes from."""
    request.session["user"] = "ada@example.org"
    return PlainTextResponse("set")


async def template(request: Request) -> Response:
    """A table of fifty rows."""
    context = {"title": "Fifty rows", "rows": ROWS}
    return TEMPLATES.TemplateResponse(request, "rows_jinja.html", context)


async def upload(request: Request) -> Response:
    """A form with a file."""
    async with request.form() as form:
        body = await form["file"].read()
        return PlainTextResponse(f"{form['title']} {len(body)}")


session = Middleware(SessionMiddleware, secret_key="a secret of some length, for measuring")
uvicorn.run(
    Starlette(
        routes=[
            Route("/json", json),
            Route("/arguments", arguments),
            Route("/template", template),
            Route("/upload", upload, methods=["POST"]),
            Mount("/static", StaticFiles(directory=sys.argv[1])),
            # Only the pages that need it pay for the middleware.
            Route("/cookie", cookie, middleware=[session]),
            Route("/cookie/set", set_cookie, middleware=[session]),
        ]
    ),
    host="127.0.0.1",
    port=int(sys.argv[2]),
    log_level="warning",
    access_log=False,
)
