"""Requests that a server must refuse and responses that a client must refuse, as raw bytes.

Plain data, so that the engine's tests and those on a running server go through the same lists.
Bounds are those of ``Limits()``.
"""

from dataclasses import dataclass

__all__ = ["BAD_REQUESTS", "BAD_RESPONSES", "CUT_REQUESTS", "CUT_RESPONSES", "Case"]


@dataclass(frozen=True, slots=True)
class Case:
    """Something a peer may send and must be refused for."""

    name: str
    raw: bytes
    status: int
    """What the server answers before it closes; a client has no use for it."""
    why: str
    """The section of an RFC, or the fault of others, that makes it wrong."""
    method: str = "GET"
    """What a client had asked for when it got ``raw``."""

    def __str__(self) -> str:
        return self.name


def head(*lines: bytes) -> bytes:
    """Return a request line or a status line and fields, each with CRLF, and the empty line."""
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def with_field(field: bytes) -> bytes:
    """Return a GET with one more field line."""
    return head(b"GET / HTTP/1.1", b"Host: a", field)


def with_body(*fields: bytes, body: bytes = b"hello", version: bytes = b"1.1") -> bytes:
    """Return a POST with fields and what follows them."""
    return head(b"POST / HTTP/" + version, b"Host: a", *fields) + body


def chunked(body: bytes) -> bytes:
    """Return a POST with a chunked body."""
    return with_body(b"Transfer-Encoding: chunked", body=body)


def response(*lines: bytes, body: bytes = b"") -> bytes:
    """Return a response with what follows its head."""
    return head(*lines) + body


def chunked_response(body: bytes) -> bytes:
    """Return a response with a chunked body."""
    return response(b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", body=body)


_LENGTH = "RFC 9112 6.3: Content-Length is 1*DIGIT; tornado GHSA-qppv"
_CODING = "RFC 9112 6.1: a coding that is not understood"
_BOTH = "RFC 9112 6.1: smuggling; gunicorn CVE-2024-1135, tornado GHSA-753j"
_CHUNK = "RFC 9112 7.1: a chunk's size is 1*HEXDIG"
_CHUNK_END = "RFC 9112 7.1: CRLF after a chunk's data; h11 CVE-2025-43859"
_EXTENSION = "RFC 9112 7.1.1: no bare CR or LF and no controls in an extension"
_LINE = "RFC 9112 2.2: a line ends in CRLF"
_FIELD = "RFC 9112 5.1: a field name is a token, and the colon follows it at once"
_VALUE = "RFC 9110 5.5: no CR, LF, NUL or other controls in a field value"
_HOST = "RFC 9112 3.2: exactly one Host, and a valid one"
_TARGET = "RFC 9112 3.2: the four forms of a request target"
_REQUEST_LINE = "RFC 9112 3: method SP target SP version CRLF"
_VERSION = "RFC 9110 15.6.6: a version that is not spoken"
_LIMIT = "every accumulator has a bound; aiohttp CVE-2026-54277"

# What Content-Length may not be, on either side.
_BAD_LENGTHS = {
    "a sign": b"+5",
    "a minus sign": b"-5",
    "minus zero": b"-0",
    "an underscore": b"1_0",
    "hexadecimal": b"0x10",
    "an octal prefix": b"0o5",
    "a space inside": b"5 5",
    "a tab inside": b"5\t5",
    "a fraction": b"5.0",
    "an exponent": b"5e0",
    "nothing": b"",
    "a word": b"five",
    "a list of equal ones": b"5, 5",
    "a list of different ones": b"5, 6",
    "a list with an empty element": b"5,",
    "a semicolon": b"5;",
    "quotes": b'"5"',
    "arabic digits in UTF-8": "\u0665".encode(),
    "fullwidth digits in UTF-8": "\uff15".encode(),
    "a superscript in Latin-1": b"\xb2",
    "a no-break space in Latin-1": b"5\xa0",
    "a next line control in Latin-1": b"5\x85",
    "nineteen digits": b"1" * 19,
    "more than 64 bits": b"18446744073709551621",
    "many digits": b"9" * 1000,
}

# What Transfer-Encoding may not be, on either side.
_BAD_CODINGS = {
    "gzip": b"gzip",
    "gzip, chunked": b"gzip, chunked",
    "chunked, gzip": b"chunked, gzip",
    "chunked twice in a list": b"chunked, chunked",
    "chunked with an empty element": b"chunked,",
    "an empty element, chunked": b",chunked",
    "identity": b"identity",
    "identity, chunked": b"identity, chunked",
    "xchunked": b"xchunked",
    "chunkedx": b"chunkedx",
    "chunked with a parameter": b"chunked;q=1",
    "quoted": b'"chunked"',
    "nothing": b"",
    "a space inside": b"chun ked",
    "a Kelvin sign in UTF-8": "chun\u212aed".encode(),
    "a long s in UTF-8": "\u017fchunked".encode(),
    "a dotless i in UTF-8": "\u0131dentity".encode(),
    "a no-break space in Latin-1": b"chunked\xa0",
    "a next line control in Latin-1": b"\x85chunked",
}

# What a chunked body may not be, on either side. It begins after the head.
_BAD_CHUNKS = {
    "no size": (b"\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "a prefix 0x": (b"0x5\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "a plus sign": (b"+5\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "a minus sign": (b"-5\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "an underscore": (b"0_5\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "a space before the size": (b" 5\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "a space behind the size": (b"5 \r\nhello\r\n0\r\n\r\n", _CHUNK),
    "a tab behind the size": (b"5\t\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "no hexadecimal digit": (b"g\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "a digit of another script": ("\u0665\r\nhello\r\n0\r\n\r\n".encode(), _CHUNK),
    "a comma": (b"5,\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "an equals sign": (b"5=a\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "a NUL behind the size": (b"5\x00\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "sixteen digits": (b"0000000000000005\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "more than 64 bits": (b"10000000000000005\r\nhello\r\n0\r\n\r\n", _CHUNK),
    "a size ended by LF": (b"5\nhello\r\n0\r\n\r\n", _LINE),
    "a size ended by CR": (b"5\rhello\r\n0\r\n\r\n", _LINE),
    "a size ended by CR CR LF": (b"5\r\r\nhello\r\n0\r\n\r\n", _LINE),
    "a last chunk ended by LF": (b"0\n\r\n", _LINE),
    "an extension ended by LF": (b"5;a\nhello\r\n0\r\n\r\n", _EXTENSION),
    "a CR in an extension": (b"5;a\rb\r\nhello\r\n0\r\n\r\n", _EXTENSION),
    "a LF in an extension": (b"5;a\nb\r\nhello\r\n0\r\n\r\n", _EXTENSION),
    "a quoted LF in an extension": (b'5;a="\n"\r\nhello\r\n0\r\n\r\n', _EXTENSION),
    "a NUL in an extension": (b"5;a\x00\r\nhello\r\n0\r\n\r\n", _EXTENSION),
    "a DEL in an extension": (b"5;a\x7f\r\nhello\r\n0\r\n\r\n", _EXTENSION),
    "an extension without its semicolon": (b"5 a\r\nhello\r\n0\r\n\r\n", _EXTENSION),
    "an extension beyond its bound": (b"5;" + b"a" * 1100 + b"\r\nhello\r\n0\r\n\r\n", _LIMIT),
    "an extension that never ends": (b"5;" + b"a" * 4200, _LIMIT),
    "an extension on the last chunk beyond its bound": (b"0;" + b"a" * 1100 + b"\r\n\r\n", _LIMIT),
    "no CRLF after the data": (b"5\r\nhello0\r\n\r\n", _CHUNK_END),
    "two wrong bytes after the data": (b"5\r\nhelloXX0\r\n\r\n", _CHUNK_END),
    "CR and a wrong byte after the data": (b"5\r\nhello\rX0\r\n\r\n", _CHUNK_END),
    "LF only after the data": (b"5\r\nhello\n0\r\n\r\n", _CHUNK_END),
    "LF CR after the data": (b"5\r\nhello\n\r0\r\n\r\n", _CHUNK_END),
    "data one byte longer than said": (b"4\r\nhello\r\n0\r\n\r\n", _CHUNK_END),
    "data two bytes longer than said": (b"3\r\nhello\r\n0\r\n\r\n", _CHUNK_END),
    "data one byte shorter than said": (b"6\r\nhello\r\n0\r\n\r\n", _CHUNK_END),
    "data two bytes shorter than said": (b"7\r\nhello\r\n0\r\n\r\n", _CHUNK_END),
    "a CR in place of the end": (b"0\r\n\rX\r\n", _LINE),
    "a LF in place of the end": (b"0\r\n\n", _LINE),
    "a trailer without a colon": (b"0\r\nTrailer\r\n\r\n", _FIELD),
    "a trailer without a name": (b"0\r\n: a\r\n\r\n", _FIELD),
    "a trailer with a space before its colon": (b"0\r\nA : b\r\n\r\n", _FIELD),
    "a folded trailer": (b"0\r\nA: b\r\n c\r\n\r\n", _VALUE),
    "a trailer ended by LF": (b"0\r\nA: b\n\r\n", _LINE),
    "a trailer with a NUL": (b"0\r\nA: \x00\r\n\r\n", _VALUE),
}

# Field lines that are wrong on either side.
_BAD_FIELDS = {
    "a field without a colon": (b"Field", _FIELD),
    "a field without a name": (b": a", _FIELD),
    "a space before the colon": (b"Field : a", _FIELD),
    "a tab before the colon": (b"Field\t: a", _FIELD),
    "a space in a name": (b"Fie ld: a", _FIELD),
    "a space before a name": (b" Field: a", "RFC 9112 5.2: a folded line"),
    "a tab before a name": (b"\tField: a", "RFC 9112 5.2: a folded line"),
    "a folded line": (b"Field: a\r\n b", "RFC 9112 5.2: a folded line"),
    "a folded line of white space": (b"Field: a\r\n \t", "RFC 9112 5.2: a folded line"),
    "a NUL in a name": (b"Fie\x00ld: a", _FIELD),
    "a control in a name": (b"Fie\x01ld: a", _FIELD),
    "a DEL in a name": (b"Fie\x7fld: a", _FIELD),
    "UTF-8 in a name": ("F\u00ef\u00ebld: a".encode(), _FIELD),
    "Latin-1 in a name": (b"F\xefeld: a", _FIELD),
    "a separator in a name": (b"Fie(ld: a", _FIELD),
    "a slash in a name": (b"Fie/ld: a", _FIELD),
    "an at sign in a name": (b"Fie@ld: a", _FIELD),
    "quotes in a name": (b'"Field": a', _FIELD),
    "a NUL in a value": (b"Field: a\x00b", _VALUE),
    "a NUL behind a value": (b"Field: a\x00", _VALUE),
    "a control in a value": (b"Field: a\x1fb", _VALUE),
    "a vertical tab in a value": (b"Field: a\x0bb", _VALUE),
    "a form feed in a value": (b"Field: a\x0cb", _VALUE),
    "a backspace in a value": (b"Field: a\x08b", _VALUE),
    "an escape in a value": (b"Field: a\x1bb", _VALUE),
    "a DEL in a value": (b"Field: a\x7fb", _VALUE),
    "a CR in a value": (b"Field: a\rb", _VALUE),
    "two CR at the end of a value": (b"Field: a\r", _VALUE),
    "a LF in a value": (b"Field: a\nb", _LINE),
    "a field hidden behind a LF": (b"Field: a\nTransfer-Encoding: chunked", _LINE),
    "a field hidden behind a CR": (b"Field: a\rTransfer-Encoding: chunked", _VALUE),
    "a vertical tab before chunked": (b"Transfer-Encoding: \x0bchunked", _VALUE),
    "a form feed behind chunked": (b"Transfer-Encoding: chunked\x0c", _VALUE),
    "a space behind Transfer-Encoding": (b"Transfer-Encoding : chunked", _FIELD),
    "a space behind Content-Length": (b"Content-Length : 5", _FIELD),
    "a NUL in Content-Length": (b"Content-Length: 5\x00", _VALUE),
    "Content-Length on a folded line": (b"Content-Length:\r\n 5", "RFC 9112 5.2: a folded line"),
}

_FIELDS_64K = b"".join(b"A%03d: %b\r\n" % (index, b"b" * 1000) for index in range(70))


def _bad_requests() -> list[Case]:
    cases = []

    def add(name: str, raw: bytes, status: int, why: str) -> None:
        cases.append(Case(name, raw, status, why))

    # The request line
    add("no request", b"hello\r\n\r\n", 400, _REQUEST_LINE)
    add("a request of HTTP/0.9", b"GET /\r\n", 400, _REQUEST_LINE)
    add("a request without a target", head(b"GET HTTP/1.1", b"Host: a"), 400, _REQUEST_LINE)
    add("an empty target", head(b"GET  HTTP/1.1", b"Host: a"), 400, _REQUEST_LINE)
    add("two spaces before the target", head(b"GET  / HTTP/1.1", b"Host: a"), 400, _REQUEST_LINE)
    add("two spaces behind the target", head(b"GET /  HTTP/1.1", b"Host: a"), 400, _REQUEST_LINE)
    add("a space behind the version", head(b"GET / HTTP/1.1 ", b"Host: a"), 400, _REQUEST_LINE)
    add("a space before the method", head(b" GET / HTTP/1.1", b"Host: a"), 400, _REQUEST_LINE)
    add("a tab behind the method", head(b"GET\t/ HTTP/1.1", b"Host: a"), 400, _REQUEST_LINE)
    add("a tab behind the target", head(b"GET /\tHTTP/1.1", b"Host: a"), 400, _REQUEST_LINE)
    add("a space in the target", head(b"GET /a b HTTP/1.1", b"Host: a"), 400, _REQUEST_LINE)
    add("a vertical tab as a space", head(b"GET\x0b/ HTTP/1.1", b"Host: a"), 400, _REQUEST_LINE)
    add("a request line ended by LF", b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400, _LINE)
    add("a request line ended by CR", b"GET / HTTP/1.1\rHost: a\r\n\r\n", 400, _LINE)
    add("a request line ended by CR CR LF", b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400, _LINE)
    add("nothing but LF line ends", b"GET / HTTP/1.1\nHost: a\n\n", 400, _LINE)
    add("LF before the request", b"\n" + head(b"GET / HTTP/1.1", b"Host: a"), 400, _LINE)
    add("CR before the request", b"\r" + head(b"GET / HTTP/1.1", b"Host: a"), 400, _LINE)
    add(
        "two empty lines before the request",
        b"\r\n\r\n" + head(b"GET / HTTP/1.1", b"Host: a"),
        400,
        "RFC 9112 2.2: one empty line is passed over",
    )
    add("a head ended by LF", b"GET / HTTP/1.1\r\nHost: a\r\n\n", 400, _LINE)
    add("a head ended by CR", b"GET / HTTP/1.1\r\nHost: a\r\n\rX\r\n", 400, _LINE)
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
    add("TLS on a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, _REQUEST_LINE)
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
        why = _VERSION if status == 505 else _REQUEST_LINE
        add(name, head(b"GET / " + version, b"Host: a"), status, why)
    add("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, _VERSION)

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
        add(name, head(b"GET " + target + b" HTTP/1.1", b"Host: a"), 400, _TARGET)
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
    add("no Host", head(b"GET / HTTP/1.1"), 400, _HOST)
    add("no Host but others", head(b"GET / HTTP/1.1", b"Hos: a", b"Hostt: a"), 400, _HOST)
    add("two Hosts", head(b"GET / HTTP/1.1", b"Host: a", b"Host: b"), 400, _HOST)
    add("two equal Hosts", head(b"GET / HTTP/1.1", b"Host: a", b"Host: a"), 400, _HOST)
    add("two Hosts in two cases", head(b"GET / HTTP/1.1", b"Host: a", b"hOST: a"), 400, _HOST)
    add("two Hosts in HTTP/1.0", head(b"GET / HTTP/1.0", b"Host: a", b"Host: a"), 400, _HOST)
    add("an absolute target and no Host", head(b"GET http://a/ HTTP/1.1"), 400, _HOST)
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
        add(name, head(b"GET / HTTP/1.1", b"Host: " + host), 400, _HOST)
        add(f"{name} in HTTP/1.0", head(b"GET / HTTP/1.0", b"Host: " + host), 400, _HOST)

    # Fields
    for name, (line, why) in _BAD_FIELDS.items():
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
    for name, value in _BAD_LENGTHS.items():
        add(f"Content-Length: {name}", with_body(b"Content-Length: " + value), 400, _LENGTH)
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
    for name, value in _BAD_CODINGS.items():
        add(f"Transfer-Encoding: {name}", with_body(b"Transfer-Encoding: " + value), 501, _CODING)
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
        _BOTH,
    )
    add(
        "Content-Length behind Transfer-Encoding",
        with_body(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
        400,
        _BOTH,
    )
    add(
        "Content-Length 0 beside Transfer-Encoding",
        with_body(b"Content-Length: 0", b"transfer-encoding: CHUNKED", body=b"0\r\n\r\n"),
        400,
        _BOTH,
    )
    add(
        "Transfer-Encoding in HTTP/1.0",
        with_body(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n", version=b"1.0"),
        400,
        _BOTH,
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
        _BOTH,
    )

    # Chunks
    for name, (body, why) in _BAD_CHUNKS.items():
        add(f"chunks: {name}", chunked(body), 400, why)

    # Bounds
    add(
        "a request line beyond its bound",
        head(b"GET /" + b"a" * (8192 - 15) + b" HTTP/1.1", b"Host: a"),
        414,
        _LIMIT,
    )
    add("a target that never ends", b"GET /" + b"a" * 16384, 414, _LIMIT)
    add("a method that never ends", b"G" * 16384, 414, _LIMIT)
    add("fields beyond their bound", with_field(_FIELDS_64K[:-2]), 431, _LIMIT)
    add("a field beyond the bound", with_field(b"A: " + b"b" * 65536), 431, _LIMIT)
    add(
        "a value that never ends",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"b" * 140000,
        431,
        _LIMIT,
    )
    add("a name that never ends", b"GET / HTTP/1.1\r\n" + b"A" * 140000, 431, _LIMIT)
    add("101 fields", with_field(b"\r\n".join([b"A: b"] * 100)), 431, _LIMIT)
    add(
        "trailers beyond their bound",
        chunked(b"0\r\n" + _FIELDS_64K + b"\r\n"),
        431,
        "aiohttp CVE-2026-22815",
    )
    add(
        "101 trailers",
        chunked(b"0\r\n" + b"A: b\r\n" * 101 + b"\r\n"),
        431,
        "aiohttp CVE-2026-22815",
    )
    add("a body beyond its bound", with_body(b"Content-Length: 104857601"), 413, _LIMIT)
    add("a very large body", with_body(b"Content-Length: " + b"9" * 18), 413, _LIMIT)
    add("a chunk beyond the body's bound", chunked(b"6400001\r\n"), 413, _LIMIT)
    add("a very large chunk", chunked(b"fffffffffffffff\r\n"), 413, _LIMIT)
    add(
        "chunks that together are beyond the body's bound",
        chunked(b"5\r\nhello\r\n63fffff\r\n"),
        413,
        _LIMIT,
    )
    return cases


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
    add("a status line ended by LF", b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", _LINE)
    add("a status line without reason ended by LF", b"HTTP/1.1 200\nA: b\r\n\r\n", _LINE)
    add("an empty line before the response", b"\r\nHTTP/1.1 200 OK\r\n\r\n", line)
    add("a head ended by LF", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", _LINE)
    for name, (field, why) in _BAD_FIELDS.items():
        add(name, response(b"HTTP/1.1 200 OK", field), why)
    for name, value in _BAD_LENGTHS.items():
        raw = response(b"HTTP/1.1 200 OK", b"Content-Length: " + value, body=b"hello")
        add(f"Content-Length: {name}", raw, _LENGTH)
    add(
        "two Content-Lengths that differ",
        response(b"HTTP/1.1 200 OK", b"Content-Length: 5", b"Content-Length: 6", body=b"hello!"),
        "RFC 9112 6.3",
    )
    for name, value in _BAD_CODINGS.items():
        raw = response(b"HTTP/1.1 200 OK", b"Transfer-Encoding: " + value, body=b"0\r\n\r\n")
        add(f"Transfer-Encoding: {name}", raw, _CODING)
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
        _BOTH,
    )
    add(
        "Transfer-Encoding in HTTP/1.0",
        response(b"HTTP/1.0 200 OK", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        _BOTH,
    )
    for name, (body, why) in _BAD_CHUNKS.items():
        add(f"chunks: {name}", chunked_response(body), why)
    add("a status line that never ends", b"HTTP/1.1 200 " + b"a" * 16384, _LIMIT)
    add(
        "a status line beyond its bound",
        response(b"HTTP/1.1 200 " + b"a" * (8192 - 14), b"Content-Length: 0"),
        _LIMIT,
    )
    add("fields beyond their bound", response(b"HTTP/1.1 200 OK", _FIELDS_64K[:-2]), _LIMIT)
    add("101 fields", response(b"HTTP/1.1 200 OK", *[b"A: b"] * 101), _LIMIT)
    add("101 trailers", chunked_response(b"0\r\n" + b"A: b\r\n" * 101 + b"\r\n"), _LIMIT)
    add(
        "a body beyond its bound",
        response(b"HTTP/1.1 200 OK", b"Content-Length: 104857601", body=b"h"),
        _LIMIT,
    )
    add("a chunk beyond the body's bound", chunked_response(b"6400001\r\n"), _LIMIT)
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
        _FIELD,
    )
    return cases


#: What a server refuses as soon as it has all of ``raw``, if not before.
BAD_REQUESTS = tuple(_bad_requests())

#: What a client refuses as soon as it has all of ``raw``, if not before.
BAD_RESPONSES = tuple(_bad_responses())

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
