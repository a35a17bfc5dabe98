"""Hops with fields that are added on the way, and credentials that are known from the beginning."""

import time
from http import HTTPMethod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.httpclient.hops import HEADERS, what_it_does

from waterspout.httpclient import Auth, BasicAuth, BearerAuth, DigestAuth, HTTPRequest
from waterspout.httpclient.firsthops import FirstHops
from waterspout.httpclient.hop import Hop, first_hop
from waterspout.httpclient.settings import Settings
from waterspout.net.clock import Clock

ADDED = st.dictionaries(
    st.sampled_from(["Cookie", "Authorization", "If-None-Match", "A", "Proxy-Authorization"]),
    st.sampled_from(["x", "y=z", ""]),
    min_size=1,
)
BODIES: dict[str, dict[str, Any]] = {
    "none": {},
    "post": {"method": "POST", "body": b"x" * 10},
    "empty": {"method": "POST", "body": b""},
    "pieces": {"method": "PUT", "body": [b"x", b"y"]},
    "delete": {"method": "DELETE"},
}


@given(
    st.sampled_from(sorted(BODIES)),
    st.sampled_from(HEADERS),
    st.fixed_dictionaries(
        {},
        optional={
            "auth_username": st.just("me"),
            "auth": st.sampled_from([BearerAuth("t"), DigestAuth("me", "pw")]),
            "proxy": st.sampled_from(["http://me:pw@proxy", "socks5://proxy"]),
            "user_agent": st.just("Cookie"),
        },
    ),
    st.lists(ADDED, min_size=1, max_size=3),
)
def test_fields_are_added_as_if_they_had_been_there(body, headers, options, all_added):
    if "auth" in options and "auth_username" in options:
        del options["auth"]
    settings = Settings()
    request = HTTPRequest("http://example.org/a?b", headers=headers, **options, **BODIES[body])
    try:
        hop = first_hop(request, settings)
    except ValueError:
        return
    for added in all_added:
        has_body = hop.body is not None or hop.has_producer
        made = Hop(
            request,
            settings,
            hop.target,
            hop.method,
            hop.headers,
            hop.credentials,
            has_body,
            added,
        )
        hop = hop.with_fields(added)
        assert what_it_does(hop) == what_it_does(made)
        assert hop.request is request


@pytest.mark.parametrize("value", ["x\r\nY: z", "\x00", "\u20ac"])
def test_fields_that_are_none_are_not_added(value):
    hop = first_hop(HTTPRequest("http://example.org/"), Settings())
    with pytest.raises(ValueError, match="header value"):
        hop.with_fields({"Cookie": value})


@pytest.mark.parametrize("headers", [None, {"A": "b"}])
def test_methods_by_name(headers):
    hops = FirstHops(Settings(), Clock(time.monotonic))
    for method in HTTPMethod.GET, HTTPMethod.POST, HTTPMethod.POST:
        body = b"x" if method is HTTPMethod.POST else None
        hop = hops.hop(HTTPRequest("http://example.org/", method, headers, body))
        assert type(hop.method) is str
        assert hop.encoded.data.startswith(f"{method.value} / HTTP/1.1\r\n".encode())


class Mine(BearerAuth):
    """May say something else."""


@pytest.mark.parametrize(
    ("auth", "is_plain"),
    [
        (("me", "pw"), True),
        (BasicAuth("me", "pw"), True),
        (BearerAuth("t"), True),
        (Mine("t"), False),
        (Auth(), False),
        (DigestAuth("me", "pw"), False),
    ],
)
def test_who_says_the_same_each_time_is_heard_at_once(auth, is_plain):
    asked = HTTPRequest("http://example.org/", auth=auth)
    for hop in (
        first_hop(asked, Settings()),
        first_hop(HTTPRequest("http://example.org/"), Settings(defaults={"auth": auth})),
    ):
        assert hop.is_plain == is_plain
        assert (b"Authorization: " in hop.encoded.data) == is_plain


def test_a_token_is_no_user_to_hash_the_password_of():
    settings = Settings(defaults={"auth_mode": "digest"})
    hop = first_hop(HTTPRequest("http://example.org/", auth=BearerAuth("t")), settings)
    assert b"Authorization: Bearer t\r\n" in hop.encoded.data


def test_credentials_that_say_the_same_are_equal():
    assert BearerAuth("t") == BearerAuth("t") != BearerAuth("u")
    assert BasicAuth("me", "pw") == BasicAuth(b"me", b"pw") != BasicAuth("me", "PW")
    assert BearerAuth("t") != Mine("t") != "Bearer t"
    assert len({BearerAuth("t"), BearerAuth("t"), BasicAuth("me", "pw")}) == 2
