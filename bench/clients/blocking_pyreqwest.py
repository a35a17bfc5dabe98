"""pyreqwest's SyncClient.

blocking_pyreqwest.py URL WARMUP FETCHES SECONDS TASKS
"""

from pyreqwest.client import SyncClientBuilder

from measure import Run

run = Run.from_arguments()
with SyncClientBuilder().build() as client:
    run.blocking(lambda: client.get(run.url).build().send().bytes().to_bytes())
