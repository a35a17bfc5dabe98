"""The same pages with the same UI modules, here and in Tornado: the same bytes."""

import importlib
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, wire

from waterspout.netutil import bind_sockets

tornado_web = pytest.importorskip("tornado.web", reason="Tornado is not installed")
tornado_httpserver = pytest.importorskip("tornado.httpserver", reason="Tornado is not installed")

__all__ = ["wire"]

FILES = {
    "modules": "<head>h</head><body>{% module Rich(1) %}{% module Other() %}</body>",
    "again": "<head></head>{% module Rich(1) %}{% module Rich('<') %}</body>",
    "nested": "{% module Nested() %}",
    "part": "[{{ q }}]{{ request.method }}",
    "template": "<head></head><body>{% module Template('own', a='<') %}"
    "{% module Template('own', a=2) %}</body>",
    "own": "{{ set_resources(embedded_css='c{}', javascript_files='x.js', html_body='b') }}{{ a }}",
    "methods": "{{ method(2) }}{{ handler.ui.method('<') }}",
    "linkify": "{% module linkify('http://a.b', shorten=True) %}",
    "names": "{{ sorted(name for name in globals() if name[0] != '_') }}",
    "items": "{{ modules.Nested() }}{{ modules['Nested']() }}",
    "nowhere": "{% module Rich(1) %}",
    "unknown": "{% module Unknown() %}",
    "variables": "{{ v }}{{ handler.get_status() }}{{ current_user }}{{ locale.code }}{{ _('a') }}",
}


def application(library: str) -> Any:
    """Return the same application for either framework."""
    web = importlib.import_module(f"{library}.web")
    template = importlib.import_module(f"{library}.template")

    class Page(web.RequestHandler):  # type: ignore[misc, name-defined]
        def get(self, name):
            self.render(name, v="<v>")

        def static_url(self, path, include_host=None, **kwargs):
            return f"/static/{path}?a&b"

        def get_current_user(self):
            return "me"

        def reverse_url(self, name, *args):
            return name

        def xsrf_form_html(self):
            return "<form>"

    if library == "waterspout" and not hasattr(web.RequestHandler, "current_user"):
        Page.current_user = "me"

    class Rich(web.UIModule):  # type: ignore[misc, name-defined]
        def render(self, x):
            return f"<m {x}>"

        def embedded_javascript(self):
            return "rich('</script>');"

        def javascript_files(self):
            return ["a.js", "/b.js", "http://x/c.js", "//y/d.js", "a.js"]

        def embedded_css(self):
            return "rich {}"

        def css_files(self):
            return "a.css"

        def html_head(self):
            return "<meta rich>"

        def html_body(self):
            return "<b rich>"

    class Other(web.UIModule):  # type: ignore[misc, name-defined]
        def render(self):
            return b"<n>"

        def javascript_files(self):
            return ("a.js", "n.js")

        def embedded_javascript(self):
            return b"other();"

        def html_head(self):
            return "<meta other>"

    class Nested(web.UIModule):  # type: ignore[misc, name-defined]
        def render(self):
            return self.render_string("part", q="<") + str(self.current_user).encode()

    return web.Application(
        [("/(.*)", Page)],
        template_loader=template.DictLoader(FILES),
        ui_modules=[{"Rich": Rich}, {"Other": Other, "Nested": Nested}],
        ui_methods={"method": lambda handler, x: f"{type(handler).__name__} {x}"},
        log_function=lambda handler: None,
    )


@pytest.mark.parametrize("name", FILES)
def test_same_page(wire: Wire, name, caplog):
    wire.run(same_page(wire, name))


async def same_page(wire: Wire, name: str) -> None:
    ours = await wire.client(application("waterspout"))
    server = tornado_httpserver.HTTPServer(application("tornado"))
    server.add_sockets(bind_sockets(0, "127.0.0.1"))
    try:
        [listener] = server._sockets.values()
        theirs = await wire.connect_to(listener)
        expected = await theirs.ask(path=f"/{name}")
        found = await ours.ask(path=f"/{name}")
        assert (found.status, found.body) == (expected.status, expected.body)
    finally:
        server.stop()
        await server.close_all_connections()
