"""Connecting to that address of a host which answers first, in an event loop."""

import asyncio
import math
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from waterspout.net.interface import Address
from waterspout.net.racing import Race

__all__ = ["dial_first"]

Dial = Callable[[Address], Coroutine[Any, Any, socket.socket]]


async def dial_first(
    loop: asyncio.AbstractEventLoop, addresses: Sequence[Address], dial: Dial
) -> socket.socket:
    """Return the first socket that ``dial`` connects to one of ``addresses``, at least one.

    When is for `racing.Race` to say. The other attempts are cancelled, and what they connect all
    the same is closed. If all fail, the ``OSError`` tells of each.
    """
    race = Race(addresses)
    attempts: dict[asyncio.Task[socket.socket], Address] = {}
    try:
        while not race.is_lost:
            now = time.monotonic()
            if race.next_start <= now:
                address = race.begin(now)
                attempts[loop.create_task(dial(address))] = address
            left = None if race.next_start == math.inf else max(0.0, race.next_start - now)
            done, _ = await asyncio.wait(
                attempts, timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                error = task.exception()
                if error is None:
                    del attempts[task]
                    return task.result()
                if not isinstance(error, OSError):
                    raise error
                race.fail(attempts.pop(task), error)
    finally:
        for task in attempts:
            task.cancel()
            task.add_done_callback(_close_result)
    raise race.failure()


def _close_result(task: "asyncio.Task[socket.socket]") -> None:
    """Close what was connected although nobody wants it any more."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()
