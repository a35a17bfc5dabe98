"""The HTTP/1 engine beside h11: what both accept, both read alike.

A message that two programs on its way read in two ways is how a request is smuggled. Where one of
them refuses, there is nothing to compare: the engine is the stricter one in many places.
"""

import random
from typing import Any

import pytest
from fuzz import http1 as fuzz_target
from hypothesis import given
from hypothesis import strategies as st
from tests.protocol.http1.strategies import noise, requests, responses
from tests.protocol.http1.transcript import read_requests, read_response
from tests.wire.cases import BAD_REQUESTS, BAD_RESPONSES

h11 = pytest.importorskip("h11", reason="h11 is not installed")

# The deep profile tries many more examples.
pytestmark = pytest.mark.timeout(1200)

Told = list[tuple[Any, ...]]

# h11 writes these anew when it has understood them; the body tells what they meant.
FRAMING = (b"content-length", b"transfer-encoding")


def by_name(fields: Any) -> list[tuple[bytes, bytes]]:
    """Return fields as both tell them: names in lower case, those of one name together."""
    return sorted(
        ((bytes(name).lower(), bytes(value)) for name, value in fields if name not in FRAMING),
        key=lambda field: field[0],
    )


def encoded(pairs: Any) -> list[tuple[bytes, bytes]]:
    return by_name(
        (name.lower().encode("ascii"), value.encode("latin-1")) for name, value in pairs or ()
    )


def ours_of_requests(raw: bytes) -> Told:
    """Return the complete requests of a stream, and how it ended."""
    told: Told = []
    head: tuple[Any, ...] = ()
    body = b""
    for entry in read_requests([raw]):
        if entry[0] == "request":
            head, body = (entry[1], entry[2], entry[3], encoded(entry[4])), b""
        elif entry[0] == "body":
            body = entry[1]
        elif entry[0] == "end":
            told.append((*head, body, encoded(entry[1])))
        else:
            told.append((entry[0],))
    return told


def theirs_of_requests(raw: bytes) -> Told:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=100_000)
    connection.receive_data(raw)
    connection.receive_data(b"")
    told: Told = []
    head: tuple[Any, ...] = ()
    body = b""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return [*told, ("error",)]
        if event is h11.PAUSED:
            answer = [("Content-Length", "0")]
            connection.send(h11.Response(status_code=404, headers=answer))
            connection.send(h11.EndOfMessage())
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                return [*told, ("close",)]
            connection.start_next_cycle()
        elif isinstance(event, h11.Request):
            version = f"HTTP/{event.http_version.decode()}"
            method, target = event.method.decode(), event.target.decode()
            head, body = (method, target, version, by_name(event.headers)), b""
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            told.append((*head, body, by_name(event.headers)))
            if connection.their_state is h11.MUST_CLOSE:
                return [*told, ("close",)]
        else:
            return [*told, ("closed",)]


def ours_of_response(raw: bytes, method: str) -> Told:
    told: Told = []
    head: tuple[Any, ...] = ()
    body = b""
    for entry in read_response([raw], method):
        if entry[0] == "response":
            head = (entry[1], entry[2].encode("latin-1"), entry[3], encoded(entry[4]))
            if entry[1] < 200:
                told.append(head)
        elif entry[0] == "body":
            body = entry[1]
        elif entry[0] == "end":
            told.append((*head, body, encoded(entry[1])))
        elif entry[0] == "error":
            told.append(("error",))
    return told


def theirs_of_response(raw: bytes, method: str) -> Told:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=100_000)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(raw)
    connection.receive_data(b"")
    told: Told = []
    head: tuple[Any, ...] = ()
    body = b""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return [*told, ("error",)]
        if isinstance(event, h11.InformationalResponse | h11.Response):
            version = f"HTTP/{event.http_version.decode()}"
            reason = bytes(event.reason).strip(b" \t")
            head = (event.status_code, reason, version, by_name(event.headers))
            if isinstance(event, h11.InformationalResponse):
                told.append(head)
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return [*told, (*head, body, by_name(event.headers))]
        else:
            return told


def agree(ours: Told, theirs: Told) -> None:
    """Hold all messages that both have accepted against one another."""
    for one, two in zip(ours, theirs, strict=False):
        if len(one) == 1 or len(two) == 1:
            return
        assert one == two


# h11 knows no empty line before a request, and no white space before an extension's semicolon:
# only simple messages are legal for both.


@given(requests(is_simple=True))
def test_legal_requests(message):
    ours, theirs = ours_of_requests(message.raw), theirs_of_requests(message.raw)
    assert ours[0] == theirs[0]
    assert len(ours[0]) == 6


@given(st.lists(requests(may_be_last=False, is_simple=True), min_size=2, max_size=3))
def test_legal_requests_sent_ahead(messages):
    raw = b"".join(message.raw for message in messages)
    ours = ours_of_requests(raw)
    assert ours == theirs_of_requests(raw)
    assert len(ours) == len(messages) + 1


@given(responses(is_simple=True))
def test_legal_responses(message):
    ours = ours_of_response(message.raw, message.method)
    assert ours == theirs_of_response(message.raw, message.method)
    assert len(ours[-1]) == 6


@given(noise)
def test_noise(raw):
    agree(ours_of_requests(raw), theirs_of_requests(raw))
    for method in ("GET", "HEAD"):
        agree(ours_of_response(raw, method), theirs_of_response(raw, method))


@pytest.mark.parametrize(
    ("seed", "count"), [(11, 2000), pytest.param(12, 200_000, marks=pytest.mark.deep)]
)
def test_damaged_messages(seed, count):
    for _, (raw, _) in zip(range(count), fuzz_target.inputs(seed), strict=False):
        agree(ours_of_requests(raw), theirs_of_requests(raw))
        agree(ours_of_response(raw, "GET"), theirs_of_response(raw, "GET"))


@pytest.mark.parametrize("case", [*BAD_REQUESTS], ids=str)
def test_what_is_refused_here_is_at_worst_accepted_there(case):
    # Requests before the bad one are read alike, and nothing of ours is beyond it.
    raw = b"GET /before HTTP/1.1\r\nHost: a\r\n\r\n" + case.raw
    ours = ours_of_requests(raw)
    assert ours[-1] == ("error",)
    agree(ours, theirs_of_requests(raw))


@pytest.mark.parametrize("case", [*BAD_RESPONSES], ids=str)
def test_bad_responses(case):
    agree(ours_of_response(case.raw, "GET"), theirs_of_response(case.raw, "GET"))


def test_what_one_writes_the_other_reads():
    chance = random.Random(5)
    for _ in range(200):
        size = chance.choice([0, 1, 5, 300])
        body = chance.randbytes(size)
        connection = h11.Connection(h11.CLIENT)
        headers = [("Host", "a"), ("A", "b")]
        framing = ("Transfer-Encoding", "chunked"), ("Content-Length", str(size))
        headers.append(chance.choice(framing))
        raw = connection.send(h11.Request(method="POST", target="/x", headers=headers))
        for start in range(0, size, 100):
            raw += connection.send(h11.Data(data=body[start : start + 100]))
        raw += connection.send(h11.EndOfMessage())
        told = ours_of_requests(raw)
        assert told[0][:3] == ("POST", "/x", "HTTP/1.1")
        assert told[0][4] == body
