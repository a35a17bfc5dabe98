"""A plain waterspout handler with all defaults on.

hello_waterspout.py PORT
"""

import sys

from waterspout.ioloop import IOLoop
from waterspout.web import Application, RequestHandler


class Main(RequestHandler):
    """The only page."""

    def get(self) -> None:
        """Answer."""
        self.write("Hello, world")


app = Application([(r"/", Main)])
app.listen(int(sys.argv[1]), address="127.0.0.1")
IOLoop.current().start()
