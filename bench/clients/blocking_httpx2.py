"""httpx2's Client.

blocking_httpx2.py URL WARMUP FETCHES SECONDS TASKS
"""

import httpx2

from measure import Run

run = Run.from_arguments()
with httpx2.Client() as client:
    run.blocking(lambda: client.get(run.url).content)
