"""Event hooks and progress, in all styles."""

import asyncio
import contextvars
from itertools import pairwise

import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve
from tests.httpclient.styles import Awaiting, AwaitingOnUvloop, CallingBack

from waterspout.httpclient import (
    HTTPBodyError,
    HTTPClient,
    HTTPClientError,
    HTTPRedirectError,
    HTTPTimeoutError,
    Progress,
)

EVENTS = ("request", "response", "redirect", "retry", "error")


class Recorder:
    """Hooks that note what they are told."""

    def __init__(self, is_async=False):
        self.told = []
        self.hooks = {event: [self._hook(event, is_async)] for event in EVENTS}

    def _hook(self, event, is_async):
        def note(*what):
            self.told.append((event, *what))

        async def note_later(*what):
            note(*what)

        return note_later if is_async else note

    @property
    def events(self):
        return [event for event, *_ in self.told]


@pytest.mark.parametrize("is_async", [False, True])
def test_what_is_sent_and_what_comes(make_client, is_async):
    recorder = Recorder(is_async)
    with serve(always(response(b"body", X_A="b"))) as server:
        client = make_client(event_hooks=recorder.hooks)
        url = server.url.replace("://", "://me:secret@")
        answer = client.fetch(url, method="POST", body=b"question", headers={"X-B": "c"})
    (_, sent), (_, told, again) = recorder.told
    assert recorder.events == ["request", "response"]
    assert told is answer
    assert again is sent
    assert (sent.method, sent.url, sent.body) == ("POST", server.url, b"question")
    assert sent.headers["X-B"] == "c"
    assert sent.headers["Content-Length"] == "8"
    assert sent.headers["Authorization"].startswith("Basic ")


def test_redirects(make_client):
    recorder = Recorder()
    with serve(answering(response(b"away", "302 Found", Location="/b"), OK)) as server:
        make_client(event_hooks=recorder.hooks).fetch(server.url)
    assert recorder.events == ["request", "redirect", "request", "response"]
    _, away, sent, url = recorder.told[1]
    assert (away.code, sent.url, url) == (302, server.url, f"{server.url}b")
    assert recorder.told[2][1].url == url


@pytest.mark.parametrize("location", ["ftp://a.test/", "http://[/"])
def test_a_redirect_that_is_refused(make_client, location):
    recorder = Recorder()
    with serve(answering(response(b"", "302 Found", Location=location))) as server:
        client = make_client(event_hooks=recorder.hooks)
        with pytest.raises(HTTPRedirectError) as raised:
            client.fetch(server.url)
    assert recorder.events == ["request", "error"]
    _, error, sent = recorder.told[1]
    assert (error, sent.url) == (raised.value, server.url)


def test_a_redirect_whose_body_is_used_up(make_client):
    recorder = Recorder()
    with serve(answering(response(b"", "307 Over", Location="/b"))) as server:
        client = make_client(event_hooks=recorder.hooks)
        with pytest.raises(HTTPBodyError):
            client.fetch(server.url, method="POST", body=iter([b"x"]))
    assert recorder.events == ["request", "error"]


def test_answers_from_the_cache(make_client):
    recorder = Recorder()
    fresh = {"Cache_Control": "max-age=1000"}
    moved = response(b"", "301 Moved", Location="/b", **fresh)
    with serve(answering(moved, response(b"kept", **fresh))) as server:
        client = make_client(event_hooks=recorder.hooks, cache=True)
        client.fetch(server.url)
        assert recorder.events == ["request", "redirect", "request", "response"]
        recorder.told.clear()
        answer = client.fetch(server.url)
    assert recorder.events == ["redirect", "response"]
    (_, away, sent, url), (_, told, following) = recorder.told
    assert (away.from_cache, sent.url, url) == (True, server.url, f"{server.url}b")
    assert (told, following.url, answer.from_cache) == (answer, url, True)


def test_what_the_cache_asks_about(make_client):
    recorder = Recorder()
    stale = response(b"kept", Cache_Control="max-age=0", ETag='"1"')
    same = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nCache-Control: max-age=9\r\n\r\n'
    with serve(answering(stale, same)) as server:
        client = make_client(event_hooks=recorder.hooks, cache=True)
        client.fetch(server.url)
        recorder.told.clear()
        answer = client.fetch(server.url)
    assert recorder.events == ["request", "retry", "response"]
    assert recorder.told[0][1].headers["If-None-Match"] == '"1"'
    assert recorder.told[1][1].code == 304
    assert recorder.told[2][1] is answer


def test_retries_for_a_status_and_for_an_error(make_client):
    recorder = Recorder()
    busy = response(b"", "503 Service Unavailable", Retry_After="0")
    with serve(answering(busy, b""), always()) as server:
        client = make_client(event_hooks=recorder.hooks, retries=3)
        assert client.fetch(server.url).body == b"ok"
    assert recorder.events[:2] == ["request", "retry"]
    assert recorder.events[-2:] == ["request", "response"]
    assert recorder.told[1][1].code == 503


def test_no_answer(make_client):
    recorder = Recorder()
    client = make_client(event_hooks=recorder.hooks)
    with pytest.raises(HTTPClientError) as raised:
        client.fetch("http://127.0.0.1:1/")
    assert recorder.events == ["request", "error"]
    assert str(recorder.told[1][1]) == str(raised.value)


@pytest.mark.parametrize("event", ["request", "response", "redirect", "error"])
def test_what_a_hook_raises_is_raised(make_client, event):
    def fail(*what):
        raise ZeroDivisionError

    with serve(answering(response(b"", "302 Found", Location="/"), OK, OK)) as server:
        client = make_client(event_hooks={event: fail})
        url = "http://127.0.0.1:1/" if event == "error" else server.url
        with pytest.raises(ZeroDivisionError):
            client.fetch(url)
        assert client.flow.pool.statistics["used"] == 0


@pytest.mark.parametrize("event", ["request", "response", "redirect", "error"])
@pytest.mark.parametrize("style", [Awaiting, AwaitingOnUvloop, CallingBack])
def test_a_hook_that_never_ends_is_not_waited_for(style, event):
    async def hang(*what):
        await asyncio.Event().wait()

    with serve(answering(response(b"", "302 Found", Location="/"), OK)) as server:
        client = style(event_hooks={event: hang})
        url = "http://127.0.0.1:1/" if event == "error" else server.url
        with pytest.raises(HTTPTimeoutError, match=f"the hook '{event}': GET {url}") as raised:
            client.fetch(url, request_timeout=0.2)
        assert raised.value.timeout == "request_timeout"
        assert raised.value.url == url
        assert client.flow.pool.statistics["used"] == 0
        client.close()


def test_hooks_see_the_context_of_the_caller(make_client):
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    seen = []
    with serve(always()) as server:
        client = make_client(event_hooks={"response": lambda *what: seen.append(variable.get())})
        variable.set("here")
        client.fetch(server.url)
    assert seen == ["here"]


@pytest.mark.parametrize(
    ("hooks", "words"),
    [
        (7, "a dict of functions, not int"),
        ({"requests": print}, "no event 'requests': event_hooks are for request, response"),
        ({"request": "print"}, "must be a function, not 'p'"),
        ({"request": [None]}, "must be a function, not None"),
    ],
)
def test_what_is_no_hook_is_told_at_once(hooks, words):
    with pytest.raises((TypeError, ValueError), match=words):
        HTTPClient(event_hooks=hooks)


# Progress


def test_how_far_it_has_come(make_client):
    told: list[Progress] = []
    with serve(always(response(b"y" * 300_000))) as server:
        body = b"x" * 200_000
        answer = make_client().fetch(
            server.url, method="POST", body=body, progress_callback=told.append
        )
    assert answer.body == b"y" * 300_000
    assert told[-1] == Progress(200_000, 200_000, 300_000, 300_000)
    assert [now.sent + now.received for now in told] == sorted(
        now.sent + now.received for now in told
    )
    assert told[0].sent < 200_000
    assert told[0].to_receive is None


def test_how_far_a_form_with_files_has_come(make_client, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 300_000)
    told: list[Progress] = []
    with serve(always()) as server:
        make_client().fetch(
            server.url,
            method="POST",
            form={"a": "b"},
            files={"f": path, "g": ("name", b"y" * 100_000)},
            progress_callback=told.append,
        )
    size = int(server.last.headers["content-length"])
    assert size == len(server.last.body) > 400_000
    assert told[-1] == Progress(size, size, 2, 2)
    sent = [now.sent for now in told]
    assert sent == sorted(sent)
    assert max(after - before for before, after in pairwise(sent)) <= 100_000


def test_a_small_body_and_none(make_client):
    told: list[Progress] = []
    with serve(always(response(b""))) as server:
        client = make_client()
        client.fetch(server.url, method="POST", body=b"abc", progress_callback=told.append)
        assert told == [Progress(3, 3, 0, None)]
        told.clear()
        client.fetch(server.url, progress_callback=told.append)
        assert told == []


def test_what_has_no_length(make_client):
    told: list[Progress] = []
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"

    def produce(write):
        return write(b"12345")

    with serve(always(chunked)) as server:
        make_client().fetch(
            server.url, method="PUT", body_producer=produce, progress_callback=told.append
        )
    assert told == [Progress(5, None, 0, None), Progress(5, None, 3, None)]


def test_the_body_of_a_redirect_does_not_count(make_client):
    told: list[Progress] = []
    with serve(answering(response(b"long away", "302 Found", Location="/b"), OK)) as server:
        make_client().fetch(server.url, progress_callback=told.append)
    assert told == [Progress(0, 0, 2, 2)]


def test_what_the_callback_raises_is_raised(make_client):
    def fail(progress):
        raise ZeroDivisionError

    with serve(always()) as server:
        client = make_client()
        with pytest.raises(ZeroDivisionError):
            client.fetch(server.url, progress_callback=fail)
        assert client.flow.pool.statistics["used"] == 0
