"""The two state machines of an HTTP/1 connection, as tables that can be printed.

One machine follows the message being read, the other the message being written; a server and a
client use the same two. Each table lists every legal pair: ``{(State, Input): State}``. A pair
that is not listed is an error. ``python -m waterspout.protocol.http1.states`` prints them.
"""

from enum import IntEnum

__all__ = ["ILLEGAL", "READING", "WRITING", "Input", "State", "flatten"]


class State(IntEnum):
    """Where the reading or the writing of a message stands."""

    HEAD = 0  #: before or inside a head
    LENGTH_BODY = 1  #: in a body of a known length
    CHUNK_SIZE = 2  #: before a chunk (writing: in a chunked body)
    CHUNK_DATA = 3  #: in the data of a chunk
    CHUNK_END = 4  #: at the CRLF that ends a chunk
    TRAILERS = 5  #: after the last chunk
    CLOSE_BODY = 6  #: in a body that ends with the connection
    COMPLETE = 7  #: the message is over, the next one has not been asked for
    CLOSED = 8  #: nothing more comes or goes
    FAILED = 9  #: the protocol was broken; nothing more is parsed
    SWITCHED = 10  #: the bytes from here on belong to another protocol


class Input(IntEnum):
    """What happened to a machine."""

    INTERIM = 0  #: a head with status 1xx; the final one follows
    NO_BODY = 1  #: (writing) a head whose message ends with it
    LENGTH = 2  #: a head with a body of a known length
    CHUNKED = 3  #: a head with a chunked body
    UNTIL_CLOSE = 4  #: a head with a body that ends with the connection
    SWITCH = 5  #: a head after which another protocol is spoken
    CHUNK = 6  #: the size of a chunk that holds data
    LAST_CHUNK = 7  #: the size of the chunk that holds none
    EXHAUSTED = 8  #: the counted bytes of the body or the chunk are over
    CRLF = 9  #: the end of a chunk
    END = 10  #: the end of the trailers (writing: of the body)
    EOF = 11  #: the connection ended in this direction
    NEXT = 12  #: both messages are over and another exchange may begin
    FAULT = 13  #: the protocol was broken


S, I = State, Input  # noqa: E741

#: How the peer's messages are read.
READING: dict[tuple[State, Input], State] = {
    (S.HEAD, I.INTERIM): S.HEAD,
    (S.HEAD, I.LENGTH): S.LENGTH_BODY,
    (S.HEAD, I.CHUNKED): S.CHUNK_SIZE,
    (S.HEAD, I.UNTIL_CLOSE): S.CLOSE_BODY,
    (S.HEAD, I.SWITCH): S.SWITCHED,
    (S.HEAD, I.EOF): S.CLOSED,
    (S.HEAD, I.FAULT): S.FAILED,
    (S.LENGTH_BODY, I.EXHAUSTED): S.COMPLETE,
    (S.LENGTH_BODY, I.FAULT): S.FAILED,
    (S.CHUNK_SIZE, I.CHUNK): S.CHUNK_DATA,
    (S.CHUNK_SIZE, I.LAST_CHUNK): S.TRAILERS,
    (S.CHUNK_SIZE, I.FAULT): S.FAILED,
    (S.CHUNK_DATA, I.EXHAUSTED): S.CHUNK_END,
    (S.CHUNK_DATA, I.FAULT): S.FAILED,
    (S.CHUNK_END, I.CRLF): S.CHUNK_SIZE,
    (S.CHUNK_END, I.FAULT): S.FAILED,
    (S.TRAILERS, I.END): S.COMPLETE,
    (S.TRAILERS, I.FAULT): S.FAILED,
    (S.CLOSE_BODY, I.EOF): S.COMPLETE,
    (S.CLOSE_BODY, I.FAULT): S.FAILED,
    (S.COMPLETE, I.NEXT): S.HEAD,
    (S.COMPLETE, I.EOF): S.CLOSED,
    (S.COMPLETE, I.SWITCH): S.SWITCHED,
    (S.COMPLETE, I.FAULT): S.FAILED,
    (S.CLOSED, I.EOF): S.CLOSED,
    (S.FAILED, I.FAULT): S.FAILED,
    (S.FAILED, I.EOF): S.FAILED,
}

#: How our own messages are written.
WRITING: dict[tuple[State, Input], State] = {
    (S.HEAD, I.INTERIM): S.HEAD,
    (S.HEAD, I.NO_BODY): S.COMPLETE,
    (S.HEAD, I.LENGTH): S.LENGTH_BODY,
    (S.HEAD, I.CHUNKED): S.CHUNK_SIZE,
    (S.HEAD, I.UNTIL_CLOSE): S.CLOSE_BODY,
    (S.HEAD, I.SWITCH): S.SWITCHED,
    (S.HEAD, I.EOF): S.CLOSED,
    (S.LENGTH_BODY, I.END): S.COMPLETE,
    (S.LENGTH_BODY, I.EOF): S.FAILED,
    (S.CHUNK_SIZE, I.END): S.COMPLETE,
    (S.CHUNK_SIZE, I.EOF): S.FAILED,
    (S.CLOSE_BODY, I.END): S.CLOSED,
    (S.CLOSE_BODY, I.EOF): S.CLOSED,
    (S.COMPLETE, I.NEXT): S.HEAD,
    (S.COMPLETE, I.EOF): S.CLOSED,
    (S.CLOSED, I.EOF): S.CLOSED,
    (S.FAILED, I.EOF): S.FAILED,
}

#: What a flattened table holds for a pair that is not listed.
ILLEGAL = 255


# The same as plain integers: compiled modules keep them in C.
(
    HEAD,
    LENGTH_BODY,
    CHUNK_SIZE,
    CHUNK_DATA,
    CHUNK_END,
    TRAILERS,
    CLOSE_BODY,
    COMPLETE,
    CLOSED,
    FAILED,
    SWITCHED,
) = (int(state) for state in State)
(
    INTERIM,
    NO_BODY,
    LENGTH,
    CHUNKED,
    UNTIL_CLOSE,
    SWITCH,
    CHUNK,
    LAST_CHUNK,
    EXHAUSTED,
    CRLF,
    END,
    EOF,
    NEXT,
    FAULT,
) = (int(event) for event in Input)


def flatten(table: dict[tuple[State, Input], State]) -> bytes:
    """Lay a table out for speed: the byte at ``state * len(Input) + input`` is the next state."""
    flat = bytearray([ILLEGAL]) * (len(State) * len(Input))
    for (state, event), following in table.items():
        flat[state * len(Input) + event] = following
    return bytes(flat)
