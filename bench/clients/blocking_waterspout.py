"""waterspout's HTTPClient.

blocking_waterspout.py URL WARMUP FETCHES SECONDS TASKS
"""

from measure import Run
from waterspout.httpclient import HTTPClient

run = Run.from_arguments()
client = HTTPClient(max_clients=max(10, run.origins))
run.blocking(lambda: client.fetch(run.url).body)
