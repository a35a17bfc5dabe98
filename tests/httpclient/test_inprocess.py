"""A client that is bound to an application, a server or a function, in all styles."""

import asyncio
import io
import threading

import pytest
from tests.httpclient.scripted_server import PATIENCE

from waterspout.httpclient import AsyncHTTPClient, HTTPClient, HTTPClientError, HTTPResponse
from waterspout.httpclient.errors import HTTPStreamClosedError, HTTPTimeoutError
from waterspout.httpserver import HTTPServer
from waterspout.httputil import HTTPHeaders, ResponseStartLine
from waterspout.web import Application, RequestHandler, stream_request_body

URL = "http://example.org/"


class Plain(RequestHandler):
    def get(self):
        request = self.request
        self.set_header("X-Url", request.full_url())
        self.write(f"{request.method} {request.remote_ip}")

    def post(self):
        self.write(self.request.body)


class Waiting(RequestHandler):
    async def get(self):
        await asyncio.sleep(0)
        self.write("waited")


class Pieces(RequestHandler):
    async def get(self):
        for _ in range(20):
            self.write(b"x" * 50_000)
            await self.flush()


@stream_request_body
class Sink(RequestHandler):
    def prepare(self):
        self.size = 0

    async def data_received(self, chunk):
        await asyncio.sleep(0)
        self.size += len(chunk)

    def put(self):
        self.write(str(self.size))


class Silent(RequestHandler):
    async def get(self):
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.application.settings["cancelled"].set()


class Cut(RequestHandler):
    async def get(self):
        self.set_header("Content-Length", "10")
        self.write("half")
        await self.flush()
        raise RuntimeError("on purpose")


class Away(RequestHandler):
    def get(self):
        self.redirect("/")


def application():
    return Application(
        [
            ("/", Plain),
            ("/waiting", Waiting),
            ("/pieces", Pieces),
            ("/sink", Sink),
            ("/silent", Silent),
            ("/cut", Cut),
            ("/away", Away),
        ],
        access_log=None,
        cancelled=threading.Event(),
    )


def test_plain_and_waiting_handlers_answer(make_client):
    client = make_client(app=application())
    response = client.fetch(URL)
    assert response.body == b"GET 127.0.0.1"
    assert response.headers["X-Url"] == URL
    assert response.headers["Etag"]
    assert client.fetch(URL + "waiting").body == b"waited"
    assert client.fetch(URL + "nowhere", raise_error=False).code == 404
    assert len(client.flow.pool.idle) == 1


def test_redirects_lead_to_the_same_application(make_client):
    response = make_client(app=application()).fetch("http://anywhere.example/away")
    assert response.effective_url == "http://anywhere.example/"


def test_https_is_what_the_handler_sees(make_client):
    response = make_client(app=application()).fetch("https://example.org:8443/")
    assert response.headers["X-Url"] == "https://example.org:8443/"


def test_a_response_comes_in_pieces(make_client):
    pieces: list[bytes] = []
    make_client(app=application()).fetch(URL + "pieces", streaming_callback=pieces.append)
    assert len(pieces) > 1
    assert b"".join(pieces) == b"x" * 1_000_000


def test_a_body_goes_in_pieces(make_client):
    client = make_client(app=application())
    assert client.fetch(URL + "sink", method="PUT", body=b"x" * 3_000_000).body == b"3000000"

    async def produce(write):
        for _ in range(10):
            await write(b"y" * 1000)

    assert client.fetch(URL + "sink", method="PUT", body_producer=produce).body == b"10000"


def test_a_timeout_cancels_the_handler(make_client):
    app = application()
    client = make_client(app=app)
    with pytest.raises(HTTPTimeoutError, match="waiting for the response"):
        client.fetch(URL + "silent", request_timeout=0.01)
    client.fetch(URL + "waiting")  # The application goes on while the client waits for it.
    assert app.settings["cancelled"].is_set()


def test_a_response_that_is_cut_is_an_error(make_client, caplog):
    with pytest.raises(HTTPStreamClosedError):
        make_client(app=application()).fetch(URL + "cut")


def test_a_server_serves_whatever_it_can(make_client):
    def serve(request):
        request.connection.write_headers(
            ResponseStartLine("HTTP/1.1", 200, "OK"),
            HTTPHeaders({"Content-Length": "2"}),
            b"ok",
        )
        request.connection.finish()

    assert make_client(app=HTTPServer(serve)).fetch(URL).body == b"ok"


# Functions


def test_a_function_answers(make_client):
    def answer(request):
        assert request.url == "https://example.org/a?b=c"
        assert request.method == "POST"
        assert request.headers["X-Name"] == "value"
        return HTTPResponse(request, 201, reason="Made", buffer=io.BytesIO(b"ok"))

    response = make_client(app=answer).fetch(
        "https://example.org/a?b=c", method="POST", body=b"question", headers={"X-Name": "value"}
    )
    assert (response.code, response.reason, response.body) == (201, "Made", b"ok")


@pytest.mark.parametrize(
    ("result", "code", "body"),
    [
        (b"bytes", 200, b"bytes"),
        ("text ü", 200, "text ü".encode()),
        ((404, {"X-A": "b", "Content-Length": "77"}, b"none"), 404, b"none"),
        ((204, {}, b""), 204, b""),
    ],
)
def test_what_a_function_may_return(make_client, result, code, body):
    async def answer(request):
        await asyncio.sleep(0)
        return result

    response = make_client(app=answer).fetch(URL, raise_error=False)
    assert (response.code, response.body) == (code, body)


def test_the_body_of_a_request_comes_to_the_function(make_client):
    client = make_client(app=lambda request: repr(request.body))
    assert client.fetch(URL).body == b"None"
    assert client.fetch(URL, method="POST", body=b"").body == b"b''"
    long = client.fetch(URL, method="POST", body=b"x" * 500_000, expect_100_continue=True)
    assert len(long.body) == 500_003


def test_what_a_function_raises_is_raised_once(make_client):
    calls = []

    def answer(request):
        calls.append(request.url)
        if request.url != URL:
            raise ZeroDivisionError("on purpose")
        return b""

    client = make_client(app=answer)
    client.fetch(URL)
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        client.fetch(URL + "bad")
    assert calls == [URL, URL + "bad"]
    client.fetch(URL)


def test_a_timeout_cancels_the_function(make_client):
    cancelled = threading.Event()

    async def answer(request):
        if request.url == URL:
            return b"ok"
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    client = make_client(app=answer)
    with pytest.raises(HTTPTimeoutError, match="waiting for the response"):
        client.fetch(URL + "silent", request_timeout=0.01)
    assert client.fetch(URL).body == b"ok"  # The loop has its turn.
    assert cancelled.is_set()
    assert client.flow.pool.statistics["used"] == 0


def test_the_answer_of_a_function_is_streamed(make_client):
    body = bytes(range(256)) * 4000
    client = make_client(app=lambda request: (200, {"Content-Type": "x/y"}, body))
    pieces: list[bytes] = []
    assert client.fetch(URL, streaming_callback=pieces.append).body == b""
    assert b"".join(pieces) == body
    with client.stream(URL) as response:
        assert response.headers["Content-Type"] == "x/y"
        assert b"".join(response.iter_bytes()) == body
    with client.stream(URL):
        pass  # Who leaves early has not spoilt it.
    assert client.fetch(URL, method="HEAD").body == b""
    assert client.fetch(URL).body == body


def test_a_function_gets_what_is_sent_in_pieces(make_client):
    client = make_client(app=lambda request: request.body)
    sent = client.fetch(URL, method="POST", body=iter([b"x" * 100_000, b"y" * 100_000]))
    assert sent.body == b"x" * 100_000 + b"y" * 100_000


def test_what_is_no_response_is_told(make_client):
    with pytest.raises(TypeError, match=r"must return an HTTPResponse, .* not None"):
        make_client(app=lambda request: None).fetch(URL)


@pytest.mark.parametrize("app", ["main:app", Application, 7])
def test_what_is_no_app_is_told_at_once(app):
    with pytest.raises(TypeError, match="app is an Application, an HTTPServer, or a function"):
        HTTPClient(app=app)


# Blocking


def test_inside_of_a_loop_that_runs():
    async def main():
        task = asyncio.current_task()
        with HTTPClient(app=application()) as client:
            assert client.fetch(URL + "waiting").body == b"waited"
        assert asyncio.current_task() is task
        await asyncio.sleep(0)

    asyncio.run(main())


def test_several_threads_at_once_and_one_of_them_runs_the_loop():
    meeting: list[asyncio.Future[None]] = []

    async def answer(request):
        if request.url == URL + "second":
            meeting[0].set_result(None)
            return b"second"
        meeting.append(asyncio.get_running_loop().create_future())
        arrived.set()
        await meeting[0]
        return b"first"

    arrived = threading.Event()
    bodies = []
    with HTTPClient(app=answer) as client:
        thread = threading.Thread(
            target=lambda: bodies.append(client.fetch(URL + "first").body), daemon=True
        )
        thread.start()
        assert arrived.wait(PATIENCE)
        assert client.fetch(URL + "second").body == b"second"
        thread.join(PATIENCE)
    assert bodies == [b"first"]


def test_an_interrupt_leaves_a_client_that_can_be_used():
    interrupts = [KeyboardInterrupt]

    def answer(request):
        if interrupts:
            raise interrupts.pop()
        return b"ok"

    with HTTPClient(app=answer) as client:
        with pytest.raises(KeyboardInterrupt):
            client.fetch(URL)
        assert client.fetch(URL).body == b"ok"


def test_a_server_belongs_to_one_loop():
    server = HTTPServer(application())
    with HTTPClient(app=server) as client:
        client.fetch(URL)

        async def main():
            other = AsyncHTTPClient(force_instance=True, app=server)
            try:
                with pytest.raises(RuntimeError, match="another event loop"):
                    await other.fetch(URL)
            finally:
                other.close()

        asyncio.run(main())


def test_an_error_page_is_an_error(make_client):
    with pytest.raises(HTTPClientError, match="HTTP 404"):
        make_client(app=application()).fetch(URL + "nowhere")
