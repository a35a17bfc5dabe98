"""What a test has left in its event loop."""

import asyncio

from waterspout.testing.timeout import get_async_test_timeout

__all__ = ["end_tasks"]


def end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the tasks that are left in a loop, and close its async generators.

    What a task fails with is raised; AssertionError where one does not end.
    """
    tasks = {task for task in asyncio.all_tasks(loop) if not task.done()}
    for task in tasks:
        task.cancel()
    if tasks:
        seconds = get_async_test_timeout()
        done, pending = loop.run_until_complete(asyncio.wait(tasks, timeout=seconds))
        if pending:
            raise AssertionError(f"tasks of the test go on though they are cancelled: {pending!r}")
        for task in done:
            if not task.cancelled():
                task.result()
    loop.run_until_complete(loop.shutdown_asyncgens())
