"""Tornado's framework, all defaults on.

web_tornado.py DIRECTORY PORT
"""

import sys
from pathlib import Path

from tornado.ioloop import IOLoop
from tornado.web import Application, RequestHandler

ROWS = [(number, f"row <{number}>", number * 1.5, "yes & no") for number in range(50)]


class Json(RequestHandler):
    """A dictionary as JSON."""

    def get(self) -> None:
        """Answer."""
        self.write({"message": "Hello, world", "items": [1, 2, 3], "ok": True})


class Arguments(RequestHandler):
    """Five arguments of the query."""

    def get(self) -> None:
        """Answer."""
        names = ("name", "city", "year", "page", "order")
        self.write(", ".join([self.get_query_argument(name) for name in names]))


class Cookie(RequestHandler):
    """A signed cookie."""

    def get(self) -> None:
        """Answer."""
        self.write(self.get_signed_cookie("user") or b"nobody")


class SetCookie(RequestHandler):
    """Where the cookie comes from."""

    def get(self) -> None:
        """Answer."""
        self.set_signed_cookie("user", "ada@example.org")
        self.write("set")


class Template(RequestHandler):
    """A table of fifty rows."""

    def get(self) -> None:
        """Answer."""
        self.render("rows.html", title="Fifty rows", rows=ROWS)


class Upload(RequestHandler):
    """A form with a file."""

    def post(self) -> None:
        """Answer."""
        body = self.request.files["file"][0]["body"]
        self.write(f"{self.get_body_argument('title')} {len(body)}")


app = Application(
    [
        (r"/json", Json),
        (r"/arguments", Arguments),
        (r"/cookie", Cookie),
        (r"/cookie/set", SetCookie),
        (r"/template", Template),
        (r"/upload", Upload),
    ],
    cookie_secret="a secret of some length, for measuring",
    template_path=str(Path(__file__).parent / "templates"),
    static_path=sys.argv[1],
)
app.listen(int(sys.argv[2]), address="127.0.0.1")
IOLoop.current().start()
