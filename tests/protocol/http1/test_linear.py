"""Work grows with the input, not with its square: by counting, and by the processor's time.

The counts are of lines that are run, so they are exact, but know the interpreted form only and
nothing of what happens inside one line, as the copying of bytes. The times know both, and as they
also know what else the machine does, only what is far from linear again and again is held wrong.
"""

import time
from collections.abc import Callable

import pytest
from tests.protocol.http1.transcript import byte_by_byte, read_requests, read_response
from tests.work import lines_run

from waterspout.protocol import headers as headers_module
from waterspout.protocol.errors import HTTPInputError
from waterspout.protocol.grammar import is_host
from waterspout.protocol.headers import HTTPHeaders, check_field_value, encode_fields
from waterspout.protocol.http1 import Limits

HUGE = Limits(
    max_start_line_size=2**40,
    max_header_size=2**40,
    max_header_count=2**40,
    max_body_size=2**40,
    max_chunk_line_size=2**40,
    max_interim_responses=2**40,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def ends(raw: bytes, fragments: list[bytes] | None = None) -> None:
    transcript = read_requests(fragments or [raw], HUGE)
    assert transcript[-1][0] in ("closed", "close")


def in_lines(raw: bytes) -> list[bytes]:
    return raw.splitlines(keepends=True)


def a_long_target(n: int) -> None:
    raw = b"GET /" + b"a" * n + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    ends(raw, byte_by_byte(raw))


def a_long_value(n: int) -> None:
    raw = GET + b"A: " + b"b" * n + b"\r\n\r\n"
    ends(raw, byte_by_byte(raw))


def a_long_name(n: int) -> None:
    raw = GET + b"A" * n + b": b\r\n\r\n"
    ends(raw, byte_by_byte(raw))


def fields_byte_by_byte(n: int) -> None:
    raw = GET + b"A: b\r\n" * (n // 6) + b"\r\n"
    ends(raw, byte_by_byte(raw))


def fields_behind_another_request(n: int) -> None:
    raw = GET + b"\r\n" + GET + b"A: b\r\n" * (n // 6) + b"\r\n"
    ends(raw, byte_by_byte(raw))


def many_fields_of_one_name(n: int) -> None:
    headers = HTTPHeaders()
    for _ in range(n):
        headers.add("A", "b")
    assert len(headers["A"]) == 2 * n - 1
    assert len(headers.get_list("a")) == n
    assert len(encode_fields(headers)) == 6 * n


def many_fields_of_one_name_on_the_wire(n: int) -> None:
    raw = GET + b"A: b\r\n" * n + b"\r\n"
    ends(raw)


def many_lines_of_text(n: int) -> None:
    assert len(HTTPHeaders.parse("A: b\r\n" * n)) == 1


def many_connection_options(n: int) -> None:
    ends(GET + b"Connection: " + b"a," * n + b"\r\n\r\n")


def requests_sent_ahead(n: int) -> None:
    ends((GET + b"\r\n") * (n // 20))


def a_body(n: int) -> None:
    raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % n + b"a" * n
    ends(raw, byte_by_byte(raw))


def chunks_at_once(n: int) -> None:
    ends(CHUNKED + b"1\r\na\r\n" * n + b"0\r\n\r\n")


def chunks_byte_by_byte(n: int) -> None:
    raw = CHUNKED + b"1\r\na\r\n" * (n // 6) + b"0\r\n\r\n"
    ends(raw, byte_by_byte(raw))


def a_long_extension(n: int) -> None:
    raw = CHUNKED + b"1;" + b"a" * n + b"\r\na\r\n0\r\n\r\n"
    ends(raw, byte_by_byte(raw))


def a_long_extension_of_white_space(n: int) -> None:
    raw = CHUNKED + b"1" + b" " * n + b";\r\na\r\n0\r\n\r\n"
    ends(raw, [CHUNKED, *byte_by_byte(raw[len(CHUNKED) :])])


def trailers_byte_by_byte(n: int) -> None:
    raw = CHUNKED + b"0\r\n" + b"A: b\r\n" * (n // 6) + b"\r\n"
    ends(raw, byte_by_byte(raw))


def trailers_line_by_line(n: int) -> None:
    raw = CHUNKED + b"1\r\na\r\n0\r\n" + b"A: b\r\n" * (n // 3) + b"\r\n"
    ends(raw, in_lines(raw))


def interim_responses(n: int) -> None:
    raw = b"HTTP/1.1 103 X\r\n\r\n" * (n // 18) + b"HTTP/1.1 204 X\r\n\r\n"
    assert read_response(byte_by_byte(raw), limits=HUGE)[-1] == ("left", b"")


def a_body_until_the_end(n: int) -> None:
    raw = b"HTTP/1.1 200 X\r\n\r\n" + b"a" * n
    transcript = read_response(byte_by_byte(raw), limits=HUGE)
    assert transcript[-1] == ("left", b"")


def values_and_hosts(n: int) -> None:
    for value in ("a" * n, "\xe9" * n, "a\t" * n):
        check_field_value(value)
    with pytest.raises(HTTPInputError):
        check_field_value("a" * n + "\x00")
    for host in (b"a" * n, b"%41" * n, b"[" + b"a:" * n + b"]", b"[v1." + b"a" * n + b"]"):
        assert is_host(host)
        assert not is_host(host + b"@")
        assert not is_host(host[:-1] + b"%")


SCENARIOS = [
    a_long_target,
    a_long_value,
    a_long_name,
    fields_byte_by_byte,
    fields_behind_another_request,
    many_fields_of_one_name,
    many_fields_of_one_name_on_the_wire,
    many_lines_of_text,
    many_connection_options,
    requests_sent_ahead,
    a_body,
    chunks_at_once,
    chunks_byte_by_byte,
    a_long_extension,
    a_long_extension_of_white_space,
    trailers_byte_by_byte,
    trailers_line_by_line,
    interim_responses,
    a_body_until_the_end,
    values_and_hosts,
]

# Each line that comes in a fragment of its own has the bytes of its section copied together once
# more: the number of lines times their size, which are 100 and 64 KiB at most.
COPIED_LINE_BY_LINE = {
    fields_byte_by_byte,
    fields_behind_another_request,
    trailers_byte_by_byte,
    trailers_line_by_line,
}

IS_INTERPRETED = (headers_module.__file__ or "").endswith(".py")


@pytest.mark.skipif(not IS_INTERPRETED, reason="lines are counted in the interpreted form")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_twice_the_input_runs_twice_the_lines(scenario):
    scenario(300)  # what is remembered is remembered now
    once = lines_run(lambda: scenario(3000), "/waterspout/protocol/")
    twice = lines_run(lambda: scenario(6000), "/waterspout/protocol/")
    assert once > 0
    assert twice < 2.3 * once


@pytest.mark.slow
@pytest.mark.parametrize(
    "scenario", [scenario for scenario in SCENARIOS if scenario not in COPIED_LINE_BY_LINE]
)
def test_sixteen_times_the_input_takes_about_sixteen_times_the_time(scenario):
    size = 2000
    while (once := processor_time(scenario, size)) < 0.02:
        size *= 2
    # A square would be 256 times, each time: a factor of 2.5 is left to other programs.
    for _ in range(5):
        if processor_time(scenario, 16 * size) < 40 * once:
            break
        once = max(once, processor_time(scenario, size))
    else:
        pytest.fail(f"{scenario.__name__}: the time grows with the square")


def processor_time(scenario: Callable[[int], None], size: int) -> float:
    start = time.process_time()
    scenario(size)
    return time.process_time() - start


# The sizes that attackers use, which must simply be over soon: the runner has a timeout.


def test_a_head_of_64_kib_byte_by_byte():
    raw = GET + b"A: " + b"b" * 65000 + b"\r\n\r\n"
    assert read_requests(byte_by_byte(raw))[-1] == ("closed",)


def test_a_hundred_fields_in_fragments():
    raw = GET + b"".join(b"A%02d: %b\r\n" % (index, b"b" * 600) for index in range(99)) + b"\r\n"
    for size in (1, 2, 3, 7, 64, 1000):
        fragments = [raw[start : start + size] for start in range(0, len(raw), size)]
        assert read_requests(fragments)[-1] == ("closed",)


@pytest.mark.slow
def test_a_million_tiny_chunks():
    raw = CHUNKED + b"1\r\na\r\n" * 1_000_000 + b"0\r\n\r\n"
    transcript = read_requests([raw[start : start + 65536] for start in range(0, len(raw), 65536)])
    assert transcript[1] == ("body", b"a" * 1_000_000)
    assert transcript[-1] == ("closed",)


def test_50_000_fields_of_one_name():
    many_fields_of_one_name(50_000)
