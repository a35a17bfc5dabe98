"""Coroutines that answer: each is started at once, kept, and never leaves its client waiting."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any

from waterspout.httpserver.beginning import begin
from waterspout.log import app_log, gen_log, printable
from waterspout.protocol.errors import HTTPInputError

if TYPE_CHECKING:
    from waterspout.httpserver.exchange import Exchange

__all__ = ["begin_answering", "refuse", "start_answering"]

# The event loop refers to its tasks weakly.
_tasks: set["asyncio.Task[Any]"] = set()


def start_answering(
    exchange: "Exchange", coroutine: Coroutine[Any, Any, Any], context: Context
) -> bool:
    """Run ``coroutine``, which answers ``exchange``, in ``context``; tell whether it waits.

    If it waits the rest of it becomes a Task, which is cancelled where the client goes or the
    request takes too long. If it fails the error is logged, and the client
    gets a 500 (a 400 for ``HTTPInputError``) or sees the connection end.
    """
    begun: bool = context.run(begin_answering, exchange, exchange.loop, coroutine, context)
    return begun


def begin_answering(
    exchange: "Exchange",
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, None],
    context: Context,
) -> bool:
    """Do what `start_answering` does, for who is in ``context`` and knows the exchange's loop."""
    try:
        task = begin(coroutine, loop, context)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        _on_failure(exchange, error)
        return False
    if task is None:
        return False
    _keep(exchange, task)
    return True


def _keep(exchange: "Exchange", task: "asyncio.Task[Any]") -> None:
    _tasks.add(task)
    if exchange.tasks is None:
        exchange.tasks = [task]
    else:
        exchange.tasks.append(task)
    task.add_done_callback(partial(_on_task_done, exchange))


def _on_task_done(exchange: "Exchange", task: "asyncio.Task[Any]") -> None:
    _tasks.discard(task)
    tasks = exchange.tasks
    assert tasks is not None
    tasks.remove(task)
    if not tasks and exchange.end_timer is not None:
        exchange.end_timer.cancel()
        exchange.end_timer = None
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    if error is not None:
        _on_failure(exchange, error)


def _on_failure(exchange: "Exchange", error: BaseException) -> None:
    if isinstance(error, asyncio.CancelledError):
        if exchange.finish_time or exchange.is_lost:
            return
        if exchange.cancel_reason is not None:
            gen_log.warning("%s: %s", exchange.cancel_reason, exchange.summary)
            exchange.refuse(503, exchange.cancel_reason)
            return
    if isinstance(error, HTTPInputError):
        refuse(exchange, error)
        return
    app_log.error("nobody has answered %s", exchange.summary, exc_info=error)
    exchange.refuse(500, error)


def refuse(exchange: "Exchange", error: HTTPInputError) -> None:
    """Answer 400, and log one line, for a request in which something malformed was looked at."""
    head = exchange.head
    peer = exchange.remote_ip
    gen_log.warning("400 %s %s (%s): %s", head.method, head.target, peer, printable(str(error)))
    exchange.refuse(400, error)
