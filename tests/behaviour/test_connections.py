"""Which connection a request is sent on, and when one is not used again. In three styles."""

import contextlib
import os
import socket

import pytest
from tests.httpclient.scripted_server import (
    OK,
    ScriptedServer,
    always,
    answering,
    response,
    serve,
)
from tests.httpclient.styles import until_heard

from waterspout.httpclient import HTTPClientError
from waterspout.httpclient.errors import HTTPStreamClosedError

EMPTY = {"used": 0, "idle": 0, "waiting": 0}
ONE_IDLE = {"used": 0, "idle": 1, "waiting": 0}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_a_dead_connection_is_replaced(client, method):
    body = b"x" if method == "PUT" else None
    with serve(answering(OK), always()) as server:
        client.fetch(server.url)
        until_heard(client)
        assert client.fetch(server.url, method=method, body=body).code == 200
        assert server.connections == 2
    assert [request.method for request in server.requests] == ["GET", method]


def test_a_post_is_not_sent_on_a_dead_connection(client):
    with serve(answering(OK), always()) as server:
        client.fetch(server.url)
        until_heard(client)
        assert client.fetch(server.url, method="POST", body=b"x").code == 200
    assert [request.method for request in server.requests] == ["GET", "POST"]


def close_when_asked_again(peer):
    """The server ended the connection while the request was on its way."""
    peer.answer()
    peer.read_request()
    peer.reset()


def test_what_can_be_repeated_is_once(client):
    with serve(close_when_asked_again, always()) as server:
        client.fetch(server.url)
        assert client.fetch(server.url + "2").body == b"ok"
    assert [request.target for request in server.requests] == ["/", "/2", "/2"]


def test_not_more_than_once(client):
    with serve(close_when_asked_again, lambda peer: (peer.read_request(), peer.reset())) as server:
        client.fetch(server.url)
        with pytest.raises(HTTPStreamClosedError):
            client.fetch(server.url)
    assert len(server.requests) == 3
    assert client.flow.pool.statistics == EMPTY


def test_a_post_is_never_repeated(client):
    with serve(close_when_asked_again, always()) as server:
        client.fetch(server.url)
        with pytest.raises(HTTPStreamClosedError):
            client.fetch(server.url, method="POST", body=b"x")
    assert len(server.requests) == 2


def test_a_body_that_was_produced_is_not_repeated(client):
    def produce(write):
        write(b"x")

    with serve(close_when_asked_again, always()) as server:
        client.fetch(server.url)
        with pytest.raises(HTTPStreamClosedError):
            client.fetch(server.url, method="PUT", body_producer=produce)
    assert len(server.requests) == 2


def test_nothing_is_repeated_on_a_fresh_connection(client):
    with (
        serve(lambda peer: (peer.read_request(), peer.reset())) as server,
        pytest.raises(HTTPStreamClosedError) as caught,
    ):
        client.fetch(server.url)
    assert isinstance(caught.value, ConnectionResetError)
    assert len(server.requests) == 1


def test_nothing_is_repeated_that_was_answered_in_part(client):
    def half(peer):
        peer.answer()
        peer.answer(OK[:10])
        peer.reset()

    with serve(half, always()) as server:
        client.fetch(server.url)
        with pytest.raises(HTTPClientError):
            client.fetch(server.url)
    assert len(server.requests) == 2


@pytest.mark.parametrize("has_pause", [False, True])
def test_what_follows_a_response_is_never_the_next_one(client, has_pause):
    evil = response(b"evil")

    def say_too_much(peer):
        peer.answer(OK if has_pause else OK + evil)
        if has_pause:
            peer.send(evil)
        peer.wait_for_end()

    with serve(say_too_much, always()) as server:
        assert client.fetch(server.url).body == b"ok"
        if has_pause:
            until_heard(client)
            # For those who look only after a while.
            for connection in client.flow.pool.idle:
                connection.idle_since -= 2
        client.let_notice()
        assert client.fetch(server.url).body == b"ok"
        assert server.connections == 2


# What a blocking read takes at first, and bodies that are read right into their room.
@pytest.mark.parametrize("size", [16 * 1024, 128 * 1024 + 100, 1024 * 1024])
def test_what_follows_a_response_that_fills_the_room_for_it(client, size):
    """Not a byte of what is behind is read with it, and no time goes by until the next one."""
    size_of_head = len(response(bytes(size))) - size
    answer = response(bytes(size - size_of_head))
    assert len(answer) == size

    def say_too_much(peer):
        peer.answer(answer + response(b"evil"))
        peer.wait_for_end()

    with serve(say_too_much, always()) as server:
        assert len(client.fetch(server.url).body) > 16_000
        until_heard(client)
        for connection in client.flow.pool.idle:
            connection.idle_since += 100
        client.let_notice()
        assert client.fetch(server.url).body == b"ok"
        assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_a_connection_that_the_server_will_close(client, answer):
    with serve(answering(answer, answer)) as server:
        for _ in range(2):
            assert client.fetch(server.url).body == b"ok"
        assert server.connections == 2
    assert client.flow.pool.statistics == EMPTY


def test_a_connection_of_http_1_0_that_is_kept(client):
    answer = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"
    with serve(answering(answer, answer)) as server:
        for _ in range(2):
            client.fetch(server.url)
        assert server.connections == 1


def test_a_connection_that_the_user_wants_closed(client):
    with serve(always()) as server:
        client.fetch(server.url, headers={"Connection": "close"})
        assert client.flow.pool.statistics == EMPTY


def test_a_connection_is_not_kept_for_ever(client):
    with serve(always()) as server:
        client.fetch(server.url)
        (connection,) = client.flow.pool.idle
        connection.idle_since -= 61
        client.fetch(server.url)
        assert server.connections == 2
        assert client.flow.pool.statistics == ONE_IDLE


def test_hosts_have_connections_of_their_own(client):
    with serve(always()) as server:
        client.fetch(server.url)
        client.fetch(server.url.replace("127.0.0.1", "localhost"), allow_ipv6=False)
        client.fetch(server.url, allow_ipv6=False)
        assert server.connections == 3
        assert client.flow.pool.statistics["idle"] == 3


def test_there_are_never_more_connections_than_allowed(make_client):
    client = make_client(max_clients=1)
    with serve(always()) as one, serve(always()) as other:
        for url in (one.url, other.url, one.url):
            client.fetch(url)
            assert client.flow.pool.statistics == ONE_IDLE
        assert one.connections == 2


def test_a_closed_client_takes_nothing(client):
    with serve(always()) as server:
        client.fetch(server.url)
        client.client.close()
        with pytest.raises(RuntimeError, match="closed"):
            client.fetch(server.url)
        client.client.close()
    assert client.flow.pool.statistics == EMPTY


def test_nobody_listens(client):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(HTTPClientError) as caught:
            client.fetch(f"http://me:secret@127.0.0.1:{port}/")
    assert isinstance(caught.value, ConnectionRefusedError)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    assert caught.value.code == 599
    assert caught.value.errno == caught.value.__cause__.errno
    message = str(caught.value)
    assert f"connecting to 127.0.0.1:{port}" in message
    assert "secret" not in message
    assert f"GET http://127.0.0.1:{port}/" in message
    assert client.flow.pool.statistics == EMPTY


def test_nobody_of_that_name(client, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(socket.gaierror) as caught:
        client.fetch("http://waterspout.test/")
    assert isinstance(caught.value, HTTPClientError)
    assert "resolving waterspout.test" in str(caught.value)


def test_a_mapped_host(make_client):
    with serve(always()) as server:
        address = ("127.0.0.1", server.port)
        client = make_client(
            hostname_mapping={"one.test": address, ("two.test", 81): address, "three.test": "::1"}
        )
        assert client.fetch("http://one.test/").effective_url == "http://one.test/"
        assert server.last.headers["host"] == "one.test"
        client.fetch("http://two.test:81/")
        assert server.last.headers["host"] == "two.test:81"


def test_the_second_address_is_tried(client, monkeypatch):
    with serve(always()) as server:
        infos = [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 1, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: infos)
        assert client.fetch(f"http://waterspout.test:{server.port}/").body == b"ok"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nobody has children")
def test_a_forked_child_does_not_use_the_connections(client):
    with serve(always()) as server:
        client.fetch(server.url)
        assert client.flow.pool.statistics == ONE_IDLE
        child = os.fork()
        if not child:
            os._exit(0 if client.flow.pool.statistics == EMPTY else 1)
        assert os.waitpid(child, 0)[1] == 0
        client.fetch(server.url)
        assert server.connections == 1


def test_over_ipv6(client):
    try:
        server = ScriptedServer((always(),), host="::1")
        server.__enter__()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with contextlib.closing(contextlib.ExitStack()) as stack:
        stack.push(server)
        assert client.fetch(server.url).body == b"ok"
        assert server.last.headers["host"] == f"[::1]:{server.port}"
        with pytest.raises(HTTPClientError):
            client.fetch(server.url, allow_ipv6=False)
