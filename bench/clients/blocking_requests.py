"""A Session of requests.

blocking_requests.py URL WARMUP FETCHES SECONDS TASKS
"""

import requests

from measure import Run

run = Run.from_arguments()
with requests.Session() as session:
    run.blocking(lambda: session.get(run.url).content)
