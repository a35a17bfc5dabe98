"""Early hints: before the answer, to who understands them, checked and bounded."""

import pytest
from tests.wire.server_under_test import Wire, request

from waterspout.httpclient import AsyncHTTPClient
from waterspout.web import RequestHandler, stream_request_body

STYLE = "</style.css>; rel=preload; as=style"
SCRIPT = "</app.js>; rel=preload; as=script"


class Hints(RequestHandler):
    async def get(self):
        self.send_early_hints([STYLE, SCRIPT])
        self.send_early_hints(STYLE)
        self.set_header("Link", STYLE)
        self.write("page")


async def test_they_come_before_the_answer(wire: Wire):
    client = await wire.client([("/", Hints)])
    for _ in range(2):
        first = await client.ask()
        assert (first.status, first.reason) == (103, "Early Hints")
        assert first.fields == [("link", STYLE), ("link", SCRIPT)]
        second = await client.response()
        assert (second.status, second.fields) == (103, [("link", STYLE)])
        final = await client.response()
        assert (final.status, final.body, final["Link"]) == (200, b"page", STYLE)


async def test_a_client_of_http_1_0_gets_none(wire: Wire):
    client = await wire.client([("/", Hints)])
    await client.send(b"GET / HTTP/1.0\r\n\r\n")
    answer = await client.response()
    assert (answer.status, answer.body) == (200, b"page")


async def test_http_1_0_and_1_1_on_one_connection(wire: Wire):
    """Whoever is behind a proxy of HTTP/1.0 gets none, and the next one his own."""
    client = await wire.client([("/", Hints)])
    await client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + request())
    assert (await client.response()).body == b"page"
    statuses = [(await client.response()).status for _ in range(3)]
    assert statuses == [103, 103, 200]


class HintsFirst(RequestHandler):
    def prepare(self):
        self.send_early_hints(STYLE)

    def get(self):
        self.set_header("Content-Length", "4")

    head = get

    def post(self):
        self.write(self.request.body)

    def put(self):
        self.set_status(304)

    def delete(self):
        raise LookupError


async def test_whatever_answer_comes_behind_them(wire: Wire, caplog):
    client = await wire.client([("/", HintsFirst)])
    for method, status, body in [
        ("HEAD", 200, b""),
        ("PUT", 304, b""),
        ("POST", 200, b"abc"),
        ("HEAD", 200, b""),
    ]:
        sent = b"abc" if method == "POST" else b""
        assert (await client.ask(method=method, body=sent)).status == 103
        answer = await client.response(method)
        assert (answer.status, answer.body) == (status, body)
    assert (await client.ask(method="DELETE")).status == 103
    assert (await client.response()).status == 500
    assert caplog.text.count("Uncaught exception DELETE /") == 1


@stream_request_body
class HintsBeforeTheBody(RequestHandler):
    def prepare(self):
        self.send_early_hints(STYLE)

    def data_received(self, chunk):
        self.write(chunk)

    def post(self):
        pass


async def test_a_client_that_waits_to_be_told_to_continue_is_still_told(wire: Wire):
    client = await wire.client([("/", HintsBeforeTheBody)])
    fields = ("Expect: 100-continue", "Content-Length: 3")
    assert (await client.ask(*fields, method="POST")).status == 103
    assert (await client.response()).status == 100
    await client.send(b"abc")
    assert (await client.response()).body == b"abc"


async def test_a_client_of_ours_looks_for_the_answer(wire: Wire):
    server = wire.serve([("/", Hints)])
    port = server.sockets[0].getsockname()[1]
    fetcher = AsyncHTTPClient(force_instance=True)
    try:
        answer = await fetcher.fetch(f"http://127.0.0.1:{port}/")
    finally:
        fetcher.close()
    assert (answer.code, answer.body) == (200, b"page")


class Wrong(RequestHandler):
    """Hints what and when the query says."""

    def get(self):
        if self.get_argument("late", None):
            self.flush()
        for _ in range(int(self.get_argument("times", "1"))):
            try:
                self.send_early_hints(self.get_arguments("link", strip=False))
            except (ValueError, RuntimeError) as error:
                self.write(f"{type(error).__name__}: {error}")
                return


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "ValueError: early hints without a link"),
        ("link=/style.css", "ValueError: no link: '/style.css' (expected"),
        ("link=%3C/style.css", "ValueError: no link: "),
        ("link=%3C/a%20b%3E", "ValueError: no link: "),
        ("link=%3C/a%3E%0D%0ASet-Cookie:%20a=b", "ValueError: no link: "),
        ("link=%3C/" + "a" * 4096 + "%3E", "ValueError: early hints of 4107 bytes: 4096"),
        ("link=%3C/a%3E&late=1", "RuntimeError: send_early_hints() after the response"),
    ],
)
async def test_mistakes_are_told_and_nothing_is_sent(wire: Wire, query, told):
    client = await wire.client([("/", Wrong)])
    answer = await client.ask(path=f"/?{query}")
    assert answer.status == 200
    assert answer.body.decode().startswith(told)


async def test_there_is_an_end_to_them(wire: Wire):
    client = await wire.client([("/", Wrong)])
    answer = await client.ask(path="/?link=%3C/a%3E&times=9")
    for _ in range(8):
        assert answer.status == 103
        answer = await client.response()
    assert answer.body == b"RuntimeError: send_early_hints() more than 8 times for one request"
