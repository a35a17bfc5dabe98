"""The kinds of `IOLoop` by where their asyncio loop comes from; found in `platform.asyncio`."""

import asyncio
from typing import Any

from waterspout.ioloop.event_loop import new_event_loop, thread_event_loop
from waterspout.ioloop.loop import IOLoop

__all__ = ["AsyncIOLoop", "AsyncIOMainLoop", "BaseAsyncIOLoop"]


class BaseAsyncIOLoop(IOLoop):
    """An `IOLoop` on an asyncio loop; all there are."""

    def initialize(  # type: ignore[override]
        self, asyncio_loop: asyncio.AbstractEventLoop, **kwargs: Any
    ) -> None:
        """Take the arguments of the constructor: the loop, and those of `IOLoop`."""
        super().initialize(asyncio_loop=asyncio_loop, **kwargs)


class AsyncIOLoop(BaseAsyncIOLoop):
    """Makes an asyncio loop of its own, uvloop's where that is installed. ``IOLoop()`` is one."""

    def initialize(  # type: ignore[override]
        self, *, asyncio_loop: asyncio.AbstractEventLoop | None = None, **kwargs: Any
    ) -> None:
        """Take the arguments of the constructor, which are those of `IOLoop`."""
        super().initialize(new_event_loop() if asyncio_loop is None else asyncio_loop, **kwargs)


class AsyncIOMainLoop(BaseAsyncIOLoop):
    """The `IOLoop` of the asyncio loop that this thread has; one is made where it has none.

    `IOLoop.current` finds or makes it by itself: ``AsyncIOMainLoop().install()`` is not needed, and
    a RuntimeError where the loop has its IOLoop already.
    """

    def initialize(  # type: ignore[override]
        self, *, asyncio_loop: asyncio.AbstractEventLoop | None = None, **kwargs: Any
    ) -> None:
        """Take the arguments of the constructor, which are those of `IOLoop`."""
        loop = thread_event_loop() if asyncio_loop is None else asyncio_loop
        if loop is None or loop.is_closed():
            # Python 3.14 has no loop that nobody has made; up to then the main thread had one.
            loop = new_event_loop()
            asyncio.set_event_loop(loop)
        super().initialize(loop, **kwargs)


IOLoop._of_new = AsyncIOLoop
IOLoop._of_existing = AsyncIOMainLoop
