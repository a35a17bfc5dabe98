"""The bounds of a server."""

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
