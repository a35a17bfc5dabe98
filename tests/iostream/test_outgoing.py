"""The bytes that are unsent: in their order, and large ones where they are."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from waterspout.iostream.outgoing import Outgoing

PIECES = st.lists(st.binary(min_size=1, max_size=50) | st.just(b"L" * 5000), max_size=8)


@given(PIECES, st.lists(st.integers(100, 9000), min_size=1, max_size=50))
def test_everything_leaves_in_its_order(pieces, sizes):
    outgoing = Outgoing()
    left = b""
    sent = b""
    turns = itertools.cycle(sizes)
    for piece in pieces:
        outgoing.append(memoryview(piece))
        left += piece
        with outgoing.front() as front:
            size = min(len(front), next(turns))
            sent += front[:size]
        outgoing.advance(size)
        assert outgoing.size == len(left) - len(sent)
        assert outgoing.total == len(sent)
    while outgoing.size:
        with outgoing.front() as front:
            size = min(len(front), next(turns))
            sent += front[:size]
        outgoing.advance(size)
    assert sent == left
    assert len(outgoing.front()) == 0


def test_a_large_piece_is_not_copied():
    data = bytearray(b"x" * 10_000)
    outgoing = Outgoing()
    outgoing.append(memoryview(data))
    data[0] = ord("y")
    assert bytes(outgoing.front()[:2]) == b"yx"


def test_small_pieces_are_put_together():
    outgoing = Outgoing()
    for _ in range(10):
        outgoing.append(memoryview(b"ab"))
    assert bytes(outgoing.front()) == b"ab" * 10
    outgoing.append(memoryview(b"c"))
    outgoing.advance(20)
    assert bytes(outgoing.front()) == b"c"


def test_what_is_dropped_is_gone():
    outgoing = Outgoing()
    outgoing.append(memoryview(b"abc"))
    outgoing.advance(1)
    outgoing.clear()
    assert outgoing.size == 0
    outgoing.append(memoryview(b"de"))
    assert bytes(outgoing.front()) == b"de"
