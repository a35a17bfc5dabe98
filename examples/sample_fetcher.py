"""Fetches from sample_server.py twice: once it waits for the answer, once it goes on meanwhile.

python examples/sample_server.py       in one terminal
python examples/sample_fetcher.py      in another
"""

import argparse
import sys
import time

from waterspout.httpclient import AsyncHTTPClient, HTTPClient, HTTPClientError, HTTPResponse
from waterspout.ioloop import IOLoop


def fetch_synchronously(url: str) -> None:
    """Fetch; come back when the answer is there."""
    started = time.monotonic()
    say(started, "synchronous: HTTPClient().fetch(url) is called")
    response = HTTPClient().fetch(url)
    say(started, f"it returns {response.body.decode()!r}")
    print(f"         It blocked: for {time.monotonic() - started:.2f} s nothing else was done.")


def fetch_asynchronously(url: str) -> None:
    """Launch a fetch, go on at once; a callback gets the answer when it is there."""
    started = time.monotonic()

    def handle(response: HTTPResponse) -> None:
        IOLoop.current().stop()
        if response.error:
            sys.exit(f"sample_fetcher: {response.error}")
        say(started, f"the callback gets {response.body.decode()!r}")

    say(started, "asynchronous: AsyncHTTPClient().fetch(url, callback=handle) is called")
    AsyncHTTPClient().fetch(url, callback=handle)
    say(started, "it has returned already, and the program goes on")
    say(started, "it could do anything now; this one waits in the event loop")
    IOLoop.current().start()


def say(started: float, what: str) -> None:
    """Print what happens, and when: seconds since `started`."""
    print(f"{time.monotonic() - started:5.2f} s  {what}", flush=True)


def main() -> None:
    """Fetch both ways."""
    parser = argparse.ArgumentParser(description="Fetches synchronously, then asynchronously.")
    parser.add_argument("url", nargs="?", default="http://localhost:8888/")
    url = parser.parse_args().url
    try:
        fetch_synchronously(url)
        print()
        fetch_asynchronously(url)
    except (HTTPClientError, ValueError) as error:
        sys.exit(f"sample_fetcher: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
