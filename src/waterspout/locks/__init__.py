"""Locks between coroutines of one event loop: they wait without blocking it.

None of these is safe to use from several threads: they guard what coroutines share.
"""

from waterspout.locks.condition import Condition
from waterspout.locks.event import Event
from waterspout.locks.lock import Lock
from waterspout.locks.semaphore import BoundedSemaphore, Semaphore

__all__ = ["BoundedSemaphore", "Condition", "Event", "Lock", "Semaphore"]
