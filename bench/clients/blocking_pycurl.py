"""pycurl, one handle for all fetches.

blocking_pycurl.py URL WARMUP FETCHES SECONDS TASKS
"""

import pycurl

from measure import Run

run = Run.from_arguments()
parts: list[bytes] = []
handle = pycurl.Curl()
handle.setopt(pycurl.URL, run.url)
handle.setopt(pycurl.WRITEFUNCTION, parts.append)
if run.authority:
    handle.setopt(pycurl.CAINFO, run.authority)


def fetch() -> bytes:
    """Collect what the handle hands out."""
    parts.clear()
    if run.origins > 1:
        handle.setopt(pycurl.URL, run.url)
    handle.perform()
    return b"".join(parts)


def stream() -> int:
    """Count what the handle hands out."""
    size = 0

    def take(piece: bytes) -> None:
        nonlocal size
        size += len(piece)

    handle.setopt(pycurl.WRITEFUNCTION, take)
    handle.perform()
    return size


run.blocking(fetch, stream)
