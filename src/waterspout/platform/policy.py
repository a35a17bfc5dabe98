"""`AnyThreadEventLoopPolicy`, for programs from before `IOLoop.current` did the same.

asyncio's policies are deprecated since Python 3.14: to import this module warns there.
"""

import asyncio

from waterspout.ioloop import new_event_loop

__all__ = ["AnyThreadEventLoopPolicy"]


class AnyThreadEventLoopPolicy(asyncio.DefaultEventLoopPolicy):
    """Gives every thread a loop when it asks for one, not only the main one::

    asyncio.set_event_loop_policy(AnyThreadEventLoopPolicy())
    """

    def get_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop of this thread; a new one if it has none."""
        loop: asyncio.AbstractEventLoop | None = self._local._loop  # type: ignore[attr-defined]
        if loop is None:
            loop = new_event_loop()
            self.set_event_loop(loop)
        return loop
