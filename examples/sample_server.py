"""A server that takes its time: whoever asks it waits 5 seconds for "Hello, world".

    python examples/sample_server.py

Then ask it from another terminal, with sample_fetcher.py, or with a browser.
"""

import argparse
import sys
import time

from waterspout.ioloop import IOLoop
from waterspout.web import Application, RequestHandler


class HelloHandler(RequestHandler):
    """Says on the server's terminal who is there, and to the client hello."""

    def get(self) -> None:
        """Answer after a while."""
        print(time.strftime("%H:%M:%S"), self.request.remote_ip, "is here", flush=True)
        time.sleep(self.settings["delay"])  # A stand-in for a database, or for a computation.
        self.write("Hello, world")


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Answers slowly.")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--delay", type=float, default=5.0, help="seconds, for each answer")
    args = parser.parse_args()

    application = Application([(r"/", HelloHandler)], delay=args.delay)
    try:
        server = application.listen(args.port)
        port = server.sockets[0].getsockname()[1]
        print(f"Listening on http://localhost:{port}/ until Ctrl-C", flush=True)
        IOLoop.current().start()
    except (OSError, ValueError) as error:
        sys.exit(f"sample_server: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
