"""`main`: fetch from the command line, ``python -m waterspout.httpclient URL``."""

import sys

from waterspout.httpclient.blocking import HTTPClient
from waterspout.httpclient.errors import HTTPClientError

__all__ = ["main"]


def main() -> None:
    """Fetch the URLs of the command line one after the other, and print what comes.

    Ends the program with status 1 if one could not be fetched.
    """
    import argparse  # not for every program that has a client

    parser = argparse.ArgumentParser(prog="waterspout.httpclient", description="Fetch URLs.")
    parser.add_argument("url", nargs="+")
    for name, default in (
        ("headers", False),
        ("body", True),
        ("follow-redirects", True),
        ("validate-cert", True),
    ):
        dest = name.replace("-", "_")
        if name in ("headers", "body"):
            name = f"print-{name}"
        flags = [f"--{name}", f"--{name.replace('-', '_')}"]
        parser.add_argument(
            *dict.fromkeys(flags),
            dest=dest,
            default=default,
            action=argparse.BooleanOptionalAction,
        )
    arguments = parser.parse_args()
    with HTTPClient() as client:
        for url in arguments.url:
            try:
                response = client.fetch(
                    url,
                    raise_error=False,
                    follow_redirects=arguments.follow_redirects,
                    validate_cert=arguments.validate_cert,
                )
            except (HTTPClientError, ValueError) as error:
                sys.exit(f"waterspout.httpclient: {error}")
            if arguments.headers:
                print(response.headers)
            if arguments.body:
                sys.stdout.flush()
                sys.stdout.buffer.write(response.body)
                sys.stdout.buffer.flush()
