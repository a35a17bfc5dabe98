"""Responses that are read piece by piece, each case in three styles."""

import gzip
import threading

import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve

from waterspout.httpclient import (
    HTTPClientError,
    HTTPRequest,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTooLargeError,
)

IDLE = {"used": 0, "idle": 1, "waiting": 0}
EMPTY = {"used": 0, "idle": 0, "waiting": 0}
PIECES = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
LARGE = bytes(range(256)) * 4096


def test_in_pieces(client):
    with serve(always(PIECES)) as server:
        for _ in range(2):
            with client.stream(server.url) as answer:
                assert (answer.code, answer.reason) == (200, "OK")
                assert answer.headers["Transfer-Encoding"] == "chunked"
                assert answer.effective_url == server.url
                assert b"".join(answer.iter_bytes()) == b"abcde"
                assert list(answer.iter_bytes()) == []
                assert answer.read() == b""
        assert client.flow.pool.statistics == IDLE
        assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        PIECES,
        response(LARGE),
        response(b""),
        response(gzip.compress(LARGE), Content_Encoding="gzip"),
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    ],
    ids=["short", "chunked", "large", "empty", "gzip", "204", "close"],
)
def test_the_same_as_fetched(client, answer):
    with serve(answering(answer), answering(answer)) as server:
        fetched = client.fetch(server.url)
        with client.stream(server.url) as streamed:
            assert streamed.read() == fetched.body
        assert streamed.headers == fetched.headers


def test_the_head_comes_before_the_body(client):
    """And each piece before the next one is there."""
    wanted = threading.Semaphore(0)

    def script(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        for piece in (b"ab", b"cd"):
            assert wanted.acquire(timeout=20)
            peer.send(piece)

    with serve(script) as server, client.stream(server.url) as answer:
        assert answer.code == 200
        assert answer.informational[0].headers["Link"] == "x"
        wanted.release()
        pieces = answer.iter_bytes()
        assert next(pieces) == b"ab"
        wanted.release()
        assert next(pieces) == b"cd"
        assert list(pieces) == []


def test_a_request_and_its_arguments(client):
    with serve(always()) as server:
        request = HTTPRequest(server.url, method="POST", body="body")
        for _ in range(2):
            with client.stream(request) as answer:
                assert answer.read() == b"ok"
            assert server.last.body == b"body"
        with client.stream(server.url, headers={"A": "b"}) as answer:
            assert server.last.headers["a"] == "b"
        with pytest.raises(ValueError, match="streaming_callback"):
            client.stream(server.url, streaming_callback=print)
        assert request.tap is None


def test_redirects_are_followed(client):
    redirect = response(b"moved", "302 Found", Location="/next")
    with serve(answering(redirect, OK)) as server, client.stream(server.url) as answer:
        assert answer.effective_url == f"{server.url}next"
        assert answer.read() == b"ok"


def test_a_code_that_is_no_success(client):
    with serve(always(response(b"sorry", "404 Not Found"))) as server:
        with pytest.raises(HTTPClientError, match="404") as caught, client.stream(server.url):
            pytest.fail("there is nothing to read")
        assert caught.value.response is not None
        assert caught.value.response.body == b"sorry"
        assert client.flow.pool.statistics == IDLE
        with client.stream(server.url, raise_error=False) as answer:
            assert answer.code == 404
            assert answer.read() == b"sorry"


def test_trailers(client):
    trailed = PIECES[:-2] + b"Digest: x\r\n\r\n"
    with serve(always(trailed)) as server, client.stream(server.url) as answer:
        assert answer.trailers == {}
        assert answer.read() == b"abcde"
        assert answer.trailers["Digest"] == "x"


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\r\nb\nc\rd", ["a", "b", "c", "d"]),
        (b"\n\n", ["", ""]),
        (b"a\r", ["a"]),
        ("ä\nöü".encode(), ["ä", "öü"]),
    ],
)
def test_lines(client, body, lines):
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serve(always(head + chunks + b"0\r\n\r\n")) as server:
        with client.stream(server.url) as answer:
            assert list(answer.iter_lines()) == lines
        assert client.flow.pool.statistics == IDLE


def test_a_line_comes_as_soon_as_it_is_there(client):
    wanted = threading.Event()

    def script(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\none\ntw")
        assert wanted.wait(20)
        peer.send(b"o\n")

    with serve(script) as server, client.stream(server.url) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "one"
        wanted.set()
        assert list(lines) == ["two"]


@pytest.mark.parametrize("body", [b"x" * 11, b"x" * 11 + b"\n", b"a\n" + b"x" * 11 + b"\nb"])
def test_a_line_that_is_too_long(client, body):
    with serve(always(response(body))) as server:
        with (
            client.stream(server.url) as answer,
            pytest.raises(HTTPTooLargeError, match="10 characters"),
        ):
            list(answer.iter_lines(10))
        with client.stream(server.url) as answer:
            assert "x" * 11 in list(answer.iter_lines(11))


def test_who_leaves_early_closes_the_connection(client):
    gone = threading.Event()

    def endless(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                peer.send(LARGE)
        finally:
            gone.set()

    with serve(endless) as server:
        with client.stream(server.url) as answer:
            for piece in answer.iter_bytes():
                assert piece
                break
        assert client.flow.pool.statistics == EMPTY
        assert gone.wait(20)
        with pytest.raises(RuntimeError, match="was left"):
            answer.read()


def test_who_has_read_enough_keeps_the_connection(client):
    with serve(always()) as server:
        with client.stream(server.url) as answer:
            for piece in answer.iter_bytes():
                assert piece == b"ok"
                break
        assert client.flow.pool.statistics == IDLE
        assert client.fetch(server.url).body == b"ok"
        assert server.connections == 1


def test_who_wants_no_body_at_all(client):
    with serve(always(response(LARGE * 8)), always()) as server:
        with client.stream(server.url) as answer:
            assert answer.code == 200
        assert client.flow.pool.statistics == EMPTY


def test_an_error_of_the_reader_is_his_own(client):
    with serve(always(response(LARGE))) as server:
        with pytest.raises(ZeroDivisionError), client.stream(server.url) as answer:
            1 / len(answer.trailers)
        assert client.flow.pool.statistics == EMPTY


def test_the_peer_is_not_read_ahead(client):
    """What is not asked for stays where it is: the peer can't send on."""
    sent = 0
    is_full = threading.Event()

    def endless(peer):
        nonlocal sent
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        peer.socket.settimeout(0.2)
        try:
            while True:
                sent += peer.socket.send(LARGE)
        except TimeoutError:
            is_full.set()
        peer.socket.settimeout(20)
        peer.wait_for_end()

    with serve(endless) as server, client.stream(server.url) as answer:
        pieces = answer.iter_bytes()
        next(pieces)
        client.let_notice()
        assert is_full.wait(20)
    # The buffers of two sockets, and what the stream keeps.
    assert sent < 32 * 1024 * 1024


def test_a_body_has_no_bound_but_read_has(make_client):
    client = make_client(max_body_size=1000)
    for headers in ({}, {"Content_Encoding": "gzip"}):
        body = gzip.compress(LARGE) if headers else LARGE
        with serve(always(response(body, **headers))) as server:
            with client.stream(server.url) as answer:
                assert b"".join(answer.iter_bytes()) == LARGE
            with (
                client.stream(server.url) as answer,
                pytest.raises(HTTPTooLargeError, match="1000 bytes"),
            ):
                answer.read()
            with pytest.raises(HTTPTooLargeError):
                client.fetch(server.url)


def test_a_body_that_ends_too_early(client):
    with serve(answering(response(LARGE)[:-1])) as server:
        with client.stream(server.url) as answer:
            pieces = []
            with pytest.raises(HTTPStreamClosedError) as caught:
                pieces.extend(answer.iter_bytes())
            assert caught.value.url == server.url
            with pytest.raises((RuntimeError, HTTPStreamClosedError)):
                answer.read()
        assert client.flow.pool.statistics == EMPTY


def test_what_the_reader_takes_does_not_count(client):
    """The time limit is for each wait, and is kept there."""
    sends_on = threading.Event()

    def script(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab")
        assert sends_on.wait(20)
        peer.send(b"cd")
        peer.wait_for_end()

    with serve(script) as server:
        with client.stream(server.url, request_timeout=0.5) as answer:
            pieces = answer.iter_bytes()
            assert next(pieces) == b"ab"
            assert not threading.Event().wait(0.6)  # more than the limit
            sends_on.set()
            assert next(pieces) == b"cd"
            with pytest.raises(HTTPTimeoutError, match="reading the response") as caught:
                next(pieces)
            assert caught.value.timeout == "request_timeout"
            assert caught.value.phase == "read"
        assert client.flow.pool.statistics == EMPTY


def test_errors_before_the_head(client):
    with (
        serve(lambda peer: peer.read_request()) as server,
        pytest.raises(HTTPStreamClosedError),
        client.stream(server.url),
    ):
        pytest.fail("there is no head")
    assert client.flow.pool.statistics == EMPTY
    with pytest.raises(ConnectionRefusedError), client.stream(server.url):
        pytest.fail("nobody listens")


def test_what_was_given_is_not_asked_for_again(make_client):
    """Retries are for what nobody has heard of."""
    client = make_client(retries=2)
    cut = response(LARGE)[:-1]
    with serve(lambda peer: peer.reset(), answering(cut)) as server:
        with client.stream(server.url) as answer, pytest.raises(HTTPStreamClosedError):
            answer.read()
        assert server.connections == 2
        assert client.flow.pool.statistics == EMPTY


def test_from_a_cache(make_client):
    """What is streamed is kept, and may come from there."""
    pytest.importorskip("hishel")
    client = make_client(cache=True)
    with serve(always(response(b"body", Cache_Control="max-age=1000"))) as server:
        for _ in range(3):
            with client.stream(server.url) as answer:
                assert answer.read() == b"body"
            assert client.fetch(server.url).body == b"body"
            assert len(server.requests) == 1


def test_it_is_one_of_the_clients_connections(make_client):
    client = make_client(max_clients=1)
    with serve(always()) as server:
        with (
            client.stream(server.url),
            pytest.raises(HTTPTimeoutError, match="waiting in the queue"),
        ):
            client.fetch(server.url, request_timeout=0.1)
        assert client.fetch(server.url).body == b"ok"


def test_an_answer_before_the_body_of_the_request_is_out(client):
    def refuse(peer):
        peer.read_head()
        peer.send(response(b"too large", "413 Too Large"))
        peer.socket.shutdown(1)
        peer.wait_for_end()

    with serve(refuse) as server:
        with client.stream(
            server.url, raise_error=False, method="POST", body=b"x" * 50_000_000
        ) as answer:
            assert answer.code == 413
            assert answer.read() == b"too large"
        assert client.flow.pool.statistics == EMPTY


def test_a_closed_client_streams_nothing(client):
    client.client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.stream("http://127.0.0.1/")


def test_it_is_for_one_statement(client):
    with serve(always()) as server:
        streaming = client.stream(server.url)
        with streaming:
            pass
        with pytest.raises(RuntimeError, match="one"), streaming:
            pytest.fail("it was used")
