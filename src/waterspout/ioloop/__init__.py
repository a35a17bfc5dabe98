"""The event loop: `IOLoop`, a face on asyncio's, and how programs are started on it."""

from builtins import TimeoutError

from waterspout.ioloop.asyncioloop import AsyncIOLoop, AsyncIOMainLoop, BaseAsyncIOLoop
from waterspout.ioloop.eager import start_eagerly, start_nested
from waterspout.ioloop.event_loop import new_event_loop
from waterspout.ioloop.loop import IOLoop
from waterspout.ioloop.periodic import PeriodicCallback
from waterspout.ioloop.running import run

__all__ = [
    "AsyncIOLoop",
    "AsyncIOMainLoop",
    "BaseAsyncIOLoop",
    "IOLoop",
    "PeriodicCallback",
    "TimeoutError",
    "new_event_loop",
    "run",
    "start_eagerly",
    "start_nested",
]
