"""A body that is being received, without a connection."""

import asyncio

import pytest

from waterspout.httpserver import Exchange, Policy
from waterspout.httpserver.requestbody import RequestBody, new_request_body
from waterspout.iostream import StreamClosedError
from waterspout.protocol.http1 import Limits
from waterspout.protocol.http1.messages import RequestHead
from waterspout.protocol.http1.server import ServerConnection


@pytest.fixture
def loop():
    """A loop that never runs: nothing here waits."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def exchange_at(start):
    """Return an exchange that began at ``start``, on no connection."""
    engine = ServerConnection(Limits())
    engine.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
    head = engine.next_event()
    assert type(head) is RequestHead
    return Exchange(None, engine, list, head, start)


def test_a_body_is_gathered():
    exchange = exchange_at(1.0)
    body = RequestBody(Policy(), exchange)
    assert body.is_wanted()
    body.give(b"a", 2.0)
    body.give(b"bc", 3.0)
    body.end()
    assert exchange.body == b"abc"
    assert exchange.body_bytes_received == 3
    assert exchange.is_late


def test_what_is_asked_for_is_wanted_until_it_is_there(loop):
    body = new_request_body(Policy(), exchange_at(1.0))
    body.take(1.0)
    assert not body.is_wanted()
    piece = body.read(loop, 2.0)
    assert body.is_wanted()
    body.give(b"a", 3.0)
    assert piece.result() == b"a"
    assert not body.is_wanted()


def test_nobody_asks_while_another_waits(loop):
    body = RequestBody(Policy(), exchange_at(1.0))
    body.take(1.0)
    body.read(loop, 2.0)
    with pytest.raises(RuntimeError, match="being read already"):
        body.read(loop, 2.0)


def test_who_no_longer_waits_leaves_the_piece_to_the_next(loop):
    body = RequestBody(Policy(), exchange_at(1.0))
    body.take(1.0)
    gone = body.read(loop, 2.0)
    gone.cancel()
    body.give(b"a", 3.0)
    piece = body.read(loop, 4.0)
    assert piece.result() == b"a"


def test_the_end_is_an_empty_piece(loop):
    body = RequestBody(Policy(), exchange_at(1.0))
    body.take(1.0)
    piece = body.read(loop, 2.0)
    body.end()
    assert piece.result() == b""
    body.end()


def test_who_waits_for_a_body_that_is_given_up_hears_of_it(loop):
    body = RequestBody(Policy(), exchange_at(1.0))
    body.take(1.0)
    piece = body.read(loop, 2.0)
    body.drop(OSError("gone"))
    assert isinstance(piece.exception(), StreamClosedError)
    body.drop(None)


def test_a_body_that_nobody_asks_for_is_gathered_after_all():
    body = RequestBody(Policy(), exchange_at(1.0))
    body.take(1.0)
    body.gather()
    assert body.is_wanted()


def test_the_deadline_moves_with_what_has_come():
    policy = Policy(body_grace=10.0, min_body_rate=100.0)
    body = RequestBody(policy, exchange_at(5.0))
    assert body.deadline() == 15.0
    body.give(bytes(200), 6.0)
    assert body.deadline() == 17.0
    body.timeout = 11.0
    assert body.deadline() == 16.0


def test_the_client_is_not_to_blame_for_who_does_not_ask(loop):
    body = RequestBody(Policy(body_grace=10.0), exchange_at(5.0))
    body.take(5.0)
    body.read(loop, 105.0)
    assert body.deadline() == 115.0


def test_very_many_small_chunks_are_slowed_down_to_their_rate():
    policy = Policy(limits=Limits(max_chunks_per_turn=100), max_chunk_rate=50.0)
    body = RequestBody(policy, exchange_at(10.0))
    assert body.delay(10.0) == 2.0
    assert body.delay(12.0) == 2.0
    assert body.delay(100.0) < 0.0


def test_it_shows_what_it_is():
    body = RequestBody(Policy(), exchange_at(1.0))
    body.give(b"abc", 1.0)
    assert repr(body) == "<RequestBody gathered received=3>"
    body.take(1.0)
    assert repr(body) == "<RequestBody asked for received=3>"
