"""Reads mutated field lines into a header map and holds it to its promises.

Whatever comes, the lines are understood or ``HTTPInputError`` is raised; what is understood can be
sent and says the same when it is read again; and nothing in it could be taken for another line.
"""

from waterspout.httputil import HTTPHeaders, HTTPInputError
from waterspout.protocol.headers import encode_fields

__all__ = ["SEEDS", "check"]

#: Where mutations begin.
SEEDS = [
    b"",
    b"Content-Type: text/html\r\nContent-Length: 42\r\n",
    b"content-TYPE:text/html\nx-a: 1\nX-A: 2\r\n\r\n",
    b"Set-Cookie: a=b\r\nSet-Cookie: c=d; Path=/\r\nEmpty:\r\nWide: \t a b \t\r\n",
    b"A: b\r\n c\r\n\td\r\n",
    b"Field: caf\xe9\r\n!#$%&'*+-.^_`|~1: x\r\n",
    b"Field : a\r\n",
    b": a\r\n",
    b"Field\r\n",
    b"Field: a\x00b\rc\r\n",
]

_CONTROLS = {*map(chr, range(32)), "\x7f"} - {"\t"}


def check(data: bytes) -> None:
    """Raise ``AssertionError`` where a promise is broken; let other exceptions through."""
    try:
        headers = HTTPHeaders.parse(data.decode("latin-1"))
    except HTTPInputError:
        return
    pairs = list(headers.get_all())
    assert len(pairs) <= data.count(b"\n") + 1
    for name, value in pairs:
        assert name.isascii()
        assert name
        assert not _CONTROLS & {*name, *value}
        assert not {" ", "\t", ":"} & {*name}
        assert value == value.strip(" \t")
        assert value in headers.get_list(name.upper())
        assert name in headers
        assert name.lower() in headers
    assert sum(len(headers.get_list(name)) for name in headers) == len(pairs)
    assert HTTPHeaders.parse(encode_fields(headers).decode("latin-1")) == headers
    for name in list(headers):
        del headers[name]
    assert not headers
