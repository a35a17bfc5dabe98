"""Start a coroutine at once: one that never suspends costs no trip around the event loop.

Theory of operation. A server runs a coroutine for each request, and most of them end without ever
waiting. An ordinary Task for each is scheduled, stepped and reported an iteration later: 4 us. So
the caller, who is in a callback of the loop, does the first step himself, and only a coroutine that
suspends goes on as a Task. What makes this hard is that the first step may ask for
`asyncio.current_task()`: `asyncio.timeout`, `asyncio.TaskGroup` and anyio keep what they get and
cancel it later. So it must be one object, before and after the suspension.

Since Python 3.12 asyncio does this itself (`eager_start=True`): a whole Task from the first
instruction on, which the loop hears of only if it suspends. Python 3.11 can't; `unstarted` does
there what is missing. Either costs 0.2 to 0.35 us more than a bare `coroutine.send(None)`, with
the entering of the context in it. (What `unstarted` does would cost the same on later versions.)
"""

import asyncio
import sys
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

__all__ = ["start_eagerly", "start_nested"]

T = TypeVar("T")

if sys.version_info >= (3, 12):

    def start_eagerly(
        coroutine: Coroutine[Any, Any, T],
        loop: asyncio.AbstractEventLoop,
        context: Context | None = None,
    ) -> T | asyncio.Task[T]:
        """Do the first step of `coroutine` now; return its value, or the Task that does the rest.

        To be called in a callback of the running `loop`, or in a Task. Returned is

        - the value of the coroutine, if it has ended;
        - a Task, if the value is still to come. Add a done callback to it, and keep a reference,
          as to any Task: the loop has only a weak one. (It may be done already: a value that is
          itself a Task comes in a Task.)

        An exception that ends the coroutine in its first step is raised here: also CancelledError,
        KeyboardInterrupt and SystemExit. Later ones are the Task's.

        All steps run in `context`, the very one: what they set in it is there afterwards, and
        nothing is set in the context of the caller, who must therefore not be in it himself
        (RuntimeError). None stands for a copy of the caller's context.

        The loop's task factory is not asked.
        """
        try:
            task = asyncio.Task(coroutine, loop=loop, context=context, eager_start=True)
        except RuntimeError:
            _leave(coroutine, loop)
            raise
        if not task.done():
            return task
        try:
            value = task.result()
        except BaseException:
            del task  # The traceback has this frame: task -> exception -> frame -> task.
            raise
        return task if value is not None and isinstance(value, asyncio.Task) else value

    #: The same, for callers who are in a Task as often as not; cheaper there on Python 3.11.
    start_nested = start_eagerly

    def _leave(coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> None:
        """Undo what asyncio leaves behind of a task whose context could not be entered.

        It would stay the current one, and no other task of the loop could be stepped any more.
        """
        task: Any = asyncio.current_task(loop)
        tasks: Any = asyncio.tasks
        if task is not None and task.get_coro() is coroutine:
            tasks._leave_task(loop, task)
            tasks._unregister_eager_task(task)
            task._log_destroy_pending = False

else:
    from waterspout.ioloop.unstarted import start_eagerly, start_nested
