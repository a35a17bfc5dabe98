"""The callbacks of a request: pieces of the body, headers, bodies that are produced."""

import asyncio
import contextvars
import threading

import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve

from waterspout.httpclient import HTTPClientError, upload

PIECES = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


def test_streaming(client):
    pieces: list[bytes] = []
    with serve(always(PIECES)) as server:
        answer = client.fetch(server.url, streaming_callback=pieces.append)
        assert b"".join(pieces) == b"abcde"
        assert answer.body == b""
        client.fetch(server.url)
        assert server.connections == 1


def test_streaming_is_awaited(client):
    pieces = []

    async def take(data):
        pieces.append(data)

    with serve(always(PIECES)) as server:
        client.fetch(server.url, streaming_callback=take)
    assert b"".join(pieces) == b"abcde"


def test_a_redirect_is_not_streamed(client):
    pieces: list[bytes] = []
    lines: list[str] = []
    redirect = response(b"moved", "302 Found", Location="/next")
    with serve(answering(redirect, OK)) as server:
        client.fetch(server.url, streaming_callback=pieces.append, header_callback=lines.append)
    assert pieces == [b"ok"]
    assert lines == ["HTTP/1.1 200 OK\r\n", "Content-Length: 2\r\n", "\r\n"]


def test_an_error_of_a_callback_is_not_one_of_the_network(client):
    def fail(data):
        raise ConnectionResetError("mine")

    with serve(always()) as server:
        for name in ("streaming_callback", "header_callback"):
            with pytest.raises(ConnectionResetError, match="mine") as caught:
                client.fetch(server.url, **{name: fail})
            assert not isinstance(caught.value, HTTPClientError)
        assert client.flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}


def test_a_callback_is_called_in_the_context_of_the_caller(client):
    variable = contextvars.ContextVar("variable", default="unset")
    seen = []
    with serve(always(PIECES)) as server:
        client.fetch(server.url)  # so that the connection has another context
        variable.set("set")
        client.fetch(server.url, streaming_callback=lambda data: seen.append(variable.get()))
    assert set(seen) == {"set"}


def test_a_body_that_is_produced(client):
    async def produce(write):
        for piece in (b"one ", bytearray(b"two "), b"", b"three"):
            await write(piece)

    with serve(always()) as server:
        client.fetch(server.url, method="POST", body_producer=produce)
        assert server.last.headers["transfer-encoding"] == "chunked"
        assert server.last.body == b"one two three"
        client.fetch(
            server.url, method="PUT", body_producer=produce, headers={"Content-Length": "13"}
        )
        assert "transfer-encoding" not in server.last.headers
        assert server.last.body == b"one two three"
        assert server.connections == 1


def test_a_producer_need_not_wait(client):
    def produce(write):
        for number in range(100):
            write(b"%02d" % number)

    with serve(always()) as server:
        client.fetch(server.url, method="POST", body_producer=produce)
    assert server.last.body == b"".join(b"%02d" % number for number in range(100))


def test_a_large_body_that_is_produced(client):
    block = bytes(range(256)) * 1024

    def produce(write):
        for _ in range(20):
            write(block)

    with serve(always()) as server:
        client.fetch(server.url, method="POST", body_producer=produce)
    assert server.last.body == block * 20


def test_a_producer_that_fails(client):
    async def produce(write):
        await write(b"x")
        raise ZeroDivisionError

    with serve(always()) as server:
        with pytest.raises(ZeroDivisionError):
            client.fetch(server.url, method="POST", body_producer=produce)
        assert client.flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}


@pytest.mark.parametrize("size", [3, 5])
def test_a_produced_body_of_the_wrong_length(client, size):
    async def produce(write):
        await write(b"x" * size)

    with serve(always()) as server:
        with pytest.raises(Exception, match="Content-Length"):
            client.fetch(
                server.url, method="POST", body_producer=produce, headers={"Content-Length": "4"}
            )
        assert client.flow.pool.statistics["used"] == 0


def test_a_producer_is_called_again_for_a_redirect(client):
    async def produce(write):
        await write(b"body")

    with serve(answering(response(b"", "307 Go", Location="/next"), OK)) as server:
        client.fetch(server.url, method="POST", body_producer=produce)
    assert [request.body for request in server.requests] == [b"body", b"body"]


def test_two_bodies_are_too_many(client):
    with pytest.raises(ValueError, match="two bodies"):
        client.fetch("http://127.0.0.1:1/", method="POST", body=b"", body_producer=print)


def test_expecting_to_be_asked(client):
    def ask(peer):
        head = peer.read_head()
        assert b"Expect: 100-continue\r\n" in head
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert peer.read_body({"content-length": "4"}) == b"body"
        peer.send(OK)
        peer.answer()

    with serve(ask) as server:
        answer = client.fetch(server.url, method="POST", body=b"body", expect_100_continue=True)
        assert answer.body == b"ok"
        assert client.fetch(server.url).body == b"ok"


def test_a_body_that_is_not_wanted_is_not_sent(client):
    rest = []

    def refuse(peer):
        peer.read_head()
        peer.send(response(b"no", "413 No"))
        rest.append(peer.wait_for_end())

    with serve(refuse) as server:
        answer = client.fetch(
            server.url, method="POST", body=b"body", expect_100_continue=True, raise_error=False
        )
    assert answer.code == 413
    assert answer.body == b"no"
    assert rest == [b""]


@pytest.mark.parametrize("kind", ["bytes", "iterator", "producer", "field"])
def test_who_knows_no_such_question_is_asked_without(client, kind):
    """RFC 9110 section 10.1.1."""
    heads = []

    def refuse(peer):
        heads.append(peer.read_head())
        peer.send(response(b"what?", "417 Expectation Failed"))
        assert peer.wait_for_end() == b""

    def answer(peer):
        request = peer.answer(response(b"no", "417 Still"))
        assert "expect" not in request.headers

    arguments: dict = {"expect_100_continue": True, "body": b"body"}
    if kind == "iterator":
        arguments["body"] = iter([b"bo", b"dy"])
    elif kind == "producer":
        arguments = {"expect_100_continue": True, "body_producer": lambda write: write(b"body")}
    elif kind == "field":
        arguments = {"headers": {"Expect": "100-continue"}, "body": b"body"}
    with serve(refuse, answer) as server:
        found = client.fetch(server.url, False, method="POST", **arguments)
    assert b"Expect: 100-continue\r\n" in heads[0]
    assert server.last.body == b"body"
    # That is an answer: nobody has asked anything.
    assert (found.code, found.body) == (417, b"no")
    assert [passed.code for passed in found.history] == [417]
    assert client.flow.pool.statistics["used"] == 0


def test_a_server_that_does_not_know_of_asking(client, monkeypatch):
    """It is sent the body after a while."""
    monkeypatch.setattr(upload, "_CONTINUE_TIMEOUT", 0.05)
    with serve(always()) as server:
        client.fetch(server.url, method="POST", body=b"body", expect_100_continue=True)
    assert server.last.body == b"body"


def test_an_answer_before_the_body_is_out(client):
    """It is told, and the rest of the body is not sent."""

    def refuse(peer):
        peer.read_head()
        peer.send(response(b"too large", "413 Too Large"))
        peer.socket.shutdown(1)
        peer.wait_for_end()

    with serve(refuse) as server:
        answer = client.fetch(server.url, method="POST", body=b"x" * 50_000_000, raise_error=False)
    assert answer.code == 413
    assert answer.body == b"too large"
    assert client.flow.pool.statistics == {"used": 0, "idle": 0, "waiting": 0}


def test_an_answer_of_a_server_that_reads_no_more(client):
    """It neither takes the body nor closes the connection."""
    if not hasattr(client, "loop"):
        pytest.skip("a thread that sends hears nothing until the system has taken a piece")
    refused = threading.Event()

    def refuse(peer):
        peer.read_head()
        peer.send(response(status="413 Content Too Large"))
        assert refused.wait(10)

    with serve(refuse) as server:
        answer = client.fetch(server.url, False, method="POST", body=b"x" * 50_000_000)
        refused.set()
    assert answer.code == 413


def test_awaiting_what_a_thread_cannot_wait_for(client):
    if hasattr(client, "loop"):
        pytest.skip("there is a loop to wait in")

    async def take(data):
        await asyncio.sleep(0)

    with serve(always()) as server, pytest.raises(RuntimeError, match="event loop"):
        client.fetch(server.url, streaming_callback=take)
