"""URLs of proxies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.httpclient.roads.proxy import Proxy, basic, parse_proxy


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("proxy.test", Proxy("http", "proxy.test", 80, None)),
        ("proxy.test:3128", Proxy("http", "proxy.test", 3128, None)),
        ("HTTP://Proxy.Test:3128/", Proxy("http", "proxy.test", 3128, None)),
        ("https://proxy.test", Proxy("https", "proxy.test", 443, None)),
        ("socks5h://proxy.test", Proxy("socks5h", "proxy.test", 1080, None)),
        ("http://[::1]:3128", Proxy("http", "::1", 3128, None)),
        ("http://me@p:1", Proxy("http", "p", 1, (b"me", b""))),
        ("me:s%3Ae%40c@p:1", Proxy("http", "p", 1, (b"me", b"s:e@c"))),
    ],
)
def test_good_ones(url, proxy):
    assert parse_proxy(url) == proxy


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "http://",
        "http:///",
        "://p",
        "http://p/path",
        "http://p?q",
        "http://p#f",
        "http://p\\q",
        "http://p:0",
        "http://p:99999",
        "http://p:x",
        "http://a@b@p",
        "http://p q",
        "http://p\r\nX: y",
        "http://\u00fc",
        "socks://p",
        "socks6://p",
        "ftp://p",
        "http//p",
    ],
)
def test_bad_ones(url):
    with pytest.raises(ValueError, match="proxy"):
        parse_proxy(url)


def test_nothing_shows_a_password():
    proxy = parse_proxy("http://me:s3cret@proxy.test")
    assert repr(proxy) == str(proxy) == "<Proxy http://proxy.test:80>"
    for url in (
        "http://me:s3cret@p/x",
        "http://me:s3cret@p:x",
        "me:s3cret@p:x",
        "x://me:s3cret@p",
        "http:/me:s3cret@p",
        "http:///me:s3cret@p",
        "http://me:s3cret/or#not@p",
        "http://me:s3cret?@@p",
        "http://me:s3cret @p",
    ):
        with pytest.raises(ValueError, match="proxy") as caught:
            parse_proxy(url)
        assert "s3cret" not in str(caught.value)


@given(st.text())
def test_anything_is_one_or_is_told_to_be_none(text):
    for url in (text, f"http://{text}", f"socks5://a:b@{text}"):
        try:
            proxy = parse_proxy(url)
        except ValueError:
            continue
        assert proxy.peer.isascii()
        assert 0 < proxy.port < 65536


@given(st.text(min_size=4, alphabet="zyx%:/?#[]@!$ \\\n"))
def test_no_password_is_shown(secret):
    with pytest.raises(ValueError, match="proxy") as caught:
        parse_proxy(f"http://me:{secret}~@p.test:99999")
    assert "~" not in str(caught.value)
    assert "//me:" not in str(caught.value)


def test_credentials():
    assert basic((b"Aladdin", b"open sesame")) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
