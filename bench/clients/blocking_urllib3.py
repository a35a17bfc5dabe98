"""urllib3's PoolManager.

blocking_urllib3.py URL WARMUP FETCHES SECONDS TASKS
"""

import urllib3

from measure import Run

run = Run.from_arguments()
pool = urllib3.PoolManager()
run.blocking(lambda: pool.request("GET", run.url).data)
