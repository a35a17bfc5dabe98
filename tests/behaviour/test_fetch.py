"""The plain cases: a request goes out, and what comes back is told. Each in three styles."""

import pickle

import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve

from waterspout.httpclient import HTTPClientError, HTTPRequest
from waterspout.protocol.coding import accepted


def test_a_get(client):
    with serve(always(response(b"Hello, world", Content_Type="text/plain"))) as server:
        answer = client.fetch(server.url + "path?x=1")
    assert answer.code == 200
    assert answer.reason == "OK"
    assert answer.body == b"Hello, world"
    assert answer.buffer.read() == b"Hello, world"
    assert answer.headers["content-type"] == "text/plain"
    assert answer.effective_url == server.url + "path?x=1"
    assert answer.error is None
    assert server.last.line == "GET /path?x=1 HTTP/1.1"
    assert server.last.headers["host"] == f"127.0.0.1:{server.port}"
    assert server.last.headers["accept-encoding"] == accepted()
    assert server.last.headers["user-agent"].startswith("waterspout/")
    answer.rethrow()


def test_one_connection_serves_many(client):
    with serve(always()) as server:
        for _ in range(5):
            assert client.fetch(server.url).body == b"ok"
        assert server.connections == 1
    assert len(server.requests) == 5


def test_a_post(client):
    with serve(always()) as server:
        client.fetch(server.url, method="POST", body="höhe")
    assert server.last.method == "POST"
    assert server.last.body == "höhe".encode()
    assert server.last.headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_large_body_both_ways(client):
    body = bytes(range(256)) * 20_000

    def echo(peer):
        request = peer.read_request()
        peer.send(response(request.body))

    with serve(echo) as server:
        assert client.fetch(server.url, method="PUT", body=body).body == body


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "304 Not Modified", "302 Found"])
def test_a_code_that_is_no_success_is_an_error(client, status):
    with serve(always(response(b"" if status.startswith("304") else b"sorry", status))) as server:
        with pytest.raises(HTTPClientError) as caught:
            client.fetch(server.url)
        assert str(caught.value) == f"HTTP {status[:3]}: {status[4:]}"
        assert caught.value.response is not None
        assert caught.value.response.code == caught.value.code == int(status[:3])
        answer = client.fetch(server.url, raise_error=False)
        assert answer.code == int(status[:3])
        with pytest.raises(HTTPClientError):
            answer.rethrow()
        assert server.connections == 1


def test_head_has_no_body(client):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Encoding: gzip\r\n\r\n"
    with serve(answering(head, head)) as server:
        for _ in range(2):
            answer = client.fetch(server.url, method="HEAD")
            assert answer.body == b""
            assert answer.headers["Content-Length"] == "1000"
        assert server.connections == 1


def test_headers_of_the_request(client):
    request_headers = {"X-One": "1", "host": "example.org", "User-Agent": "mine"}
    with serve(always()) as server:
        client.fetch(server.url, headers=request_headers)
        assert server.last.headers["x-one"] == "1"
        assert server.last.headers["host"] == "example.org"
        assert server.last.headers["user-agent"] == "mine"
        client.fetch(server.url, user_agent="yours", if_modified_since=1359312200)
        assert server.last.headers["user-agent"] == "yours"
        assert server.last.headers["if-modified-since"] == "Sun, 27 Jan 2013 18:43:20 GMT"
    assert request_headers == {"X-One": "1", "host": "example.org", "User-Agent": "mine"}


def test_basic_authentication(client):
    with serve(always()) as server:
        client.fetch(server.url, auth_username="Aladdin", auth_password="open sesame")
        assert server.last.headers["authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        url = server.url.replace("://", "://Aladdin:open%20sesame@")
        answer = client.fetch(url)
        assert server.last.headers["authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        assert answer.effective_url == server.url


def test_a_request_object_is_left_as_it_was_and_used_again(client):
    request = HTTPRequest("http://127.0.0.1:1/", method="POST", body=b"x", headers={"A": "b"})
    with serve(always()) as server:
        request.url = server.url
        for _ in range(2):
            assert client.fetch(request).request is request
    assert dict(request.headers) == {"A": "b"}
    with pytest.raises(ValueError, match="HTTPRequest"):
        client.fetch(request, method="GET")


def test_defaults(make_client):
    client = make_client(defaults={"user_agent": "mine", "follow_redirects": False})
    with serve(always(response(b"", "302 Found", Location="/"))) as server:
        assert client.fetch(server.url, raise_error=False).code == 302
        assert server.last.headers["user-agent"] == "mine"
        client.fetch(server.url, raise_error=False, user_agent="yours")
        assert server.last.headers["user-agent"] == "yours"


def test_methods_and_bodies_must_fit(client):
    for method in ("POST", "PUT", "PATCH"):
        with pytest.raises(ValueError, match="must not be None"):
            client.fetch("http://127.0.0.1:1/", method=method)
    for method in ("GET", "DELETE", "OPTIONS", "HEAD"):
        with pytest.raises(ValueError, match="must be None"):
            client.fetch("http://127.0.0.1:1/", method=method, body=b"x")
    with pytest.raises(KeyError, match="unknown method"):
        client.fetch("http://127.0.0.1:1/", method="BREW")
    with serve(always()) as server:
        for method, body in (("POST", None), ("GET", b"x"), ("BREW", None)):
            client.fetch(server.url, method=method, body=body, allow_nonstandard_methods=True)
            assert server.last.method == method
            assert server.last.body == (body or b"")


def test_what_only_curl_can_do_is_refused(client):
    with pytest.raises(NotImplementedError, match="prepare_curl_callback is not supported"):
        client.fetch("http://127.0.0.1:1/", prepare_curl_callback=print)


def test_times(client):
    with serve(always()) as server:
        first = client.fetch(server.url)
        second = client.fetch(server.url)
    names = "queue namelookup connect appconnect pretransfer starttransfer total redirect"
    assert list(first.time_info) == names.split()
    assert 0 < first.time_info["connect"] <= first.time_info["pretransfer"]
    assert first.time_info["starttransfer"] <= first.time_info["total"]
    assert second.time_info["connect"] == 0.0
    assert first.request_time == first.time_info["total"]
    assert abs(first.start_time - second.start_time) < 60


def test_a_response_can_be_sent_to_another_process(client):
    with serve(always(response(b"body", "404 Not Found"))) as server:
        answer = client.fetch(server.url, raise_error=False)
    twin = pickle.loads(pickle.dumps(answer))
    assert (twin.code, twin.body, twin.headers) == (404, b"body", answer.headers)
    assert twin.effective_url == server.url
    assert twin.time_info == answer.time_info


def test_fragments_are_never_sent(client):
    with serve(always()) as server:
        answer = client.fetch(server.url + "a#b")
    assert server.last.target == "/a"
    assert answer.effective_url == server.url + "a#b"


def test_the_answer_ok_is_what_it_says():
    assert response(b"ok") == OK
