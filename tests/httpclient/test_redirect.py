"""What a redirect leads to: decisions, without any request."""

import pytest

from waterspout.httpclient.redirect import REDIRECTS, RedirectError, follow
from waterspout.httpclient.request import SENSITIVE_HEADERS
from waterspout.httpclient.target import parse_url
from waterspout.protocol.headers import HTTPHeaders

ORIGIN = parse_url("https://example.org/dir/page")


def decide(status=302, location="/next", method="GET", sensitive=SENSITIVE_HEADERS, **headers):
    fields = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    return follow(status, location, ORIGIN, method, fields, sensitive)


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("status", sorted(REDIRECTS))
def test_methods(status, method):
    decision = decide(status, method=method, Content_Type="a/b")
    becomes_get = (status == 303 and method != "HEAD") or (
        status in (301, 302) and method == "POST"
    )
    assert decision.method == ("GET" if becomes_get else method)
    assert decision.keeps_body is not becomes_get
    assert ("Content-Type" in decision.headers) is not becomes_get


@pytest.mark.parametrize(
    ("location", "is_same"),
    [
        ("/x", True),
        ("https://example.org:443/x", True),
        ("https://EXAMPLE.org/x", True),
        ("http://example.org/x", False),
        ("https://example.org:444/x", False),
        ("https://www.example.org/x", False),
        ("https://example.org./x", False),
        ("//evil.org/", False),
    ],
)
def test_origins(location, is_same):
    decision = decide(
        location=location, Authorization="x", X_Api_Key="y", X_Mine="z", Host="other.org"
    )
    assert decision.is_same_origin is is_same
    assert ("Authorization" in decision.headers) is is_same
    assert ("X-Api-Key" in decision.headers) is is_same
    assert ("Host" in decision.headers) is is_same
    assert decision.headers["X-Mine"] == "z"


def test_names_are_compared_without_case():
    decision = decide(location="//evil.org/", sensitive=["x-MY-key"], X_My_Key="1", Cookie="2")
    assert "X-My-Key" not in decision.headers
    assert decision.headers["Cookie"] == "2"


def test_headers_are_copied():
    headers = HTTPHeaders({"Cookie": "a"})
    follow(302, "//evil.org/", ORIGIN, "GET", headers, SENSITIVE_HEADERS)
    assert headers["Cookie"] == "a"


@pytest.mark.parametrize("location", ["ftp://example.org/", "http://[", "http://a b/", "mailto:x"])
def test_refused(location):
    with pytest.raises(RedirectError, match=r"redirected from https://example\.org/dir/page to"):
        decide(location=location)


@pytest.mark.parametrize(
    "location", ["ftp://me:secret@example.org/", "//me:secret@[/", "//me:x/secret@example.org/"]
)
def test_the_message_has_no_secrets(location):
    with pytest.raises(RedirectError) as caught:
        decide(location=location)
    assert "secret" not in str(caught.value)
