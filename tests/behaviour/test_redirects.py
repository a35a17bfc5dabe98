"""Redirects, each case in three styles."""

import pickle

import pytest
from tests.httpclient.scripted_server import always, answering, response, serve

from waterspout.httpclient import HTTPClientError
from waterspout.httpclient.request import SENSITIVE_HEADERS


def moved(location: str, status: int = 302, body: bytes = b"") -> bytes:
    return response(body, f"{status} Moved", Location=location)


FINAL = response(b"there")


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
        (302, "GET", "GET"),
        (302, "HEAD", "HEAD"),
    ],
)
def test_what_becomes_of_method_and_body(client, status, method, then):
    body = b"data" if method in ("POST", "PUT") else None
    final = FINAL if then != "HEAD" else b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    with serve(answering(moved("/next", status), final)) as server:
        answer = client.fetch(
            server.url, method=method, body=body, headers={"Content-Type": "a/b", "X-Mine": "1"}
        )
        assert server.connections == 1
    assert answer.effective_url == server.url + "next"
    assert server.last.method == then
    assert server.last.headers["x-mine"] == "1"
    keeps_body = then == method and body is not None
    assert server.last.body == (b"data" if keeps_body else b"")
    assert ("content-type" in server.last.headers) == (then == method)


def test_the_limit(client):
    with (
        serve(always(moved("/again"))) as server,
        pytest.raises(HTTPClientError, match="HTTP 302"),
    ):
        client.fetch(server.url, max_redirects=3)
    assert len(server.requests) == 4


def test_not_followed_when_not_wanted(client):
    with serve(always(moved("/next"))) as server:
        answer = client.fetch(server.url, follow_redirects=False, raise_error=False)
        assert answer.code == 302
        assert client.fetch(server.url, max_redirects=0, raise_error=False).code == 302
    assert answer.headers["Location"] == "/next"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/", "javascript:alert(1)", "http://", "x:/"]
)
def test_other_schemes_are_refused(client, location):
    with (
        serve(always(moved(location))) as server,
        pytest.raises(HTTPClientError, match="redirected") as caught,
    ):
        client.fetch(server.url)
    assert caught.value.code == 599


def test_without_location_it_is_an_answer(client):
    with serve(always(response(b"?", "302 Found"))) as server:
        assert client.fetch(server.url, raise_error=False).body == b"?"


SECRETS = {
    "Authorization": "Bearer x",
    "Cookie": "a=b",
    "Proxy-Authorization": "Basic x",
    "X-Api-Key": "1",
    "Api-Key": "2",
    "X-Auth-Token": "3",
    "X-Amz-Security-Token": "4",
}


@pytest.mark.parametrize("status", [302, 307])
def test_another_origin_gets_no_secrets(client, status):
    with serve(always(FINAL)) as other, serve(always(moved(other.url, status))) as server:
        client.fetch(server.url, headers={**SECRETS, "X-Mine": "1", "Host": "example.org"})
    first, second = server.last.headers, other.last.headers
    for name, value in SECRETS.items():
        assert first[name.lower()] == value
        assert name.lower() not in second
    assert second["x-mine"] == "1"
    assert second["host"] == f"127.0.0.1:{other.port}"


def test_the_same_origin_gets_them(client):
    with serve(answering(moved("/next"), FINAL)) as server:
        client.fetch(server.url, headers=SECRETS)
    assert (
        SECRETS.items() <= {name: server.last.headers.get(name.lower()) for name in SECRETS}.items()
    )


@pytest.mark.parametrize("has_url_credentials", [True, False])
def test_credentials_stay_at_their_origin(client, has_url_credentials):
    with serve(always(FINAL)) as other, serve(answering(moved("/b"), moved(other.url))) as server:
        if has_url_credentials:
            answer = client.fetch(server.url.replace("://", "://me:secret@"))
        else:
            answer = client.fetch(server.url, auth_username="me", auth_password="secret")
    assert [("authorization" in request.headers) for request in server.requests] == [True, True]
    assert "authorization" not in other.last.headers
    assert "secret" not in answer.effective_url


def test_secrets_do_not_come_back(client):
    """Who was at another origin in between is told nothing any more."""
    with (
        serve(lambda peer: peer.answer(moved(server.url + "back"))) as other,
        serve(answering(moved(other.url), FINAL)) as server,
    ):
        client.fetch(server.url, headers={"X-Api-Key": "1"})
    assert server.last.target == "/back"
    assert "x-api-key" not in server.last.headers


def test_credentials_in_a_location_are_not_used(client):
    with serve(always(FINAL)) as other:
        location = other.url.replace("://", "://them:theirs@")
        with serve(always(moved(location))) as server:
            answer = client.fetch(server.url)
    assert "authorization" not in other.last.headers
    assert answer.effective_url == other.url


def test_a_caller_can_name_more_secrets_or_keep_them_on_purpose(client):
    headers = {"X-Api-Key": "1", "X-Our-Key": "2"}
    with serve(always(FINAL)) as other, serve(always(moved(other.url))) as server:
        client.fetch(
            server.url,
            headers=headers,
            sensitive_headers=SENSITIVE_HEADERS | {"x-our-key"},
        )
        assert not {"x-api-key", "x-our-key"} & other.last.headers.keys()
        client.fetch(server.url, headers=headers, sensitive_headers=())
        assert {"x-api-key", "x-our-key"} <= other.last.headers.keys()


def test_a_fragment_is_inherited(client):
    with serve(answering(moved("/a"), FINAL, moved("/a#new"), FINAL)) as server:
        assert client.fetch(server.url + "#old").effective_url == server.url + "a#old"
        assert client.fetch(server.url + "#old").effective_url == server.url + "a#new"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/a b", "/a%20b"),
        ("/ü", "/%C3%BC"),
        ("?q=1", "/dir/file?q=1"),
        ("../up", "/up"),
        ("//{authority}/x", "/x"),
    ],
)
def test_references_as_servers_write_them(client, location, target):
    with serve(lambda peer: (peer.answer(first), peer.answer(FINAL))) as server:
        first = moved(
            location.format(authority=f"127.0.0.1:{server.port}").encode().decode("latin1")
        )
        client.fetch(server.url + "dir/file")
    assert server.last.target == target


def test_a_long_body_of_a_redirect_is_not_waited_for(client):
    def endless(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 302 Found\r\nLocation: /next\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            peer.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    with serve(endless, always(FINAL)) as server:
        assert client.fetch(server.url).body == b"there"
        assert server.connections == 2


def test_a_body_of_a_redirect_that_ends_with_the_connection_is_not_waited_for(client):
    def keep(peer):
        peer.answer(b"HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\nabc")
        peer.wait_for_end()

    with serve(keep, always()) as server:
        assert client.fetch(server.url).body == b"ok"
        assert [request.target for request in server.requests] == ["/", "/there"]


def test_times_of_a_redirect(client):
    with serve(answering(moved("/next"), FINAL)) as server:
        answer = client.fetch(server.url)
    assert 0 < answer.time_info["redirect"] < answer.time_info["total"]


def test_the_way_is_told(client):
    with (
        serve(answering(FINAL)) as other,
        serve(answering(moved("/b"), moved(other.url, 307, b"elsewhere"))) as server,
    ):
        answer = client.fetch(server.url)
    assert [response.code for response in answer.history] == [302, 307]
    assert [response.effective_url for response in answer.history] == [
        server.url,
        server.url + "b",
    ]
    assert answer.history[0].headers["Location"] == "/b"
    assert [response.body for response in answer.history] == [b"", b""]
    assert answer.history[1].request_time <= answer.request_time
    assert answer.history[0].history == []
    copied = pickle.loads(pickle.dumps(answer))
    assert [response.code for response in copied.history] == [302, 307]


def test_who_was_not_redirected_has_no_history(client):
    with serve(always(moved("/again"))) as server:
        assert client.fetch(server.url, raise_error=False, follow_redirects=False).history == []
        answer = client.fetch(server.url, raise_error=False, max_redirects=2)
    assert answer.code == 302
    assert len(answer.history) == 2
