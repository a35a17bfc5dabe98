"""The parsers of heads: what they accept, how they go on, and where their bounds are."""

import pytest
from tests.protocol.http1.transcript import byte_by_byte, read_requests, read_response

from waterspout.protocol.errors import RemoteProtocolError
from waterspout.protocol.grammar import FIELD_VALUE, TARGET, TOKEN
from waterspout.protocol.http1 import Limits
from waterspout.protocol.http1.parser import RequestParser, ResponseParser, scan_fields

LIMITS = Limits()


def parse_request(raw: bytes, limits: Limits = LIMITS):
    """Parse ``raw`` whole; byte by byte must give the same."""
    parser = RequestParser(limits)
    head = parser.parse(raw, 0)
    piecewise = RequestParser(limits)
    again = None
    for size in range(len(raw) + 1):
        again = piecewise.parse(raw[:size], 0)
        if again is not None:
            break
    if head is None or again is None:
        assert head is again is None
        return None
    assert (head.method, head.target, head.version, head.host, head.end, head.lines) == (
        again.method,
        again.target,
        again.version,
        again.host,
        again.end,
        again.lines,
    )
    return head


def parse_response(raw: bytes, limits: Limits = LIMITS):
    head = ResponseParser(limits).parse(raw, 0)
    assert head is not None
    return head


def get(*fields: bytes, line: bytes = b"GET / HTTP/1.1", host: bytes = b"Host: a") -> bytes:
    return b"\r\n".join([line, host, *fields, b"", b""])


# The request line


@pytest.mark.parametrize(
    "method", ["GET", "get", "G", "GEX", "M-SEARCH", "!#$%&'*+-.^_`|~", "PURGE", "X" * 99]
)
def test_a_method_is_any_token(method):
    head = parse_request(get(line=f"{method} / HTTP/1.1".encode()))
    assert head.method == method


def test_each_byte_in_a_method():
    for byte in range(256):
        raw = get(line=b"G%cT / HTTP/1.1" % byte)
        if TOKEN[byte]:
            assert parse_request(raw).method == f"G{chr(byte)}T"
        else:
            with pytest.raises(RemoteProtocolError) as caught:
                RequestParser(LIMITS).parse(raw, 0)
            assert caught.value.status == 400


def test_each_byte_in_a_target():
    for byte in range(256):
        raw = get(line=b"GET /a%cb HTTP/1.1" % byte)
        if TARGET[byte]:
            assert parse_request(raw).target == f"/a{chr(byte)}b"
        else:
            with pytest.raises(RemoteProtocolError) as caught:
                RequestParser(LIMITS).parse(raw, 0)
            assert caught.value.status == 400


def test_each_byte_in_a_name():
    for byte in range(256):
        raw = get(b"A%cb: c" % byte)
        if TOKEN[byte] or byte == ord(":"):
            assert parse_request(raw) is not None
        else:
            with pytest.raises(RemoteProtocolError) as caught:
                RequestParser(LIMITS).parse(raw, 0)
            assert caught.value.status == 400


def test_each_byte_in_a_value():
    for byte in range(256):
        raw = get(b"A: b%cc" % byte)
        if FIELD_VALUE[byte]:
            assert parse_request(raw).headers["A"] == f"b{chr(byte)}c"
        else:
            with pytest.raises(RemoteProtocolError) as caught:
                RequestParser(LIMITS).parse(raw, 0)
            assert caught.value.status == 400


@pytest.mark.parametrize(
    ("method", "target", "host"),
    [
        ("GET", "/", "a"),
        ("GET", "//b/c", "a"),
        ("GET", '/?q=a&b[]={c}|d\\e^f`g"<h>', "a"),
        ("GET", "/%00%zz", "a"),
        ("GET", "/a:b@c", "a"),
        ("GET", "http://a/", "a"),
        ("GET", "http://A", "A"),
        ("GET", "HTTP://a/b?c", "a"),
        ("GET", "https://a?b", "a"),
        ("OPTIONS", "*", "a"),
        ("OPTIONS", "/", "a"),
        ("OPTIONS", "http://a", "a"),
        ("CONNECT", "b:443", "a"),
        ("CONNECT", "[::1]:443", "a"),
        ("connect", "/", "a"),
        ("PROPFIND", "/", "a"),
    ],
)
def test_the_forms_of_a_target(method, target, host):
    head = parse_request(get(line=f"{method} {target} HTTP/1.1".encode()))
    assert (head.method, head.target, head.host) == (method, target, host)


@pytest.mark.parametrize(
    ("line", "fields", "host"),
    [
        (b"GET / HTTP/1.0", b"", ""),
        (b"GET / HTTP/1.0", b"Host: a\r\n", "a"),
        (b"GET http://a:80/ HTTP/1.0", b"", "a:80"),
        (b"GET http://a:80/ HTTP/1.0", b"Host: A:80\r\n", "a:80"),
        (b"GET / HTTP/1.1", b"hOST:a:8888\r\n", "a:8888"),
        (b"GET / HTTP/1.1", b"Host:\t[::1]:80 \r\n", "[::1]:80"),
        (b"GET / HTTP/1.1", b"A: b\r\nHost: a_b.example\r\nB: c\r\n", "a_b.example"),
    ],
)
def test_host(line, fields, host):
    head = parse_request(line + b"\r\n" + fields + b"\r\n")
    assert head.host == host


def test_the_host_of_the_request_before_is_not_that_of_the_next():
    parser = RequestParser(LIMITS)
    for host in (b"a", b"a", b"b", b"a", b"A"):
        head = parser.parse(get(host=b"Host: " + host), 0)
        assert head is not None
        assert head.host == host.decode()
    head = parser.parse(b"GET / HTTP/1.0\r\n\r\n", 0)
    assert head is not None
    assert head.host == ""
    with pytest.raises(RemoteProtocolError, match="no Host"):
        parser.parse(b"GET / HTTP/1.1\r\n\r\n", 0)


@pytest.mark.parametrize(("version", "is_http11"), [("HTTP/1.1", True), ("HTTP/1.0", False)])
def test_versions(version, is_http11):
    head = parse_request(get(line=f"GET / {version}".encode()))
    assert head.version == version
    assert head.is_http11 is is_http11


def test_one_empty_line_is_passed_over():
    head = parse_request(b"\r\n" + get())
    assert head.target == "/"
    assert head.headers["Host"] == "a"


# What frames a message


@pytest.mark.parametrize(
    ("fields", "length", "is_chunked"),
    [
        ([], -1, False),
        ([b"Content-Length: 0"], 0, False),
        ([b"Content-Length: 5"], 5, False),
        ([b"Content-Length:5"], 5, False),
        ([b"content-length: \t5\t "], 5, False),
        ([b"CONTENT-LENGTH: 005"], 5, False),
        ([b"Content-Length: 5", b"content-length: 5"], 5, False),
        ([b"Content-Length: 5", b"Content-Length: 05"], 5, False),
        ([b"Content-Length: " + b"9" * 18], 10**18 - 1, False),
        ([b"Transfer-Encoding: chunked"], -1, True),
        ([b"transfer-ENCODING:CHUNKED"], -1, True),
        ([b"Transfer-Encoding: \tChunked\t"], -1, True),
        # Other names that look alike
        ([b"Content-Lengthy: x", b"Content_Length: x", b"Content-Lengt: x"], -1, False),
        ([b"Transfer_Encoding: x", b"Transfer-Encodings: x", b"Transfer: x"], -1, False),
        ([b"X-Content-Length: 5", b"TE: chunked", b"Trailer: a"], -1, False),
    ],
)
def test_framing(fields, length, is_chunked):
    head = parse_request(get(*fields))
    assert head.content_length == length
    assert head.is_chunked is is_chunked
    response = parse_response(b"\r\n".join([b"HTTP/1.1 200 OK", *fields, b"", b""]))
    assert response.content_length == length
    assert response.is_chunked is is_chunked


@pytest.mark.parametrize(
    ("fields", "close", "keep", "upgrade"),
    [
        ([], False, False, False),
        ([b"Connection:"], False, False, False),
        ([b"Connection: close"], True, False, False),
        ([b"connection: CLOSE"], True, False, False),
        ([b"Connection: keep-alive"], False, True, False),
        ([b"Connection: Keep-Alive, Upgrade"], False, True, True),
        ([b"Connection: upgrade"], False, False, True),
        ([b"Connection: ,close , keep-alive,"], True, True, False),
        ([b"Connection: close", b"Connection: upgrade"], True, False, True),
        ([b"Connection: closed, xclose, close-x"], False, False, False),
        ([b"Connections: close"], False, False, False),
        ([b'Connection: "close"'], False, False, False),
        ([b"Connection: clo\xc5\xbfe"], False, False, False),
    ],
)
def test_connection_options(fields, close, keep, upgrade):
    for version in (b"1.1", b"1.0"):
        head = parse_request(get(*fields, line=b"GET / HTTP/" + version))
        assert head.has_close is close
        assert head.has_keep_alive is keep
        assert head.has_upgrade is (upgrade and version == b"1.1")


@pytest.mark.parametrize(
    ("fields", "version", "expects"),
    [
        ([], b"1.1", False),
        ([b"Expect: 100-continue"], b"1.1", True),
        ([b"expect: 100-Continue"], b"1.1", True),
        ([b"Expect: 100-continue", b"Expect: 100-continue"], b"1.1", True),
        ([b"Expect: 100-continue"], b"1.0", False),
        ([b"Expected: 5", b"Expec: 5"], b"1.1", False),
    ],
)
def test_expectations(fields, version, expects):
    head = parse_request(get(*fields, line=b"POST / HTTP/" + version))
    assert head.expects_continue is expects


def test_a_response_knows_no_expectation_and_no_host():
    head = parse_response(b"HTTP/1.1 200 OK\r\nHost: ???\r\nHost: a\r\nExpect: x\r\n\r\n")
    assert head.headers.get_list("Host") == ["???", "a"]


# The status line


@pytest.mark.parametrize(
    ("line", "status", "reason", "version"),
    [
        (b"HTTP/1.1 200 OK", 200, "OK", "HTTP/1.1"),
        (b"HTTP/1.0 200 OK", 200, "OK", "HTTP/1.0"),
        (b"HTTP/1.1 404 Not Found", 404, "Not Found", "HTTP/1.1"),
        (b"HTTP/1.1 200 ", 200, "", "HTTP/1.1"),
        (b"HTTP/1.1 200", 200, "", "HTTP/1.1"),
        (b"HTTP/1.1 200 \t a \t", 200, "a", "HTTP/1.1"),
        (b"HTTP/1.1 200 \xe9", 200, "\xe9", "HTTP/1.1"),
        (b"HTTP/1.1 100 Continue", 100, "Continue", "HTTP/1.1"),
        (b"HTTP/1.1 999 ?", 999, "?", "HTTP/1.1"),
    ],
)
def test_status_lines(line, status, reason, version):
    raw = line + b"\r\nA: b\r\n\r\nrest"
    head = parse_response(raw)
    assert (head.status, head.reason, head.version) == (status, reason, version)
    assert head.headers["A"] == "b"
    assert raw[head.end :] == b"rest"
    piecewise = ResponseParser(LIMITS)
    for size in range(len(raw)):
        again = piecewise.parse(raw[:size], 0)
        if again is not None:
            assert size == head.end
            assert (again.status, again.reason) == (status, reason)
            break
    else:
        raise AssertionError("never complete")


def test_each_byte_in_a_reason():
    for byte in range(256):
        raw = b"HTTP/1.1 200 a%cb\r\n\r\n" % byte
        if FIELD_VALUE[byte]:
            assert parse_response(raw).reason == f"a{chr(byte)}b"
        else:
            with pytest.raises(RemoteProtocolError):
                ResponseParser(LIMITS).parse(raw, 0)


@pytest.mark.parametrize("data", [b"G", b"H\x00", b"HTTQ", b"\r\n", b"\x16\x03\x01", b"<html>"])
def test_what_is_no_response_is_refused_at_its_first_bytes(data):
    with pytest.raises(RemoteProtocolError, match="no HTTP response"):
        ResponseParser(LIMITS).parse(data, 0)


# Bounds. The size of a line counts its CRLF.


def request_line_of(size: int) -> bytes:
    return b"GET /" + b"a" * (size - 16) + b" HTTP/1.1\r\n"


@pytest.mark.parametrize("most", [64, 4096, 8192])
def test_bound_of_the_request_line(most):
    limits = Limits(max_start_line_size=most)
    for size in (most - 1, most):
        raw = request_line_of(size) + b"Host: a\r\n\r\n"
        assert len(request_line_of(size)) == size
        for fragments in ([raw], byte_by_byte(raw), [b"\r\n" + raw]):
            transcript = read_requests(fragments, limits)
            assert len(transcript[0][2]) == size - 15
            assert transcript[1:] == [("end", None), ("closed",)]
    for size in (most + 1, most + 2, most + 100):
        raw = request_line_of(size) + b"Host: a\r\n\r\n"
        for fragments in ([raw], byte_by_byte(raw), [b"\r\n" + raw], [raw[:most]]):
            assert read_requests(fragments, limits, has_eof=False) == [("error", 414)]
        # The next request on a connection is held to the same bound.
        good = request_line_of(most) + b"Host: a\r\n\r\n"
        assert read_requests([good + raw], limits)[-1] == ("error", 414)
        assert read_requests([good + raw[:most]], limits)[-1] == ("error", 414)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"G" * 63, None),
        (b"G" * 64, 414),
        (b"G" * 65, 414),
        (b"G" * 63 + b"\n", 400),
        (b"G" * 64 + b"\n", 414),
        (b"GET /" + b"a" * 58, None),
        (b"GET /" + b"a" * 59, 414),
        (b"GET /" + b"a" * 59 + b"\r\n", 414),
        (b"GET /" + b"a" * 54 + b" HTTP", 414),
    ],
)
def test_bound_of_an_incomplete_request_line(raw, status):
    transcript = read_requests([raw], Limits(max_start_line_size=64), has_eof=False)
    assert transcript == ([] if status is None else [("error", status)])


def test_bound_of_the_status_line():
    limits = Limits(max_start_line_size=64)
    for size in (63, 64, 65, 66):
        raw = b"HTTP/1.1 200 " + b"a" * (size - 15) + b"\r\n"
        assert len(raw) == size
        for fragments in (
            [raw + b"\r\n"],
            byte_by_byte(raw + b"\r\n"),
            [raw[:64], raw[64:], b"\r\n"],
        ):
            transcript = read_response(fragments, limits=limits)
            if size <= 64:
                assert transcript[0][:2] == ("response", 200)
            else:
                assert transcript == [("error", 414)]


def fields_of(size: int, count: int = 1) -> bytes:
    """Return ``count`` field lines that make up ``size`` bytes with their CRLF."""
    lines = [b"A%d: b\r\n" % index for index in range(count - 1)]
    rest = size - sum(map(len, lines))
    return b"".join([*lines, b"Z: " + b"z" * (rest - 5) + b"\r\n"])


@pytest.mark.parametrize("count", [1, 2, 10])
@pytest.mark.parametrize("most", [200, 65536])
@pytest.mark.slow
def test_bound_of_all_fields(most, count):
    limits = Limits(max_header_size=most)
    host = b"Host: a\r\n"
    for size in (most - 1, most, most + 1, most + 2):
        fields = host + fields_of(size - len(host), count)
        assert len(fields) == size
        raw = b"GET / HTTP/1.1\r\n" + fields + b"\r\n"
        last = len(raw) - 1
        for fragments in (
            [raw],
            [raw[:last], raw[last:]],
            [raw[: last - 1], raw[last - 1 :]],
            [raw[: last - 2], raw[last - 2 :]],
            [raw[: last - 3], raw[last - 3 :]],
            byte_by_byte(raw),
        ):
            transcript = read_requests(fragments, limits)
            if size <= most:
                assert [entry[0] for entry in transcript] == ["request", "end", "closed"]
            else:
                assert transcript == [("error", 431)]


def test_bound_of_a_field_that_never_ends():
    limits = Limits(max_header_size=200)
    start = b"GET / HTTP/1.1\r\n"
    for field in (b"A" * 201, b"A: " + b"b" * 198, b"A:" + b" " * 199):
        assert read_requests([start + field], limits, has_eof=False) == [("error", 431)]
        assert read_requests([start + field[:200]], limits, has_eof=False) == []


@pytest.mark.parametrize("most", [1, 5, 100])
def test_bound_of_the_number_of_fields(most):
    limits = Limits(max_header_count=most)
    for count in (most - 1, most, most + 1):
        raw = b"GET / HTTP/1.0\r\n" + b"A: b\r\n" * count + b"\r\n"
        for fragments in ([raw], byte_by_byte(raw), raw.splitlines(keepends=True)):
            transcript = read_requests(fragments, limits)
            if count <= most:
                assert [entry[0] for entry in transcript] == ["request", "end", "close"]
            else:
                assert transcript == [("error", 431)]


def test_bounds_hold_for_responses():
    limits = Limits(max_header_size=200, max_header_count=5)
    line = b"HTTP/1.1 204 No Content\r\n"
    for fields, is_good in (
        (fields_of(200), True),
        (fields_of(201), False),
        (b"A: b\r\n" * 5, True),
        (b"A: b\r\n" * 6, False),
    ):
        raw = line + fields + b"\r\n"
        for fragments in ([raw], byte_by_byte(raw)):
            transcript = read_response(fragments, limits=limits)
            assert (transcript[0][0] == "response") is is_good


# Going on


def test_a_parser_goes_on_where_it_stopped():
    raw = get(*[b"A%d: b" % index for index in range(20)])
    for size in range(len(raw)):
        parser = RequestParser(LIMITS)
        assert parser.parse(raw[:size], 0) is None
        head = parser.parse(raw, 0)
        assert head is not None
        assert head.end == len(raw)
        assert len(head.lines) == 22
        # It has forgotten it all.
        again = parser.parse(raw, 0)
        assert again is not None
        assert again is not head
        assert len(again.lines) == 22


def test_restart_forgets_an_incomplete_head():
    parser = RequestParser(LIMITS)
    raw = get(b"A: b")
    assert parser.parse(b"XX" + raw[:-2], 2) is None
    parser.restart()
    head = parser.parse(raw, 0)
    assert head is not None
    assert len(head.lines) == 3
    responses = ResponseParser(LIMITS)
    assert responses.parse(b"XXHTTP/1.1 200 OK\r\nA: b\r\n", 2) is None
    responses.restart()
    found = responses.parse(b"HTTP/1.1 404 OK\r\nA: b\r\n\r\n", 0)
    assert found is not None
    assert found.status == 404


def test_a_head_is_parsed_from_where_it_begins():
    raw = get(b"A: b")
    for before in (b"", b"\n", b"x" * 100, raw):
        head = RequestParser(LIMITS).parse(before + raw + b"rest", len(before))
        assert head is not None
        assert head.end == len(before + raw)
        assert head.headers["A"] == "b"


@pytest.mark.parametrize("kind", [RequestParser, ResponseParser])
def test_a_start_outside_the_data_reads_nothing(kind):
    for start in (-1, -100, -(2**40)):
        with pytest.raises(ValueError, match="before its data"):
            kind(LIMITS).parse(get(), start)
    for start in (len(get()), len(get()) + 1, 2**40):
        assert kind(LIMITS).parse(get(), start) is None


def test_data_that_shrinks_reads_nothing():
    parser = RequestParser(LIMITS)
    assert parser.parse(get(b"A: b")[:-2], 0) is None
    with pytest.raises(ValueError, match="not in the data"):
        parser.parse(b"GET", 0)


@pytest.mark.parametrize("position", [-(2**40), -1, 1, 2**40])
def test_scan_fields_reads_nothing_outside_the_data(position):
    with pytest.raises(ValueError, match="not in the data"):
        scan_fields(b"", position, 0, [], 100, 100)


@pytest.mark.parametrize(
    ("data", "end", "lines"),
    [
        (b"", ~0, []),
        (b"\r", ~0, []),
        (b"\r\n", 0, []),
        (b"A", ~0, []),
        (b"A:", ~0, []),
        (b"A: b", ~0, []),
        (b"A: b\r", ~0, []),
        (b"A: b\r\n", ~6, [0]),
        (b"A: b\r\n\r", ~6, [0]),
        (b"A: b\r\n\r\n", 6, [0]),
        (b"A: b\r\nC:\r\n\r\nrest\x00", 10, [0, 6]),
    ],
)
def test_scan_fields(data, end, lines):
    found: list[int] = []
    assert scan_fields(data, 0, 0, found, 100, 100) == end
    assert found == lines
    # Not at the beginning of the data
    found = []
    position = scan_fields(b"12345" + data, 5, 5, found, 100, 100)
    assert position == (end + 5 if end >= 0 else ~(~end + 5))
    assert found == [line + 5 for line in lines]


@pytest.mark.parametrize("wrong", [None, "text", 5])
def test_what_is_no_bytes_is_a_type_error(wrong):
    for call in (
        lambda: RequestParser(LIMITS).parse(wrong, 0),
        lambda: ResponseParser(LIMITS).parse(wrong, 0),
        lambda: scan_fields(wrong, 0, 0, [], 1, 1),
    ):
        with pytest.raises((TypeError, AttributeError)):
            call()


def test_messages_show_a_short_excerpt():
    for raw in (
        get(line=b"GET /" + b"\xff" * 5000 + b" HTTP/1.1"),
        get(host=b"Host: " + b"?" * 5000),
        get(b"Content-Length: " + b"x" * 5000),
        get(b"Transfer-Encoding: " + b"x" * 5000),
        get(b"x" * 5000 + b": \x00"),
        get(line=b"GET " + b"x" * 5000 + b" HTTP/1.1"),
    ):
        with pytest.raises(RemoteProtocolError) as caught:
            RequestParser(LIMITS).parse(raw, 0)
        assert len(str(caught.value)) < 250
        assert str(caught.value).isascii()
        assert str(caught.value).isprintable()
