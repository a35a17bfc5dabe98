"""Requests that a server must refuse, as raw bytes; see `cases`."""

from tests.wire.case import (
    BAD_CHUNKS,
    BAD_CODINGS,
    BAD_FIELDS,
    BAD_LENGTHS,
    BOTH,
    CODING,
    FIELDS_64K,
    HOST,
    LENGTH,
    LIMIT,
    LINE,
    REQUEST_LINE,
    TARGET,
    VERSION,
    Case,
    chunked,
    head,
    with_body,
    with_field,
)


def _bad_requests() -> list[Case]:
    cases = []

    def add(name: str, raw: bytes, status: int, why: str) -> None:
        cases.append(Case(name, raw, status, why))

    # The request line
    add("no request", b"hello\r\n\r\n", 400, REQUEST_LINE)
    add("a request of HTTP/0.9", b"GET /\r\n", 400, REQUEST_LINE)
    add("a request without a target", head(b"GET HTTP/1.1", b"Host: a"), 400, REQUEST_LINE)
    add("an empty target", head(b"GET  HTTP/1.1", b"Host: a"), 400, REQUEST_LINE)
    add("two spaces before the target", head(b"GET  / HTTP/1.1", b"Host: a"), 400, REQUEST_LINE)
    add("two spaces behind the target", head(b"GET /  HTTP/1.1", b"Host: a"), 400, REQUEST_LINE)
    add("a space behind the version", head(b"GET / HTTP/1.1 ", b"Host: a"), 400, REQUEST_LINE)
    add("a space before the method", head(b" GET / HTTP/1.1", b"Host: a"), 400, REQUEST_LINE)
    add("a tab behind the method", head(b"GET\t/ HTTP/1.1", b"Host: a"), 400, REQUEST_LINE)
    add("a tab behind the target", head(b"GET /\tHTTP/1.1", b"Host: a"), 400, REQUEST_LINE)
    add("a space in the target", head(b"GET /a b HTTP/1.1", b"Host: a"), 400, REQUEST_LINE)
    add("a vertical tab as a space", head(b"GET\x0b/ HTTP/1.1", b"Host: a"), 400, REQUEST_LINE)
    add("a request line ended by LF", b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400, LINE)
    add("a request line ended by CR", b"GET / HTTP/1.1\rHost: a\r\n\r\n", 400, LINE)
    add("a request line ended by CR CR LF", b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400, LINE)
    add("nothing but LF line ends", b"GET / HTTP/1.1\nHost: a\n\n", 400, LINE)
    add("LF before the request", b"\n" + head(b"GET / HTTP/1.1", b"Host: a"), 400, LINE)
    add("CR before the request", b"\r" + head(b"GET / HTTP/1.1", b"Host: a"), 400, LINE)
    add(
        "two empty lines before the request",
        b"\r\n\r\n" + head(b"GET / HTTP/1.1", b"Host: a"),
        400,
        "RFC 9112 2.2: one empty line is passed over",
    )
    add("a head ended by LF", b"GET / HTTP/1.1\r\nHost: a\r\n\n", 400, LINE)
    add("a head ended by CR", b"GET / HTTP/1.1\r\nHost: a\r\n\rX\r\n", 400, LINE)
    for name, method in {
        "a slash in the method": b"GE/T",
        "a colon in the method": b"GET:",
        "a comma in the method": b"GET,POST",
        "a NUL in the method": b"GE\x00T",
        "a control in the method": b"GE\x01T",
        "UTF-8 in the method": "G\u00c9T".encode(),
        "quotes in the method": b'"GET"',
        "brackets in the method": b"G[E]T",
    }.items():
        add(name, head(method + b" / HTTP/1.1", b"Host: a"), 400, "RFC 9110 9.1: a token")
    add("no method", head(b"/ HTTP/1.1", b"Host: a"), 400, "RFC 9110 9.1: a token")
    add("TLS on a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, REQUEST_LINE)
    for name, version, status in (
        ("HTTP/2.0", b"HTTP/2.0", 505),
        ("HTTP/0.9 by name", b"HTTP/0.9", 505),
        ("HTTP/1.2", b"HTTP/1.2", 505),
        ("HTTP/3.0", b"HTTP/3.0", 505),
        ("a version of one digit", b"HTTP/2", 400),
        ("a version of three digits", b"HTTP/1.10", 400),
        ("a version with leading zeros", b"HTTP/01.1", 400),
        ("a version with a sign", b"HTTP/+1.1", 400),
        ("a version in lower case", b"http/1.1", 400),
        ("a version with a comma", b"HTTP/1,1", 400),
        ("a version with a space", b"HTTP/ 1.1", 400),
        ("a version of another protocol", b"RTSP/1.0", 400),
        ("a version of digits of another script", "HTTP/1.\u0661".encode(), 400),
        ("a version of a superscript", b"HTTP/1.\xb9", 400),
        ("no version but a space", b"", 400),
        ("a version with a NUL", b"HTTP/1.1\x00", 400),
        ("a very long version", b"HTTP/1." + b"1" * 100, 400),
    ):
        why = VERSION if status == 505 else REQUEST_LINE
        add(name, head(b"GET / " + version, b"Host: a"), status, why)
    add("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, VERSION)

    # The target
    for name, target in {
        "a target without a slash": b"a",
        "a target that is a host": b"example.com",
        "an empty query without a path": b"?a",
        "an absolute target of another scheme": b"ftp://a/",
        "an absolute target with a script": b"javascript://a/",
        "an absolute target without a host": b"http:///",
        "an absolute target with a port only": b"http://:80/",
        "an absolute target with one slash": b"http:/a/",
        "an absolute target with userinfo": b"http://user@a/",
        "an absolute target with a password": b"http://user:pass@a/",
        "an absolute target with two ports": b"http://a:80:80/",
        "an absolute target with a bad port": b"http://a:8x/",
        "an absolute target with a backslash": b"http://a\\b/",
        "an absolute target with an open bracket": b"http://[::1/",
        "an asterisk": b"*",
        "an asterisk and more": b"*/",
        "a fragment": b"/a#b",
        "a fragment behind a host": b"http://a/#b",
        "a NUL in the target": b"/\x00",
        "a control in the target": b"/\x1f",
        "a DEL in the target": b"/\x7f",
        "UTF-8 in the target": "/\u00e9".encode(),
        "Latin-1 in the target": b"/\xe9",
    }.items():
        add(name, head(b"GET " + target + b" HTTP/1.1", b"Host: a"), 400, TARGET)
    add(
        "an absolute target that differs from Host",
        head(b"GET http://b/ HTTP/1.1", b"Host: a"),
        400,
        "RFC 9112 3.2.2: somebody between may have looked at the other one",
    )
    for name, target in {
        "CONNECT to a path": b"/",
        "CONNECT to a host without a port": b"a",
        "CONNECT to an empty port": b"a:",
        "CONNECT to port 0": b"a:0",
        "CONNECT to port 65536": b"a:65536",
        "CONNECT to a port that is no number": b"a:b",
        "CONNECT to an address without a port": b"[::1]",
        "CONNECT to no host": b":443",
        "CONNECT to an absolute target": b"http://a:80/",
        "CONNECT to userinfo": b"user@a:443",
        "CONNECT to an asterisk": b"*",
    }.items():
        add(
            name,
            head(b"CONNECT " + target + b" HTTP/1.1", b"Host: a"),
            400,
            "RFC 9110 9.3.6: CONNECT asks for a host and a port",
        )

    # Host
    add("no Host", head(b"GET / HTTP/1.1"), 400, HOST)
    add("no Host but others", head(b"GET / HTTP/1.1", b"Hos: a", b"Hostt: a"), 400, HOST)
    add("two Hosts", head(b"GET / HTTP/1.1", b"Host: a", b"Host: b"), 400, HOST)
    add("two equal Hosts", head(b"GET / HTTP/1.1", b"Host: a", b"Host: a"), 400, HOST)
    add("two Hosts in two cases", head(b"GET / HTTP/1.1", b"Host: a", b"hOST: a"), 400, HOST)
    add("two Hosts in HTTP/1.0", head(b"GET / HTTP/1.0", b"Host: a", b"Host: a"), 400, HOST)
    add("an absolute target and no Host", head(b"GET http://a/ HTTP/1.1"), 400, HOST)
    for name, host in {
        "an empty Host": b"",
        "a Host of white space": b" \t ",
        "a Host with userinfo": b"user@a",
        "a Host with a password": b"user:pass@a",
        "a Host with a path": b"a/b",
        "a Host with a query": b"a?b",
        "a Host with a fragment": b"a#b",
        "a Host with a scheme": b"http://a",
        "a Host with a space": b"a b",
        "a Host with a tab": b"a\tb",
        "a Host with a backslash": b"a\\b",
        "a Host with a port only": b":80",
        "a Host with a bad port": b"a:8x",
        "a Host with a sign in its port": b"a:+80",
        "a Host with two ports": b"a:80:80",
        "a Host with a port of six digits": b"a:000080",
        "a Host with an address without brackets": b"::1",
        "a Host with an open bracket": b"[::1",
        "a Host with a closing bracket": b"::1]",
        "a Host with empty brackets": b"[]",
        "a Host with a name in brackets": b"[localhost]",
        "a Host with an IPv4 address in brackets": b"[127.0.0.1]",
        "a Host with a zone": b"[fe80::1%eth0]",
        "a Host with something behind its brackets": b"[::1]a",
        "a Host with a stray percent sign": b"a%",
        "a Host with a bad percent sign": b"a%2x",
        "a Host with UTF-8": "\u00e9".encode(),
        "a Host with Latin-1": b"\xe9",
        "a Host with angle brackets": b"<script>",
        "a Host with quotes": b'"a"',
        "a Host with braces": b"{a}",
        "a Host that is a list": b"a, b",
    }.items():
        add(name, head(b"GET / HTTP/1.1", b"Host: " + host), 400, HOST)
        add(f"{name} in HTTP/1.0", head(b"GET / HTTP/1.0", b"Host: " + host), 400, HOST)

    # Fields
    for name, (line, why) in BAD_FIELDS.items():
        add(name, with_field(line), 400, why)
    add(
        "a folded first line",
        head(b"GET / HTTP/1.1", b" Host: a"),
        400,
        "RFC 9112 2.2: white space between the request line and the first field",
    )
    add("an unknown expectation", with_field(b"Expect: 200-ok"), 417, "RFC 9110 10.1.1")
    add("an empty expectation", with_field(b"Expect:"), 417, "RFC 9110 10.1.1")

    # Framing
    for name, value in BAD_LENGTHS.items():
        add(f"Content-Length: {name}", with_body(b"Content-Length: " + value), 400, LENGTH)
    add(
        "two Content-Lengths that differ",
        with_body(b"Content-Length: 5", b"Content-Length: 6"),
        400,
        "RFC 9112 6.3",
    )
    add(
        "two Content-Lengths, one of them in other case",
        with_body(b"Content-Length: 5", b"cONTENT-lENGTH: 0"),
        400,
        "RFC 9112 6.3",
    )
    for name, value in BAD_CODINGS.items():
        add(f"Transfer-Encoding: {name}", with_body(b"Transfer-Encoding: " + value), 501, CODING)
    add(
        "two Transfer-Encodings",
        with_body(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
        400,
        "RFC 9112 6.1: chunked is applied once",
    )
    add(
        "two Transfer-Encodings, the second one unknown",
        with_body(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
        400,
        "RFC 9112 6.1: chunked is applied once",
    )
    add(
        "Content-Length before Transfer-Encoding",
        with_body(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        400,
        BOTH,
    )
    add(
        "Content-Length behind Transfer-Encoding",
        with_body(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
        400,
        BOTH,
    )
    add(
        "Content-Length 0 beside Transfer-Encoding",
        with_body(b"Content-Length: 0", b"transfer-encoding: CHUNKED", body=b"0\r\n\r\n"),
        400,
        BOTH,
    )
    add(
        "Transfer-Encoding in HTTP/1.0",
        with_body(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n", version=b"1.0"),
        400,
        BOTH,
    )
    add(
        "Transfer-Encoding in a kept HTTP/1.0",
        with_body(
            b"Connection: keep-alive",
            b"Transfer-Encoding: chunked",
            body=b"0\r\n\r\n",
            version=b"1.0",
        ),
        400,
        BOTH,
    )

    # Chunks
    for name, (body, why) in BAD_CHUNKS.items():
        add(f"chunks: {name}", chunked(body), 400, why)

    # Bounds
    add(
        "a request line beyond its bound",
        head(b"GET /" + b"a" * (8192 - 15) + b" HTTP/1.1", b"Host: a"),
        414,
        LIMIT,
    )
    add("a target that never ends", b"GET /" + b"a" * 16384, 414, LIMIT)
    add("a method that never ends", b"G" * 16384, 414, LIMIT)
    add("fields beyond their bound", with_field(FIELDS_64K[:-2]), 431, LIMIT)
    add("a field beyond the bound", with_field(b"A: " + b"b" * 65536), 431, LIMIT)
    add(
        "a value that never ends",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"b" * 140000,
        431,
        LIMIT,
    )
    add("a name that never ends", b"GET / HTTP/1.1\r\n" + b"A" * 140000, 431, LIMIT)
    add("101 fields", with_field(b"\r\n".join([b"A: b"] * 100)), 431, LIMIT)
    add(
        "trailers beyond their bound",
        chunked(b"0\r\n" + FIELDS_64K + b"\r\n"),
        431,
        "aiohttp CVE-2026-22815",
    )
    add(
        "101 trailers",
        chunked(b"0\r\n" + b"A: b\r\n" * 101 + b"\r\n"),
        431,
        "aiohttp CVE-2026-22815",
    )
    add("a body beyond its bound", with_body(b"Content-Length: 104857601"), 413, LIMIT)
    add("a very large body", with_body(b"Content-Length: " + b"9" * 18), 413, LIMIT)
    add("a chunk beyond the body's bound", chunked(b"6400001\r\n"), 413, LIMIT)
    add("a very large chunk", chunked(b"fffffffffffffff\r\n"), 413, LIMIT)
    add(
        "chunks that together are beyond the body's bound",
        chunked(b"5\r\nhello\r\n63fffff\r\n"),
        413,
        LIMIT,
    )
    return cases


#: What a server refuses as soon as it has all of ``raw``, if not before.
BAD_REQUESTS = tuple(_bad_requests())

#: Requests that are refused only because nothing more comes.
CUT_REQUESTS = tuple(
    Case(name, raw, 400, "RFC 9112 8: a message that is cut off is incomplete")
    for name, raw in {
        "one letter": b"G",
        "half a method": b"GE",
        "a method": b"GET",
        "a method and a space": b"GET ",
        "half a target": b"GET /a",
        "a target and a space": b"GET / ",
        "half a version": b"GET / HTTP/1",
        "a request line without its end": b"GET / HTTP/1.1",
        "a request line with half its end": b"GET / HTTP/1.1\r",
        "a request line": b"GET / HTTP/1.1\r\n",
        "half a name": b"GET / HTTP/1.1\r\nHo",
        "half a value": b"GET / HTTP/1.1\r\nHost: ",
        "a field": b"GET / HTTP/1.1\r\nHost: a\r\n",
        "a field and a CR": b"GET / HTTP/1.1\r\nHost: a\r\n\r",
        "a CR": b"\r",
        "an empty line and a letter": b"\r\nG",
        "a head without its body": with_body(b"Content-Length: 5", body=b""),
        "half a body": with_body(b"Content-Length: 5", body=b"hel"),
        "a head without its chunks": chunked(b""),
        "half a chunk's size": chunked(b"5"),
        "a chunk's size with half its end": chunked(b"5\r"),
        "a chunk's size": chunked(b"5\r\n"),
        "half a chunk": chunked(b"5\r\nhel"),
        "a chunk's data": chunked(b"5\r\nhello"),
        "a chunk with half its end": chunked(b"5\r\nhello\r"),
        "a chunk": chunked(b"5\r\nhello\r\n"),
        "half the last chunk": chunked(b"5\r\nhello\r\n0"),
        "a last chunk without its end": chunked(b"5\r\nhello\r\n0\r\n"),
        "a last chunk with half its end": chunked(b"5\r\nhello\r\n0\r\n\r"),
        "half a trailer": chunked(b"0\r\nA: b"),
        "a trailer without the end": chunked(b"0\r\nA: b\r\n"),
    }.items()
)
