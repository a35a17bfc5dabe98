"""httpx2's Client.

blocking_httpx2.py URL WARMUP FETCHES SECONDS TASKS
"""

import ssl

import httpx2

from measure import Run

run = Run.from_arguments()
verify = ssl.create_default_context(cafile=run.authority) if run.authority else True
with httpx2.Client(verify=verify) as client:

    def stream() -> int:
        """Read piece by piece."""
        with client.stream("GET", run.url) as response:
            return sum(map(len, response.iter_bytes()))

    run.blocking(lambda: client.get(run.url).content, stream)
