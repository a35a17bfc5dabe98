"""Responses that a client must refuse, as raw bytes; see `cases`."""

from tests.wire.case import (
    BAD_CHUNKS,
    BAD_CODINGS,
    BAD_FIELDS,
    BAD_LENGTHS,
    BOTH,
    CODING,
    FIELD,
    FIELDS_64K,
    LENGTH,
    LIMIT,
    LINE,
    Case,
    chunked_response,
    response,
)


def _bad_responses() -> list[Case]:
    cases = []

    def add(name: str, raw: bytes, why: str, method: str = "GET") -> None:
        cases.append(Case(name, raw, 400, why, method))

    line = "RFC 9112 4: version SP status SP reason CRLF"
    for name, status_line in {
        "no response": b"hello",
        "another protocol": b"ICY 200 OK",
        "a request": b"GET / HTTP/1.1",
        "a version in lower case": b"http/1.1 200 OK",
        "HTTP/2.0": b"HTTP/2.0 200 OK",
        "HTTP/1.2": b"HTTP/1.2 200 OK",
        "a version of one digit": b"HTTP/1 200 OK",
        "a version of three digits": b"HTTP/1.11 200 OK",
        "no status": b"HTTP/1.1",
        "no status but a space": b"HTTP/1.1 ",
        "a status of two digits": b"HTTP/1.1 20 OK",
        "a status of four digits": b"HTTP/1.1 2000 OK",
        "a status with a sign": b"HTTP/1.1 +20 OK",
        "a status with a leading zero": b"HTTP/1.1 099 OK",
        "a status of letters": b"HTTP/1.1 OK",
        "a status of digits of another script": "HTTP/1.1 20\u0660 OK".encode(),
        "a status of superscripts": b"HTTP/1.1 2\xb2\xb2 OK",
        "two spaces before the status": b"HTTP/1.1  200 OK",
        "a tab before the status": b"HTTP/1.1\t200 OK",
        "a tab behind the status": b"HTTP/1.1 200\tOK",
        "a letter behind the status": b"HTTP/1.1 200OK",
        "a NUL in the reason": b"HTTP/1.1 200 O\x00K",
        "a CR in the reason": b"HTTP/1.1 200 O\rK",
        "a DEL in the reason": b"HTTP/1.1 200 O\x7fK",
        "two CR at the end of the status line": b"HTTP/1.1 200 OK\r",
    }.items():
        add(name, response(status_line, b"Content-Length: 0"), line)
    add("a status line ended by LF", b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", LINE)
    add("a status line without reason ended by LF", b"HTTP/1.1 200\nA: b\r\n\r\n", LINE)
    add("an empty line before the response", b"\r\nHTTP/1.1 200 OK\r\n\r\n", line)
    add("a head ended by LF", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", LINE)
    for name, (field, why) in BAD_FIELDS.items():
        add(name, response(b"HTTP/1.1 200 OK", field), why)
    for name, value in BAD_LENGTHS.items():
        raw = response(b"HTTP/1.1 200 OK", b"Content-Length: " + value, body=b"hello")
        add(f"Content-Length: {name}", raw, LENGTH)
    add(
        "two Content-Lengths that differ",
        response(b"HTTP/1.1 200 OK", b"Content-Length: 5", b"Content-Length: 6", body=b"hello!"),
        "RFC 9112 6.3",
    )
    for name, value in BAD_CODINGS.items():
        raw = response(b"HTTP/1.1 200 OK", b"Transfer-Encoding: " + value, body=b"0\r\n\r\n")
        add(f"Transfer-Encoding: {name}", raw, CODING)
    add(
        "two Transfer-Encodings",
        response(
            b"HTTP/1.1 200 OK",
            b"Transfer-Encoding: chunked",
            b"Transfer-Encoding: chunked",
            body=b"0\r\n\r\n",
        ),
        "RFC 9112 6.1: chunked is applied once",
    )
    add(
        "Content-Length beside Transfer-Encoding",
        response(
            b"HTTP/1.1 200 OK",
            b"Content-Length: 5",
            b"Transfer-Encoding: chunked",
            body=b"0\r\n\r\n",
        ),
        BOTH,
    )
    add(
        "Transfer-Encoding in HTTP/1.0",
        response(b"HTTP/1.0 200 OK", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        BOTH,
    )
    for name, (body, why) in BAD_CHUNKS.items():
        add(f"chunks: {name}", chunked_response(body), why)
    add("a status line that never ends", b"HTTP/1.1 200 " + b"a" * 16384, LIMIT)
    add(
        "a status line beyond its bound",
        response(b"HTTP/1.1 200 " + b"a" * (8192 - 14), b"Content-Length: 0"),
        LIMIT,
    )
    add("fields beyond their bound", response(b"HTTP/1.1 200 OK", FIELDS_64K[:-2]), LIMIT)
    add("101 fields", response(b"HTTP/1.1 200 OK", *[b"A: b"] * 101), LIMIT)
    add("101 trailers", chunked_response(b"0\r\n" + b"A: b\r\n" * 101 + b"\r\n"), LIMIT)
    add(
        "a body beyond its bound",
        response(b"HTTP/1.1 200 OK", b"Content-Length: 104857601", body=b"h"),
        LIMIT,
    )
    add("a chunk beyond the body's bound", chunked_response(b"6400001\r\n"), LIMIT)
    add(
        "eleven interim responses",
        response(b"HTTP/1.1 103 Early Hints") * 11,
        "10 at most; urllib3 on http.client takes the first one for the answer",
    )
    add(
        "a switch of protocols that was not asked for",
        response(b"HTTP/1.1 101 Switching Protocols", b"Upgrade: x", b"Connection: upgrade"),
        "RFC 9110 15.2.2",
    )
    add(
        "an interim response with a bad field",
        response(b"HTTP/1.1 103 Early Hints", b"Link : a"),
        FIELD,
    )
    return cases


#: What a client refuses as soon as it has all of ``raw``, if not before.
BAD_RESPONSES = tuple(_bad_responses())

#: Responses that are refused only because nothing more comes.
CUT_RESPONSES = tuple(
    Case(name, raw, 400, "RFC 9112 8: a message that is cut off is incomplete")
    for name, raw in {
        "nothing": b"",
        "half a version": b"HTT",
        "half a status line": b"HTTP/1.1 20",
        "a status line with half its end": b"HTTP/1.1 200 OK\r",
        "a status line": b"HTTP/1.1 200 OK\r\n",
        "half a field": b"HTTP/1.1 200 OK\r\nContent-Le",
        "a field": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        "a field and a CR": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r",
        "an interim response only": response(b"HTTP/1.1 100 Continue"),
        "no body": response(b"HTTP/1.1 200 OK", b"Content-Length: 5"),
        "half a body": response(b"HTTP/1.1 200 OK", b"Content-Length: 5", body=b"hel"),
        "no chunks": chunked_response(b""),
        "half a chunk": chunked_response(b"5\r\nhel"),
        "a chunk": chunked_response(b"5\r\nhello\r\n"),
        "a last chunk without its end": chunked_response(b"5\r\nhello\r\n0\r\n"),
    }.items()
)
