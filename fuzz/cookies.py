"""Reads mutated ``Cookie`` fields, and writes what was read as cookies of our own.

Whatever comes, a dictionary comes out of it; a cookie that is written is read as what it was, and
is one cookie, without an attribute that nobody gave it.
"""

from waterspout.httputil import parse_cookie
from waterspout.httputil.cookies import encode_cookie, is_cookie_name

__all__ = ["SEEDS", "check"]

#: Where mutations begin.
SEEDS = [
    b"",
    b"a=b; c=d",
    b" a = b ;;c=d;e=f",
    b"a=1; a=2; A=3",
    b"a=b=c; =d; e",
    b'a="b"; c="d\\"e"; f="\\054\\303\\251"; g="',
    b"a=\xe9; \xe9=b",
    b'a="b; c"; __Host-a=b; $Version=1',
    b"2|1:0|10:1300000000|1:a|4:Yg==|0123456789abcdef",
]


def check(data: bytes) -> None:
    """Raise ``AssertionError`` where a promise is broken; let other exceptions through."""
    text = data.decode("latin-1")
    found = parse_cookie(text)
    assert len(found) <= text.count(";") + 1
    for name, value in found.items():
        assert name in text
        assert ";" not in name
        if not is_cookie_name(name):
            continue
        try:
            written = encode_cookie(name, value, {})
        except ValueError:
            continue  # it has what no cookie may have
        assert ";" not in written
        assert written.isprintable()
        assert parse_cookie(written) == {name: value}
