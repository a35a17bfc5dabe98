"""`Pool`: which connection a request gets, and whose turn it is. Decides; does no I/O.

Theory of operation. There is a fixed number of slots. A fetch that talks to a server has one, with
a connection in it, or with the right to open one. A connection that nobody uses is idle: it takes
no slot, but idle and used ones together are never more than there are slots, so one that is idle
has to go where a new one is opened for somebody else.

- `acquire` gives a ticket a slot, with an idle connection of the same key (the one that was idle
  for the shortest time) if there is one; or a place in the queue, and a waiter to wait at.
- `release` takes a ticket back, whatever it has: a slot, or a place. If somebody waits for the
  slot, it is his then and there, and he is returned so that the caller can wake him: nobody
  overtakes him. Whether a ticket that is given up had been granted in that very moment is settled
  under the lock.

With ``slots_per_origin`` an origin (host and port, the first two parts of a key) has no more than
so many slots. Who waits for one of those must not hold up others behind him. So he is not in the
queue but at the door of his origin, until that may have one more; then he gets the place in the
queue that his time of arrival gives him. An origin never has more tickets in the queue than may be
granted, so the first in the queue always gets the next slot, and nobody has to be skipped.

The key of a connection is all that makes it what it is; what else it consists of is not known here.
Every method may be called from any thread.

The usual fetch finds an idle connection and leaves it behind, and to lock and unlock twice for that
was a seventh of its cost. Compiled code has the interpreter for itself until it calls into Python.
So where it is compiled, and the interpreter has a lock of its own (GIL), that is done without ours,
if nobody has it (`_is_open`) and nobody waits: a few assignments without a call between them.

Ctrl-C may come in between after any call (of what is not compiled). So what is counted here and
what a ticket has to show for it change together, without a call between them, and to release a
ticket twice does no harm. Who is interrupted before he has woken whom his slot went to finds him in
the ``waiter`` of his own ticket, and wakes him then.
"""

import heapq
import sys
import threading
import types
from collections.abc import Callable

from waterspout.httpclient.connection import Connection
from waterspout.httpclient.hop import Key
from waterspout.net.interface import Waiter

__all__ = ["Pool", "Ticket"]


class Ticket:
    """What one request has of the pool: nothing, a place in the queue, or a slot."""

    def __init__(self, key: Key) -> None:
        self._begin(key)

    def _begin(self, key: Key) -> None:
        # No `__init__` of a base class: a call of that costs more than all the rest.
        self.key = key
        self.has_slot = False
        #: The connection in the slot, if there is one.
        self.connection: Connection | None = None
        #: A connection that has to go; for the one to close who gets the ticket to see.
        self.surplus: Connection | None = None
        #: Where its owner waits, if he has to; once it is released, where he does whose turn it is.
        self.waiter: Waiter | None = None
        #: Whether it is in the queue or at a door, and since when: 1 is the first that ever waited.
        self.is_waiting = False
        self.place = 0
        #: Whether it counts for its origin, if that has a limit.
        self.is_counted = False

    def __repr__(self) -> str:
        state = "granted" if self.has_slot else "waiting" if self.is_waiting else "idle"
        return f"<Ticket {state} {self.key!r}>"


class Pool:
    """The connections of one client; see the module's docstring.

    ``slots`` is how many may be used at a time, ``slots_per_origin`` how many of them for one host
    and port, 0 for no such limit. ``make_waiter`` makes the place where the owner of a ticket
    waits.
    """

    def __init__(
        self, slots: int, make_waiter: Callable[[], Waiter], slots_per_origin: int = 0
    ) -> None:
        self.slots = slots
        self.slots_per_origin = slots_per_origin
        #: Whether `close` was called: nothing is kept any more.
        self.is_closed = False
        self._make_waiter = make_waiter
        self._lock = threading.Lock()
        # Whether one may do without the lock: nobody has it, and what makes no call is not
        # interrupted.
        self._is_open = _IS_UNINTERRUPTED
        self._used = 0
        # By key, that which was used last at the end. There may be empty lists of keys in use.
        self._idle: dict[Key, list[Connection]] = {}
        self._idle_count = 0
        self._releases = 0
        # What was idle when it was looked, that which was released first at the end.
        self._oldest: list[tuple[int, Key]] = []
        # Who waits: a heap by time of arrival. Who has left it is not taken out, but passed over.
        self._queue: list[tuple[int, Ticket]] = []
        self._left = 0  # how many of it have
        self._arrivals = 0
        # By origin: how many have a slot or are in the queue, and who waits at the door. A dict is
        # a queue from whose middle one can leave.
        self._counts: dict[tuple[object, ...], int] = {}
        self._doors: dict[tuple[object, ...], dict[Ticket, None]] = {}

    def acquire(self, ticket: Ticket) -> None:
        """Give a new ticket a slot, or have it wait; see ``has_slot``."""
        found = self._idle.get(ticket.key)
        if self._is_open and found and not self._queue and not self.slots_per_origin:
            # Not a call from here on.
            ticket.connection = found[-1]
            del found[-1]
            self._idle_count -= 1
            self._used += 1
            ticket.has_slot = True
            return
        with self._lock:
            self._is_open = False
            try:
                self._acquire(ticket)
            finally:
                self._is_open = _IS_UNINTERRUPTED

    def replace(self, ticket: Ticket) -> None:
        """Put another idle connection into the slot of a ticket, or none, for one that was bad."""
        with self._lock:
            self._is_open = False
            ticket.connection = None
            self._take_idle(ticket)
            self._is_open = _IS_UNINTERRUPTED

    def release(self, ticket: Ticket, is_reusable: bool) -> Ticket | None:
        """Take a ticket back with what it has, and keep its connection if that is reusable.

        Returns None in the usual case. Otherwise a ticket: close its ``surplus``, wake its
        ``waiter``. A connection that is not reusable is left to the caller.
        """
        found = self._idle.get(ticket.key)
        connection = ticket.connection
        if (
            self._is_open
            and is_reusable
            and found is not None
            and connection is not None
            and ticket.has_slot
            and not ticket.is_counted
            and not self._queue
            and not self.is_closed
        ):
            # Not a call from here on.
            self._used -= 1
            ticket.has_slot = False
            ticket.connection = None
            self._releases += 1
            connection.released = self._releases
            self._idle_count += 1
            found.append(connection)
            return None
        with self._lock:
            self._is_open = False
            following = self._release(ticket, is_reusable)
            self._is_open = _IS_UNINTERRUPTED
            return following

    def take_unusable(self, now: float) -> list[Connection]:
        """Return what was idle for too long, or has ended meanwhile, to be closed."""
        unusable: list[Connection] = []
        idle: dict[Key, list[Connection]] = {}
        count = 0
        with self._lock:
            self._is_open = False
            try:
                for key, found in self._idle.items():
                    kept: list[Connection] = []
                    for connection in found:
                        (kept if connection.is_usable(now, True) else unusable).append(connection)
                    if kept or not found:
                        idle[key] = kept
                        count += len(kept)
                self._idle = idle
                self._idle_count = count
            finally:
                self._is_open = _IS_UNINTERRUPTED
        return unusable

    def take_idle(self) -> list[Connection]:
        """Return all that is idle, to be closed."""
        with self._lock:
            self._is_open = False
            idle = self.idle
            self._idle = {}
            self._idle_count = 0
            self._is_open = _IS_UNINTERRUPTED
            return idle

    def forget(self) -> list[Connection]:
        """Close in a forked child, where a thread that is not there may hold the lock."""
        self._lock = threading.Lock()
        return self.close()

    def close(self) -> list[Connection]:
        """Keep nothing from now on; return what was idle, to be closed."""
        self.is_closed = True
        return self.take_idle()

    # Slots

    def _acquire(self, ticket: Ticket) -> None:
        if self.slots_per_origin and not self._count(ticket):
            self._wait_at_door(ticket)
            return
        self._take_idle(ticket)
        if ticket.connection is not None or self._used < self.slots:
            self._used += 1
            ticket.has_slot = True
            if ticket.connection is None and self._used + self._idle_count > self.slots:
                self._take_oldest(ticket)
            return
        self._arrivals += 1
        ticket.place = self._arrivals
        ticket.waiter = self._make_waiter()
        ticket.is_waiting = True
        heapq.heappush(self._queue, (ticket.place, ticket))

    def _release(self, ticket: Ticket, is_reusable: bool) -> Ticket | None:
        connection = ticket.connection if is_reusable else None
        if ticket.has_slot:
            self._used -= 1
            ticket.has_slot = False
        elif ticket.is_waiting:
            self._leave(ticket)
        if ticket.is_counted:
            self._count_off(ticket)
        if connection is None:
            # What `acquire` has left where it took the last one.
            found = self._idle.get(ticket.key)
            if found is not None and not found:
                del self._idle[ticket.key]
        if self._queue and self._used < self.slots:
            following = self._next(ticket)
            if following is not None:
                self._hand_over(ticket, connection, following)
                return following
        if connection is None:
            return None
        if self.is_closed:
            ticket.surplus = connection
            ticket.connection = None
            return ticket
        self._keep(ticket, connection)
        return None

    # Idle connections

    def _keep(self, ticket: Ticket, connection: Connection) -> None:
        found = self._idle.get(ticket.key)
        if found is None:
            self._idle[ticket.key] = [connection]
        else:
            found += [connection]
        self._releases += 1
        connection.released = self._releases
        self._idle_count += 1
        ticket.connection = None

    def _take_idle(self, ticket: Ticket) -> None:
        found = self._idle.get(ticket.key)
        if not found:
            return
        ticket.connection = found[-1]
        del found[-1]
        self._idle_count -= 1
        if not found:
            del self._idle[ticket.key]

    def _take_oldest(self, ticket: Ticket) -> None:
        """Take what is idle for the longest time, which there is, to make room for another.

        To look at all for each one would take long where there are many. What was released later
        than all were looked at is younger than what is left of those, so it is looked again when
        nothing is left: for each that is taken, or was used in between, once.
        """
        while True:
            if not self._oldest:
                self._look_for_oldest()
            released, key = self._oldest.pop()
            found = self._idle.get(key)
            # It may be in use, gone, or have been used since.
            if found and _first(found).released == released:
                break
        ticket.surplus = found[0]
        del found[0]
        self._idle_count -= 1
        if not found:
            del self._idle[key]

    def _look_for_oldest(self) -> None:
        oldest: list[tuple[int, Key]] = []
        for key, found in self._idle.items():
            for connection in found:
                oldest.append((connection.released, key))
        oldest.sort(reverse=True)
        self._oldest = oldest

    # The queue

    def _next(self, giver: Ticket) -> Ticket | None:
        """Return the first in the queue, who has a slot from now on; None if there is nobody.

        From here on ``giver`` has his waiter, to wake.
        """
        while self._queue:
            _, ticket = heapq.heappop(self._queue)
            if ticket.is_waiting:
                giver.waiter = ticket.waiter
                ticket.is_waiting = False
                self._used += 1
                ticket.has_slot = True
                return ticket
            self._left -= 1
        return None

    def _hand_over(self, ticket: Ticket, connection: Connection | None, following: Ticket) -> None:
        """Put what ``ticket`` leaves, or what is idle, into the slot of ``following``."""
        if connection is not None:
            if ticket.key == following.key:
                following.connection = connection
                ticket.connection = None
                return
            if self.is_closed:
                following.surplus = connection
                ticket.connection = None
                return
            self._keep(ticket, connection)
        self._take_idle(following)
        if following.connection is None and self._used + self._idle_count > self.slots:
            self._take_oldest(following)

    def _leave(self, ticket: Ticket) -> None:
        ticket.is_waiting = False
        if self.slots_per_origin and not ticket.is_counted:
            origin = ticket.key.origin
            door = self._doors[origin]
            door.pop(ticket, None)
            if not door:
                del self._doors[origin]
            return
        # With more of those who left than of those who wait it is made anew: then that costs each
        # one a constant time, and it can't grow without bounds where nobody is ever served.
        self._left += 1
        if 2 * self._left > len(self._queue):
            queue = [entry for entry in self._queue if entry[1].is_waiting]
            heapq.heapify(queue)
            self._queue = queue
            self._left = 0

    # Origins

    def _count(self, ticket: Ticket) -> bool:
        """Count a ticket for its origin; False if that has enough of them."""
        origin = ticket.key.origin
        count = self._counts.get(origin, 0)
        if count >= self.slots_per_origin:
            return False
        self._counts[origin] = count + 1
        ticket.is_counted = True
        return True

    def _wait_at_door(self, ticket: Ticket) -> None:
        self._arrivals += 1
        ticket.place = self._arrivals
        ticket.waiter = self._make_waiter()
        origin = ticket.key.origin
        door = self._doors.get(origin)
        # Not a call from here on: there is never a door with nobody at it.
        if door is None:
            self._doors[origin] = {ticket: None}
        else:
            door[ticket] = None
        ticket.is_waiting = True

    def _count_off(self, ticket: Ticket) -> None:
        """Count a ticket no more; let the first at its door into the queue instead."""
        origin = ticket.key.origin
        door = self._doors.get(origin)
        if door is None:
            count = self._counts[origin]
            ticket.is_counted = False
            if count > 1:
                self._counts[origin] = count - 1
            else:
                del self._counts[origin]
            return
        first = next(iter(door))
        del door[first]
        ticket.is_counted = False
        first.is_counted = True
        if not door:
            del self._doors[origin]
        heapq.heappush(self._queue, (first.place, first))

    @property
    def idle(self) -> list[Connection]:
        """The connections that nobody uses."""
        return [connection for found in self._idle.values() for connection in found]

    @property
    def statistics(self) -> dict[str, int]:
        """How many slots are in use, connections idle, and fetches waiting."""
        with self._lock:
            return {"used": self._used, "idle": self._idle_count, "waiting": self._waiting()}

    @property
    def queue_length(self) -> int:
        """How many places the queue has, with those of who has left it."""
        return len(self._queue)

    def _waiting(self) -> int:
        queued = sum(ticket.is_waiting for _, ticket in self._queue)
        return queued + sum(map(len, self._doors.values()))

    def __repr__(self) -> str:
        return (
            f"<Pool used={self._used}/{self.slots} idle={self._idle_count} "
            f"waiting={self._waiting()}>"
        )


def _first(connections: list[Connection]) -> Connection:
    return connections[0]


def _is_uninterrupted() -> bool:
    """Whether nothing else runs while a method of the pool makes no call."""
    is_compiled = not isinstance(vars(Pool)["acquire"], types.FunctionType)
    has_gil: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
    return is_compiled and has_gil and sys.implementation.name == "cpython"


_IS_UNINTERRUPTED = _is_uninterrupted()
