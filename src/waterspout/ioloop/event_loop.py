"""The asyncio event loop below an `IOLoop`: how one is made, and which one a thread has."""

import asyncio
import sys

__all__ = ["new_event_loop", "thread_event_loop"]


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop: uvloop's where that is installed, asyncio's own elsewhere.

    It is not made the loop of any thread, and is the caller's to close.
    """
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def thread_event_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, or else the one that was set for it, or None.

    Unlike `asyncio.get_event_loop` it never makes one, on no version of Python, nor warns.
    """
    running = asyncio._get_running_loop()
    return _set_loop() if running is None else running


if sys.version_info >= (3, 14):

    def _set_loop() -> asyncio.AbstractEventLoop | None:
        try:
            return asyncio.get_event_loop()
        except RuntimeError:
            return None

else:

    def _set_loop() -> asyncio.AbstractEventLoop | None:
        # get_event_loop() would make a loop in the main thread, and 3.12 warns of it. What tells
        # whether one was set is an attribute of all policies that are derived from asyncio's own.
        policy = asyncio.get_event_loop_policy()
        if hasattr(policy, "_local"):
            loop: asyncio.AbstractEventLoop | None = policy._local._loop
            return loop
        try:
            return policy.get_event_loop()
        except RuntimeError:
            return None
