"""Cookies, each case in three styles."""

import shutil
import subprocess

import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve

from waterspout.httpclient import CookieJar, HTTPClient, HTTPRequest


def setting(cookie, status="200 OK", **others):
    return response(b"", status, Set_Cookie=cookie, **others)


def sent(request):
    return request.headers.get("cookie", "")


def test_none_are_kept_by_default(client):
    with serve(answering(setting("a=1"), OK)) as server:
        client.fetch(server.url)
        client.fetch(server.url)
        assert sent(server.last) == ""


def test_what_is_kept_is_sent(make_client):
    jar = CookieJar()
    with serve(answering(setting("a=1; Path=/"), setting("b=2; Path=/x"), OK, OK)) as server:
        client = make_client(cookie_jar=jar)
        for path in ("", "", "x", ""):
            client.fetch(server.url + path)
        assert [sent(request) for request in server.requests] == ["", "a=1", "b=2; a=1", "a=1"]
    assert {cookie.name for cookie in jar} == {"a", "b"}
    with serve(always()) as server:
        make_client(cookie_jar=jar).fetch(server.url)
        # Cookies know no ports.
        assert sent(server.last) == "a=1"


def test_on_the_way_too(make_client):
    moved = setting("a=1; Path=/", "302 Moved", Location="/next")
    failed = setting("b=2; Path=/", "500 Oh")
    with serve(answering(moved, OK, failed, OK)) as server:
        client = make_client(cookie_jar=CookieJar())
        client.fetch(server.url)
        client.fetch(server.url, raise_error=False)
        client.fetch(server.url)
        assert [sent(request) for request in server.requests] == ["", "a=1", "a=1", "a=1; b=2"]


def test_those_of_a_request(make_client):
    jar = CookieJar()
    with serve(answering(setting("a=1; Path=/"), OK, OK, OK)) as server:
        client = make_client(cookie_jar=jar)
        client.fetch(server.url, cookies={"b": "2"})
        client.fetch(server.url, cookies={"b": "2", "a": "mine"})
        client.fetch(server.url)
        client.fetch(HTTPRequest(server.url, headers={"Cookie": "c=3"}))
        assert [sent(one) for one in server.requests] == ["b=2", "b=2; a=mine", "a=1", "c=3"]


def test_those_of_a_request_go_to_its_origin(make_client):
    with serve(always()) as other:
        # Another port is another origin, where the jar's own go.
        away = setting("a=1; Path=/", "302 Moved", Location=other.url)
        here = response(b"", "302 Moved", Location="/here")
        with serve(answering(here, away)) as server:
            client = make_client(cookie_jar=CookieJar())
            client.fetch(server.url, cookies={"b": "2"})
        assert [sent(request) for request in server.requests] == ["b=2", "b=2"]
        assert sent(other.last) == "a=1"


@pytest.mark.parametrize(
    ("cookies", "error", "match"),
    [
        ("a=b", TypeError, "cookies must be a mapping"),
        ({"a": 1}, TypeError, "must be text"),
        ({"a b": "x"}, ValueError, "can't be the name"),
        ({"": "x"}, ValueError, "can't be the name"),
        ({"a": "secret;"}, ValueError, r"'a' must not hold ';' \(at index 6\)"),
        ({"a": "secret\r\n"}, ValueError, "must not hold"),
        ({"a": "secret\u20ac"}, ValueError, "must not hold"),
        ({"a": " secret"}, ValueError, "must not hold"),
    ],
)
def test_what_can_not_be_sent(client, cookies, error, match):
    with pytest.raises(error, match=match) as caught:
        client.fetch("http://127.0.0.1:1/", cookies=cookies)
    if error is ValueError:
        assert "secret" not in str(caught.value)


def test_two_ways_at_once(client):
    with pytest.raises(ValueError, match="cookies and the header Cookie"):
        client.fetch("http://127.0.0.1:1/", cookies={"a": "b"}, headers={"Cookie": "a=c"})


def test_a_jar_is_a_jar():
    with pytest.raises(TypeError, match="cookie_jar must be a CookieJar, not dict"):
        HTTPClient(cookie_jar={})


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
def test_curl_reads_what_is_saved_and_the_other_way_round(tmp_path):
    path = tmp_path / "cookies.txt"
    with serve(always(setting("b=2; Path=/; HttpOnly; Max-Age=1000"))) as server:
        jar = CookieJar()
        jar.set(server.url, "a=1; Path=/; Max-Age=1000")
        jar.save(path)
        command = ["curl", "-s", "-b", str(path), "-c", str(path), server.url]
        subprocess.run(command, check=True, timeout=60)
        assert sent(server.last) == "a=1"
        jar = CookieJar.load(path)
        assert sorted((one.name, one.is_http_only, one.is_host_only) for one in jar) == [
            ("a", False, True),
            ("b", True, True),
        ]
