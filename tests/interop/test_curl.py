"""curl asks our server: what a client that everybody has makes of HTTP/1.1."""

import gzip
import hashlib
import json
import re
import subprocess

import pytest
from tests.interop.programs import find
from tests.wire.server_process import LOOPS, ServerProcess, start

trustme = pytest.importorskip("trustme")

_PAGE = b"".join(b"line %d\n" % index for index in range(2000))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory):
    directory = tmp_path_factory.mktemp("files")
    (directory / "page.txt").write_bytes(_PAGE)
    return directory


@pytest.fixture(scope="module", params=LOOPS)
def server(request, files):
    with start(request.param, files=str(files), compress=True) as found:
        yield found


def curl(server: ServerProcess, *arguments: str, scheme: str = "http") -> bytes:
    """Run curl; ``page:/path`` is the address of a page."""
    base = f"{scheme}://localhost:{server.port}"
    done = subprocess.run(
        [
            *(find("curl"), "-q", "--silent", "--show-error", "--noproxy", "*"),
            *("--ipv4", "--http1.1", "--max-time", "60"),
            *(each.replace("page:", base) for each in arguments),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_page(server: ServerProcess):
    assert curl(server, "page:/") == b"Hello, world"


def test_http_1_0(server: ServerProcess):
    head, _, body = curl(server, "-i", "--http1.0", "page:/").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b"Hello, world"


def test_head(server: ServerProcess):
    head = curl(server, "--head", "page:/files/page.txt")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Length: %d\r\n" % len(_PAGE) in head
    assert head.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("given", "expected"),
    [("0-9", _PAGE[:10]), ("-7", _PAGE[-7:]), ("100-", _PAGE[100:]), ("5-5", _PAGE[5:6])],
)
def test_ranges(server: ServerProcess, given: str, expected: bytes):
    told = curl(server, "-i", "--range", given, "page:/files/page.txt")
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 206 ")
    assert body == expected


def test_a_download_that_goes_on(server: ServerProcess, tmp_path):
    target = tmp_path / "page"
    target.write_bytes(_PAGE[:1234])
    curl(server, "-C", "-", "-o", str(target), "page:/files/page.txt")
    assert target.read_bytes() == _PAGE


def test_several_ranges_are_answered_whole_or_in_parts(server: ServerProcess):
    told = curl(server, "-i", "--range", "0-1,5-6", "page:/files/page.txt")
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 206 "))
    assert body == _PAGE or b"Content-Range" in body


def test_a_page_that_has_not_changed(server: ServerProcess, tmp_path):
    tag = str(tmp_path / "etag")
    assert curl(server, "--etag-save", tag, "page:/files/page.txt") == _PAGE
    told = curl(server, "-i", "--etag-compare", tag, "page:/files/page.txt")
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 304 ")
    assert body == b""


def test_a_page_that_is_not_newer(server: ServerProcess, files):
    path = str(files / "page.txt")
    told = curl(server, "-i", "--time-cond", path, "page:/files/page.txt")
    assert told.startswith(b"HTTP/1.1 304 ")


def test_compressed(server: ServerProcess, tmp_path):
    assert curl(server, "--compressed", "page:/files/page.txt") == _PAGE
    packed = curl(server, "-H", "Accept-Encoding: gzip", "page:/files/page.txt")
    assert len(packed) < len(_PAGE)
    assert gzip.decompress(packed) == _PAGE


# No empty file in chunks: curl 7.88 never sends the last one.
@pytest.mark.parametrize(
    ("framing", "size"),
    [("length", 0), ("length", 10), ("length", 2_000_000), ("chunked", 1), ("chunked", 2_000_000)],
)
@pytest.mark.parametrize("way", ["--data-binary", "--upload-file"])
def test_uploads(server: ServerProcess, tmp_path, way: str, size: int, framing: str):
    body = bytes(range(256)) * (size // 256 + 1)
    path = tmp_path / "body"
    path.write_bytes(body[:size])
    given = f"@{path}" if way == "--data-binary" else str(path)
    extra = ["-H", "Transfer-Encoding: chunked"] if framing == "chunked" else []
    told = json.loads(curl(server, way, given, *extra, "page:/echo"))
    assert told["method"] == ("POST" if way == "--data-binary" else "PUT")
    assert told["sha256"] == hashlib.sha256(body[:size]).hexdigest()


def test_an_upload_that_waits_to_be_asked_for(server: ServerProcess, tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"hello" * 1000)
    told = curl(server, "-i", "-H", "Expect: 100-continue", "-T", str(path), "page:/echo")
    assert told.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_a_form_with_a_file(server: ServerProcess, files):
    told = json.loads(curl(server, "-F", "a=b", "-F", f"f=@{files / 'page.txt'}", "page:/echo"))
    assert told["method"] == "POST"
    assert told["size"] > len(_PAGE)


def test_other_methods(server: ServerProcess):
    for method in ("DELETE", "PATCH", "OPTIONS", "PURGE"):
        assert json.loads(curl(server, "-X", method, "page:/echo"))["method"] == method


def test_a_connection_is_used_again(server: ServerProcess):
    count = 30
    told = curl(
        server,
        *("--write-out", "(%{num_connects}/%{http_code})"),
        *(f"http://localhost:{server.port}/echo/{index}" for index in range(count)),
    ).decode()
    assert re.findall(r'"uri": "/echo/(\d+)"', told) == [str(index) for index in range(count)]
    assert len(set(re.findall(r'"peer": (\d+)', told))) == 1
    assert re.findall(r"\((\d/\d+)\)", told) == ["1/200", *["0/200"] * (count - 1)]


def test_after_bodies_and_answers_without_one_too(server: ServerProcess, files):
    path = str(files / "page.txt")
    asks = [
        ["-X", "POST", "--data-binary", f"@{path}", "page:/echo"],
        ["-H", "Transfer-Encoding: chunked", "--data-binary", f"@{path}", "page:/echo"],
        ["--head", "page:/files/page.txt"],
        ["-z", path, "page:/files/page.txt"],
        ["page:/stream?count=50"],
        ["-r", "1-5", "page:/files/page.txt"],
        ["page:/missing"],
        ["page:/"],
    ]
    shown = "(%{num_connects}/%{http_code})"
    arguments: list[str] = []
    for ask in asks:
        arguments += ["--next"] * bool(arguments)
        arguments += ["-q", "-s", "--noproxy", "*", "--ipv4", "--http1.1", "-w", shown, *ask]
    told = re.findall(rb"\((\d/\d+)\)", curl(server, *arguments))
    codes = [b"200", b"200", b"200", b"304", b"200", b"206", b"404", b"200"]
    assert told == [b"1/" + codes[0], *(b"0/" + code for code in codes[1:])]


def test_many_at_the_same_time(server: ServerProcess):
    base = f"http://localhost:{server.port}/echo"
    told = curl(server, "--parallel", "--parallel-max", "50", f"{base}/[1-300]").decode()
    found = re.findall(r'"uri": "/echo/(\d+)"', told)
    assert sorted(map(int, found)) == list(range(1, 301))


@pytest.mark.parametrize("loop", LOOPS)
def test_over_tls(loop: str, files, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    identity = tmp_path / "server.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(identity)
    with start(loop, files=str(files), certfile=str(identity)) as server:
        trust = ["--cacert", str(tmp_path / "ca.pem")]
        assert curl(server, *trust, "page:/files/page.txt", scheme="https") == _PAGE
        told = curl(
            server,
            *trust,
            "-T",
            str(files / "page.txt"),
            "page:/echo",
            "page:/",
            "page:/big",
            scheme="https",
        )
        assert hashlib.sha256(_PAGE).hexdigest().encode() in told
        assert told.endswith(bytes(8 * 1024 * 1024))
