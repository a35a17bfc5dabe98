"""The bounds as values. That they hold is tested where they are used."""

import sys

import pytest

from waterspout.protocol.http1 import ClientConnection, Limits, ServerConnection

NAMES = list(Limits._fields)


def test_defaults():
    limits = Limits()
    assert limits.max_start_line_size == 8192
    assert limits.max_header_size == 65536
    assert limits.max_header_count == 100
    assert limits.max_interim_responses == 10


def test_they_never_change():
    limits = Limits()
    for name in NAMES:
        with pytest.raises(AttributeError):
            setattr(limits, name, 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [-1, 1.5, "1", None, float("inf"), 2**63, 2**70])
def test_what_cannot_be_counted_is_refused(name, value):
    with pytest.raises(ValueError, match=f"limit {name} must be an integer"):
        Limits(**{name: value})


def test_replaced_ones_are_looked_at_too():
    limits = Limits()._replace(max_body_size=7)
    assert limits == Limits(max_body_size=7)
    with pytest.raises(ValueError, match="limit max_body_size must be an integer"):
        limits._replace(max_body_size=-1)


def test_a_turn_without_chunks_would_never_end():
    with pytest.raises(ValueError, match="max_chunks_per_turn"):
        Limits(max_chunks_per_turn=0)


@pytest.mark.parametrize("value", [1, sys.maxsize])
def test_extremes_are_of_use(value):
    limits = Limits(**dict.fromkeys(NAMES, value))
    for connection in (ServerConnection(limits), ClientConnection(limits)):
        assert connection.limits is limits
        assert connection.max_body_size == value
