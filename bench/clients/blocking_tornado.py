"""Tornado's HTTPClient.

blocking_tornado.py URL WARMUP FETCHES SECONDS TASKS
"""

from tornado.httpclient import AsyncHTTPClient, HTTPClient

from measure import Run

run = Run.from_arguments()
# A body that is streamed is measured as well by the bound for those that are held.
limits = {"max_body_size": run.size, "max_buffer_size": run.size} if run.is_streamed else {}
AsyncHTTPClient.configure(None, **limits)
client = HTTPClient()


def stream() -> int:
    """Count pieces as they come."""
    sizes: list[int] = []
    client.fetch(
        run.url,
        streaming_callback=lambda piece: sizes.append(len(piece)),
        request_timeout=run.seconds,
        ca_certs=run.authority,
    )
    return sum(sizes)


run.blocking(lambda: client.fetch(run.url, ca_certs=run.authority).body, stream)
