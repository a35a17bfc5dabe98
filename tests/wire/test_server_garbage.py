"""No input ends a worker: whatever comes, the same process answers the next client.

A server runs in a process of its own, on both loops. Inputs are made from a seed: requests that
are right, spoiled in every way that has been thought of, and bytes that never were a request. A
worker of another server was ended by one header outside ASCII (granian, CVE-2026-42544).
"""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from tests.wire.cases import BAD_REQUESTS, CUT_REQUESTS
from tests.wire.server_process import LOOPS, ServerProcess, start

SEED = 20260101
#: How many inputs of each kind are sent.
COUNT = 200

BOUNDARY = b"----boundary"
FORM = (
    b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n'
    b"Content-Type: text/plain\r\n\r\nhello\r\n--" + BOUNDARY + b"--\r\n"
)

SEEDS = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /look?a=1&b=%C3%A9 HTTP/1.1\r\nHost: a:80\r\nCookie: a=1; b=2\r\n"
    b'If-None-Match: "a", W/"b"\r\nRange: bytes=0-1,2-\r\nAccept-Encoding: gzip;q=0.5\r\n'
    b"Accept-Language: de, en;q=0.5\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
    b"POST /look HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 11\r\n\r\na=1&b=%20&c",
    b"POST /look HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary="
    + BOUNDARY
    + b"\r\nContent-Length: %d\r\n\r\n" % len(FORM)
    + FORM,
    b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
    b"PUT /echo HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
    b"GET http://a/stream?count=2 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    b"GET /files/%2e%2e/file HTTP/1.1\r\nHost: a\r\nIf-Modified-Since: yesterday\r\n\r\n",
]

TOKENS = [
    *(bytes([byte]) for byte in b'\0\t\n\r "%&+,-/:;<=>?@\\|~\x7f\x80\xff'),
    *(
        b"\r\n",
        b"\r\n\r\n",
        b"\n\n",
        b"\xc3\xa9",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"%",
        b"%00",
    ),
    *(
        b"%ff",
        b"%u0041",
        b"9" * 30,
        b"0x10",
        b"-1",
        b"+1",
        b"1e9",
        b"fffffffffffffffff",
        b"\xe2\x84\xaa",
    ),
    *(
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Host: b\r\n",
        b"Expect: x\r\n",
    ),
    *(
        b"Cookie: =;=\r\n",
        b"X: \xff\xfe\r\n",
        b"\xff: x\r\n",
        b"HTTP/2.0",
        b"PRI * ",
        b"\x16\x03\x01",
    ),
]


def spoiled(random: random.Random) -> bytes:
    """Return a request with some bytes replaced, put in, taken out, doubled or cut."""
    data = bytearray(random.choice(SEEDS))
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(data) + 1)
        until = at + random.randrange(1, 9)
        kind = random.randrange(5)
        if kind == 0:
            data[at:until] = random.choice(TOKENS)
        elif kind == 1:
            data[at:at] = random.choice(TOKENS) * random.choice([1, 1, 2, 50])
        elif kind == 2:
            del data[at:until]
        elif kind == 3:
            data[at:at] = data[at:until] * random.randint(1, 20)
        else:
            data[at:until] = random.randbytes(min(until, len(data)) - at)
    return bytes(data)


def cut(random: random.Random) -> bytes:
    """Return one or two requests, the last of them without its end."""
    data = random.choice(SEEDS) * random.randint(0, 1) + random.choice(SEEDS)
    return data[: random.randrange(1, len(data))]


def tokens(random: random.Random) -> bytes:
    """Return what looks like parts of requests in any order."""
    lines = [line for seed in SEEDS for line in seed.split(b"\r\n")]
    return b"\r\n".join(random.choices(lines + TOKENS, k=random.randint(1, 40)))


def noise(random: random.Random) -> bytes:
    """Return bytes."""
    return random.randbytes(random.choice([1, 7, 100, 5000, 70_000]))


def fields(random: random.Random) -> bytes:
    """Return a request whose values are any bytes that HTTP allows there."""
    names = [b"Cookie", b"Range", b"If-Range", b"If-None-Match", b"If-Match", b"Accept-Encoding"]
    names += [b"If-Modified-Since", b"Accept-Language", b"Content-Type", b"Authorization"]
    names += [b"X-Forwarded-For", b"Forwarded", b"Upgrade", b"Connection", b"Referer", b"X-Y"]
    allowed = bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100)) + b"\t"
    lines = [
        b"%b: %b" % (name, bytes(random.choices(allowed, k=random.choice([0, 1, 5, 200]))))
        for name in random.choices(names, k=random.randint(1, 12))
    ]
    path = random.choice([b"/", b"/look", b"/look?%ff=%fe&\xc3", b"/files/file", b"/none"])
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: a", *lines, b"", b""])


def body(random: random.Random) -> bytes:
    """Return a form whose body is spoiled, and its length true."""
    content_type = random.choice(
        [b"multipart/form-data; boundary=" + BOUNDARY, b"application/x-www-form-urlencoded"]
    )
    content = bytearray(FORM if b"multi" in content_type else b"a=1&b=%C3%A9&c=+&d&=e")
    for _ in range(random.randint(1, 8)):
        at = random.randrange(len(content) + 1)
        content[at : at + random.randrange(5)] = random.choice(TOKENS)
    return (
        b"POST /look HTTP/1.1\r\nHost: a\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
        % (content_type, len(content))
        + content
    )


MAKERS: list[Callable[[random.Random], bytes]] = [spoiled, cut, tokens, noise, fields, body]


@pytest.fixture(scope="module", params=LOOPS)
def server(request, tmp_path_factory) -> Iterator[ServerProcess]:
    """One server for all the garbage."""
    root = tmp_path_factory.mktemp("files")
    (root / "file").write_bytes(b"0123456789")
    with start(request.param, files=str(root), compress=True) as server:
        yield server
        assert server.process.stdin is not None
        assert server.process.stderr is not None
        server.process.stdin.close()
        assert "Traceback" not in server.process.stderr.read()


def throw(server: ServerProcess, data: bytes, chance: random.Random) -> None:
    """Send ``data`` to the server, in one or more pieces, and go in one of three ways."""
    # It may be refused in the middle.
    with server.connect() as client, suppress(ConnectionError):
        pieces = chance.choice([1, 1, 2, 5])
        size = -(-len(data) // pieces)
        for at in range(0, len(data), size):
            client.sendall(data[at : at + size])
        if chance.random() < 0.2:
            return  # a reset, where something is unread
        client.shutdown(socket.SHUT_WR)
        if chance.random() < 0.3:
            return
        received = b"".join(iter(lambda: client.recv(65536), b""))
        # Whatever has come back is an answer, and none of them says that we are at fault.
        assert received == b"" or received.startswith(b"HTTP/1.1 "), received[:80]
        assert b"HTTP/1.1 500 " not in received, data


def is_alive(server: ServerProcess) -> None:
    """Hold that the same process still answers."""
    assert server.process.poll() is None
    assert server.get("/") == b"Hello, world"


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.slow
def test_whatever_comes_the_next_client_is_served(server: ServerProcess, make):
    chance = random.Random(f"{SEED} {make.__name__}")
    before = server.usage()
    for _ in range(COUNT):
        throw(server, make(chance), chance)
    is_alive(server)
    after = server.usage()
    if make in (spoiled, body, fields):
        assert after["answered"] - before["answered"] > COUNT // 10  # not all were refused
    if make is not body:
        assert after["refused"] - before["refused"] > COUNT // 20


def test_every_case_one_after_the_other(server: ServerProcess):
    chance = random.Random(SEED)
    for case in (*BAD_REQUESTS, *CUT_REQUESTS):
        throw(server, case.raw, chance)
    is_alive(server)


@pytest.mark.parametrize("place", ["name", "value", "target", "method", "query", "host", "cookie"])
@pytest.mark.slow
def test_every_byte_everywhere(server: ServerProcess, place):
    """Each of the 256 bytes in each place of a request; some are right, most are refused."""
    template = {
        "name": b"GET /look HTTP/1.1\r\nHost: a\r\nX%b: y\r\n\r\n",
        "value": b"GET /look HTTP/1.1\r\nHost: a\r\nX: %b\r\n\r\n",
        "target": b"GET /lo%bok HTTP/1.1\r\nHost: a\r\n\r\n",
        "method": b"GE%bT /look HTTP/1.1\r\nHost: a\r\n\r\n",
        "query": b"GET /look?a=%b HTTP/1.1\r\nHost: a\r\n\r\n",
        "host": b"GET /look HTTP/1.1\r\nHost: a%b\r\n\r\n",
        "cookie": b"GET /look HTTP/1.1\r\nHost: a\r\nCookie: a=%b; b%b=c\r\n\r\n",
    }[place]
    chance = random.Random(SEED)
    for byte in range(256):
        raw = template.replace(b"%b", bytes([byte]))
        throw(server, raw, chance)
    is_alive(server)


def test_a_thousand_clients_that_go_at_once(server: ServerProcess):
    for _ in range(1000):
        server.connect().close()
    is_alive(server)
