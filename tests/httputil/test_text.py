"""Dates, URLs with queries, hosts with ports, credentials."""

import datetime
import doctest
import time
from fractions import Fraction

import pytest

import waterspout.httputil.startline
import waterspout.httputil.text
from waterspout.httputil import (
    encode_username_password,
    format_timestamp,
    qs_to_qsl,
    split_host_and_port,
    url_concat,
)

DATE = "Sun, 27 Jan 2013 18:43:20 GMT"
SECONDS = 1359312200
EAST = datetime.timezone(datetime.timedelta(hours=5))


@pytest.mark.parametrize(
    "timestamp",
    [
        SECONDS,
        SECONDS + 0.7,
        Fraction(SECONDS),
        time.gmtime(SECONDS),
        tuple(time.gmtime(SECONDS)),
        datetime.datetime(2013, 1, 27, 18, 43, 20),
        datetime.datetime(2013, 1, 27, 18, 43, 20, tzinfo=datetime.UTC),
        datetime.datetime(2013, 1, 27, 23, 43, 20, tzinfo=EAST),
    ],
)
def test_format_timestamp(timestamp):
    assert format_timestamp(timestamp) == DATE


@pytest.mark.parametrize("timestamp", ["x", None, [1], b"1"])
def test_what_is_no_timestamp(timestamp):
    with pytest.raises(TypeError, match="no timestamp: "):
        format_timestamp(timestamp)


@pytest.mark.parametrize(
    ("url", "args", "expected"),
    [
        ("http://a/b", None, "http://a/b"),
        ("http://a/b", {}, "http://a/b"),
        ("http://a/b", {"c": "d"}, "http://a/b?c=d"),
        ("http://a/b?", {"c": "d"}, "http://a/b?c=d"),
        ("http://a/b?c=d&c=", [("c", "é &"), ("e", "")], "http://a/b?c=d&c=&c=%C3%A9+%26&e="),
        ("http://a/b?c#f", (("d", "e"),), "http://a/b?c=&d=e#f"),
        ("/b", {"c": "d"}, "/b?c=d"),
    ],
)
def test_url_concat(url, args, expected):
    assert url_concat(url, args) == expected


@pytest.mark.parametrize("args", ["a=b", 1, {"a"}])
def test_what_url_concat_does_not_take(args):
    with pytest.raises(TypeError, match="args must be a dict, list, tuple or None"):
        url_concat("/", args)


def test_qs_to_qsl():
    assert list(qs_to_qsl({"a": ["1", "2"], "b": ["3"]})) == [("a", "1"), ("a", "2"), ("b", "3")]


@pytest.mark.parametrize(
    ("netloc", "expected"),
    [
        ("a", ("a", None)),
        ("a:80", ("a", 80)),
        ("a:", ("a:", None)),
        ("a:b", ("a:b", None)),
        ("a:+80", ("a:+80", None)),
        ("a:\u0661", ("a:\u0661", None)),
        ("[::1]:80", ("[::1]", 80)),
        ("[::1]", ("[::1]", None)),
        ("::1", ("::1", None)),
        ("", ("", None)),
        (":80", (":80", None)),
        ("a:" + "9" * 10_000, ("a:" + "9" * 10_000, None)),
    ],
)
def test_split_host_and_port(netloc, expected):
    assert split_host_and_port(netloc) == expected


def test_encode_username_password():
    assert encode_username_password("ü", b"\xff") == b"\xc3\xbc:\xff"
    assert encode_username_password("u\u0308", b"u\xcc\x88") == b"\xc3\xbc:u\xcc\x88"
    with pytest.raises(TypeError):
        encode_username_password(1, "x")  # type: ignore[arg-type]


@pytest.mark.parametrize("module", [waterspout.httputil.text, waterspout.httputil.startline])
def test_examples(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
