"""Errors that are answers: what is raised, what is logged, what the client gets."""

import asyncio
import logging
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request

from waterspout.protocol.errors import HTTPInputError
from waterspout.web import (
    Application,
    ErrorHandler,
    Finish,
    HTTPError,
    MissingArgumentError,
    RequestHandler,
)


class Calls(RequestHandler):
    """Does what ``act`` does, plainly for GET and HEAD, in a coroutine for POST."""

    def initialize(self, act):
        self.act = act

    def get(self):
        self.act(self)

    head = get

    async def post(self):
        await asyncio.sleep(0)
        self.act(self)


class Fine(RequestHandler):
    def get(self):
        self.write("fine")


def rules(act, handler=Calls):
    return [("/", handler, {"act": act}), ("/fine", Fine)]


def fails(error: BaseException):
    def act(handler):
        raise error

    return act


def page(title: str) -> bytes:
    return f"<html><title>{title}</title><body>{title}</body></html>".encode()


def lines(caplog, name: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == f"waterspout.{name}"]


# HTTPError


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("error", "status", "title", "logged"),
    [
        (HTTPError(), 500, "500: Internal Server Error", []),
        (HTTPError(404), 404, "404: Not Found", []),
        (HTTPError(403, "secret %d"), 403, "403: Forbidden", ["secret %d"]),
        (HTTPError(403, "secret %d of %s", 1, "x"), 403, "403: Forbidden", ["secret 1 of x"]),
        (HTTPError(403, reason="No"), 403, "403: No", []),
        (HTTPError(403, reason="<b>"), 403, "403: &lt;b&gt;", []),
        (HTTPError(299), 299, "299: Unknown", []),
        (HTTPError(999), 999, "999: Unknown", []),
        (MissingArgumentError("a"), 400, "400: Bad Request", ["Missing argument a"]),
    ],
)
async def test_an_http_error_becomes_a_page(
    wire: Wire, method, error, status, title, logged, caplog
):
    client = await wire.client(rules(fails(error)))
    answer = await client.ask(method=method)
    assert answer.status == status
    assert answer.body == page(title)
    assert answer["Content-Type"] == "text/html; charset=UTF-8"
    assert "Connection" not in answer
    assert b"secret" not in answer.body
    expected = [f"{status} {method} / (127.0.0.1): {text}" for text in logged]
    assert lines(caplog, "general") == expected
    assert "Traceback" not in caplog.text
    assert (await client.ask(path="/fine")).body == b"fine"


async def test_a_reason_is_in_the_status_line(wire: Wire):
    client = await wire.client(rules(fails(HTTPError(400, reason="Not like this"))))
    assert (await client.ask()).reason == "Not like this"


async def test_an_error_page_to_head_has_no_body(wire: Wire):
    client = await wire.client(rules(fails(HTTPError(404))))
    await client.send(request(method="HEAD") + request(path="/fine"))
    answer = await client.response("HEAD")
    assert answer.status == 404
    assert answer["Content-Length"] == str(len(page("404: Not Found")))
    assert (await client.response()).body == b"fine"


@pytest.mark.parametrize("status", [204, 304])
async def test_an_http_error_without_a_body(wire: Wire, status, caplog):
    client = await wire.client(rules(fails(HTTPError(status))))
    answer = await client.ask()
    assert answer.status == status
    assert answer.body == b""
    assert "Content-Type" not in answer
    assert caplog.text == ""
    assert (await client.ask(path="/fine")).body == b"fine"


@pytest.mark.parametrize("status", [0, 99, 100, 101, 199, 1000, -1])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_http_error_with_no_status_of_an_answer(wire: Wire, status, method, caplog):
    client = await wire.client(rules(fails(HTTPError(status))))
    assert (await client.ask(method=method)).status == 500
    assert f"HTTPError with the status {status}" in caplog.text
    assert (await client.ask(path="/fine")).body == b"fine"


@pytest.mark.parametrize("status", ["404", None, 404.5])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_http_error_with_what_is_no_number(wire: Wire, status, method, caplog):
    client = await wire.client(rules(fails(HTTPError(status))))
    assert (await client.ask(method=method)).status == 500
    assert (await client.ask(path="/fine")).body == b"fine"


@pytest.mark.parametrize("reason", ["a\r\nX: y", "a\n", "a\x00", "€"])
def test_a_reason_that_would_break_the_status_line(reason):
    with pytest.raises(ValueError, match="reason"):
        HTTPError(400, reason=reason)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_reason_that_is_changed_later_breaks_nothing(wire: Wire, method):
    error = HTTPError(400)
    error.reason = "a\r\nX: y"
    client = await wire.client(rules(fails(error)))
    answer = await client.ask(method=method)
    assert answer.status == 500
    assert "X" not in answer


def test_the_text_of_an_http_error():
    assert str(HTTPError()) == "HTTP 500: Internal Server Error"
    assert str(HTTPError(404)) == "HTTP 404: Not Found"
    assert str(HTTPError(404, reason="Gone fishing")) == "HTTP 404: Gone fishing"
    assert str(HTTPError(404, "no %s", "page")) == "HTTP 404: Not Found (no page)"
    assert str(HTTPError(404, "100%")) == "HTTP 404: Not Found (100%)"
    assert str(HTTPError(499)) == "HTTP 499: Unknown"


def test_the_parts_of_an_http_error():
    error = HTTPError(404, "100% of %s", "x")
    assert (error.status_code, error.log_message, error.args) == (404, "100% of %s", ("x",))
    plain = HTTPError(404, "100%")
    assert plain.log_message == "100%%"
    assert plain.get_message() == "100%"
    assert HTTPError(404).log_message is None
    assert HTTPError(404).get_message() is None


class Told(Calls):
    """Has an error page of its own, of what many programs show there."""

    def write_error(self, status_code, **kwargs):
        self.finish({"code": status_code, "message": self._reason})


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (HTTPError(404), b"Not Found"),
        (HTTPError(499), b"Unknown"),
        (HTTPError(404, reason="Gone fishing"), b"Gone fishing"),
        (MissingArgumentError("a"), b"Bad Request"),
        (RuntimeError(), b"Internal Server Error"),
    ],
)
async def test_an_error_page_that_shows_the_reason(wire: Wire, error, reason):
    client = await wire.client(rules(fails(error), Told))
    assert b'"message": "%s"' % reason in (await client.ask()).body


async def test_the_reason_follows_the_status(wire: Wire):
    def act(handler):
        seen = [handler._reason]
        handler.set_status(404)
        seen.append(handler._reason)
        handler.set_status(404, "Mine")
        seen.append(handler._reason)
        handler._reason = "Yours"
        with pytest.raises(ValueError, match="reason"):
            handler._reason = "a\r\nX: y"
        handler.write({"seen": seen})

    client = await wire.client(rules(act))
    answer = await client.ask()
    assert (answer.status, answer.reason) == (404, "Yours")
    assert answer.body == b'{"seen": ["OK", "Not Found", "Mine"]}'


# Other exceptions


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_any_other_exception_is_a_500_and_a_traceback_in_the_log(wire: Wire, method, caplog):
    client = await wire.client(rules(fails(RuntimeError("secret"))))
    answer = await client.ask(method=method)
    assert answer.status == 500
    assert answer.body == page("500: Internal Server Error")
    [line] = lines(caplog, "application")
    assert line.startswith(f"Uncaught exception {method} / (127.0.0.1) [")
    assert line.endswith(", Calls]")
    assert "RuntimeError: secret" in caplog.text
    assert (await client.ask(path="/fine")).body == b"fine"


async def test_what_has_been_prepared_is_forgotten(wire: Wire):
    class Prepares(Calls):
        def set_default_headers(self):
            self.set_header("X-Default", "1")

    def act(handler):
        handler.set_status(201, "Made")
        handler.set_header("X-Prepared", "1")
        handler.set_header("Content-Length", "5")
        handler.write("never")
        raise HTTPError(403)

    client = await wire.client(rules(act, Prepares))
    for method in ("GET", "POST"):
        answer = await client.ask(method=method)
        assert (answer.status, answer.reason) == (403, "Forbidden")
        assert answer.body == page("403: Forbidden")
        assert "X-Prepared" not in answer
        assert answer["X-Default"] == "1"


async def test_an_exception_behind_finish_is_only_logged(wire: Wire, caplog):
    def act(handler):
        handler.finish("done")
        raise RuntimeError("late")

    client = await wire.client(rules(act))
    for method in ("GET", "POST"):
        assert (await client.ask(method=method)).body == b"done"
    assert caplog.text.count("RuntimeError: late") == 2


async def test_the_traceback_is_served_where_the_application_says_so(wire: Wire):
    choices: list[dict[str, Any]] = [{"serve_traceback": True}, {"debug": True}]
    for settings in choices:
        application = Application(
            rules(fails(RuntimeError("<shown>"))), log_function=lambda handler: None, **settings
        )
        answer = await (await wire.client(application)).ask()
        assert answer.status == 500
        assert answer["Content-Type"] == "text/plain; charset=UTF-8"
        assert b"Traceback (most recent call last)" in answer.body
        assert b"RuntimeError: <shown>" in answer.body


# Finish


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_finish_ends_the_request(wire: Wire, method, caplog):
    def act(handler):
        handler.set_status(202)
        handler.write("so far")
        raise Finish

    client = await wire.client(rules(act))
    answer = await client.ask(method=method)
    assert (answer.status, answer.body) == (202, b"so far")
    assert caplog.text == ""


async def test_finish_takes_a_last_chunk(wire: Wire):
    client = await wire.client(rules(fails(Finish({"a": 1}))))
    assert (await client.ask()).body == b'{"a": 1}'


async def test_finish_behind_flush_or_finish(wire: Wire):
    def flushed(handler):
        handler.write("a")
        handler.flush()
        raise Finish("b")

    def finished(handler):
        handler.finish("a")
        raise Finish("b")

    assert (await (await wire.client(rules(flushed))).ask()).body == b"ab"
    client = await wire.client(rules(finished))
    assert (await client.ask()).body == b"a"
    assert (await client.ask()).body == b"a"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_finish_with_what_cannot_be_written(wire: Wire, method, caplog):
    client = await wire.client(rules(fails(Finish([1]))))
    assert (await client.ask(method=method)).status == 500
    assert "write() takes str, bytes or a dict, not list" in caplog.text
    assert (await client.ask(path="/fine")).body == b"fine"


# send_error and write_error


async def test_send_error(wire: Wire):
    def act(handler):
        handler.write("never")
        handler.send_error(409, reason="Twice")

    answer = await (await wire.client(rules(act))).ask()
    assert (answer.status, answer.reason) == (409, "Twice")
    assert answer.body == page("409: Twice")


async def test_send_error_without_a_status(wire: Wire):
    client = await wire.client(rules(lambda handler: handler.send_error()))
    assert (await client.ask()).status == 500


async def test_send_error_behind_finish_is_only_logged(wire: Wire, caplog):
    finished = []

    class Counts(Calls):
        def on_finish(self):
            finished.append(self)

    def act(handler):
        handler.finish("done")
        handler.send_error(500)

    client = await wire.client(rules(act, Counts))
    for _ in range(2):
        assert (await client.ask()).body == b"done"
    assert len(finished) == 2
    assert "send_error() after finish(): GET / (127.0.0.1)" in caplog.text


async def test_send_error_behind_flush_cuts_the_answer(wire: Wire, caplog):
    def act(handler):
        handler.write("half")
        handler.flush()
        handler.send_error(500)

    server = wire.serve(rules(act))
    client = await wire.connect(server)
    await client.send(request() * 2)
    received = await client.rest_or_reset()
    assert received.count(b"HTTP/1.1") == 1
    assert not received.endswith(b"0\r\n\r\n")
    assert "failed after its response had begun: GET / (127.0.0.1)" in caplog.text
    await wire.closed(server)


async def test_write_error_may_be_overridden(wire: Wire):
    seen = []

    class Own(Calls):
        def write_error(self, status_code, **kwargs):
            seen.append(kwargs)
            self.set_header("Content-Type", "text/plain")
            self.write(f"own {status_code}")

    error = RuntimeError("shown")
    client = await wire.client(rules(fails(error), Own))
    answer = await client.ask()
    assert (answer.status, answer.body) == (500, b"own 500")
    assert answer["Content-Type"] == "text/plain"
    [kwargs] = seen
    assert kwargs["exc_info"][:2] == (RuntimeError, error)
    sent = await wire.client(rules(lambda h: h.send_error(400, extra=1), Own))
    assert (await sent.ask()).body == b"own 400"
    assert seen[1] == {"extra": 1}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_write_error_may_raise(wire: Wire, method, caplog):
    class Worse(Calls):
        def write_error(self, status_code, **kwargs):
            self.write("so far")
            raise RuntimeError("in write_error")

    client = await wire.client(rules(fails(RuntimeError("first")), Worse))
    answer = await client.ask(method=method)
    assert (answer.status, answer.body) == (500, b"so far")
    assert "RuntimeError: first" in caplog.text
    assert "write_error failed: " in caplog.text
    assert "RuntimeError: in write_error" in caplog.text
    assert (await client.ask(path="/fine")).body == b"fine"


async def test_send_error_may_be_overridden(wire: Wire):
    class Own(Calls):
        def send_error(self, status_code=500, **kwargs):
            self.set_status(status_code)
            self.finish("own")

    client = await wire.client(rules(fails(HTTPError(404)), Own))
    answer = await client.ask()
    assert (answer.status, answer.body) == (404, b"own")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_send_error_may_raise(wire: Wire, method, caplog):
    class Worse(Calls):
        def send_error(self, status_code=500, **kwargs):
            raise RuntimeError("in send_error")

    finished = []

    class Worst(Worse):
        def on_finish(self):
            finished.append(self.get_status())
            raise RuntimeError("in on_finish")

    client = await wire.client(rules(fails(HTTPError(404)), Worst))
    assert (await client.ask(method=method)).status == 500
    assert finished == [500]
    assert "RuntimeError: in send_error" in caplog.text
    assert "RuntimeError: in on_finish" in caplog.text
    assert (await client.ask(path="/fine")).body == b"fine"


async def test_log_exception_may_be_overridden(wire: Wire, caplog):
    seen = []

    class Own(Calls):
        def log_exception(self, typ, value, tb):
            seen.append((typ, value, tb))

    error = RuntimeError("seen")
    client = await wire.client(rules(fails(error), Own))
    assert (await client.ask()).status == 500
    assert seen == [(RuntimeError, error, error.__traceback__)]
    assert caplog.text == ""


async def test_log_exception_may_raise(wire: Wire, caplog):
    class Worse(Calls):
        def log_exception(self, typ, value, tb):
            raise RuntimeError("in log_exception")

    client = await wire.client(rules(fails(HTTPError(404)), Worse))
    answer = await client.ask()
    assert answer.status == 404
    assert "RuntimeError: in log_exception" in caplog.text


# on_finish


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("is_error", [False, True])
async def test_on_finish_may_raise(wire: Wire, method, is_error, caplog):
    class Worse(Calls):
        def on_finish(self):
            raise RuntimeError("in on_finish")

    act = fails(HTTPError(404)) if is_error else (lambda handler: handler.write("x"))
    client = await wire.client(rules(act, Worse))
    for _ in range(2):
        answer = await client.ask(method=method)
        assert answer.status == (404 if is_error else 200)
    assert caplog.text.count("RuntimeError: in on_finish") == 2


async def test_on_finish_comes_once_also_where_the_answer_is_cut(wire: Wire):
    finished = []

    class Counts(Calls):
        def on_finish(self):
            finished.append(self)
            raise RuntimeError("in on_finish")

    def act(handler):
        handler.write("half")
        handler.flush()
        raise RuntimeError("late")

    server = wire.serve(rules(act, Counts))
    for method in ("GET", "POST"):
        client = await wire.connect(server)
        await client.send(request(method=method))
        await client.rest_or_reset()
    await wire.closed(server)
    assert len(finished) == 2


# ErrorHandler


async def test_error_handler(wire: Wire):
    client = await wire.client([("/gone", ErrorHandler, {"status_code": 410})])
    for method in ("GET", "POST", "DELETE"):
        answer = await client.ask(method=method, path="/gone")
        assert (answer.status, answer.body) == (410, page("410: Gone"))


@pytest.mark.parametrize("path", ["/<script>alert(1)</script>", "/%3Cscript%3E", '/"onload=', "/&"])
async def test_a_404_page_shows_nothing_of_the_path(wire: Wire, path, caplog):
    client = await wire.client([("/fine", Fine)])
    answer = await client.ask(path=path)
    assert (answer.status, answer.body) == (404, page("404: Not Found"))
    assert caplog.text == ""


async def test_a_reason_is_escaped(wire: Wire):
    client = await wire.client(rules(lambda h: h.send_error(400, reason="<script>&\"'")))
    answer = await client.ask()
    assert answer.body == page("400: &lt;script&gt;&amp;&quot;&#x27;")


def test_the_levels_of_the_log():
    assert logging.getLogger("waterspout.general").level == logging.NOTSET


# Logs that nobody can forge, and by which a request is found


async def test_the_first_line_of_an_error_tells_the_request(wire: Wire, caplog):
    client = await wire.client(rules(fails(RuntimeError("secret"))))
    await client.ask("X-Request-Id: abc-1", path="/?a=b")
    [line] = lines(caplog, "application")
    assert line == "Uncaught exception GET /?a=b (127.0.0.1) [abc-1, Calls]"


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (HTTPError(400, "%s", "a\nERROR forged"), "a\\nERROR forged"),
        (HTTPError(400, "a\r\nERROR forged %"), "a\\r\\nERROR forged %"),
        (HTTPError(400, "\x1b[2J"), "\\x1b[2J"),
        (HTTPError(400, "%s and %d", "\u2028", 3), "\\u2028 and 3"),
        (HTTPInputError("a\nb"), "a\\nb"),
    ],
)
async def test_a_message_is_one_line(wire: Wire, caplog, error, logged):
    client = await wire.client(rules(fails(error)))
    assert (await client.ask()).status == 400
    assert lines(caplog, "general") == [f"400 GET / (127.0.0.1): {logged}"]
