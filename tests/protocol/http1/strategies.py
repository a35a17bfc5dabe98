"""Legal messages, and bytes that are nearly legal, for hypothesis.

A message is drawn as what it says, and written by the few lines here that know nothing of the
package: so that what is read can be held against what was meant.
"""

from dataclasses import dataclass, field

from hypothesis import strategies as st

__all__ = ["Message", "cuts", "noise", "requests", "responses"]

TCHAR = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
VCHAR = bytes(range(0x21, 0x7F))

Field = tuple[bytes, bytes]


@dataclass
class Message:
    """What a message says, and its bytes."""

    start: tuple[str, ...]
    fields: list[Field]
    body: bytes
    trailers: list[Field]
    raw: bytes
    is_last: bool = False
    method: str = "GET"
    """What a response answers."""
    fields_sent: list[Field] = field(default_factory=list)


_tokens = st.text(TCHAR, min_size=1, max_size=10).map(str.encode)
_names = _tokens.filter(
    lambda name: (
        name.lower()
        not in (b"host", b"content-length", b"transfer-encoding", b"connection", b"expect")
    )
)
_inner = st.binary(max_size=15).map(
    lambda raw: bytes(byte for byte in raw if byte == 9 or 0x20 <= byte != 0x7F)
)
_values = _inner.map(lambda raw: raw.strip(b" \t"))
_space = st.sampled_from([b"", b" ", b"\t", b"  ", b" \t "])
_fields = st.lists(st.tuples(_names, _values), max_size=4)
_bodies = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"0\r\n\r\n", b"\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]
    ),
)
_simple_extensions = st.one_of(
    st.just(b""),
    st.tuples(_tokens).map(lambda parts: b";" + parts[0]),
    st.tuples(_tokens, _tokens).map(lambda parts: b";" + parts[0] + b"=" + parts[1]),
)
_extensions = st.one_of(_simple_extensions, st.just(b' ; a = "b c;d"'))
_hosts = st.sampled_from(
    [b"a", b"example.com", b"localhost:8888", b"[::1]", b"[::1]:80", b"127.0.0.1", b"A.b-c_d:"]
)
_targets = st.one_of(
    st.just("/"),
    st.binary(max_size=12).map(
        lambda raw: "/" + bytes(byte for byte in raw if byte in VCHAR and byte != 0x23).decode()
    ),
)
_methods = st.one_of(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "X"]),
    _tokens.map(bytes.decode),
).filter(lambda method: method != "CONNECT")


@st.composite
def _field_lines(draw: st.DrawFn, fields: list[Field]) -> bytes:
    lines = b""
    for name, value in fields:
        spelled = draw(st.sampled_from([name, name.upper(), name.lower()]))
        lines += spelled + b":" + draw(_space) + value + draw(_space) + b"\r\n"
    return lines


@st.composite
def _framed(
    draw: st.DrawFn, fields: list[Field], body: bytes, framing: str, *, is_simple: bool
) -> tuple[list[Field], bytes, list[Field]]:
    """Return the fields with those that frame, the body as it is sent, and trailers."""
    place = draw(st.integers(0, len(fields)))
    if framing == "length":
        zeros = draw(st.sampled_from([b"", b"0", b"000"]))
        line = (b"Content-Length", zeros + b"%d" % len(body))
        return [*fields[:place], line, *fields[place:]], body, []
    if framing == "chunked":
        coding = draw(st.sampled_from([b"chunked", b"Chunked", b"CHUNKED"]))
        trailers = draw(st.lists(st.tuples(_names, _values), max_size=2))
        extensions = _simple_extensions if is_simple else _extensions
        sent = b""
        rest = body
        while rest:
            size = draw(st.integers(1, len(rest)))
            digits = draw(st.sampled_from(["%x", "%X", "%04x"])) % size
            sent += digits.encode() + draw(extensions) + b"\r\n" + rest[:size] + b"\r\n"
            rest = rest[size:]
        sent += draw(st.sampled_from([b"0", b"00"])) + draw(extensions) + b"\r\n"
        sent += draw(_field_lines(trailers)) + b"\r\n"
        line = (b"Transfer-Encoding", coding)
        return [*fields[:place], line, *fields[place:]], sent, trailers
    return fields, body, []


@st.composite
def requests(draw: st.DrawFn, *, may_be_last: bool = True, is_simple: bool = False) -> Message:
    """Draw a request; a simple one is without what is legal but rarely understood."""
    method, target, host = draw(_methods), draw(_targets), draw(_hosts)
    is_http11 = draw(st.booleans()) or not may_be_last
    body = draw(_bodies)
    framings = ["length", "chunked"] if is_http11 else ["length"]
    framing = draw(st.sampled_from(framings)) if body else draw(st.sampled_from([*framings, ""]))
    fields, sent, trailers = draw(_framed(draw(_fields), body, framing, is_simple=is_simple))
    fields = [*fields, (b"Host", host)] if draw(st.booleans()) else [(b"Host", host), *fields]
    is_last = not is_http11
    option = draw(st.sampled_from([None, b"keep-alive", b"close"])) if may_be_last else None
    if option is not None:
        fields = [*fields, (b"Connection", option)]
        is_last = option == b"close"
    version = "HTTP/1.1" if is_http11 else "HTTP/1.0"
    if target == "*":
        target = "/"
    raw = f"{method} {target} {version}\r\n".encode() + draw(_field_lines(fields)) + b"\r\n" + sent
    if not is_simple and draw(st.integers(0, 9)) == 9:
        raw = b"\r\n" + raw
    return Message((method, target, version), fields, body, trailers, raw, is_last)


@st.composite
def responses(draw: st.DrawFn, *, is_simple: bool = False) -> Message:
    """Draw a response, with interim ones before it, and the method it answers."""
    raw = b""
    for _ in range(draw(st.integers(0, 2))):
        status = draw(st.sampled_from([100, 102, 103]))
        raw += b"HTTP/1.1 %d X\r\n" % status + draw(_field_lines(draw(_fields))) + b"\r\n"
    method = draw(st.sampled_from(["GET", "HEAD", "POST"]))
    status = draw(st.sampled_from([200, 201, 204, 206, 302, 304, 404, 500, 599, 999]))
    reason = draw(_values.map(lambda value: value.decode("latin-1")))
    has_body = method != "HEAD" and status not in (204, 304)
    body = draw(_bodies) if has_body else b""
    is_http11 = draw(st.booleans())
    framings = ["length", "chunked", ""] if is_http11 else ["length", ""]
    framing = draw(st.sampled_from(framings))
    fields, sent, trailers = draw(_framed(draw(_fields), body, framing, is_simple=is_simple))
    if not has_body:
        sent, trailers = b"", []
    version = "HTTP/1.1" if is_http11 else "HTTP/1.0"
    line = f"{version} {status} {reason}\r\n".encode("latin-1")
    raw += line + draw(_field_lines(fields)) + b"\r\n" + sent
    return Message(
        (version, str(status), reason), fields, body, trailers, raw, framing == "", method
    )


cuts = st.lists(st.integers(0, 10_000), max_size=12)
"""Where a stream is cut, modulo its length."""

_pieces = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\n",
        b"POST /a?b HTTP/1.1\r\n",
        b"HEAD / HTTP/1.0\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n",
        b"HTTP/1.0 200 OK\r\n",
        b"Host: a\r\n",
        b"Host: b\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 05\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Connection: close\r\n",
        b"Connection: keep-alive\r\n",
        b"Expect: 100-continue\r\n",
        b"Upgrade: x\r\n",
        b"A: b\r\n",
        b" folded\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\r",
        b"\n",
        b"hello",
        b"5\r\nhello\r\n",
        b"5;a=b\r\nhello\r\n",
        b"0\r\n\r\n",
        b"0\r\nA: b\r\n\r\n",
        b"fffffffffffffff\r\n",
        b"\x00",
        b"\xff",
        b" ",
        b":",
        b";",
        b"\t",
    ]
)

noise = st.lists(st.one_of(_pieces, _pieces, _pieces, st.binary(max_size=4)), max_size=20).map(
    b"".join
)
"""Bytes that go a long way before they are wrong, if they are."""
