"""What holds for all streams: fragments, noise, and what we write ourselves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocol.http1.strategies import Message, cuts, noise, requests, responses
from tests.protocol.http1.transcript import (
    byte_by_byte,
    comparable,
    cut,
    read_requests,
    read_response,
    round_trip,
)

from waterspout.protocol.headers import HTTPHeaders, encode_fields
from waterspout.protocol.http1 import ClientConnection, EncodedRequest, Limits, ServerConnection
from waterspout.protocol.http1.states import CHUNK_SIZE

# The deep profile tries many more examples.
pytestmark = pytest.mark.timeout(1200)

LIMITS = Limits()
SMALL = Limits(
    max_start_line_size=60,
    max_header_size=120,
    max_header_count=5,
    max_body_size=40,
    max_chunk_line_size=12,
    max_interim_responses=1,
    max_chunks_per_turn=2,
)


def as_headers(fields: list[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    headers = HTTPHeaders()
    for name, value in fields:
        headers.add(name.decode(), value.decode("latin-1"))
    return tuple(headers.get_all())


def meant(message: Message, *, is_request: bool) -> list[tuple[Any, ...]]:
    """Return what a transcript should show of a message, in short."""
    told: list[tuple[Any, ...]] = [("head", message.start, as_headers(message.fields))]
    if message.body:
        told.append(("body", message.body))
    told.append(("end", as_headers(message.trailers) or None))
    if is_request and message.is_last:
        told.append(("close",))
    return told


def in_short(transcript: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    short: list[tuple[Any, ...]] = []
    for entry in transcript:
        if entry[0] == "request":
            short.append(("head", (entry[1], entry[2], entry[3]), entry[4]))
        elif entry[0] == "response":
            short.append(("head", (entry[3], str(entry[1]), entry[2]), entry[4]))
        else:
            short.append(entry)
    return short


# Fragments


@given(st.lists(requests(), min_size=1, max_size=4), cuts)
def test_legal_requests_are_read_as_meant_however_they_are_cut(messages, places):
    raw = b"".join(message.raw for message in messages)
    expected = []
    for message in messages:
        expected += meant(message, is_request=True)
        if message.is_last:
            break
    else:
        expected.append(("closed",))
    whole = read_requests([raw])
    assert in_short(whole) == expected
    assert read_requests(cut(raw, places)) == whole
    assert read_requests(byte_by_byte(raw)) == whole


@given(responses(), cuts)
def test_legal_responses_are_read_as_meant_however_they_are_cut(message, places):
    whole = read_response([message.raw], message.method)
    final = [entry for entry in whole if entry[0] != "response" or entry[1] >= 200]
    assert in_short(final) == [*meant(message, is_request=False), ("left", b"")]
    assert read_response(cut(message.raw, places), message.method) == whole
    assert read_response(byte_by_byte(message.raw), message.method) == whole


@given(noise, cuts, st.sampled_from([LIMITS, SMALL]))
def test_any_bytes_are_requests_or_a_protocol_error(raw, places, limits):
    # ``read_requests`` lets every other exception through, and fails where it goes on for ever.
    whole = comparable(read_requests([raw], limits))
    pieces = comparable(read_requests(cut(raw, places), limits))
    single = comparable(read_requests(byte_by_byte(raw), limits))
    assert [entry[0] for entry in pieces] == [entry[0] for entry in whole]
    assert pieces[:-1] == single[:-1] == whole[:-1]
    if limits is LIMITS:
        assert pieces == single == whole


@given(
    noise,
    cuts,
    st.sampled_from([LIMITS, SMALL]),
    st.sampled_from(["GET", "HEAD", "CONNECT"]),
    st.sampled_from([b"", b"Upgrade: x\r\n"]),
)
def test_any_bytes_are_a_response_or_a_protocol_error(raw, places, limits, method, fields):
    whole = comparable(read_response([raw], method, limits, fields=fields))
    pieces = comparable(read_response(cut(raw, places), method, limits, fields=fields))
    single = comparable(read_response(byte_by_byte(raw), method, limits, fields=fields))
    assert [entry[0] for entry in pieces] == [entry[0] for entry in whole]
    assert pieces[:-1] == single[:-1] == whole[:-1]
    if limits is LIMITS:
        assert pieces == single == whole


@given(st.binary(max_size=200), cuts)
def test_random_bytes(raw, places):
    assert comparable(read_requests(cut(raw, places))) == comparable(read_requests([raw]))
    assert comparable(read_response(cut(raw, places))) == comparable(read_response([raw]))


@given(requests(), st.lists(st.tuples(st.integers(0, 500), st.binary(max_size=2)), max_size=3))
def test_a_request_that_was_damaged(message, damages):
    raw = bytearray(message.raw)
    for place, data in damages:
        at = place % (len(raw) + 1)
        raw[at : at + len(data)] = data
    whole = comparable(read_requests([bytes(raw)]))
    assert comparable(read_requests(byte_by_byte(bytes(raw)))) == whole


# What we write ourselves

_names = st.text("!#$%&'*+-.^_`|~09AZaz", min_size=1, max_size=8).filter(
    lambda name: name.lower() not in ("host", "connection", "expect", "te")
)
_values = st.text(st.characters(max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=12).map(
    lambda value: value.strip(" \t")
)
_headers = st.lists(st.tuples(_names, _values), max_size=4)
_pieces = st.lists(st.binary(max_size=20), max_size=4)
_framing = st.sampled_from(["length", "chunked"])


def mapping(pairs: list[tuple[str, str]]) -> HTTPHeaders:
    headers = HTTPHeaders()
    for name, value in pairs:
        headers.add(name, value)
    return headers


def send_body(
    connection: ClientConnection | ServerConnection, pieces: list[bytes], trailers: HTTPHeaders
) -> tuple[bytes, tuple[tuple[str, str], ...] | None]:
    """Return the body as it is sent, and the trailers that go with it."""
    is_chunked = connection.writing == CHUNK_SIZE
    sent = b"".join(connection.send_data(piece) for piece in pieces)
    sent += connection.send_end(trailers)
    return sent, (tuple(trailers.get_all()) or None) if is_chunked else None


@given(
    st.lists(
        st.tuples(
            st.tuples(
                st.sampled_from(["GET", "POST", "HEAD", "X-Y"]),
                st.text("/az?=&%09.~", max_size=10).map(lambda text: "/" + text),
                _headers,
                _pieces,
                _framing,
                _headers,
            ),
            st.tuples(st.sampled_from([200, 204, 304, 404, 599]), _headers, _pieces, _framing),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_what_one_side_writes_the_other_reads(exchanges):
    client, server = ClientConnection(LIMITS), ServerConnection(LIMITS)
    for request, response in exchanges:
        method, target, fields, body, framing, trailers = request
        status, answer, answer_body, how = response
        size = sum(map(len, body)) if framing == "length" else -1
        headers, behind = mapping(fields), mapping(trailers)
        raw = client.send_request(
            EncodedRequest(method, target, b"Host: a\r\n" + encode_fields(headers), size)
        )
        sent, expected_trailers = send_body(client, body, behind)
        told = round_trip(server, raw + sent)
        assert told[0][1:4] == (method, target, "HTTP/1.1")
        received = [pair for pair in told[0][4] if pair[0] not in FRAMING]
        assert received == [("Host", "a"), *headers.get_all()]
        assert [entry for entry in told if entry[0] == "body"] == joined(body)
        assert told[-1] == ("end", expected_trailers)

        size = sum(map(len, answer_body)) if how == "length" else -1
        headers = mapping(answer)
        raw = server.send_response(status, None, encode_fields(headers), size)
        has_body = method != "HEAD" and status not in (204, 304)
        expected_trailers = None
        if has_body:
            sent, expected_trailers = send_body(server, answer_body, behind)
            raw += sent
        told = round_trip(client, raw)
        assert told[0][1] == status
        assert [pair for pair in told[0][4] if pair[0] not in FRAMING] == list(headers.get_all())
        assert [entry for entry in told if entry[0] == "body"] == joined(
            answer_body if has_body else []
        )
        assert told[-1] == ("end", expected_trailers)
        server.start_next_cycle()
        client.start_next_cycle()


FRAMING = {"Content-Length", "Transfer-Encoding", "Connection"}


def joined(pieces: list[bytes]) -> list[tuple[str, bytes]]:
    body = b"".join(pieces)
    return [("body", body)] if body else []
