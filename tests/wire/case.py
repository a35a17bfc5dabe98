"""What a case is, how its bytes are put together, and what is wrong on either side."""

from dataclasses import dataclass


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


LENGTH = "RFC 9112 6.3: Content-Length is 1*DIGIT; tornado GHSA-qppv"
CODING = "RFC 9112 6.1: a coding that is not understood"
BOTH = "RFC 9112 6.1: smuggling; gunicorn CVE-2024-1135, tornado GHSA-753j"
CHUNK = "RFC 9112 7.1: a chunk's size is 1*HEXDIG"
CHUNK_END = "RFC 9112 7.1: CRLF after a chunk's data; h11 CVE-2025-43859"
EXTENSION = "RFC 9112 7.1.1: no bare CR or LF and no controls in an extension"
LINE = "RFC 9112 2.2: a line ends in CRLF"
FIELD = "RFC 9112 5.1: a field name is a token, and the colon follows it at once"
VALUE = "RFC 9110 5.5: no CR, LF, NUL or other controls in a field value"
HOST = "RFC 9112 3.2: exactly one Host, and a valid one"
TARGET = "RFC 9112 3.2: the four forms of a request target"
REQUEST_LINE = "RFC 9112 3: method SP target SP version CRLF"
VERSION = "RFC 9110 15.6.6: a version that is not spoken"
LIMIT = "every accumulator has a bound; aiohttp CVE-2026-54277"

# What Content-Length may not be, on either side.
BAD_LENGTHS = {
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
BAD_CODINGS = {
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
BAD_CHUNKS = {
    "no size": (b"\r\nhello\r\n0\r\n\r\n", CHUNK),
    "a prefix 0x": (b"0x5\r\nhello\r\n0\r\n\r\n", CHUNK),
    "a plus sign": (b"+5\r\nhello\r\n0\r\n\r\n", CHUNK),
    "a minus sign": (b"-5\r\nhello\r\n0\r\n\r\n", CHUNK),
    "an underscore": (b"0_5\r\nhello\r\n0\r\n\r\n", CHUNK),
    "a space before the size": (b" 5\r\nhello\r\n0\r\n\r\n", CHUNK),
    "a space behind the size": (b"5 \r\nhello\r\n0\r\n\r\n", CHUNK),
    "a tab behind the size": (b"5\t\r\nhello\r\n0\r\n\r\n", CHUNK),
    "no hexadecimal digit": (b"g\r\nhello\r\n0\r\n\r\n", CHUNK),
    "a digit of another script": ("\u0665\r\nhello\r\n0\r\n\r\n".encode(), CHUNK),
    "a comma": (b"5,\r\nhello\r\n0\r\n\r\n", CHUNK),
    "an equals sign": (b"5=a\r\nhello\r\n0\r\n\r\n", CHUNK),
    "a NUL behind the size": (b"5\x00\r\nhello\r\n0\r\n\r\n", CHUNK),
    "sixteen digits": (b"0000000000000005\r\nhello\r\n0\r\n\r\n", CHUNK),
    "more than 64 bits": (b"10000000000000005\r\nhello\r\n0\r\n\r\n", CHUNK),
    "a size ended by LF": (b"5\nhello\r\n0\r\n\r\n", LINE),
    "a size ended by CR": (b"5\rhello\r\n0\r\n\r\n", LINE),
    "a size ended by CR CR LF": (b"5\r\r\nhello\r\n0\r\n\r\n", LINE),
    "a last chunk ended by LF": (b"0\n\r\n", LINE),
    "an extension ended by LF": (b"5;a\nhello\r\n0\r\n\r\n", EXTENSION),
    "a CR in an extension": (b"5;a\rb\r\nhello\r\n0\r\n\r\n", EXTENSION),
    "a LF in an extension": (b"5;a\nb\r\nhello\r\n0\r\n\r\n", EXTENSION),
    "a quoted LF in an extension": (b'5;a="\n"\r\nhello\r\n0\r\n\r\n', EXTENSION),
    "a NUL in an extension": (b"5;a\x00\r\nhello\r\n0\r\n\r\n", EXTENSION),
    "a DEL in an extension": (b"5;a\x7f\r\nhello\r\n0\r\n\r\n", EXTENSION),
    "an extension without its semicolon": (b"5 a\r\nhello\r\n0\r\n\r\n", EXTENSION),
    "an extension beyond its bound": (b"5;" + b"a" * 1100 + b"\r\nhello\r\n0\r\n\r\n", LIMIT),
    "an extension that never ends": (b"5;" + b"a" * 4200, LIMIT),
    "an extension on the last chunk beyond its bound": (b"0;" + b"a" * 1100 + b"\r\n\r\n", LIMIT),
    "no CRLF after the data": (b"5\r\nhello0\r\n\r\n", CHUNK_END),
    "two wrong bytes after the data": (b"5\r\nhelloXX0\r\n\r\n", CHUNK_END),
    "CR and a wrong byte after the data": (b"5\r\nhello\rX0\r\n\r\n", CHUNK_END),
    "LF only after the data": (b"5\r\nhello\n0\r\n\r\n", CHUNK_END),
    "LF CR after the data": (b"5\r\nhello\n\r0\r\n\r\n", CHUNK_END),
    "data one byte longer than said": (b"4\r\nhello\r\n0\r\n\r\n", CHUNK_END),
    "data two bytes longer than said": (b"3\r\nhello\r\n0\r\n\r\n", CHUNK_END),
    "data one byte shorter than said": (b"6\r\nhello\r\n0\r\n\r\n", CHUNK_END),
    "data two bytes shorter than said": (b"7\r\nhello\r\n0\r\n\r\n", CHUNK_END),
    "a CR in place of the end": (b"0\r\n\rX\r\n", LINE),
    "a LF in place of the end": (b"0\r\n\n", LINE),
    "a trailer without a colon": (b"0\r\nTrailer\r\n\r\n", FIELD),
    "a trailer without a name": (b"0\r\n: a\r\n\r\n", FIELD),
    "a trailer with a space before its colon": (b"0\r\nA : b\r\n\r\n", FIELD),
    "a folded trailer": (b"0\r\nA: b\r\n c\r\n\r\n", VALUE),
    "a trailer ended by LF": (b"0\r\nA: b\n\r\n", LINE),
    "a trailer with a NUL": (b"0\r\nA: \x00\r\n\r\n", VALUE),
}

# Field lines that are wrong on either side.
BAD_FIELDS = {
    "a field without a colon": (b"Field", FIELD),
    "a field without a name": (b": a", FIELD),
    "a space before the colon": (b"Field : a", FIELD),
    "a tab before the colon": (b"Field\t: a", FIELD),
    "a space in a name": (b"Fie ld: a", FIELD),
    "a space before a name": (b" Field: a", "RFC 9112 5.2: a folded line"),
    "a tab before a name": (b"\tField: a", "RFC 9112 5.2: a folded line"),
    "a folded line": (b"Field: a\r\n b", "RFC 9112 5.2: a folded line"),
    "a folded line of white space": (b"Field: a\r\n \t", "RFC 9112 5.2: a folded line"),
    "a NUL in a name": (b"Fie\x00ld: a", FIELD),
    "a control in a name": (b"Fie\x01ld: a", FIELD),
    "a DEL in a name": (b"Fie\x7fld: a", FIELD),
    "UTF-8 in a name": ("F\u00ef\u00ebld: a".encode(), FIELD),
    "Latin-1 in a name": (b"F\xefeld: a", FIELD),
    "a separator in a name": (b"Fie(ld: a", FIELD),
    "a slash in a name": (b"Fie/ld: a", FIELD),
    "an at sign in a name": (b"Fie@ld: a", FIELD),
    "quotes in a name": (b'"Field": a', FIELD),
    "a NUL in a value": (b"Field: a\x00b", VALUE),
    "a NUL behind a value": (b"Field: a\x00", VALUE),
    "a control in a value": (b"Field: a\x1fb", VALUE),
    "a vertical tab in a value": (b"Field: a\x0bb", VALUE),
    "a form feed in a value": (b"Field: a\x0cb", VALUE),
    "a backspace in a value": (b"Field: a\x08b", VALUE),
    "an escape in a value": (b"Field: a\x1bb", VALUE),
    "a DEL in a value": (b"Field: a\x7fb", VALUE),
    "a CR in a value": (b"Field: a\rb", VALUE),
    "two CR at the end of a value": (b"Field: a\r", VALUE),
    "a LF in a value": (b"Field: a\nb", LINE),
    "a field hidden behind a LF": (b"Field: a\nTransfer-Encoding: chunked", LINE),
    "a field hidden behind a CR": (b"Field: a\rTransfer-Encoding: chunked", VALUE),
    "a vertical tab before chunked": (b"Transfer-Encoding: \x0bchunked", VALUE),
    "a form feed behind chunked": (b"Transfer-Encoding: chunked\x0c", VALUE),
    "a space behind Transfer-Encoding": (b"Transfer-Encoding : chunked", FIELD),
    "a space behind Content-Length": (b"Content-Length : 5", FIELD),
    "a NUL in Content-Length": (b"Content-Length: 5\x00", VALUE),
    "Content-Length on a folded line": (b"Content-Length:\r\n 5", "RFC 9112 5.2: a folded line"),
}

FIELDS_64K = b"".join(b"A%03d: %b\r\n" % (index, b"b" * 1000) for index in range(70))
