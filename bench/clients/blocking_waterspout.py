"""waterspout's HTTPClient.

blocking_waterspout.py URL WARMUP FETCHES SECONDS TASKS
"""

from measure import Run
from waterspout.httpclient import HTTPClient

run = Run.from_arguments()
client = HTTPClient(max_clients=max(10, run.kept), ca_certs=run.authority)


def stream() -> int:
    """Read piece by piece."""
    with client.stream(run.url) as response:
        return sum(map(len, response.iter_bytes()))


run.blocking(lambda: client.fetch(run.url).body, stream)
