"""Which connection, whose turn: decisions, without any connection."""

import itertools
import random
import threading
from typing import Any

import pytest

from waterspout.httpclient.connection import Connection
from waterspout.httpclient.pool import Pool, Ticket
from waterspout.net import BlockingNet
from waterspout.net.fake import FakeNet, FakeStream
from waterspout.protocol.http1 import ClientConnection, Limits

A, B, C = (
    ("a.test", 80, 0, None, None),
    ("b.test", 80, 0, None, None),
    ("c.test", 80, 0, None, None),
)
NET = FakeNet()


def connect(key: Any) -> Connection:
    return Connection(key, FakeStream(NET, ()), ClientConnection(Limits()))


def new_pool(slots: int) -> Pool:
    return Pool(slots, NET.waiter)


def opened(pool: Pool, key: Any) -> Connection:
    """Acquire a slot, and a new connection in it."""
    ticket = pool.acquire(key)
    assert isinstance(ticket, Ticket)
    assert ticket.is_granted
    assert ticket.connection is None
    return connect(key)


def statistics(used: int = 0, idle: int = 0, waiting: int = 0) -> dict[str, int]:
    return {"used": used, "idle": idle, "waiting": waiting}


def test_a_connection_is_used_again():
    pool = new_pool(2)
    connection = opened(pool, A)
    assert pool.statistics == statistics(used=1)
    assert pool.release(A, connection) is None
    assert pool.statistics == statistics(idle=1)
    assert pool.acquire(A) is connection
    assert pool.statistics == statistics(used=1)


def test_that_which_was_used_last_comes_first():
    pool = new_pool(2)
    one, two = opened(pool, A), opened(pool, A)
    pool.release(A, one)
    pool.release(A, two)
    assert pool.acquire(A) is two
    assert pool.acquire(A) is one


def test_keys_are_kept_apart():
    pool = new_pool(2)
    pool.release(A, opened(pool, A))
    ticket = pool.acquire(B)
    assert isinstance(ticket, Ticket)
    assert ticket.surplus is None
    assert pool.statistics == statistics(used=1, idle=1)


def test_what_was_idle_for_longest_makes_room():
    pool = new_pool(2)
    one, two = opened(pool, A), opened(pool, B)
    pool.release(A, one)
    pool.release(B, two)
    ticket = pool.acquire(C)
    assert isinstance(ticket, Ticket)
    assert ticket.surplus is one
    assert pool.statistics == statistics(used=1, idle=1)


def test_who_comes_too_late_waits_and_is_served_in_turn():
    pool = new_pool(1)
    connection = opened(pool, A)
    first, second = pool.acquire(A), pool.acquire(A)
    assert isinstance(first, Ticket)
    assert isinstance(second, Ticket)
    assert not first.is_granted
    assert pool.statistics == statistics(used=1, waiting=2)
    assert pool.release(A, connection) is first
    assert first.connection is connection
    assert not second.is_granted
    assert pool.statistics == statistics(used=1, waiting=1)
    assert pool.release(A, None) is second
    assert second.connection is None


def test_the_next_one_may_want_something_else():
    pool = new_pool(1)
    connection = opened(pool, A)
    ticket = pool.acquire(B)
    assert pool.release(A, connection) is ticket
    assert isinstance(ticket, Ticket)
    assert ticket.connection is None
    assert ticket.surplus is connection
    assert pool.statistics == statistics(used=1)


def test_leaving_the_queue():
    pool = new_pool(1)
    connection = opened(pool, A)
    first, second = pool.acquire(A), pool.acquire(A)
    assert isinstance(first, Ticket)
    assert pool.abandon(first) is None
    assert pool.statistics == statistics(used=1, waiting=1)
    assert pool.release(A, connection) is second


def test_leaving_when_the_slot_was_just_handed_over():
    pool = new_pool(1)
    connection = opened(pool, A)
    first, second, third = pool.acquire(A), pool.acquire(A), pool.acquire(B)
    assert isinstance(first, Ticket)
    assert isinstance(second, Ticket)
    assert isinstance(third, Ticket)
    pool.release(A, connection)
    assert pool.abandon(first) is second
    assert second.connection is connection
    assert pool.abandon(second) is third
    assert third.surplus is connection
    assert pool.abandon(third) is None
    assert pool.statistics == statistics()


def test_another_one_in_the_place_of_a_bad_one():
    pool = new_pool(2)
    one, two = opened(pool, A), opened(pool, A)
    pool.release(A, one)
    pool.release(A, two)
    assert pool.acquire(A) is two
    assert pool.replace(A) is one
    assert pool.replace(A) is None
    assert pool.statistics == statistics(used=1)


def test_nothing_is_kept_after_the_end():
    pool = new_pool(2)
    idle, used = opened(pool, A), opened(pool, A)
    pool.release(A, idle)
    assert pool.close() == [idle]
    assert pool.close() == []
    ticket = pool.release(A, used)
    assert ticket is not None
    assert ticket.surplus is used
    assert pool.statistics == statistics()


def test_it_shows_itself():
    pool = new_pool(3)
    opened(pool, A)
    assert repr(pool) == "<Pool used=1/3 idle=0 waiting=0>"
    assert "granted" in repr(pool.acquire(A))


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_at_random(slots):
    """Whatever is done in whatever order, nothing gets lost, and the limit holds."""
    chance = random.Random(1)
    pool = new_pool(slots)
    held: list[tuple[Any, Connection]] = []
    waiting: list[Ticket] = []
    alive: set[Connection] = set()

    def take(ticket: Ticket | None) -> None:
        if ticket is None:
            return
        if ticket.surplus is not None:
            alive.discard(ticket.surplus)
            ticket.surplus = None
        if ticket in waiting:
            waiting.remove(ticket)
        if ticket.waiter is None and ticket.connection is None and pool.is_closed:
            return
        connection = ticket.connection
        if connection is None:
            connection = connect(ticket.key)
            alive.add(connection)
        held.append((ticket.key, connection))

    for _ in range(3000):
        action = chance.random()
        if action < 0.5:
            key = chance.choice((A, B, C))
            found = pool.acquire(key)
            if isinstance(found, Connection):
                assert found.key == key
                held.append((key, found))
            elif found.is_granted:
                take(found)
            else:
                waiting.append(found)
        elif action < 0.6 and waiting:
            ticket = waiting.pop(chance.randrange(len(waiting)))
            take(pool.abandon(ticket))
        elif held:
            key, connection = held.pop(chance.randrange(len(held)))
            if chance.random() < 0.3:
                alive.discard(connection)
                take(pool.release(key, None))
            else:
                take(pool.release(key, connection))
        counts = pool.statistics
        assert counts["used"] == len(held) <= slots
        assert counts["used"] + counts["idle"] == len(alive) <= slots
        assert counts["waiting"] == len(waiting)
        assert not waiting or counts["used"] == slots


def test_by_many_threads():
    pool = Pool(3, BlockingNet().waiter)
    inside = itertools.count()
    most: list[int] = []
    now = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal now
        for _ in range(200):
            found = pool.acquire(A)
            if isinstance(found, Ticket):
                if found.waiter is not None:
                    coroutine = found.waiter.wait(float("inf"))
                    try:
                        coroutine.send(None)
                    except StopIteration:
                        pass
                connection = found.connection or connect(A)
            else:
                connection = found
            with lock:
                now += 1
                most.append(now)
                next(inside)
            with lock:
                now -= 1
            ticket = pool.release(A, connection)
            if ticket is not None and ticket.waiter is not None:
                ticket.waiter.wake()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert next(inside) == 1600
    assert max(most) <= 3
    assert pool.statistics["used"] == 0
