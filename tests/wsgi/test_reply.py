"""What an application may say, in which order: without a server."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wsgi.applications import Body, answer

from waterspout.wsgi.reply import Reply, run


class Recorded:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.status = 0
        self.reason: str | None = None
        self.fields = b""
        self.length: int | None = None
        self.pieces: list[bytes] = []
        self.end = ""

    def respond(self, status: int, reason: str | None, fields: bytes, body: bytes) -> None:
        self.start_response(status, reason, fields, len(body))
        self.pieces.append(body)
        self.end = "whole"

    def start_response(self, status: int, reason: str | None, fields: bytes, length: int) -> None:
        assert self.length is None
        self.status, self.reason, self.fields, self.length = status, reason, fields, length

    def send_data(self, data: bytes) -> None:
        assert self.length is not None
        assert data
        self.pieces.append(data)

    def end_response(self) -> None:
        assert not self.end
        self.end = "ended"

    def abort(self) -> None:
        assert not self.end
        self.end = "cut"


def play(application: Any, method: str = "GET") -> Recorded:
    """Run an application to its end, and return what it has sent."""
    sink = Recorded()
    reply = Reply(sink, method == "HEAD", f"{method} /", lambda: None)
    for _ in run(application, {}, reply):
        pass
    return sink


# The body


@pytest.mark.parametrize("pieces", [[], [b""], [b"abc"], (b"ab", b"c"), [b"", b"abc", b""]])
@pytest.mark.parametrize("has_length", [True, False])
def test_a_body_that_is_there_as_a_whole(pieces, has_length):
    body = b"".join(pieces)
    headers = [("Content-Length", str(len(body)))] if has_length else []
    sent = play(answer(pieces, headers=headers))
    assert (sent.length, sent.pieces, sent.end) == (len(body), [body], "whole")
    assert b"Content-Length" not in sent.fields


def test_a_body_in_pieces():
    sent = play(answer(iter([b"", b"a", b"", b"bc"])))
    assert (sent.length, sent.pieces, sent.end) == (-1, [b"a", b"bc"], "ended")


def test_a_body_in_pieces_of_a_length():
    sent = play(answer(iter([b"a", b"bc"]), headers=[("Content-Length", "3")]))
    assert (sent.length, sent.pieces, sent.end) == (3, [b"a", b"bc"], "ended")


def test_a_body_in_one_piece_of_its_length_is_sent_at_once():
    sent = play(answer(iter([b"", b"abc", b""]), headers=[("Content-Length", "3")]))
    assert (sent.length, sent.pieces, sent.end) == (3, [b"abc"], "whole")


def test_no_body_at_all():
    sent = play(answer(iter([])))
    assert (sent.length, sent.pieces, sent.end) == (0, [], "ended")


@pytest.mark.parametrize("make", [list, iter])
def test_a_body_that_is_too_long_is_cut(caplog, make):
    body = Body([b"abc", b"def", b"ghi"])
    pieces = [b"abc", b"def"] if make is list else body
    sent = play(answer(pieces, headers=[("Content-Length", "4")]))
    assert (sent.length, b"".join(sent.pieces), sent.end) == (4, b"abcd", "ended")
    assert len(caplog.records) == 1
    assert "beyond Content-Length" in caplog.text
    if make is iter:
        assert (body.taken, body.closed) == (2, 1)


def test_more_behind_a_body_that_was_sent_at_once(caplog):
    sent = play(answer(iter([b"abc", b"d"]), headers=[("Content-Length", "3")]))
    assert (sent.pieces, sent.end) == ([b"abc"], "whole")
    assert "beyond Content-Length" in caplog.text


@pytest.mark.parametrize("pieces", [[], [b"abc"], iter([]), iter([b"ab", b"c"])])
def test_a_body_that_is_too_short_is_cut_off(caplog, pieces):
    sent = play(answer(pieces, headers=[("Content-Length", "4")]))
    assert (sent.length, sent.end) == (4, "cut")
    assert "but Content-Length says 4" in caplog.text


@pytest.mark.parametrize("status", ["204 No Content", "205 Reset Content", "304 Not Modified"])
@pytest.mark.parametrize("pieces", [[], [b"abc"], iter([b"abc", b"d"])])
def test_a_status_without_a_body(status, pieces):
    sent = play(answer(pieces, status, headers=[]))
    assert (sent.pieces, sent.end) == ([], "ended")
    assert b"Content-Type" not in sent.fields


@pytest.mark.parametrize(
    ("pieces", "headers", "length"),
    [
        ([b"abc"], [], 3),
        ([b"abc"], [("Content-Length", "5")], 5),
        ([], [("Content-Length", "5")], 5),
        ([], [], -1),
        (iter([b"abc"]), [], -1),
        (iter([]), [], -1),
        (iter([]), [("Content-Length", "5")], 5),
    ],
)
def test_head(pieces, headers, length):
    sent = play(answer(pieces, headers=headers), "HEAD")
    assert (sent.length, sent.pieces, sent.end) == (length, [], "ended")


def test_the_body_of_head_is_not_made():
    body = Body([b"a", b"b", b"c"])
    play(answer(body), "HEAD")
    assert (body.taken, body.closed) == (1, 1)


@pytest.mark.parametrize("piece", ["text", 1, None, bytearray(b"a"), memoryview(b"a")])
@pytest.mark.parametrize("make", [list, iter])
def test_a_body_consists_of_bytes(piece, make):
    with pytest.raises(TypeError, match="consists of bytes, not"):
        play(answer(make([piece])))


def test_bytes_are_no_body():
    with pytest.raises(TypeError, match="consists of bytes, not int"):
        play(answer(b"abc"))


@given(
    st.lists(st.binary(max_size=5), max_size=6),
    st.one_of(st.none(), st.integers(0, 20)),
    st.sampled_from([list, tuple, iter]),
    st.sampled_from(["GET", "HEAD"]),
)
def test_what_is_sent_is_what_is_announced(pieces, length, make, method):
    headers = [] if length is None else [("Content-Length", str(length))]
    sent = play(answer(make(pieces), headers=headers), method)
    size = len(b"".join(sent.pieces))
    assert sent.end
    assert sent.length is not None
    if method == "HEAD":
        assert size == 0
    elif sent.end == "cut":
        assert size < sent.length
    else:
        assert sent.length in (-1, size)
        assert b"".join(sent.pieces) == b"".join(pieces)[:length]


# close


@pytest.mark.parametrize("error", [None, RuntimeError("in the body")])
@pytest.mark.parametrize("pieces", [[], [b"a"], [b"a", b"b"], ["text"]])
def test_close_is_called_once(error, pieces):
    body = Body(pieces, error)
    try:
        play(answer(body))
    except (RuntimeError, TypeError):
        assert error or pieces == ["text"]
    assert body.closed == 1


def test_close_is_called_when_the_run_is_given_up():
    body = Body([b"a", b"b", b"c"])
    steps = run(answer(body), {}, Reply(Recorded(), False, "", lambda: None))
    next(steps)
    steps.close()
    assert (body.taken, body.closed) == (2, 1)


# start_response


def test_the_fields():
    headers = [("content-type", "a/b"), ("X-A", "1"), ("Set-Cookie", "a"), ("Set-Cookie", "b")]
    sent = play(answer([], "404 Not here", headers))
    assert (sent.status, sent.reason) == (404, "Not here")
    assert b"Content-Type: a/b\r\n" in sent.fields
    assert b"X-A: 1\r\n" in sent.fields
    assert b"Set-Cookie: a\r\nSet-Cookie: b\r\n" in sent.fields
    assert sent.fields.count(b"Date: ") == 1
    assert sent.fields.count(b"Server: ") == 1
    assert sent.fields.count(b"Content-Type: ") == 1


def test_the_applications_own_fields_replace_the_usual_ones():
    sent = play(answer([], headers=[("Date", "d"), ("Server", "s"), ("X-\xe9"[:2], "\xe9")]))
    assert b"Date: d\r\n" in sent.fields
    assert b"Server: s\r\n" in sent.fields
    assert b"X-: \xe9\r\n" in sent.fields
    assert b"Content-Type: text/html; charset=UTF-8\r\n" in sent.fields


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [("200 OK", 200, "OK"), ("200", 200, None), ("200 ", 200, ""), ("999 A b", 999, "A b")],
)
def test_a_status(status, code, reason):
    sent = play(answer([], status))
    assert (sent.status, sent.reason) == (code, reason)


@pytest.mark.parametrize(
    "status",
    [
        "",
        "OK",
        "20 OK",
        "2000 OK",
        "100 Continue",
        "101 Switching Protocols",
        "099 A",
        "-20 A",
        "+200",
        " 200 OK",
        "200\tOK",
        "200OK",
        "\u0662\u0660\u0660 OK",
        "200 OK\r\nX: y",
        "200 OK\n",
        "200 \0",
        "200 \u20ac",
    ],
)
def test_a_status_that_is_none(status):
    with pytest.raises(ValueError, match=r"status|reason"):
        play(answer([], status))


@pytest.mark.parametrize("status", [200, b"200 OK", None])
def test_a_status_of_another_type(status):
    with pytest.raises(TypeError, match="the status is str"):
        play(answer([], status))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("A", "b\r\nC: d"),
        ("A", "b\nC: d"),
        ("A", "b\rC: d"),
        ("A", "b\0"),
        ("A", "\u20ac"),
        ("A\r\nB", "c"),
        ("A:", "b"),
        ("A b", "c"),
        ("", "a"),
        ("\xe9", "a"),
    ],
)
def test_a_field_that_would_break_out_of_its_line(name, value):
    with pytest.raises(ValueError, match=r"start_response\(\)"):
        play(answer([], headers=[(name, value)]))


@pytest.mark.parametrize(
    "field", [("A", 1), ("A", b"b"), (b"A", "b"), ("A", None), ("A",), ["A", "b"], "Ab", None]
)
def test_a_field_of_another_type(field):
    with pytest.raises(TypeError):
        play(answer([], headers=[field]))


@pytest.mark.parametrize(
    "name",
    [
        "Connection",
        "Keep-Alive",
        "keep-alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Trailers",
        "Transfer-Encoding",
        "Upgrade",
    ],
)
def test_a_field_that_is_the_servers(name):
    with pytest.raises(ValueError, match="is for the server to say"):
        play(answer([], headers=[("A", "b"), (name, "x")]))


@pytest.mark.parametrize("length", ["", "+5", "-1", "1_0", "5 ", "abc", "9" * 30, "5,5"])
def test_a_length_that_is_none(length):
    with pytest.raises(ValueError, match="invalid Content-Length"):
        play(answer([b"hello"], headers=[("Content-Length", length)]))


def test_two_lengths():
    headers = [("Content-Length", "5"), ("Content-Length", "5")]
    with pytest.raises(ValueError, match="invalid Content-Length"):
        play(answer([b"hello"], headers=headers))


def test_start_response_is_not_called():
    for body in ([b"a"], [], iter([b"a"]), iter([])):
        with pytest.raises(AssertionError, match="has not called start_response"):
            play(lambda environ, start_response, body=body: body)


def test_start_response_is_called_with_the_first_piece():
    def application(environ, start_response):
        yield b""
        start_response("201 Created", [])
        yield b"abc"

    sent = play(application)
    assert (sent.status, sent.pieces) == (201, [b"abc"])


def test_start_response_is_called_twice():
    def application(environ, start_response):
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    with pytest.raises(AssertionError, match="called twice without exc_info"):
        play(application)


def exc_info() -> Any:
    try:
        raise RuntimeError("the reason")
    except RuntimeError:
        return sys.exc_info()


def test_an_error_page_replaces_what_was_not_sent():
    def application(environ, start_response):
        start_response("200 OK", [("A", "b"), ("Content-Length", "1")])
        start_response("500 Sorry", [("C", "d")], exc_info())
        return [b"sorry"]

    sent = play(application)
    assert (sent.status, sent.reason, sent.pieces) == (500, "Sorry", [b"sorry"])
    assert b"A: b" not in sent.fields
    assert b"C: d" in sent.fields


def test_an_error_page_where_nothing_was_said_before():
    def application(environ, start_response):
        start_response("500 Sorry", [], exc_info())
        return [b"sorry"]

    assert play(application).status == 500


@pytest.mark.parametrize("piece", [b"half", b"whole"])
def test_an_error_behind_the_head_is_raised(piece):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "5")])
        yield piece
        start_response("500 Sorry", [], exc_info())

    with pytest.raises(RuntimeError, match="the reason"):
        play(application)


def test_no_error_behind_the_head():
    def application(environ, start_response):
        start_response("200 OK", [])
        yield b"half"
        start_response("500 Sorry", [], (None, None, None))

    with pytest.raises(AssertionError, match="the response has begun"):
        play(application)


# write


def test_write():
    waits: list[int] = []

    def application(environ, start_response):
        write = start_response("200 OK", [])
        write(b"a")
        write(b"")
        write(b"b")
        return [b"c"]

    sink = Recorded()
    for _ in run(application, {}, Reply(sink, False, "", lambda: waits.append(1))):
        pass
    assert (sink.length, sink.pieces, sink.end) == (-1, [b"a", b"b", b"c"], "ended")
    assert len(waits) == 3


def test_write_of_a_length():
    def application(environ, start_response):
        write = start_response("200 OK", [("Content-Length", "3")])
        write(b"a")
        return [b"bc"]

    sent = play(application)
    assert (sent.length, sent.pieces, sent.end) == (3, [b"a", b"bc"], "ended")


def test_write_of_no_bytes():
    def application(environ, start_response):
        start_response("200 OK", [])("text")

    with pytest.raises(TypeError, match="not str"):
        play(application)
