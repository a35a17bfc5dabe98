"""What must be refused, in both roles, whole and in fragments: the tables of tests/wire."""

import pytest
from tests.protocol.http1.transcript import (
    byte_by_byte,
    comparable,
    cut,
    read_requests,
    read_response,
)
from tests.wire.cases import BAD_REQUESTS, BAD_RESPONSES, CUT_REQUESTS, CUT_RESPONSES, Case

from waterspout.protocol.errors import RemoteProtocolError
from waterspout.protocol.http1 import (
    ClientConnection,
    EncodedRequest,
    Limits,
    ServerConnection,
    Signal,
)
from waterspout.protocol.http1.states import FAILED

GOOD = b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n"


def drain(connection: ServerConnection | ClientConnection) -> None:
    for _ in range(1000):
        if connection.next_event() is Signal.NEED_DATA:
            break


def fragments(raw: bytes) -> dict[str, list[bytes]]:
    return {
        "whole": [raw],
        "halves": cut(raw, [len(raw) // 2]),
        "thirds": cut(raw, [len(raw) // 3, len(raw) // 3 * 2]),
        "last byte": cut(raw, [len(raw) - 1]),
        "first byte": cut(raw, [1]),
        "lines": raw.splitlines(keepends=True),
        "bytes": byte_by_byte(raw),
    }


@pytest.mark.parametrize("case", BAD_REQUESTS, ids=str)
def test_a_bad_request_is_refused(case: Case):
    for name, pieces in fragments(case.raw).items():
        transcript = read_requests(pieces, has_eof=False)
        assert transcript, name
        assert transcript[-1] == ("error", case.status), name


@pytest.mark.parametrize("case", BAD_REQUESTS, ids=str)
def test_a_bad_request_is_refused_behind_a_good_one(case: Case):
    transcript = read_requests([GOOD + case.raw], has_eof=False)
    assert transcript[0][:3] == ("request", "GET", "/good")
    assert transcript[1] == ("end", None)
    assert transcript[-1] == ("error", case.status)
    assert not any(entry[0] == "close" for entry in transcript)


@pytest.mark.parametrize("case", BAD_REQUESTS, ids=str)
def test_nothing_is_parsed_after_an_error(case: Case):
    connection = ServerConnection(Limits())
    connection.receive_data(case.raw + GOOD)
    with pytest.raises(RemoteProtocolError):
        drain(connection)
    for _ in range(3):
        connection.receive_data(GOOD)
        with pytest.raises(RemoteProtocolError, match="nothing is parsed after an error"):
            connection.next_event()
    connection.receive_eof()
    with pytest.raises(RemoteProtocolError, match="nothing is parsed after an error"):
        connection.next_event()
    assert connection.reading == FAILED
    # The refusal can be told, and says that it is the last word.
    sent = connection.respond(case.status, None, b"", b"no\n")
    assert sent.startswith(b"HTTP/1.1 %d " % case.status)
    assert b"Content-Length: 3\r\nConnection: close\r\n\r\nno\n" in sent
    assert not connection.keep_alive


@pytest.mark.parametrize("case", CUT_REQUESTS, ids=str)
def test_a_request_cut_off_is_refused(case: Case):
    for name, pieces in fragments(case.raw).items():
        assert read_requests(pieces)[-1] == ("error", 400), name
        waiting = read_requests(pieces, has_eof=False)
        assert all(entry[0] in ("request", "body") for entry in waiting), name


@pytest.mark.parametrize("case", BAD_RESPONSES, ids=str)
def test_a_bad_response_is_refused(case: Case):
    for name, pieces in fragments(case.raw).items():
        transcript = read_response(pieces, case.method, has_eof=False)
        assert transcript, name
        assert transcript[-1][0] == "error", name
        assert ("end", None) not in transcript


@pytest.mark.parametrize("case", BAD_RESPONSES, ids=str)
def test_nothing_is_read_after_a_bad_response(case: Case):
    connection = ClientConnection(Limits())
    connection.send_request(EncodedRequest(case.method, "/", b"Host: a\r\n", 0))
    connection.receive_data(case.raw)
    with pytest.raises(RemoteProtocolError):
        drain(connection)
    connection.receive_data(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(RemoteProtocolError, match="nothing is parsed after an error"):
        connection.next_event()
    assert not connection.can_be_reused()


@pytest.mark.parametrize("case", CUT_RESPONSES, ids=str)
def test_a_response_cut_off_is_refused(case: Case):
    for name, pieces in fragments(case.raw).items():
        assert read_response(pieces)[-1][0] == "error", name
        assert not any(
            entry[0] in ("end", "error") for entry in read_response(pieces, has_eof=False)
        ), name


@pytest.mark.parametrize("case", BAD_REQUESTS, ids=str)
@pytest.mark.slow
def test_fragments_make_no_difference_to_a_bad_request(case: Case):
    whole = comparable(read_requests([case.raw], has_eof=False))
    for name, pieces in fragments(case.raw).items():
        assert comparable(read_requests(pieces, has_eof=False)) == whole, name


def test_names_are_unique():
    for table in (BAD_REQUESTS, BAD_RESPONSES, CUT_REQUESTS, CUT_RESPONSES):
        names = [case.name for case in table]
        assert len(set(names)) == len(names)
