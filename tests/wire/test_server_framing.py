"""How answers are framed, by what the handler does and what the client can read."""

import asyncio

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.web import Application, HTTPError, RequestHandler

HTTP10 = b"GET %b HTTP/1.0\r\nHost: a\r\n%b\r\n"


class Whole(RequestHandler):
    def get(self):
        self.write("hello")
        self.write(b" world")

    head = post = get


class Pieces(RequestHandler):
    async def get(self):
        self.write("hello")
        await self.flush()
        self.write(" ")
        self.write("world")
        await self.flush()
        await self.flush()
        await asyncio.sleep(0)

    head = post = get


class Empty(RequestHandler):
    def get(self):
        pass

    head = get


class FlushedOnly(RequestHandler):
    async def get(self):
        await self.flush()

    head = get


class Status(RequestHandler):
    def get(self, status):
        self.set_status(int(status))

    head = post = get


class Length(RequestHandler):
    """Says it sends ``said`` bytes and writes ``written``, with or without a flush before."""

    def get(self, said, written, is_flushed):
        self.set_header("Content-Length", said)
        self.write(b"x" * int(written))
        if is_flushed:
            self.flush()

    head = get


RULES = [
    ("/whole", Whole),
    ("/pieces", Pieces),
    ("/empty", Empty),
    ("/flushed", FlushedOnly),
    (r"/status/(\d+)", Status),
    (r"/length/([^/]+)/(\d+)(/flushed)?", Length),
]


async def test_a_whole_answer_has_its_length(wire: Wire):
    client = await wire.client(RULES)
    for method in ("GET", "POST"):
        answer = await client.ask(method=method, path="/whole")
        assert answer["Content-Length"] == "11"
        assert "Transfer-Encoding" not in answer
        assert "Connection" not in answer
        assert answer.body == b"hello world"
    empty = await client.ask(path="/empty")
    assert empty["Content-Length"] == "0"


async def test_an_answer_in_pieces_is_chunked(wire: Wire):
    client = await wire.client(RULES)
    await client.send(request(path="/pieces") * 2)
    head = await client.until(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked\r\n" in head
    assert b"Content-Length" not in head
    chunks = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    assert await client.read(len(chunks)) == chunks
    assert (await client.response()).body == b"hello world"
    assert (await client.ask(path="/flushed")).body == b""


@pytest.mark.parametrize("path", ["/whole", "/pieces", "/empty", "/flushed", "/length/7/0"])
async def test_head_has_no_body_and_the_framing_of_get(wire: Wire, path):
    client = await wire.client(RULES)
    await client.send(request(path=path, method="HEAD") * 2 + request(path="/whole"))
    answers = [await client.response("HEAD"), await client.response("HEAD")]
    assert (await client.response()).body == b"hello world"
    if path == "/length/7/0":
        assert answers[0]["Content-Length"] == "7"
        return
    of_get = await client.ask(path=path)
    for name in ("Content-Length", "Transfer-Encoding"):
        assert [found for found in answers[0].fields if found[0] == name.lower()] == [
            found for found in of_get.fields if found[0] == name.lower()
        ]


@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("compress", [False, True], ids=["", "compressed"])
async def test_a_status_without_a_body(wire: Wire, status, method, compress):
    client = await wire.client(
        Application(RULES, compress_response=compress, log_function=lambda handler: None)
    )
    await client.send(request(path=f"/status/{status}", method=method) + request(path="/whole"))
    answer = await client.response(method)
    assert answer.status == status
    assert "Transfer-Encoding" not in answer
    assert "Content-Type" not in answer
    # RFC 9110 section 15.3.6: a 205 without a length could have a body, for all its reader knows.
    lengths = [value for name, value in answer.fields if name == "content-length"]
    assert lengths == (["0"] if status == 205 else [])
    assert (await client.response()).body == b"hello world"


class Flushed(RequestHandler):
    """Says a status, and flushes nothing; more where it is told to."""

    async def get(self, status, more):
        self.set_status(int(status))
        await self.flush()
        if more:
            self.write("hello")


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_a_status_without_a_body_that_is_flushed(wire: Wire, status, caplog):
    rules = [(r"/(\d+)(/more)?", Flushed), *RULES]
    client = await wire.client(rules)
    await client.send(request(path=f"/{status}") + request(path="/whole"))
    assert (await client.response()).body == b""
    assert (await client.response()).body == b"hello world"
    # When its head has gone out nothing but the end of the connection is left.
    await client.send(request(path=f"/{status}/more") + request(path="/whole"))
    received = await client.rest_or_reset()
    assert received.count(b"HTTP/1.1") <= 1
    assert b"hello" not in received
    assert f"a response {status} has no body" in caplog.text


@pytest.mark.parametrize("status", [103, 199, 204, 205, 304])
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
@pytest.mark.parametrize("is_flushed", [False, True], ids=["", "flushed"])
@pytest.mark.parametrize("compress", [False, True], ids=["", "compressed"])
async def test_a_body_where_there_can_be_none_is_an_error(
    wire: Wire, status, is_async, is_flushed, compress, caplog
):
    def answer(handler):
        handler.set_status(status)
        handler.write("hello")
        if is_flushed:
            handler.flush()

    class Plain(RequestHandler):
        def get(self):
            answer(self)

    class Waiting(RequestHandler):
        async def get(self):
            await asyncio.sleep(0)
            answer(self)

    application = Application(
        [("/", Waiting if is_async else Plain), *RULES],
        compress_response=compress,
        log_function=lambda handler: None,
    )
    client = await wire.client(application)
    assert (await client.ask()).status == 500
    assert f"a response {status} has no body" in caplog.text
    assert (await client.ask(path="/whole")).body == b"hello world"


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_an_error_without_a_body(wire: Wire, status):
    class Raises(RequestHandler):
        def get(self):
            raise HTTPError(status)

    client = await wire.client([("/", Raises), *RULES])
    answer = await client.ask()
    assert answer.status == status
    assert answer.body == b""
    assert (await client.ask(path="/whole")).body == b"hello world"


@pytest.mark.parametrize("status", [100, 102, 103, 199])
@pytest.mark.parametrize("path", ["/status/{}", "/{}"])
async def test_an_interim_status_is_no_answer(wire: Wire, status, path):
    client = await wire.client([*RULES, (r"/(\d+)(/more)?", Flushed)])
    assert (await client.ask(path=path.format(status))).status == 500
    assert (await client.ask(path="/whole")).body == b"hello world"


async def test_repeated_fields_are_joined_in_their_order(wire: Wire):
    class Joined(RequestHandler):
        def get(self):
            self.write(self.request.headers["A"])

        async def post(self):
            await turns(1)
            self.get()

    client = await wire.client([("/", Joined)])
    lines = [f"{'aA'[number % 2]}: {number}" for number in range(99)]  # and Host: the most
    for method in ("GET", "POST"):
        answer = await client.ask(*lines, method=method)
        assert answer.body.decode() == ",".join(map(str, range(99)))


async def test_http_1_0_closes_after_the_answer(wire: Wire):
    server = wire.serve(RULES)
    client = await wire.connect(server)
    await client.send(HTTP10 % (b"/whole", b"") * 2)
    answer = await client.response()
    assert answer.body == b"hello world"
    assert answer["Connection"] == "close"
    assert await client.rest() == b""


async def test_http_1_0_keep_alive(wire: Wire):
    client = await wire.client(RULES)
    await client.send(HTTP10 % (b"/whole", b"Connection: Keep-Alive\r\n") * 2)
    for _ in range(2):
        answer = await client.response()
        assert answer.body == b"hello world"
        assert answer["Connection"] == "keep-alive"
    await client.send(HTTP10 % (b"/whole", b"Connection: keep-alive, close\r\n"))
    assert (await client.response())["Connection"] == "close"
    assert await client.rest() == b""


async def test_http_1_0_gets_pieces_that_end_with_the_connection(wire: Wire):
    client = await wire.client(RULES)
    await client.send(HTTP10 % (b"/pieces", b"Connection: keep-alive\r\n"))
    answer = await client.response()
    assert answer["Connection"] == "close"
    assert "Transfer-Encoding" not in answer
    assert "Content-Length" not in answer
    assert answer.body == b"hello world"


async def test_connection_close_is_obeyed_and_answered(wire: Wire):
    server = wire.serve(RULES)
    for path in ("/whole", "/pieces", "/status/204"):
        client = await wire.connect(server)
        answer = await client.ask("Connection: close", path=path)
        assert answer["Connection"] == "close"
        assert await client.rest() == b""
    await wire.closed(server)


async def test_no_keep_alive(wire: Wire):
    client = await wire.client(RULES, no_keep_alive=True)
    answer = await client.ask("Connection: keep-alive", path="/whole")
    assert answer["Connection"] == "close"
    assert await client.rest() == b""


async def test_a_handler_may_close_the_connection(wire: Wire):
    class Closing(RequestHandler):
        def get(self):
            self.set_header("Connection", "close")
            self.write("bye")

    client = await wire.client([("/", Closing)])
    await client.send(request() * 3)
    answer = await client.response()
    assert answer.body == b"bye"
    assert answer["Connection"] == "close"
    assert await client.rest() == b""


@pytest.mark.parametrize("flushed", ["", "/flushed"])
async def test_a_true_content_length(wire: Wire, flushed):
    client = await wire.client(RULES)
    answer = await client.ask(path=f"/length/5/5{flushed}")
    assert answer["Content-Length"] == "5"
    assert "Transfer-Encoding" not in answer
    assert answer.body == b"xxxxx"
    assert (await client.ask(path="/whole")).body == b"hello world"


@pytest.mark.parametrize("said", ["4", "6", "0"])
async def test_a_false_content_length_is_a_500(wire: Wire, said, caplog):
    client = await wire.client(RULES)
    answer = await client.ask(path=f"/length/{said}/5")
    assert answer.status == 500
    assert f"the body has 5 bytes, but Content-Length says {said}" in caplog.text
    assert (await client.ask(path="/whole")).body == b"hello world"


@pytest.mark.parametrize("said", ["+5", "five", "5, 5", "-1"])
@pytest.mark.parametrize("flushed", ["", "/flushed"])
async def test_a_content_length_that_is_none_is_a_500(wire: Wire, said, flushed):
    class Wrong(RequestHandler):
        def get(self):
            self.set_header("Content-Length", said)
            self.write("hello")
            if flushed:
                self.flush()

    client = await wire.client([("/", Wrong), *RULES])
    assert (await client.ask()).status == 500
    assert (await client.ask(path="/whole")).body == b"hello world"


async def test_a_body_longer_than_its_length_is_cut_with_the_connection(wire: Wire, caplog):
    server = wire.serve(RULES)
    client = await wire.connect(server)
    await client.send(request(path="/length/4/5/flushed") + request(path="/whole"))
    received = await client.rest_or_reset()
    assert received.count(b"HTTP/1.1") == 1
    assert b"Content-Length: 4\r\n" in received
    assert received.endswith(b"\r\n\r\n")
    assert "longer than its Content-Length by 1 bytes" in caplog.text
    await wire.closed(server)


async def test_a_body_shorter_than_its_length_is_cut_with_the_connection(wire: Wire, caplog):
    server = wire.serve(RULES)
    client = await wire.connect(server)
    await client.send(request(path="/length/6/5/flushed") + request(path="/whole"))
    received = await client.rest_or_reset()
    assert received.count(b"HTTP/1.1") == 1
    assert received.endswith(b"\r\n\r\nxxxxx")
    assert "shorter than its Content-Length by 1 bytes" in caplog.text
    await wire.closed(server)


class FailsLate(RequestHandler):
    async def get(self):
        self.write("half")
        await self.flush()
        raise RuntimeError("too late")


@pytest.mark.parametrize("turns_before", [0, 5])
async def test_an_error_after_the_head_cuts_the_connection(wire: Wire, caplog, turns_before):
    class Late(RequestHandler):
        async def get(self):
            self.write("half")
            await self.flush()
            await turns(turns_before)
            raise RuntimeError("too late")

    server = wire.serve([("/", Late)])
    client = await wire.connect(server)
    await client.send(request() * 2)
    received = await client.rest_or_reset()
    assert received.count(b"HTTP/1.1") == 1
    assert received.endswith(b"4\r\nhalf\r\n")
    assert "RuntimeError: too late" in caplog.text
    await wire.closed(server)


async def test_an_error_resets_a_body_that_would_end_with_the_connection(wire: Wire):
    server = wire.serve([("/", FailsLate)])
    client = await wire.connect(server)
    await client.send(HTTP10 % (b"/", b""))
    with pytest.raises(ConnectionResetError):
        await client.rest()
    await wire.closed(server)
