"""aiohttp.web with Jinja2, on uvloop, access log off. It signs no cookies.

web_aiohttp.py DIRECTORY PORT
"""

import sys
from pathlib import Path

import jinja2
import uvloop
from aiohttp import web

ROWS = [(number, f"row <{number}>", number * 1.5, "yes & no") for number in range(50)]
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
)


async def json(request: web.Request) -> web.Response:
    """A dictionary as JSON."""
    return web.json_response({"message": "Hello, world", "items": [1, 2, 3], "ok": True})


async def arguments(request: web.Request) -> web.Response:
    """Five arguments of the query."""
    query = request.query
    names = ("name", "city", "year", "page", "order")
    return web.Response(text=", ".join([query[name] for name in names]))


async def template(request: web.Request) -> web.Response:
    """A table of fifty rows."""
    page = TEMPLATES.get_template("rows_jinja.html").render(title="Fifty rows", rows=ROWS)
    return web.Response(text=page, content_type="text/html")


async def upload(request: web.Request) -> web.Response:
    """A form with a file."""
    form = await request.post()
    body = form["file"].file.read()
    return web.Response(text=f"{form['title']} {len(body)}")


app = web.Application(client_max_size=16 * 1024 * 1024)
app.router.add_get("/json", json)
app.router.add_get("/arguments", arguments)
app.router.add_get("/template", template)
app.router.add_post("/upload", upload)
app.router.add_static("/static", sys.argv[1])
web.run_app(
    app,
    host="127.0.0.1",
    port=int(sys.argv[2]),
    access_log=None,
    print=None,
    loop=uvloop.new_event_loop(),
)
