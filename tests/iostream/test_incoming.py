"""What has come and who waits for it, without a stream: nothing is lost, whatever is given up."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.iostream.incoming import Incoming
from waterspout.iostream.targets import Count, Delimiter, Whole


@pytest.fixture(scope="module")
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def receive(incoming: Incoming, data: bytes) -> bytes:
    """Read once, as much as there is room for; return the rest."""
    room = incoming.room()
    size = min(len(room), len(data))
    room[:size] = data[:size]
    incoming.add(size)
    return data[size:]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("receive"), st.integers(1, 20)),
        st.tuples(st.just("bytes"), st.integers(0, 12)),
        st.tuples(st.just("partial"), st.integers(1, 12)),
        st.tuples(st.just("until"), st.integers(0, 2)),
        st.tuples(st.just("into"), st.integers(0, 12)),
        st.tuples(st.just("cancel"), st.just(0)),
        st.tuples(st.just("end"), st.just(0)),
    ),
    max_size=60,
)


@given(STEPS)
def test_what_is_read_is_what_came(loop, steps):
    came = bytes(range(256)) * 5
    left = came
    read = b""
    incoming = Incoming(1000, 7)
    future: Any = None
    buffer = bytearray()
    for step, size in steps:
        if step == "receive":
            rest = receive(incoming, left[:size])
            left = rest + left[size:]
            incoming.complete()
        elif step == "cancel" and future is not None:
            future.cancel()
        elif step == "end":
            incoming.end()
            future = None
        elif not incoming.is_awaited and step != "cancel":
            future = loop.create_future()
            if step == "into":
                buffer = bytearray(size)
                incoming.begin_into(future, buffer, False)
            elif step == "until":
                incoming.begin(future, Delimiter(bytes([size * 10]), None))
            else:
                incoming.begin(future, Count(size, step == "partial"))
            incoming.complete()
        if future is not None and future.done():
            if not future.cancelled():
                found = future.result()
                read += bytes(buffer[:found]) if isinstance(found, int) else found
            future = None
    incoming.end()
    assert read + bytes(incoming.data) + left == came


def test_one_read_at_a_time(loop):
    incoming = Incoming(100, 10)
    incoming.begin(loop.create_future(), Count(1, False))
    assert incoming.is_awaited
    with pytest.raises(AssertionError, match="Already reading"):
        incoming.begin_into(loop.create_future(), bytearray(1), False)


@pytest.mark.parametrize(("is_clean", "waits"), [(True, False), (False, True)])
def test_the_end_of_the_stream(loop, is_clean, waits):
    incoming = Incoming(100, 10)
    future = loop.create_future()
    incoming.begin(future, Whole())
    receive(incoming, b"abc")
    assert not incoming.complete()
    assert (incoming.end_of_stream(is_clean) is future) == waits
    if waits:
        assert incoming.data == b"abc"
    else:
        assert future.result() == b"abc"


def test_one_byte_more_than_may_be_kept_tells_of_it():
    incoming = Incoming(10, 8)
    rest = receive(incoming, b"x" * 100)
    assert not incoming.is_overfull
    rest = receive(incoming, rest)
    assert incoming.is_overfull
    assert len(incoming.data) == 11
    assert len(incoming.room()) == 1


def test_room_beyond_what_is_shared():
    incoming = Incoming(10_000_000, 1_000_000)
    assert len(incoming.room()) == 1_000_000
    assert len(Incoming(10_000_000, 65536).room()) == 65536
