"""`Pool`: which connection a request gets, and whose turn it is. Decides; does no I/O.

Theory of operation. There is a fixed number of slots. A fetch that talks to a server has one, with
a connection in it, or with the right to open one. A connection that nobody uses is idle: it takes
no slot, but idle and used ones together are never more than there are slots, so one that is idle
has to go where a new one is opened for somebody else.

- `acquire` gives an idle connection of the same key (the one that was idle for the shortest time),
  or a ticket. A ticket that is granted is a slot; one that is not is a place in the queue.
- `release` takes a slot back. If somebody waits, his ticket is granted then and there, and is
  returned so that the caller can wake him: the number of slots in use doesn't change, so nobody
  overtakes him.
- `abandon` takes a ticket back from one who was cancelled or came too late. Whether it had been
  granted in that very moment is settled under the lock: the slot goes to the next one.

The key of a connection is all that makes it what it is; what it consists of is not known here.
Every method may be called from any thread.
"""

import threading
from collections.abc import Callable, Hashable

from waterspout.httpclient.connection import Connection
from waterspout.net.interface import Waiter

__all__ = ["Pool", "Ticket"]


class Ticket:
    """A slot, or a place in the queue for one."""

    def __init__(self, key: Hashable, waiter: Waiter | None) -> None:
        self.key = key
        #: Where its owner waits; None if it was granted at once.
        self.waiter = waiter
        self.is_granted = waiter is None
        #: The connection to use; None: open one.
        self.connection: Connection | None = None
        #: A connection that has to go; for the one to close who gets the ticket to see.
        self.surplus: Connection | None = None

    def __repr__(self) -> str:
        return f"<Ticket {'granted' if self.is_granted else 'waiting'} {self.key!r}>"


class Pool:
    """The connections of one client; see the module's docstring.

    ``slots`` is how many may be used at a time. ``make_waiter`` makes the place where the owner of
    a ticket waits.
    """

    def __init__(self, slots: int, make_waiter: Callable[[], Waiter]) -> None:
        self.slots = slots
        #: Whether `close` was called: nothing is kept any more.
        self.is_closed = False
        self._make_waiter = make_waiter
        self._lock = threading.Lock()
        self._used = 0
        # By key, that which was used last at the end. A key comes to the end when it gets its first
        # idle connection, so what is idle for a long time is near the beginning.
        self._idle: dict[Hashable, list[Connection]] = {}
        self._idle_count = 0
        # A dict is a queue from whose middle one can leave.
        self._queue: dict[Ticket, None] = {}

    def acquire(self, key: Hashable) -> Connection | Ticket:
        """Return an idle connection to use, or a ticket."""
        # Here and in `release` no `with`: it costs three times as much.
        self._lock.acquire()
        try:
            connection = self._take_idle(key)
            if connection is not None:
                self._used += 1
                return connection
            if self._used < self.slots:
                self._used += 1
                ticket = Ticket(key, None)
                if self._used + self._idle_count > self.slots:
                    ticket.surplus = self._take_oldest()
                return ticket
            ticket = Ticket(key, self._make_waiter())
            self._queue[ticket] = None
            return ticket
        finally:
            self._lock.release()

    def replace(self, key: Hashable) -> Connection | None:
        """Return another idle connection for who has a slot with a bad one; None: open one."""
        with self._lock:
            return self._take_idle(key)

    def release(self, key: Hashable, connection: Connection | None) -> Ticket | None:
        """Take a slot back, and the connection in it if it can be used again.

        Returns None in the usual case. Otherwise a ticket: close its ``surplus``, wake its
        ``waiter``.
        """
        self._lock.acquire()
        try:
            return self._release(key, connection)
        finally:
            self._lock.release()

    def abandon(self, ticket: Ticket) -> Ticket | None:
        """Take a ticket back that its owner doesn't want any more; returns as `release` does."""
        with self._lock:
            if not ticket.is_granted:
                del self._queue[ticket]
                return None
            return self._release(ticket.key, ticket.connection)

    def take_idle(self) -> list[Connection]:
        """Return all that is idle, to be closed."""
        with self._lock:
            idle = self.idle
            self._idle.clear()
            self._idle_count = 0
            return idle

    def close(self) -> list[Connection]:
        """Keep nothing from now on; return what was idle, to be closed."""
        self.is_closed = True
        return self.take_idle()

    def _take_idle(self, key: Hashable) -> Connection | None:
        found = self._idle.get(key)
        if found is None:
            return None
        connection = found.pop()
        if not found:
            del self._idle[key]
        self._idle_count -= 1
        return connection

    def _take_oldest(self) -> Connection:
        key = next(iter(self._idle))
        found = self._idle[key]
        connection = found.pop(0)
        if not found:
            del self._idle[key]
        self._idle_count -= 1
        return connection

    def _release(self, key: Hashable, connection: Connection | None) -> Ticket | None:
        if self._queue:
            ticket = next(iter(self._queue))
            del self._queue[ticket]
            ticket.is_granted = True
            if ticket.key == key:
                ticket.connection = connection
            else:
                ticket.surplus = connection
            return ticket
        self._used -= 1
        if connection is None:
            return None
        if self.is_closed:
            leftover: Ticket = Ticket(key, None)
            leftover.surplus = connection
            return leftover
        found = self._idle.get(key)
        if found is None:
            self._idle[key] = [connection]
        else:
            found.append(connection)
        self._idle_count += 1
        return None

    @property
    def idle(self) -> list[Connection]:
        """The connections that nobody uses."""
        return [connection for found in self._idle.values() for connection in found]

    @property
    def statistics(self) -> dict[str, int]:
        """How many slots are in use, connections idle, and fetches waiting."""
        with self._lock:
            return {"used": self._used, "idle": self._idle_count, "waiting": len(self._queue)}

    def __repr__(self) -> str:
        waiting = len(self._queue)
        return f"<Pool used={self._used}/{self.slots} idle={self._idle_count} waiting={waiting}>"
