"""Runs bytes through a connection and writes down what it tells, in values that compare.

A transcript is a list of tuples: ``("request", method, target, ...)``, ``("body", data)``,
``("end", trailers)``, ``("error", status)`` and so on. Pieces of a body that come one after the
other are joined, for where they are cut is nobody's business.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from waterspout.protocol.errors import RemoteProtocolError
from waterspout.protocol.http1 import (
    ClientConnection,
    EncodedRequest,
    Limits,
    RequestHead,
    ResponseHead,
    ServerConnection,
    Signal,
)

__all__ = [
    "byte_by_byte",
    "comparable",
    "cut",
    "describe",
    "read_requests",
    "read_response",
    "round_trip",
]

Transcript = list[tuple[Any, ...]]

LIMITS = Limits()


def byte_by_byte(raw: bytes) -> list[bytes]:
    """Return each byte of ``raw`` as a fragment of its own."""
    return [raw[index : index + 1] for index in range(len(raw))]


def cut(raw: bytes, places: Iterable[int]) -> list[bytes]:
    """Return ``raw`` cut at ``places``, which are taken modulo its length."""
    marks = sorted({place % (len(raw) + 1) for place in places} | {0, len(raw)})
    return [raw[start:end] for start, end in itertools.pairwise(marks)]


def describe(head: RequestHead | ResponseHead) -> tuple[Any, ...]:
    """Return all that a head tells."""
    common = (
        head.version,
        tuple(head.headers.get_all()),
        head.content_length,
        head.is_chunked,
        head.has_close,
        head.has_keep_alive,
        head.has_upgrade,
    )
    if isinstance(head, RequestHead):
        return (
            "request",
            head.method,
            head.target,
            *common,
            head.host,
            head.expects_continue,
            head.find(b"host"),
        )
    return ("response", head.status, head.reason, *common)


def _note_body(transcript: Transcript, data: bytes) -> None:
    if transcript and transcript[-1][0] == "body":
        transcript[-1][1].append(data)
    else:
        transcript.append(("body", [data]))


def _joined(transcript: Transcript) -> Transcript:
    return [("body", b"".join(entry[1])) if entry[0] == "body" else entry for entry in transcript]


def _note_end(transcript: Transcript, connection: Any) -> None:
    trailers = connection.trailers
    transcript.append(("end", None if trailers is None else tuple(trailers.get_all())))


def _most_events(size: int) -> int:
    # A connection that tells more than this of so few bytes will never stop.
    return 10 * size + 100


def read_requests(
    fragments: Sequence[bytes], limits: Limits = LIMITS, *, has_eof: bool = True
) -> Transcript:
    """Answer all requests with an empty 200, as long as the connection may be kept."""
    connection = ServerConnection(limits)
    transcript: Transcript = []
    size = 0
    for fragment in [*fragments, None]:
        if fragment is not None:
            connection.receive_data(fragment)
            size += len(fragment)
        elif has_eof:
            connection.receive_eof()
        for _ in range(_most_events(size)):
            try:
                event = connection.next_event()
            except RemoteProtocolError as error:
                transcript.append(("error", error.status))
                return _joined(transcript)
            if event is Signal.NEED_DATA:
                break
            if event is Signal.CLOSED:
                transcript.append(("closed",))
                return _joined(transcript)
            if event is Signal.END_OF_MESSAGE:
                _note_end(transcript, connection)
            elif event is Signal.PAUSED:
                connection.respond(200, None, b"", b"")
                if not connection.keep_alive:
                    transcript.append(("close",))
                    return _joined(transcript)
                connection.start_next_cycle()
            elif isinstance(event, bytes):
                _note_body(transcript, event)
            elif event is not Signal.YIELD:
                assert isinstance(event, RequestHead)
                transcript.append(describe(event))
        else:
            raise AssertionError("the connection tells and tells")
    return _joined(transcript)


def read_response(
    fragments: Sequence[bytes],
    method: str = "GET",
    limits: Limits = LIMITS,
    *,
    fields: bytes = b"Host: a\r\n",
    has_eof: bool = True,
) -> Transcript:
    """Ask once and read the response; the last entry holds what was left unread."""
    connection = ClientConnection(limits)
    connection.send_request(
        EncodedRequest(method, "a:80" if method == "CONNECT" else "/", fields, 0)
    )
    transcript: Transcript = []
    size = 0
    is_over = False
    for fragment in [*fragments, None]:
        if fragment is not None:
            connection.receive_data(fragment)
            size += len(fragment)
        elif has_eof:
            connection.receive_eof()
        for _ in range(_most_events(size)):
            try:
                event = connection.next_event()
            except RemoteProtocolError as error:
                transcript.append(("error", error.status))
                return _joined(transcript)
            if event is Signal.NEED_DATA:
                break
            if event is Signal.PAUSED:
                is_over = True
                break
            if event is Signal.END_OF_MESSAGE:
                _note_end(transcript, connection)
            elif isinstance(event, bytes):
                _note_body(transcript, event)
            elif event is not Signal.YIELD:
                assert isinstance(event, ResponseHead)
                transcript.append(describe(event))
        else:
            raise AssertionError("the connection tells and tells")
    if is_over:
        transcript.append(("left", connection.take_unread_data()))
    return _joined(transcript)


def comparable(transcript: Transcript) -> Transcript:
    """Leave out how much of a body was told before an error: that depends on the fragments."""
    if transcript and transcript[-1][0] == "error":
        return [entry for entry in transcript[:-1] if entry[0] != "body"] + [transcript[-1]]
    return transcript


def round_trip(connection: ServerConnection | ClientConnection, raw: bytes) -> Transcript:
    """Feed ``raw`` to a connection in use and write down what it tells until it wants more."""
    transcript: Transcript = []
    connection.receive_data(raw)
    for _ in range(_most_events(len(raw))):
        event = connection.next_event()
        if event is Signal.NEED_DATA or event is Signal.PAUSED:
            return _joined(transcript)
        if event is Signal.END_OF_MESSAGE:
            _note_end(transcript, connection)
        elif isinstance(event, bytes):
            _note_body(transcript, event)
        elif not isinstance(event, Signal):
            transcript.append(describe(event))
    raise AssertionError("the connection tells and tells")
