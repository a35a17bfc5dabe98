"""Behind nginx and haproxy: as many answers as questions, each to who asked.

A proxy sends the requests of many clients over few connections. Where the server behind it counts
requests in another way than the proxy does, one client gets the answer of another.
"""

import hashlib
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.interop.programs import PROXIES, Proxy, run
from tests.wire.cases import BAD_REQUESTS, CUT_REQUESTS, head
from tests.wire.server_process import ServerProcess, start

pytestmark = pytest.mark.slow

_EMBEDDED = b"GET /echo/embedded HTTP/1.1\r\nHost: a\r\n\r\n"
_CHUNKED = b"Transfer-Encoding: chunked"


def post(*fields: bytes, body: bytes = _EMBEDDED, version: bytes = b"1.1") -> bytes:
    """Return a POST with these fields, and what follows them."""
    return head(b"POST /echo/outer HTTP/" + version, b"Host: a", *fields) + body


_SIZE = b"Content-Length: %d" % len(_EMBEDDED)
_AS_CHUNK = b"%x\r\n%b\r\n0\r\n\r\n" % (len(_EMBEDDED), _EMBEDDED)

#: Requests with another one inside, which one of two parties may take for a request.
_SMUGGLING = {
    "a length before chunked": post(_SIZE, _CHUNKED, body=b"0\r\n\r\n" + _EMBEDDED),
    "chunked before a length": post(_CHUNKED, b"Content-Length: 4", body=_AS_CHUNK),
    "no length before chunked": post(b"Content-Length: 0", _CHUNKED, body=_AS_CHUNK),
    "two lengths": post(b"Content-Length: 0", _SIZE),
    "two lengths, the shorter one last": post(_SIZE, b"Content-Length: 0"),
    "a length of nothing": post(b"Content-Length:"),
    "a list of lengths": post(_SIZE + b", 0"),
    "a length with a sign": post(b"Content-Length: +%d" % len(_EMBEDDED)),
    "a length with leading zeros": post(b"Content-Length: 000%d" % len(_EMBEDDED)),
    "a length with an underscore": post(b"Content_Length: %d" % len(_EMBEDDED)),
    "a coding with an underscore": post(b"Transfer_Encoding: chunked", _SIZE),
    "a length behind a folded line": post(b"X: y\r\n " + _SIZE),
    "a coding behind a folded line": post(b"X: y\r\n " + _CHUNKED, _SIZE),
    "a length hidden behind a LF": post(b"X: y\n" + _SIZE),
    "a length hidden behind a CR": post(b"X: y\r" + _SIZE),
    "a length dropped by Connection": post(b"Connection: content-length", _SIZE),
    "a coding dropped by Connection": post(
        b"Connection: transfer-encoding", _CHUNKED, body=_AS_CHUNK
    ),
    "a Host dropped by Connection": post(b"Connection: host", _SIZE),
    "chunked in HTTP/1.0": post(_CHUNKED, body=b"0\r\n\r\n" + _EMBEDDED, version=b"1.0"),
    "chunked and a length in HTTP/1.0": post(
        _CHUNKED, _SIZE, body=b"0\r\n\r\n" + _EMBEDDED, version=b"1.0"
    ),
    "chunked, kept alive in HTTP/1.0": post(
        b"Connection: keep-alive", _CHUNKED, body=b"0\r\n\r\n" + _EMBEDDED, version=b"1.0"
    ),
    "a GET with a body": head(b"GET /echo/outer HTTP/1.1", b"Host: a", _SIZE) + _EMBEDDED,
    "a HEAD with a body": head(b"HEAD /echo/outer HTTP/1.1", b"Host: a", _SIZE) + _EMBEDDED,
    "a GET with a chunked body": head(b"GET /echo/outer HTTP/1.1", b"Host: a", _CHUNKED)
    + _AS_CHUNK,
    "a body where no page is": head(b"POST /missing HTTP/1.1", b"Host: a", _SIZE) + _EMBEDDED,
    "a body where no body is taken": head(b"POST / HTTP/1.1", b"Host: a", _SIZE) + _EMBEDDED,
    "a body that is expected": post(b"Expect: 100-continue", _SIZE),
    "a chunked body that is expected": post(b"Expect: 100-continue", _CHUNKED, body=_AS_CHUNK),
    "an upgrade to h2c": post(
        b"Connection: upgrade, http2-settings",
        b"Upgrade: h2c",
        b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
        _SIZE,
    ),
    "an upgrade to a WebSocket": head(
        b"GET /echo/outer HTTP/1.1",
        b"Host: a",
        b"Connection: upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    + _EMBEDDED,
    "CONNECT": head(b"CONNECT a:80 HTTP/1.1", b"Host: a:80") + _EMBEDDED,
    "a chunk's extension with a LF": post(
        _CHUNKED, body=b"1;a\n" + _EMBEDDED[:1] + b"\r\n0\r\n\r\n" + _EMBEDDED
    ),
    "a chunk's size with a LF": post(_CHUNKED, body=b"0\n\n" + _EMBEDDED),
    "a chunk's size of 17 digits": post(_CHUNKED, body=b"10000000000000000\r\n\r\n" + _EMBEDDED),
    "a chunk's size of hexadecimal": post(_CHUNKED, body=b"0x0\r\n\r\n" + _EMBEDDED),
    "a chunk's end that is wrong": post(_CHUNKED, body=b"1\r\naXX0\r\n\r\n" + _EMBEDDED),
    "a trailer that is a length": post(_CHUNKED, body=b"0\r\n" + _SIZE + b"\r\n\r\n" + _EMBEDDED),
    "a trailer that is a coding": post(
        _CHUNKED, body=b"0\r\n" + _CHUNKED + b"\r\n\r\n" + _EMBEDDED
    ),
    "a trailer without an end": post(_CHUNKED, body=b"0\r\nX: y\r\n" + _EMBEDDED),
    "a target with a request in it": b"GET /echo/outer?x=1%20HTTP/1.1%0d%0aHost:%20a%0d%0a%0d%0a"
    b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "two requests in one": head(b"GET /echo/outer HTTP/1.1", b"Host: a") + _EMBEDDED,
    **{
        f"{coding!r}": post(b"Transfer-Encoding: " + coding, _SIZE, body=_EMBEDDED)
        for coding in (
            b"xchunked",
            b" chunked",
            b"\tchunked",
            b"\x0bchunked",
            b"chunked\x00",
            b"Chunked",
            b"chunked, identity",
            b"identity, chunked",
            b"chunked;a=b",
            b'"chunked"',
            b"",
            b"x\r\nTransfer-Encoding: chunked",
        )
    },
}

#: What our server may say to them.
_REFUSALS = {"400", "404", "405", "413", "414", "417", "431", "501", "505"}

_CASES = [
    *_SMUGGLING.values(),
    *(case.raw for case in BAD_REQUESTS),
    *(case.raw for case in CUT_REQUESTS),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory):
    directory = tmp_path_factory.mktemp("files")
    (directory / "page.txt").write_bytes(b"0123456789" * 1000)
    return directory


@pytest.fixture(scope="module")
def server(files):
    with start(files=str(files)) as found:
        yield found


@pytest.fixture(scope="module", params=list(PROXIES))
def proxy(request, server: ServerProcess, tmp_path_factory: pytest.TempPathFactory):
    with run(request.param, tmp_path_factory.mktemp("front"), server.port) as found:
        yield found


def _attack(proxy: Proxy, raw: bytes) -> None:
    """Send ``raw``, and what should be a question of its own; hear the proxy out."""
    with proxy.connect() as client:
        try:
            client.sendall(raw)
            client.sendall(head(b"GET /echo/after HTTP/1.1", b"Host: a", b"Connection: close"))
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass  # the proxy has had enough of it


def _ask(proxy: Proxy, index: int) -> None:
    """Ask as another client does, and take no answer but one's own."""
    body = f"the body of {index}".encode()
    client = proxy.client()
    try:
        client.request("PUT", f"/echo/victim/{index}", body, {"X-Victim": str(index)})
        response = client.getresponse()
        told = json.loads(response.read())
    finally:
        client.close()
    assert response.status == 200
    assert told["method"] == "PUT"
    assert told["uri"] == f"/echo/victim/{index}"
    assert told["sha256"] == hashlib.sha256(body).hexdigest()
    assert ["X-Victim", str(index)] in told["fields"]


@pytest.mark.parametrize("name", list(PROXIES))
def test_as_many_answers_as_questions(name: str, tmp_path_factory: pytest.TempPathFactory):
    with (
        start() as server,
        run(name, tmp_path_factory.mktemp("front"), server.port) as proxy,
        ThreadPoolExecutor(8) as threads,
    ):

        def attack(index: int) -> None:
            _attack(proxy, _CASES[index])
            _ask(proxy, index)

        list(threads.map(attack, range(len(_CASES))))
        usage = server.usage()
        log = proxy.end()
    victims = [found for found in log if found.target.startswith("/echo/victim/")]
    assert len(victims) == len(_CASES)
    assert {(found.status, found.back) for found in victims} == {("200", "200")}
    # Our server has answered what the proxy has had an answer to, and no question that the proxy
    # has not asked. (A request that the proxy gives up in the middle may be refused unheard.)
    answers = [found for found in log if found.back is not None]
    assert {found.back for found in answers} <= {"200", *_REFUSALS}
    asked = [found for found in log if found.is_sent]
    assert len(answers) <= usage["answered"] + usage["refused"] <= len(asked)
    assert len(asked) - len(answers) < 20
    assert usage["answered"] > len(victims)


# What a proxy in front must not change


def test_connections_to_the_server_are_kept(proxy: Proxy):
    peers = set()
    for _ in range(20):
        client = proxy.client()
        client.request("GET", "/echo")
        peers.add(json.loads(client.getresponse().read())["peer"])
        client.close()
    assert len(peers) < 5  # not one for each


def test_many_requests_on_one_connection(proxy: Proxy):
    client = proxy.client()
    for index in range(20):
        client.request("GET", f"/echo/{index}", headers={"X-Index": str(index)})
        told = json.loads(client.getresponse().read())
        assert told["uri"] == f"/echo/{index}"
        assert ["X-Index", str(index)] in told["fields"]
    client.close()


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 64 * 1024 + 1, 30_000_000])
def test_an_upload(proxy: Proxy, size: int):
    body = bytes(range(251)) * (size // 251 + 1)
    body = body[:size]
    client = proxy.client()
    client.request("POST", "/echo", body)
    told = json.loads(client.getresponse().read())
    assert (told["size"], told["sha256"]) == (size, hashlib.sha256(body).hexdigest())
    client.close()


def test_a_chunked_upload(proxy: Proxy):
    pieces = [b"%d" % index * index for index in range(1, 300)]
    client = proxy.client()
    client.request("POST", "/echo", iter(pieces), encode_chunked=True)
    told = json.loads(client.getresponse().read())
    assert told["sha256"] == hashlib.sha256(b"".join(pieces)).hexdigest()
    client.close()


def test_a_streamed_answer(proxy: Proxy):
    client = proxy.client()
    client.request("GET", "/stream?count=500")
    response = client.getresponse()
    assert response.read() == b"".join(b"%d\n" % index * 100 for index in range(500))
    client.request("GET", "/")  # and nothing of it is left over
    assert client.getresponse().read() == b"Hello, world"
    client.close()


def test_a_large_answer(proxy: Proxy):
    client = proxy.client()
    client.request("GET", "/big")
    assert client.getresponse().read() == bytes(8 * 1024 * 1024)
    client.close()


def test_head(proxy: Proxy):
    client = proxy.client()
    client.request("GET", "/files/page.txt")
    length = client.getresponse()
    length.read()
    for _ in range(3):
        client.request("HEAD", "/files/page.txt")
        response = client.getresponse()
        assert response.status == 200
        assert response.headers["Content-Length"] == length.headers["Content-Length"] == "10000"
        assert response.read() == b""
    client.close()


@pytest.mark.parametrize("path", ["/", "/files/page.txt"])
def test_not_modified(proxy: Proxy, path: str):
    client = proxy.client()
    client.request("GET", path)
    response = client.getresponse()
    body = response.read()
    for _ in range(3):
        client.request("GET", path, headers={"If-None-Match": response.headers["Etag"]})
        again = client.getresponse()
        assert (again.status, again.read()) == (304, b"")
    client.request("GET", path)
    assert client.getresponse().read() == body
    client.close()


def test_ranges(proxy: Proxy):
    client = proxy.client()
    client.request("GET", "/files/page.txt", headers={"Range": "bytes=5-14"})
    response = client.getresponse()
    assert (response.status, response.read()) == (206, b"5678901234")
    assert response.headers["Content-Range"] == "bytes 5-14/10000"
    client.request("GET", "/files/page.txt", headers={"Range": "bytes=10000-"})
    response = client.getresponse()
    response.read()
    assert response.status == 416
    client.close()


def test_a_body_that_waits_to_be_asked_for(proxy: Proxy):
    with proxy.connect() as client:
        client.sendall(post(b"Expect: 100-continue", b"Content-Length: 5", body=b""))
        stream = client.makefile("rb")
        assert stream.readline().startswith(b"HTTP/1.1 100 ")
        assert stream.readline() == b"\r\n"
        client.sendall(b"hello")
        assert stream.readline().startswith(b"HTTP/1.1 200 ")
        stream.close()


def test_requests_sent_ahead(proxy: Proxy):
    with proxy.connect() as client:
        asks = [head(b"GET /echo/%d HTTP/1.1" % index, b"Host: a") for index in range(30)]
        last = head(b"GET /echo/last HTTP/1.1", b"Host: a", b"Connection: close")
        client.sendall(b"".join(asks) + last)
        received = b""
        while piece := client.recv(65536):
            received += piece
    told = re.findall(rb'"uri": "([^"]*)"', received)
    assert told == [*(b"/echo/%d" % index for index in range(30)), b"/echo/last"]


def test_clients_that_go_away(proxy: Proxy, server: ServerProcess):
    for path in ("/big", "/stream?count=1000"):
        for _ in range(10):
            with proxy.connect() as client:
                client.sendall(head(b"GET %b HTTP/1.1" % path.encode(), b"Host: a"))
                assert client.recv(12) == b"HTTP/1.1 200"
            with proxy.connect() as client:
                client.sendall(post(b"Content-Length: 1000000", body=bytes(70_000)))
    for index in range(20):
        _ask(proxy, index)
    # What the proxy has let go our server lets go too.
    for _ in range(10_000):
        if server.usage()["descriptors"] < 60:
            return
    pytest.fail("connections of clients that have gone are still open")
