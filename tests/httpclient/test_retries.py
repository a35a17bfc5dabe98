"""Whether to try again, and when: decisions, without any request."""

import errno
import socket
import ssl

import pytest

from waterspout.httpclient.errors import ProxyRefusedError
from waterspout.httpclient.retries import (
    Failure,
    RetryBudget,
    RetryPolicy,
    is_worth_another_try,
    parse_retry_after,
)
from waterspout.net import DeadlineError
from waterspout.protocol.errors import LocalProtocolError, RemoteProtocolError

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("error", "before", "after"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), True, True),
        (ConnectionResetError(errno.ECONNRESET, "reset"), True, True),
        (OSError(errno.EHOSTUNREACH, "no route"), True, True),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), True, True),
        (DeadlineError(), True, True),
        (socket.gaierror(socket.EAI_AGAIN, "later"), True, True),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), False, False),
        (ssl.SSLError(1, "no protocol in common"), False, False),
        (ssl.SSLCertVerificationError(1, "expired"), False, False),
        (ssl.SSLEOFError(8, "the end"), True, True),
        (ProxyRefusedError("who are you?", 407), False, False),
        (ProxyRefusedError("nobody is there", 502), True, True),
        (ProxyRefusedError("refused", None), False, False),
        (RemoteProtocolError("nonsense"), False, False),
        (LocalProtocolError("our fault"), False, False),
        (ValueError("anything"), False, False),
    ],
    ids=repr,
)
def test_what_is_worth_another_try(error, before, after):
    not_sent = Failure(error, was_sent=False, has_ended=False, is_heard=False)
    sent = not_sent._replace(was_sent=True)
    assert is_worth_another_try(not_sent, True) is before
    # Where nothing was sent, it does no harm whatever it is.
    assert is_worth_another_try(not_sent, False) is before
    assert is_worth_another_try(sent, True) is after
    assert not is_worth_another_try(sent, False)
    assert not is_worth_another_try(sent._replace(is_heard=True), True)


def test_a_response_that_was_cut():
    cut = Failure(RemoteProtocolError("cut"), was_sent=True, has_ended=True, is_heard=False)
    assert is_worth_another_try(cut, True)
    assert not is_worth_another_try(cut, False)


def test_waits_double_up_to_a_bound():
    policy = RetryPolicy(backoff=0.5, max_backoff=3.0, jitter=False)
    waits = [policy.wait_before(attempt, None) for attempt in range(6)]
    assert waits == [0.5, 1.0, 2.0, 3.0, 3.0, 3.0]
    assert policy.wait_before(10**9, None) == 3.0


def test_jitter_is_a_part_of_the_wait():
    policy = RetryPolicy(backoff=1.0)
    assert policy.wait_before(2, None, part=0.25) == 1.0
    assert policy.wait_before(2, None, part=0.0) == 0.0
    waits = {policy.wait_before(3, None) for _ in range(20)}
    assert len(waits) > 1
    assert all(wait is not None and 0 <= wait <= 8 for wait in waits)


def test_the_server_may_ask_for_more():
    policy = RetryPolicy(backoff=1.0, max_backoff=60.0, jitter=False)
    assert policy.wait_before(0, 7.0) == 7.0
    assert policy.wait_before(0, 0.0) == 1.0
    assert policy.wait_before(0, 60.0) == 60.0
    assert policy.wait_before(0, 61.0) is None
    assert RetryPolicy(jitter=False, respect_retry_after=False).wait_before(0, 1e9) == 0.25


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 3 ", 3.0),
        ("9" * 5000, float("inf")),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("\u0661", None),
        ("", None),
        ("soon", None),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sunday, 06-Nov-94 08:49:47 GMT", 10.0),
        ("Sun Nov  6 08:49:47 1994", 10.0),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
        ("Sun, 66 Nov 1994 08:00:00 GMT", None),
        ("x" * 100_000, None),
    ],
)
def test_retry_after(value, seconds):
    assert parse_retry_after(value, NOW) == seconds


def test_a_budget_has_a_floor_and_a_part_of_the_fetches():
    budget = RetryBudget(0.0)
    assert sum(budget.withdraw(0.0) for _ in range(20)) == 10
    for _ in range(15):
        budget.deposit(0.2, 0.0)
    assert sum(budget.withdraw(0.0) for _ in range(20)) == 3
    assert budget.withdraw(5.1)
    assert not budget.withdraw(5.1)


def test_what_is_saved_up_has_a_bound():
    budget = RetryBudget(0.0)
    for _ in range(10_000):
        budget.deposit(0.2, 0.0)
    assert sum(budget.withdraw(0.0) for _ in range(200)) == 100


def test_time_brings_back_the_floor_and_no_more():
    budget = RetryBudget(0.0)
    while budget.withdraw(0.0):
        pass
    assert sum(budget.withdraw(1e6) for _ in range(20)) == 10


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"total": -1}, ValueError, "retries must not be negative"),
        ({"total": True}, TypeError, "retries are a whole number, not True"),
        ({"total": 1.5}, TypeError, "retries are a whole number, not 1.5"),
        ({"backoff": -1}, ValueError, "backoff must be a number of seconds"),
        ({"backoff": float("nan")}, ValueError, "backoff must be a number of seconds"),
        ({"max_backoff": float("inf")}, ValueError, "max_backoff must be a number of seconds"),
        ({"statuses": [200]}, ValueError, "statuses must be 400 to 599, not 200"),
        ({"methods": "GET"}, TypeError, "methods must be a collection, not 'GET'"),
        ({"budget": 2}, ValueError, "budget must be a part of 1, or None, not 2"),
    ],
)
def test_wrong_arguments(arguments, error, match):
    with pytest.raises(error, match=match):
        RetryPolicy(**arguments)


def test_a_number_stands_for_a_policy():
    policy = RetryPolicy(total=7)
    assert RetryPolicy.of(policy) is policy
    assert RetryPolicy.of(2).total == 2
    assert "total=7" in repr(policy)
    with pytest.raises(TypeError, match="retries are a whole number, not 'x'"):
        RetryPolicy.of("x")
