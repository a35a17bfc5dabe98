"""A Session of requests.

blocking_requests.py URL WARMUP FETCHES SECONDS TASKS
"""

import requests

from measure import Run

run = Run.from_arguments()
with requests.Session() as session:
    if run.authority:
        session.verify = run.authority

    def stream() -> int:
        """Read piece by piece."""
        with session.get(run.url, stream=True) as response:
            return sum(map(len, response.iter_content(65_536)))

    run.blocking(lambda: session.get(run.url).content, stream)
