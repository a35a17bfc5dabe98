"""Queues between coroutines of one event loop: who puts and who gets waits without blocking it.

None of these is safe to use from several threads; `queue` of the standard library is.
"""

from waterspout.queues.errors import QueueEmpty, QueueFull
from waterspout.queues.orders import LifoQueue, PriorityQueue
from waterspout.queues.queue import Queue

__all__ = ["LifoQueue", "PriorityQueue", "Queue", "QueueEmpty", "QueueFull"]
