"""The bounds of a server."""

from math import inf, nan
from typing import Any

import pytest

from waterspout.httpserver import HTTPServer, Policy
from waterspout.protocol.http1 import Limits


def test_every_bound_is_on_by_default():
    policy = Policy()
    times = [
        policy.header_timeout,
        policy.idle_timeout,
        policy.body_grace,
        policy.write_timeout,
        policy.linger_timeout,
    ]
    assert all(0 < time < 300 for time in times)
    assert policy.min_body_rate > 0
    assert policy.max_chunk_rate > 0
    assert policy.write_buffer_size > 0
    assert policy.limits == Limits()


def test_it_never_changes():
    with pytest.raises(AttributeError):
        Policy().idle_timeout = 1.0  # type: ignore[misc]


def test_arguments_of_the_server_replace_single_bounds():
    policy = Policy(idle_timeout=1.0, header_timeout=2.0, limits=Limits(max_header_count=3))
    server = HTTPServer(
        print,
        policy=policy,
        no_keep_alive=True,
        max_header_size=4,
        idle_connection_timeout=5.0,
        body_timeout=6.0,
        max_body_size=7,
        max_buffer_size=8,
    )
    assert server.policy == Policy(
        idle_timeout=5.0,
        header_timeout=2.0,
        body_timeout=6.0,
        limits=Limits(max_header_count=3, max_header_size=4, max_body_size=7),
        no_keep_alive=True,
    )
    assert HTTPServer(print, max_buffer_size=8).policy.limits.max_body_size == 8
    assert HTTPServer(print, policy=policy).policy == policy
    assert HTTPServer(print).policy == Policy()


def test_a_bound_of_nought_is_one():
    server = HTTPServer(print, max_body_size=0, idle_connection_timeout=0.0)
    assert server.policy.limits.max_body_size == 0
    assert server.policy.idle_timeout == 0.0


TIMES = [
    "header_timeout",
    "idle_timeout",
    "body_grace",
    "write_timeout",
    "linger_timeout",
    "first_request_timeout",
    "next_request_timeout",
    "cancel_timeout",
]
MAYBE_TIMES = ["body_timeout", "request_timeout"]
RATES = ["min_body_rate", "max_chunk_rate"]
FLAGS = ["no_keep_alive", "cancel_on_disconnect", "allow_half_close"]


def test_no_field_is_without_a_check():
    checked = [*TIMES, *MAYBE_TIMES, *RATES, *FLAGS, "limits", "write_buffer_size"]
    assert sorted(checked) == sorted(Policy._fields)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(name, value) for name in TIMES for value in (-1.0, nan, None, "1", True)],
        *[(name, value) for name in MAYBE_TIMES for value in (-1, nan, "1", False)],
        *[(name, value) for name in RATES for value in (0, -1.0, nan, None)],
        ("min_body_rate", inf),
        *[(name, value) for name in FLAGS for value in (0, 1, None, "yes")],
        *[("write_buffer_size", value) for value in (-1, 1.5, True, None)],
        ("limits", None),
        ("limits", 5),
    ],
)
def test_what_cannot_be_kept_to_is_told_where_the_server_is_made(name: str, value: Any):
    policy = Policy()._replace(**{name: value})
    with pytest.raises(ValueError, match=f"^policy {name} must be .*, not {value!r}$"):
        HTTPServer(print, policy=policy)


def test_an_argument_of_the_server_is_checked_too():
    with pytest.raises(ValueError, match=r"^policy idle_timeout must be seconds, 0 or more"):
        HTTPServer(print, idle_connection_timeout=-1.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(name, value) for name in (*TIMES, *MAYBE_TIMES) for value in (0, 0.0, 5, inf)],
        *[(name, None) for name in MAYBE_TIMES],
        ("min_body_rate", 1),
        ("max_chunk_rate", inf),
        ("write_buffer_size", 0),
    ],
)
def test_what_can_be_kept_to(name, value):
    policy = Policy()._replace(**{name: value})
    assert HTTPServer(print, policy=policy).policy == policy
