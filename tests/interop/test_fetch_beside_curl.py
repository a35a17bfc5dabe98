"""`waterspout fetch` beside curl: where options have the same name, the same is sent and shown."""

import gzip
import os
import re
import subprocess

import pytest
from tests.httpclient.scripted_server import OK, Peer, Script, always, response, serve
from tests.interop.programs import find

from waterspout.cli.main import main

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MISSING = response(b"no", "404 Not Found")
MOVED = response(b"", "302 Found", Location="/b")
FORM = "-F", "a=b"

CASES: list[tuple[list[str], bytes | Script]] = [
    ([], OK),
    (["-X", "DELETE"], OK),
    (["-X", "purge"], OK),
    (["-I"], response(X="y")),
    (["--include"], response(b"body", X="y")),
    (["-d", "a=b"], OK),
    (["-d", ""], OK),
    (["-d", "a=b", "--data-binary", "@lines", "-d", "c=d"], OK),
    (["--data-raw", "@lines"], OK),
    (["-d", "@lines"], OK),
    (["-d", "a=b", "-X", "PUT"], OK),
    (["-X", "GET", "-d", "a"], OK),
    (["-G", "-d", "a=b", "--data-binary", "c=d"], OK),
    (["-d", "a", "-H", "content-type: text/plain"], OK),
    (["--json", '{"a":', "--json", "1}"], OK),
    (["--json", "@lines"], OK),
    (["--json", "1", "-H", "Content-Type: x/y", "-H", "Accept: a/b"], OK),
    (["-F", "a=b"], OK),
    (["-F", "a=b;type=text/x", "-F", "c=d"], OK),
    (["-F", "a=@picture.jpg"], OK),
    (["-F", "a=<lines"], OK),
    (["-F", "a=@picture.jpg;type=image/x;filename=z.bin"], OK),
    (["-F", 'a=@lines;filename="x;y"'], OK),
    (["-F", 'a=@"a;b"'], OK),
    (["-F", 'a="b;c\\"d";type=text/x'], OK),
    (["-F", 'a={"b": "c"}'], OK),
    (["-F", 'a=@q"uote'], OK),
    (["-A", "me"], OK),
    (["-e", "http://example.org/from"], OK),
    (["-b", "a=b; c=d"], OK),
    (["-u", "me:pass:word"], OK),
    (["-u", "mé:ü"], OK),
    (["-H", "X: y", "-H", "X: z"], OK),
    (["-H", "X;"], OK),
    (["-H", "X:"], OK),
    (["-H", "Accept:"], OK),
    (["-H", "Host: example.org"], OK),
    (["-H", "@fields"], OK),
    (["--compressed"], response(gzip.compress(b"x" * 1000), Content_Encoding="gzip")),
    (["--raw"], response(gzip.compress(b"x" * 1000), Content_Encoding="gzip")),
    (["--interface", "127.0.0.2"], OK),
    ([], MOVED),
    (["-L"], MOVED),
    (["-L", "--max-redirs", "0"], MOVED),
    (["-L", "-d", "a"], MOVED),
    (["-L", "-d", "a"], lambda peer: _moved(peer, "307 X")),
    (["-L", "-d", "a"], lambda peer: _moved(peer, "303 X")),
    (["-L", "-u", "me:secret"], lambda peer: _moved(peer, "302 X")),
    ([], MISSING),
    (["-f"], MISSING),
    (["-s", "-f"], response(b"no", "500 X")),
    (["--max-filesize", "10"], response(b"x" * 100)),
    (["--max-time", "0.2"], lambda peer: (peer.read_request(), peer.wait_for_end())),
    (["-o", "out"], OK),
    (["-o", "out"], response(b"")),
    (["-O"], OK),
    (["-o", "/nowhere/out"], OK),
    (["--nonsense"], OK),
    ([], lambda peer: peer.read_request()),
    ([], lambda peer: (peer.read_request(), peer.reset())),
    ([], lambda peer: peer.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")),
    ([], lambda peer: peer.answer(CHUNKED + b"4\r\nhalf")),
    ([], CHUNKED + b"2\r\nok\r\n0\r\nX-Trailer: y\r\n\r\n"),
    ([], b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK),
    ([], lambda peer: peer.answer(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")),
]


def _moved(peer: Peer, status: str) -> None:
    peer.answer(response(b"", status, Location="/b"))
    peer.answer_all(OK)


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """Files to send, and nothing of the user's own around."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    (tmp_path / "lines").write_bytes(b"one\r\ntwo\n")
    (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8\0\r\n")
    (tmp_path / "a;b").write_bytes(b"text")
    (tmp_path / 'q"uote').write_bytes(b"text")
    (tmp_path / "fields").write_bytes(b"X: y\nZ: w\n\n")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "answer"), CASES, ids=[f"{n} {' '.join(a[0])}" for n, a in enumerate(CASES)]
)
def test_the_same(files, capfdbinary, arguments, answer):
    script = always(answer) if isinstance(answer, bytes) else answer
    with serve(script) as server:
        url = f"{server.url}path/name.txt?q=1#fragment"
        command = [find("curl"), "-q", "-sS", "--http1.1", *arguments, url]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        theirs = done.returncode, done.stdout, _sent(server.requests), _written(files)
    with serve(script) as other:
        try:
            found = main(["fetch", *arguments, url.replace(server.url, other.url)])
        except SystemExit as error:
            found = int(error.code or 0)
        ours = found, capfdbinary.readouterr().out, _sent(other.requests), _written(files)
    assert ours == theirs


# What each of them says of itself, and how.
_ITS_OWN = {"accept-encoding", "connection", "content-length", "host", "transfer-encoding"}


def _sent(requests):
    """Return what was sent, but for what is the programs' own to say; and forget it."""
    found = []
    for request in requests:
        fields = {name: value for name, value in request.headers.items() if name not in _ITS_OWN}
        if fields.get("accept") == "*/*":
            del fields["accept"]
        if re.match(r"curl/|waterspout/", fields.get("user-agent", "")):
            del fields["user-agent"]
        if request.headers["host"] == "example.org":
            fields["host"] = "example.org"
        body = request.body
        boundary = re.search(r"boundary=(\S+)", fields.get("content-type", ""))
        if boundary is not None:
            body = body.replace(boundary[1].encode(), b"boundary")
            fields["content-type"] = fields["content-type"].replace(boundary[1], "boundary")
        found.append((request.line, fields, body))
    return found


def _written(directory):
    """Return what is in the files that were written; and remove them."""
    found = {}
    for name in ("out", "name.txt"):
        path = directory / name
        if path.exists():
            found[name] = path.read_bytes()
            path.unlink()
    return found
