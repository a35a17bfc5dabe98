"""What a fetch costs this process: the loop, the clocks and the answer that every client shares.

A client script is started with: URL, fetches to warm up, fetches, seconds, tasks; and, where the
answer is not that of the floor, with its size, the number of origins, how it is to be read (`whole`
or `streamed`) and a file of certificates to trust, `-` for none. It says how to fetch once, and how
to read a body that is streamed; a `Run` does the rest and prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

BODY = b"Hello, world"


@dataclass
class Run:
    """One measured run: `fetches` of `url`, or as many as fit into `seconds`.

    Bodies have `size` bytes, or are the floor's if that is 0. With `is_streamed` nobody holds them.
    `authority` is a file of certificates to trust.
    """

    url: str
    warmup: int
    fetches: int
    seconds: float
    tasks: int
    size: int = 0
    origins: int = 1
    is_streamed: bool = False
    authority: str | None = None

    @classmethod
    def from_arguments(cls) -> Run:
        """The run that the command line asks for."""
        url, warmup, fetches, seconds, tasks, *others = sys.argv[1:]
        run = cls(url, int(warmup), int(fetches), float(seconds), int(tasks))
        if others:
            size, origins, manner, authority = others
            run.size, run.origins = int(size), int(origins)
            run.is_streamed = manner == "streamed"
            run.authority = None if authority == "-" else authority
        return _RunOfMany(run) if run.origins > 1 else run

    @property
    def port(self) -> int:
        """The port of the URL."""
        return int(self.url.rstrip("/").rpartition(":")[2])

    @property
    def kept(self) -> int:
        """How many connections are worth keeping: those to origins that are met again."""
        return self.origins if self.origins < self.fetches else 1

    @property
    def request(self) -> bytes:
        """What the candidates send that make no request of their own."""
        return f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode()

    @property
    def body(self) -> bytes:
        """The body that is asked for."""
        return b"x" * self.size or BODY

    @property
    def answer(self) -> bytes | int:
        """What a fetch is to return: the body, or its size where it is streamed."""
        return self.size if self.is_streamed else self.body

    def blocking(self, fetch: Callable[[], bytes], stream: Callable[[], int] | None = None) -> None:
        """Measure `fetch`, which returns the body, one call after the other; or `stream`, which
        reads it piece by piece and returns its size.
        """
        self._blocking(stream if self.is_streamed and stream else fetch)

    def _blocking(self, fetch: Callable[[], bytes | int]) -> None:
        body = self.answer
        for _ in range(self.warmup):
            fetch()
        self.warmup = 0
        errors = done = 0
        self.begin()
        deadline = time.perf_counter() + self.seconds
        while done < self.fetches and time.perf_counter() < deadline:
            errors += fetch() != body
            done += 1
        self.end(done, errors)

    async def awaiting(
        self, fetch: Callable[[], Awaitable[bytes]], stream: Callable[[], Awaitable[int]]
    ) -> None:
        """Measure `fetch`, or `stream`, as `blocking` does, called by `tasks` tasks at a time."""
        chosen: Callable[[], Awaitable[bytes | int]] = stream if self.is_streamed else fetch
        await self._spread(chosen, self.warmup)
        self.warmup = 0
        self.begin()
        done, errors = await self._spread(chosen, self.fetches)
        self.end(done, errors)

    def begin(self) -> None:
        """Start the clocks."""
        self._wall, self._cpu = time.perf_counter(), _cpu_seconds()

    def end(self, done: int, errors: int) -> None:
        """Stop the clocks and print what came of it."""
        cpu, wall = _cpu_seconds() - self._cpu, time.perf_counter() - self._wall
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        answer = {"requests": done - errors, "errors": errors, "seconds": wall, "cpu_seconds": cpu}
        answer["peak_mb"] = peak
        print(json.dumps(answer), flush=True)

    async def _spread(
        self, fetch: Callable[[], Awaitable[bytes | int]], count: int
    ) -> tuple[int, int]:
        """Fetch `count` times, or until the time is over; how many were done and went wrong."""
        left, errors = count, 0
        body = self.answer

        async def work() -> None:
            nonlocal left, errors
            while left > 0:
                left -= 1
                errors += await fetch() != body

        skipped = 0

        def stop() -> None:
            nonlocal left, skipped
            left, skipped = 0, left

        timer = asyncio.get_running_loop().call_later(self.seconds, stop)
        await asyncio.gather(*(work() for _ in range(self.tasks)))
        timer.cancel()
        return count - skipped, errors


class _RunOfMany(Run):
    """A run whose URL is that of another origin each time: the addresses of the loopback.

    What is measured begins with origins that were not met before; to get warm there is another one.
    """

    def __init__(self, run: Run) -> None:
        self._first_url = run.url
        self._urls = itertools.cycle(
            run.url.replace("127.0.0.1", f"127.0.{1 + number // 250}.{1 + number % 250}")
            for number in range(run.origins)
        )
        self.__dict__ |= {name: value for name, value in vars(run).items() if name != "url"}

    @property
    def url(self) -> str:  # type: ignore[override]
        """The URL of the next fetch."""
        return self._first_url if self.warmup else next(self._urls)


def _cpu_seconds() -> float:
    """User and system time of this process, its threads and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
