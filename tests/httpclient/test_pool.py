"""Which connection, whose turn: decisions, without any connection."""

import itertools
import random
import sys
import threading
from typing import Any

import pytest

from waterspout.httpclient.connection import Connection
from waterspout.httpclient.hop import Key
from waterspout.httpclient.pool import Pool, Ticket
from waterspout.net import BlockingNet
from waterspout.net.fake import FakeNet, FakeStream
from waterspout.protocol.http1 import ClientConnection, Limits

A, B, C = (Key(f"{name}.test", 80) for name in "abc")
A6 = Key("a.test", 80, 6)
NET = FakeNet()


def connect(key: Any, steps: Any = ()) -> Connection:
    return Connection(key, FakeStream(NET, steps), ClientConnection(Limits()), 60.0)


def new_pool(slots: int, per_origin: int = 0) -> Pool:
    return Pool(slots, NET.waiter, per_origin)


def asked(pool: Pool, key: Any) -> Ticket:
    ticket = Ticket(key)
    pool.acquire(ticket)
    return ticket


def opened(pool: Pool, key: Any) -> Ticket:
    """Acquire a slot, and put a new connection into it."""
    ticket = asked(pool, key)
    assert ticket.has_slot
    assert ticket.connection is None
    ticket.connection = connect(key)
    return ticket


def statistics(used: int = 0, idle: int = 0, waiting: int = 0) -> dict[str, int]:
    return {"used": used, "idle": idle, "waiting": waiting}


def test_a_connection_is_used_again():
    pool = new_pool(2)
    ticket = opened(pool, A)
    connection = ticket.connection
    assert pool.statistics == statistics(used=1)
    assert pool.release(ticket, True) is None
    assert ticket.connection is None
    assert pool.statistics == statistics(idle=1)
    assert asked(pool, A).connection is connection
    assert pool.statistics == statistics(used=1)


@pytest.mark.parametrize("has_queue", [False, True])
def test_nothing_is_kept_of_a_key_that_is_not_used_any_more(has_queue):
    pool = new_pool(1)
    key = Key("once.test", 80)
    before = sys.getrefcount(key)
    ticket = opened(pool, key)
    pool.release(ticket, True)
    ticket = asked(pool, key)
    assert ticket.connection is not None
    waiting = asked(pool, A) if has_queue else None
    assert pool.release(ticket, False) is waiting
    del ticket
    assert sys.getrefcount(key) == before


def test_that_which_was_used_last_comes_first():
    pool = new_pool(2)
    one, two = opened(pool, A), opened(pool, A)
    first, second = one.connection, two.connection
    pool.release(one, True)
    pool.release(two, True)
    assert asked(pool, A).connection is second
    assert asked(pool, A).connection is first


def test_keys_are_kept_apart():
    pool = new_pool(2)
    pool.release(opened(pool, A), True)
    ticket = asked(pool, B)
    assert ticket.connection is ticket.surplus is None
    assert pool.statistics == statistics(used=1, idle=1)


def test_what_was_idle_for_longest_makes_room():
    pool = new_pool(2)
    one, two = opened(pool, A), opened(pool, B)
    first = one.connection
    pool.release(one, True)
    pool.release(two, True)
    assert asked(pool, C).surplus is first
    assert pool.statistics == statistics(used=1, idle=1)


def test_many_servers_that_are_met_once():
    """What was idle for longest makes room for each; to find it takes no longer where many are."""
    pool = new_pool(2000)
    expected: list[Connection | None] = []
    for number in range(8000):
        ticket = asked(pool, Key(f"{number}.test", 80))
        assert (ticket.surplus is None) == (number < 2000)
        if number >= 2000:
            assert ticket.surplus is expected[number - 2000]
        ticket.connection = connect(ticket.key)
        expected.append(ticket.connection)
        pool.release(ticket, True)
        if number == 3000:  # Used again, it is the youngest.
            again = asked(pool, Key("1500.test", 80))
            assert again.connection is expected[1500]
            pool.release(again, True)
            expected.append(expected.pop(1500))
    assert pool.statistics == statistics(idle=2000)


def test_who_comes_too_late_waits_and_is_served_in_turn():
    pool = new_pool(1)
    ticket = opened(pool, A)
    connection = ticket.connection
    first, second = asked(pool, A), asked(pool, A)
    assert not first.has_slot
    assert pool.statistics == statistics(used=1, waiting=2)
    assert pool.release(ticket, True) is first
    assert first.connection is connection
    assert not second.has_slot
    assert pool.statistics == statistics(used=1, waiting=1)
    assert pool.release(first, False) is second
    assert second.connection is None


def test_the_next_one_may_want_something_else():
    pool = new_pool(1)
    ticket = opened(pool, A)
    connection = ticket.connection
    following = asked(pool, B)
    assert pool.release(ticket, True) is following
    assert following.connection is None
    assert following.surplus is connection
    assert pool.statistics == statistics(used=1)


def test_leaving_the_queue():
    pool = new_pool(1)
    ticket = opened(pool, A)
    first, second, third = asked(pool, A), asked(pool, A), asked(pool, A)
    assert pool.release(second, False) is None
    assert pool.release(second, False) is None
    assert pool.statistics == statistics(used=1, waiting=2)
    connection = ticket.connection
    assert pool.release(ticket, True) is first
    # Granted already, but not wanted any more.
    assert pool.release(first, True) is third
    assert third.connection is connection
    assert pool.release(third, False) is None
    assert pool.statistics == statistics()


def test_who_left_is_forgotten_where_nobody_is_served():
    pool = new_pool(1)
    opened(pool, A)
    last = asked(pool, A)
    for _ in range(1000):
        pool.release(asked(pool, A), False)
    assert pool.statistics == statistics(used=1, waiting=1)
    assert pool.queue_length <= 4
    assert not last.has_slot


def test_to_release_twice_does_no_harm():
    pool = new_pool(2, 1)
    ticket = opened(pool, A)
    pool.release(ticket, True)
    assert pool.release(ticket, True) is None
    assert pool.release(Ticket(A), False) is None
    assert pool.statistics == statistics(idle=1)


def test_another_one_in_the_place_of_a_bad_one():
    pool = new_pool(2)
    one, two = opened(pool, A), opened(pool, A)
    first, second = one.connection, two.connection
    pool.release(one, True)
    pool.release(two, True)
    ticket = asked(pool, A)
    assert ticket.connection is second
    pool.replace(ticket)
    assert ticket.connection is first
    pool.replace(ticket)
    assert ticket.connection is None
    assert pool.statistics == statistics(used=1)


def test_nothing_is_kept_after_the_end():
    pool = new_pool(2)
    idle, used, waiting = opened(pool, A), opened(pool, A), asked(pool, B)
    connections = [idle.connection, used.connection]
    assert pool.release(idle, True) is waiting
    assert waiting.surplus is connections[0]
    pool.release(waiting, False)
    assert pool.close() == []
    assert pool.release(used, True) is used
    assert used.surplus is connections[1]
    assert pool.statistics == statistics()


def test_what_is_idle_when_it_is_closed():
    pool = new_pool(2)
    ticket = opened(pool, A)
    connection = ticket.connection
    pool.release(ticket, True)
    assert pool.close() == [connection]
    assert pool.close() == []


def test_what_is_of_no_use_any_more():
    pool = new_pool(4)
    tickets = [opened(pool, key) for key in (A, A, B, C)]
    connections = [ticket.connection for ticket in tickets]
    for ticket, connection, since in zip(tickets, connections, (0, 50, 5, 50), strict=True):
        assert connection is not None
        connection.idle_since = since
        pool.release(ticket, True)
    assert pool.take_unusable(10) == []
    assert pool.take_unusable(70) == [connections[0], connections[2]]
    assert pool.statistics == statistics(idle=2)
    ended = connections[3]
    assert ended is not None
    ended.stream.steps.append(b"")  # type: ignore[attr-defined]
    assert pool.take_unusable(70) == [ended]
    assert asked(pool, A).connection is connections[1]
    assert pool.statistics == statistics(used=1)


class Interrupted(FakeStream):
    """Ctrl-C comes while it is asked."""

    def is_quiet(self, ask):
        raise KeyboardInterrupt


def test_an_interrupt_in_the_search_for_what_is_of_no_use_any_more():
    pool = new_pool(2)
    old, asking = opened(pool, A), opened(pool, B)
    asking.connection = Connection(B, Interrupted(NET, ()), ClientConnection(Limits()), 60.0)
    asking.connection.idle_since = 50.0
    pool.release(old, True)
    pool.release(asking, True)
    with pytest.raises(KeyboardInterrupt):
        pool.take_unusable(70)
    assert pool.statistics == statistics(idle=len(pool.idle))
    # Each of these has room made for it, if there is need.
    assert [asked(pool, C).has_slot, asked(pool, C).has_slot] == [True, True]
    assert pool.statistics == statistics(used=2)


@pytest.mark.parametrize("per_origin", [0, 1])
def test_an_interrupt_on_the_way_into_the_queue(per_origin):
    def interrupted():
        raise KeyboardInterrupt

    pool = Pool(1, interrupted, per_origin)
    first = opened(pool, A)
    ticket = Ticket(A)
    with pytest.raises(KeyboardInterrupt):
        pool.acquire(ticket)
    for leaving in (ticket, first):
        assert pool.release(leaving, False) is None
    assert pool.statistics == statistics()
    assert asked(pool, A).has_slot


def test_an_origin_has_no_more_than_its_share():
    pool = new_pool(4, 2)
    one, two = opened(pool, A), opened(pool, A6)
    at_the_door = [asked(pool, A), asked(pool, A6)]
    assert not any(ticket.has_slot for ticket in at_the_door)
    # Others don't wait for them.
    opened(pool, B)
    assert pool.statistics == statistics(used=3, waiting=2)
    connection = one.connection
    assert pool.release(one, True) is at_the_door[0]
    assert at_the_door[0].connection is connection
    assert pool.release(two, False) is at_the_door[1]
    assert at_the_door[1].connection is None
    assert pool.release(at_the_door[0], True) is None
    assert pool.statistics == statistics(used=2, idle=1)
    assert asked(pool, A).connection is connection
    assert not asked(pool, A).has_slot


def test_at_the_door_the_order_of_arrival_holds():
    pool = new_pool(2, 1)
    one, two = opened(pool, A), opened(pool, B)
    first, second, third = asked(pool, A), asked(pool, C), asked(pool, B)
    # Both have come into the queue by now, or are allowed to, but the first came before.
    assert pool.release(two, False) is second
    assert pool.release(one, False) is first
    assert pool.release(second, False) is third
    assert pool.statistics == statistics(used=2)


def test_leaving_the_door():
    pool = new_pool(2, 1)
    ticket = opened(pool, A)
    first, second = asked(pool, A), asked(pool, A)
    assert pool.release(first, False) is None
    assert pool.statistics == statistics(used=1, waiting=1)
    assert pool.release(ticket, False) is second
    assert pool.release(second, False) is None
    assert pool.statistics == statistics()


def test_who_leaves_the_queue_lets_the_next_one_of_its_origin_in():
    pool = new_pool(1, 1)
    ticket = opened(pool, B)
    first, second, third = asked(pool, A), asked(pool, A), asked(pool, C)
    assert pool.release(first, False) is None
    assert pool.release(ticket, False) is second
    assert pool.release(second, False) is third


def test_it_shows_itself():
    pool = new_pool(3)
    ticket = opened(pool, A)
    assert repr(pool) == "<Pool used=1/3 idle=0 waiting=0>"
    assert "granted" in repr(ticket)


@pytest.mark.parametrize("per_origin", [0, 1, 2])
@pytest.mark.parametrize("slots", [1, 2, 5])
@pytest.mark.slow
def test_at_random(slots, per_origin):
    """Whatever is done in whatever order, nothing gets lost, and the limits hold."""
    chance = random.Random(1)
    pool = new_pool(slots, per_origin)
    held: list[Ticket] = []
    waiting: list[Ticket] = []
    alive: set[Connection] = set()

    def take(ticket: Ticket | None) -> None:
        if ticket is None:
            return
        if ticket.surplus is not None:
            idle = alive - {other.connection for other in held}
            assert ticket.surplus is min(idle, key=lambda connection: connection.released)
            alive.discard(ticket.surplus)
            ticket.surplus = None
        assert ticket.has_slot
        if ticket in waiting:
            # The first of those who may: an origin at its limit waits on.
            waiting.remove(ticket)
        if ticket.connection is None:
            ticket.connection = connect(ticket.key)
            alive.add(ticket.connection)
        assert ticket.connection in alive
        held.append(ticket)

    def used_of(key: Any) -> int:
        return sum(ticket.key.origin == key.origin for ticket in held)

    for _ in range(3000):
        action = chance.random()
        if action < 0.5:
            ticket = asked(pool, chance.choice((A, A6, B, C)))
            if ticket.has_slot:
                take(ticket)
            else:
                waiting.append(ticket)
        elif action < 0.6 and waiting:
            assert pool.release(waiting.pop(chance.randrange(len(waiting))), False) is None
        elif held:
            ticket = held.pop(chance.randrange(len(held)))
            fair = [t for t in waiting if not per_origin or used_of(t.key) < per_origin]
            if chance.random() < 0.3:
                assert ticket.connection is not None
                alive.discard(ticket.connection)
                following = pool.release(ticket, False)
            else:
                following = pool.release(ticket, True)
            assert following is (fair[0] if fair else None)
            take(following)
        counts = pool.statistics
        assert counts["used"] == len(held) <= slots
        assert counts["used"] + counts["idle"] == len(alive) <= slots
        assert counts["waiting"] == len(waiting)
        assert not per_origin or all(used_of(key) <= per_origin for key in (A, B, C))
        for ticket in waiting:
            assert counts["used"] == slots or used_of(ticket.key) == per_origin
    for ticket in waiting + held:
        pool.release(ticket, False)
    assert pool.statistics["used"] == pool.statistics["waiting"] == 0


def test_by_many_threads():
    pool = Pool(3, BlockingNet().waiter)
    inside = itertools.count()
    most: list[int] = []
    now = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal now
        for _ in range(200):
            ticket = asked(pool, A)
            if ticket.waiter is not None:
                coroutine = ticket.waiter.wait(float("inf"))
                try:
                    coroutine.send(None)
                except StopIteration:
                    pass
            if ticket.connection is None:
                ticket.connection = connect(A)
            with lock:
                now += 1
                most.append(now)
                next(inside)
            with lock:
                now -= 1
            following = pool.release(ticket, True)
            if following is not None and following.waiter is not None:
                following.waiter.wake()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert next(inside) == 1600
    assert max(most) <= 3
    assert pool.statistics["used"] == 0
