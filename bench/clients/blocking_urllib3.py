"""urllib3's PoolManager.

blocking_urllib3.py URL WARMUP FETCHES SECONDS TASKS
"""

import urllib3

from measure import Run

run = Run.from_arguments()
pool = urllib3.PoolManager(ca_certs=run.authority)


def stream() -> int:
    """Read piece by piece."""
    response = pool.request("GET", run.url, preload_content=False)
    size = sum(map(len, response.stream(65_536)))
    response.release_conn()
    return size


run.blocking(lambda: pool.request("GET", run.url).data, stream)
