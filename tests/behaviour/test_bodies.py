"""Bodies of requests: files, iterators, JSON and forms, each case in three styles."""

import asyncio
import io
import itertools
import threading
from typing import Any

import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve
from tests.httpclient.styles import Blocking

from waterspout.httpclient import (
    HTTPBodyError,
    HTTPConnectionResetError,
    HTTPProtocolError,
    HTTPRequest,
    HTTPTimeoutError,
)
from waterspout.httputil import parse_body_arguments

EMPTY = {"used": 0, "idle": 0, "waiting": 0}
IDLE = {"used": 0, "idle": 1, "waiting": 0}
LARGE = bytes(range(256)) * 4096


def at(position: int, data: bytes = b"0123456789") -> io.BytesIO:
    file = io.BytesIO(data)
    file.seek(position)
    return file


@pytest.mark.parametrize(
    ("make", "sent"),
    [
        (lambda: at(0), b"0123456789"),
        (lambda: at(4), b"456789"),
        (lambda: at(10), b""),
        (lambda: at(0, LARGE), LARGE),
    ],
    ids=["file", "rest", "nothing", "large"],
)
def test_a_file(client, make, sent):
    with serve(always()) as server:
        request = HTTPRequest(server.url, method="PUT", body=make())
        for _ in range(2):
            client.fetch(request)
            assert server.last.body == sent
            assert server.last.headers["content-length"] == str(len(sent))
            assert "transfer-encoding" not in server.last.headers
        assert server.connections == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: [b"one", b"", bytearray(b"two")],
        lambda: iter([b"one", b"two"]),
        lambda: (piece for piece in (b"one", b"two")),
    ],
    ids=["list", "iterator", "generator"],
)
def test_an_iterable(client, make):
    with serve(always()) as server:
        client.fetch(server.url, method="POST", body=make())
        assert server.last.body == b"onetwo"
        assert server.last.headers["transfer-encoding"] == "chunked"
        assert server.last.headers["content-type"] == "application/octet-stream"
        headers = {"Content-Length": "6", "Content-Type": "text/plain"}
        client.fetch(server.url, method="POST", body=make(), headers=headers)
        assert server.last.body == b"onetwo"
        assert "transfer-encoding" not in server.last.headers
        assert server.last.headers["content-type"] == "text/plain"
        assert server.connections == 1


async def generate(*pieces):
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


def test_an_asynchronous_iterator(client):
    with serve(always()) as server:
        if not hasattr(client, "loop"):
            with pytest.raises(TypeError, match="for AsyncHTTPClient: give HTTPClient a file"):
                client.fetch(server.url, method="POST", body=generate(b"x"))
            assert server.connections == 0
            return
        client.fetch(server.url, method="POST", body=generate(b"one", LARGE, b"two"))
        assert server.last.body == b"one" + LARGE + b"two"
        assert server.last.headers["transfer-encoding"] == "chunked"


def test_an_iterator_is_for_once(client):
    with serve(always()) as server:
        request = HTTPRequest(server.url, method="POST", body=iter([b"x"]))
        client.fetch(request)
        with pytest.raises(HTTPBodyError, match="only once") as caught:
            client.fetch(request)
        assert caught.value.url == server.url
        assert len(server.requests) == 1


def test_a_redirect_that_wants_the_body_again(client):
    redirect = response(b"", "307 Go", Location="/next")
    with serve(answering(redirect, OK)) as server:
        client.fetch(server.url, method="POST", body=at(5))
        assert [request.body for request in server.requests] == [b"56789", b"56789"]
    with serve(answering(redirect, OK)) as server:
        with pytest.raises(HTTPBodyError, match=f"only once, and was: POST {server.url}next"):
            client.fetch(server.url, method="POST", body=iter([b"x"]))
        assert len(server.requests) == 1
    with serve(answering(response(b"", "303 See", Location="/next"), OK)) as server:
        client.fetch(server.url, method="POST", body=iter([b"x"]))
        assert server.last.method == "GET"


def test_what_can_be_sent_again_is_tried_again(make_client):
    client = make_client(retries=1)

    def fail(peer):
        peer.read_request()
        peer.reset()

    with serve(fail, always()) as server:
        client.fetch(server.url, method="PUT", body=at(5))
        assert [request.body for request in server.requests] == [b"56789", b"56789"]
    with serve(fail, always()) as server:
        with pytest.raises(HTTPConnectionResetError):
            client.fetch(server.url, method="PUT", body=iter([b"x"]))
        assert server.connections == 1


def test_what_an_iterator_raises_is_told_as_it_is(client):
    def generate():
        yield b"x"
        raise ZeroDivisionError

    with serve(always()) as server:
        with pytest.raises(ZeroDivisionError):
            client.fetch(server.url, method="POST", body=generate())
        assert client.flow.pool.statistics == EMPTY


def test_pieces_that_are_no_bytes(client):
    with serve(always()) as server, pytest.raises(TypeError, match="must be bytes, not str"):
        client.fetch(server.url, method="POST", body=["text"])
    assert client.flow.pool.statistics == EMPTY


@pytest.mark.parametrize("change", [-1, 1])
def test_a_file_that_changes_meanwhile(client, change):
    """One that has grown is sent as it was announced; one that is too short now is an error."""
    file = at(0, LARGE)

    def generate_changes(request):
        file.truncate(len(LARGE) + change)
        if change > 0:
            file.seek(0, io.SEEK_END)
            file.write(b"x")
        return request

    with serve(always()) as server:
        request = generate_changes(HTTPRequest(server.url, method="POST", body=file))
        if change > 0:
            client.fetch(request)
            assert server.last.body == LARGE
            return
        with pytest.raises(Exception, match="shorter than its Content-Length by 1"):
            client.fetch(request)
    assert client.flow.pool.statistics == EMPTY


def test_it_is_asked_before_it_is_sent(client):
    is_begun = False

    def generate():
        nonlocal is_begun
        is_begun = True
        yield b"body"

    def ask(peer):
        assert b"Expect: 100-continue\r\n" in peer.read_head()
        assert not is_begun
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert peer.read_body({"transfer-encoding": "chunked"}) == b"body"
        peer.send(OK)

    def refuse(peer):
        peer.read_head()
        peer.send(response(b"no", "413 No"))
        assert peer.wait_for_end() == b""

    with serve(ask) as server:
        client.fetch(server.url, method="POST", body=generate(), expect_100_continue=True)
    is_begun = False
    with serve(refuse) as server:
        answer = client.fetch(
            server.url, False, method="POST", body=generate(), expect_100_continue=True
        )
    assert answer.body == b"no"
    assert not is_begun


def test_an_answer_that_stalls(client):
    """It began before the body was out: what is missing is the answer."""

    def refuse(peer):
        peer.read_head()
        peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n\r\ntoo")
        peer.wait_for_end()

    with serve(refuse) as server, pytest.raises(HTTPTimeoutError) as caught:
        client.fetch(server.url, method="POST", body=itertools.repeat(LARGE), request_timeout=0.5)
    assert caught.value.phase == "read"
    assert client.flow.pool.statistics == EMPTY


@pytest.mark.parametrize("is_reset", [False, True])
@pytest.mark.parametrize("kind", ["iterator", "producer"])
def test_an_answer_ends_what_is_sent(client, kind, is_reset):
    """Even what would never end."""
    is_over = False

    def generate():
        nonlocal is_over
        try:
            while True:
                yield LARGE
        finally:
            is_over = True

    async def produce(write):
        for piece in generate():
            await write(piece)

    def refuse(peer):
        peer.read_head()
        peer.send(response(b"too large", "413 Too Large"))
        if is_reset:
            peer.reset()
            return
        peer.socket.shutdown(1)
        peer.wait_for_end()

    body = {"body": generate()} if kind == "iterator" else {"body_producer": produce}
    with serve(refuse) as server:
        answer = client.fetch(server.url, False, method="POST", **body)
    assert answer.code == 413
    assert answer.body == b"too large"
    assert is_over
    assert client.flow.pool.statistics == EMPTY


def test_who_writes_when_the_request_is_out_is_refused(client):
    """It would be a piece of the next request on the same connection."""
    kept = []

    def first(write):
        kept.append(write)
        return write(b"first")

    def second(write):
        with pytest.raises(RuntimeError, match="body_producer"):
            kept[0](b"evil")
        return write(b"second")

    with serve(always()) as server:
        for produce in (first, second):
            client.fetch(server.url, method="POST", body_producer=produce)
        assert [request.body for request in server.requests] == [b"first", b"second"]
        assert server.connections == 1


@pytest.mark.parametrize("kind", ["iterator", "producer"])
def test_a_callback_that_fails_when_the_answer_came_meanwhile(client, kind):
    """Its error is the fetch's, and not the producer's."""
    seen = []

    async def produce(write):
        try:
            while True:
                await write(LARGE)
        except BaseException as error:
            seen.append(error)
            raise

    def fail(piece):
        raise ZeroDivisionError

    def refuse(peer):
        peer.read_head()
        peer.send(response(b"too large", "413 Too Large"))
        peer.socket.shutdown(1)
        peer.wait_for_end()

    body: dict[str, Any] = {"body": itertools.repeat(LARGE)}
    if kind == "producer":
        body = {"body_producer": produce}
    with serve(refuse) as server, pytest.raises(ZeroDivisionError):
        client.fetch(server.url, False, method="POST", streaming_callback=fail, **body)
    assert not any(isinstance(error.__cause__, ZeroDivisionError) for error in seen)
    assert client.flow.pool.statistics == EMPTY


@pytest.mark.parametrize("kind", ["header_callback", "progress_callback"])
def test_other_callbacks_that_fail_when_the_answer_came_meanwhile(client, kind):
    def fail(told):
        if isinstance(told, str) or told.received:
            raise ZeroDivisionError

    def refuse(peer):
        peer.read_head()
        peer.send(response(b"too large", "413 Too Large"))
        peer.socket.shutdown(1)
        peer.wait_for_end()

    with serve(refuse) as server, pytest.raises(ZeroDivisionError):
        client.fetch(server.url, False, method="POST", body=itertools.repeat(LARGE), **{kind: fail})
    assert client.flow.pool.statistics == EMPTY


def test_what_comes_meanwhile_and_is_no_answer(client):
    def babble(peer):
        peer.read_head()
        peer.send(b"no HTTP at all\r\n\r\n")
        peer.wait_for_end()

    with serve(babble) as server, pytest.raises(HTTPProtocolError, match="no HTTP"):
        client.fetch(server.url, method="POST", body=itertools.repeat(LARGE))
    assert client.flow.pool.statistics == EMPTY


def test_what_is_said_meanwhile_is_no_answer(client):
    """A 1xx does not end the body."""
    heard = threading.Event()

    def generate():
        yield b"one"
        assert heard.wait(20)
        yield b"two"
        yield LARGE

    def script(peer):
        head = peer.read_head()
        assert b"chunked" in head
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        heard.set()
        assert peer.read_body({"transfer-encoding": "chunked"}) == b"onetwo" + LARGE
        peer.send(OK)

    with serve(script) as server:
        answer = client.fetch(server.url, method="POST", body=generate())
    assert answer.body == b"ok"
    assert [early.code for early in answer.informational] == [103]


@pytest.mark.parametrize("kind", ["iterator", "file", "asynchronous", "producer"])
def test_the_sender_is_held_back(client, kind):
    """What the server does not take is not asked for."""
    asked = 0

    def generate():
        nonlocal asked
        while True:
            asked += 1
            yield LARGE

    async def generate_later():
        for piece in generate():
            await asyncio.sleep(0)
            yield piece

    class Endless(io.RawIOBase):
        def read(self, size=-1):
            nonlocal asked
            asked += size / len(LARGE)
            return LARGE[:size]

    async def produce(write):
        for piece in generate():
            await write(piece)

    arguments: dict = {
        "iterator": lambda: {"body": generate()},
        "file": lambda: {"body": Endless()},
        "asynchronous": lambda: {"body": generate_later()},
        "producer": lambda: {"body_producer": produce},
    }[kind]()
    if kind == "asynchronous" and isinstance(client, Blocking):
        with pytest.raises(TypeError, match="is for AsyncHTTPClient"):
            client.fetch("http://127.0.0.1:1/", method="POST", **arguments)
        return
    is_over = threading.Event()
    with serve(lambda peer: is_over.wait(20)) as server:
        with pytest.raises(HTTPTimeoutError) as caught:
            client.fetch(server.url, method="POST", request_timeout=0.5, **arguments)
        is_over.set()
    assert caught.value.phase == "send"
    assert asked < 64  # megabytes: the buffers of two sockets


def test_json(client):
    with serve(always()) as server:
        client.fetch(server.url, method="POST", json={"a": [1, "ü"]})
    assert server.last.body == '{"a":[1,"ü"]}'.encode()
    assert server.last.headers["content-type"] == "application/json"


def test_a_form(client):
    with serve(always()) as server:
        client.fetch(server.url, method="POST", form={"a": "1 2", "b": ["x", "y"]})
    assert server.last.body == b"a=1+2&b=x&b=y"
    assert server.last.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("is_known", [True, False], ids=["length", "chunked"])
def test_a_form_with_files(client, is_known, tmp_path):
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)
    with serve(always()) as server, path.open("rb") as file:
        last = ("n.txt", b"text" if is_known else iter([b"te", b"xt"]))
        client.fetch(server.url, method="POST", form={"a": "b"}, files={"f": file, "g": last})
    headers = server.last.headers
    assert ("content-length" in headers) == is_known
    assert ("transfer-encoding" in headers) != is_known
    fields: dict = {}
    files: dict = {}
    parse_body_arguments(headers["content-type"], server.last.body, fields, files)
    assert fields == {"a": [b"b"]}
    assert [(found.filename, found.body) for found in (*files["f"], *files["g"])] == [
        ("large.bin", LARGE),
        ("n.txt", b"text"),
    ]
    assert client.flow.pool.statistics == IDLE
