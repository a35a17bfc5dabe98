"""`Schedule`: which URL is next, where no host may be asked too many at a time. Does no I/O."""

from collections import deque
from collections.abc import Sequence
from urllib.parse import urlsplit

from waterspout.cli.fetch.options import with_scheme

__all__ = ["Schedule", "host_of"]


# What a URL takes beside its characters.
_SIZE_OF_ENTRY = 100


class Schedule:
    """URLs that wait, in their order, but for those whose host is busy.

    ``per_host`` is how many of a host may be under way at the same time, None for any number. What
    has waited for a busy host goes before what came later. All calls take constant time.
    """

    def __init__(self, per_host: int | None) -> None:
        self._per_host = per_host
        self._ready: deque[str] = deque()
        self._busy: dict[str, int] = {}  # hosts, and how many are under way
        self._parked: dict[str, deque[str]] = {}  # what waits for a busy host
        #: How many URLs wait, all in all.
        self.waiting = 0
        #: How much memory those take that wait for a busy host, about, in bytes.
        self.parked_size = 0

    def add(self, urls: Sequence[str]) -> None:
        """Have URLs wait."""
        self.waiting += len(urls)
        self._ready.extend(urls)

    def take(self) -> str | None:
        """Return a URL that may be fetched now; None if there is none, or all hosts are busy.

        `finish` is to be called when it was.
        """
        if self._per_host is None:
            if not self._ready:
                return None
            self.waiting -= 1
            return self._ready.popleft()
        while self._ready:
            url = self._ready.popleft()
            host = host_of(url)
            under_way = self._busy.get(host, 0)
            if under_way < self._per_host:
                self._busy[host] = under_way + 1
                self.waiting -= 1
                return url
            self._parked.setdefault(host, deque()).append(url)
            self.parked_size += len(url) + _SIZE_OF_ENTRY
        return None

    def finish(self, url: str) -> None:
        """Take note that a URL is done with; another one of its host may have its turn now."""
        if self._per_host is None:
            return
        host = host_of(url)
        left = self._busy[host] - 1
        if left:
            self._busy[host] = left
        else:
            del self._busy[host]
        parked = self._parked.get(host)
        if parked:
            following = parked.popleft()
            self.parked_size -= len(following) + _SIZE_OF_ENTRY
            self._ready.appendleft(following)
            if not parked:
                del self._parked[host]


def host_of(url: str) -> str:
    """Return the host of a URL, with its port; empty if it has none that can be told."""
    try:
        return urlsplit(with_scheme(url)).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""
