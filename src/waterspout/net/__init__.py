"""How a byte reaches a socket: the same verbs for those who block and for those who await.

A flow is written once, as ``async def`` over ``Net`` and ``Stream``. `AsyncNet` awaits the event
loop. `BlockingNet` does the system call at once and never suspends, so that one ``send(None)``
runs a flow from its first line to its last. Nothing here knows what HTTP is.
"""

from waterspout.net.asynchronous import AsyncNet
from waterspout.net.blocking import BlockingNet, run_blocking
from waterspout.net.interface import Address, CallbackError, DeadlineError, Net, Stream, Waiter

__all__ = [
    "Address",
    "AsyncNet",
    "BlockingNet",
    "CallbackError",
    "DeadlineError",
    "Net",
    "Stream",
    "Waiter",
    "run_blocking",
]
