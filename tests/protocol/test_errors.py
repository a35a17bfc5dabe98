"""The errors: whose fault it is, and what a server answers."""

import pytest

from waterspout.protocol.errors import (
    HTTPInputError,
    HTTPOutputError,
    LocalProtocolError,
    ProtocolError,
    RemoteProtocolError,
)


def test_a_remote_error_has_a_status():
    assert RemoteProtocolError("bad").status == 400
    error = RemoteProtocolError("too large", 413)
    assert error.status == 413
    assert str(error) == "too large"


@pytest.mark.parametrize(
    ("error", "bases"),
    [
        (RemoteProtocolError, (ProtocolError,)),
        (LocalProtocolError, (ProtocolError, HTTPOutputError)),
        (HTTPInputError, (ValueError,)),
    ],
)
def test_an_error_is_caught_by_its_bases(error, bases):
    for base in bases:
        with pytest.raises(base):
            raise error("x")


def test_the_two_sides_are_not_mistaken_for_one_another():
    assert not issubclass(RemoteProtocolError, LocalProtocolError)
    assert not issubclass(LocalProtocolError, RemoteProtocolError)
