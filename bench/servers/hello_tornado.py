"""A plain Tornado handler with all defaults on.

hello_tornado.py PORT
"""

import sys

from tornado.ioloop import IOLoop
from tornado.web import Application, RequestHandler


class Main(RequestHandler):
    """The only page."""

    def get(self) -> None:
        """Answer."""
        self.write("Hello, world")


app = Application([(r"/", Main)])
app.listen(int(sys.argv[1]), address="127.0.0.1")
IOLoop.current().start()
