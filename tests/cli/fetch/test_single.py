"""URLs on the command line: what is written where, the exit status, and that no secret is shown."""

import gzip
import os
import re
import subprocess
import sys

import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve

from waterspout.cli.main import main


@pytest.fixture
def fetch(capfdbinary, monkeypatch):
    """Return a function that fetches: the status, what is written, and what is told."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        status = main(["fetch", *arguments])
        output = capfdbinary.readouterr()
        return status, output.out, output.err.decode()

    return run


def test_to_the_standard_output(fetch):
    with serve(always(response(b"\x00\xff body"))) as server:
        assert fetch(server.url, server.url) == (0, b"\x00\xff body" * 2, "")
    assert server.connections == 1
    assert server.last.headers["user-agent"].startswith("waterspout/")


def test_to_files(fetch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with serve(always(response(b"x" * 300_000))) as server:
        assert fetch("-o", "one", server.url + "a", server.url + "b")[1] == b"x" * 300_000
        assert fetch("-O", server.url + "c/two.bin?d") == (0, b"", "")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two.bin").read_bytes() == b"x" * 300_000


def test_an_empty_body_makes_an_empty_file(fetch, tmp_path):
    with serve(always(response(b""))) as server:
        assert fetch("-o", str(tmp_path / "empty"), server.url)[0] == 0
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_request_as_it_was_told(fetch):
    with serve(always()) as server:
        assert fetch("--json", '{"a":1}', "-H", "X-B: c", "-A", "me", server.url + "p?q")[0] == 0
    request = server.last
    assert (request.line, request.body) == ("POST /p?q HTTP/1.1", b'{"a":1}')
    assert request.headers["content-type"] == request.headers["accept"] == "application/json"
    assert (request.headers["x-b"], request.headers["user-agent"]) == ("c", "me")


def test_a_form_is_read_while_it_is_sent(fetch, tmp_path):
    file = tmp_path / "big"
    file.write_bytes(b"y" * 200_000)
    with serve(always()) as server:
        assert fetch("-F", "a=b", "-F", f"f=@{file}", server.url)[0] == 0
    assert server.last.headers["content-length"] == str(len(server.last.body))
    assert b"y" * 200_000 in server.last.body


def test_a_file_that_is_not_there(fetch):
    status, out, err = fetch("-d", "@/nowhere/x", "http://127.0.0.1:1/")
    assert (status, out) == (26, b"")
    assert err == "waterspout fetch: -d: cannot read '/nowhere/x': No such file or directory\n"


def test_redirects_only_if_wanted(fetch):
    away = response(b"away", "302 Found", Location="/there")
    with serve(answering(away, away, OK)) as server:
        assert fetch(server.url)[:2] == (0, b"away")
        assert fetch("-L", server.url)[:2] == (0, b"ok")


def test_too_many_redirects(fetch):
    with serve(always(response(b"", "302 Found", Location="/"))) as server:
        status, _, err = fetch("-L", "--max-redirs", "3", server.url)
    assert status == 47
    assert "more than 3 redirects" in err


def test_the_head_before_the_body(fetch):
    with serve(always(response(b"body", X_A="b"))) as server:
        out = fetch("--include", server.url)[1]
        assert out.startswith(b"HTTP/1.1 200 OK\r\n")
        assert out.endswith(b"X-A: b\r\n\r\nbody")


def test_the_head_alone(fetch):
    with serve(always(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")) as server:
        assert fetch("-I", server.url)[:2] == (
            0,
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        )
    assert server.last.method == "HEAD"


def test_a_status_is_a_failure_if_wanted(fetch, tmp_path):
    file = tmp_path / "file"
    with serve(always(response(b"sorry", "404 Not Found"))) as server:
        assert fetch(server.url)[:2] == (0, b"sorry")
        status, out, err = fetch("-f", "-o", str(file), server.url)
    assert (status, out) == (22, b"")
    assert err == f"waterspout fetch: HTTP 404 Not Found: {server.url}\n"
    assert not file.exists()


def test_the_first_failure_is_the_status_and_the_others_are_fetched(fetch):
    with serve(always()) as server:
        status, out, _ = fetch("http://127.0.0.1:1/", server.url, "ftp://example.org/")
    assert (status, out) == (7, b"ok")


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (b"", 52, "without an answer"),
        (b"nonsense\r\n\r\n", 8, "Error while reading the response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 18, "Error while reading"),
    ],
)
def test_what_goes_wrong_has_the_status_of_curl(fetch, answer, status, words):
    with serve(answering(answer)) as server:
        found, _, err = fetch("-H", "X: y", server.url)
    assert (found, err.count("\n")) == (status, 1)
    assert words in err


def test_a_server_that_is_silent(fetch):
    with serve(lambda peer: peer.wait_for_end()) as server:
        status, _, err = fetch("--max-time", "10ms", server.url)
    assert status == 28
    assert "Timeout" in err


def test_a_certificate_that_nobody_knows(fetch, server_tls, ca_certs):
    with serve(always(), tls=server_tls) as server:
        assert fetch(server.url)[0] == 60
        assert fetch("-k", server.url)[:2] == (0, b"ok")
        assert fetch("--cacert", ca_certs, server.url)[:2] == (0, b"ok")


def test_a_body_that_is_too_large(fetch):
    with serve(always(response(b"x" * 2000))) as server:
        assert fetch("--max-filesize", "1k", server.url)[0] == 63


def test_a_place_that_cannot_be_written(fetch):
    with serve(always()) as server:
        status, _, err = fetch("-o", "/nowhere/file", server.url)
    assert status == 23
    assert err == "waterspout fetch: cannot write to '/nowhere/file': No such file or directory\n"


def test_a_disk_that_is_full(fetch):
    """It is known when the rest is written, or before."""
    for body in (b"ok", b"x" * 100_000):
        with serve(always(response(body))) as server:
            status, _, err = fetch("-o", "/dev/full", server.url)
            assert status == 23
            assert err == "waterspout fetch: cannot write to '/dev/full': No space left on device\n"
            with open("/dev/full", "w") as full:
                command = [sys.executable, "-m", "waterspout", "fetch", server.url]
                found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
        assert found.returncode == 23
        assert found.stderr.startswith("waterspout fetch: cannot write to 'standard output': No sp")
        assert found.stderr.count("\n") == 1


def test_a_place_without_a_name(fetch):
    with serve(always()) as server:
        assert fetch("-o", "", server.url)[2].startswith("waterspout fetch: cannot write to '': ")


def test_a_terminal_obeys_no_server(fetch, monkeypatch):
    head = b"HTTP/1.1 404 N\x9b1m\r\nX: \x9b31m\r\nContent-Length: 3\r\n\r\na\0b"
    with serve(always(head)) as server:
        status, _, err = fetch("-f", server.url)
        assert (status, err) == (22, f"waterspout fetch: HTTP 404 N\\x9b1m: {server.url}\n")
        assert fetch("--include", server.url)[1] == head
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        status, out, err = fetch("--include", server.url)
        assert (status, out) == (23, head[:-3].replace(b"\x9b", b"\\x9b"))
        assert "-o - to have it in the terminal" in err
        assert fetch("-o", "-", server.url)[:2] == (0, b"a\0b")


def test_compression(fetch):
    with serve(always(response(gzip.compress(b"text"), Content_Encoding="gzip"))) as server:
        assert fetch(server.url)[1] == b"text"
        assert "gzip" in server.last.headers["accept-encoding"]
        assert gzip.decompress(fetch("--raw", server.url)[1]) == b"text"


def test_where_the_time_went(fetch):
    with serve(always()) as server:
        _, out, err = fetch("--timing", server.url)
    assert out == b"ok"
    assert re.search(r"  starttransfer +\d+\.\d{6} s\n", err)


def test_credentials_are_sent_and_shown_nowhere(fetch):
    with serve(always(response(b"", "403 Forbidden"))) as server:
        url = server.url.replace("http://", "http://me:sesame@")
        outputs = [fetch("-f", "--timing", url), fetch("-f", "-u", "me:sesame", server.url)]
    assert [request.headers["authorization"] for request in server.requests] == [
        "Basic bWU6c2VzYW1l"
    ] * 2
    for status, out, err in outputs:
        assert status == 22
        assert "sesame" not in err + out.decode()
        assert "bWU6c2VzYW1l" not in err


def test_silence(fetch):
    assert fetch("-s", "http://127.0.0.1:1/") == (7, b"", "")
    assert "refused" in fetch("-sS", "http://127.0.0.1:1/")[2]


def test_a_url_that_is_none(fetch):
    status, _, err = fetch("http://exa mple/")
    assert (status, err.count("\n")) == (3, 1)


def test_the_heads_of_both_sides_without_their_secrets(fetch):
    away = response(b"", "302 Found", Location="/b", Set_Cookie="a=sesame", X_Bell="ding")
    away = away.replace(b"\r\n\r\n", b"\r\nReferer: http://me:sesame@example.org/\r\n\r\n")
    with serve(answering(away, response(b"ok", X_A="b"))) as server:
        status, out, err = fetch("-v", "-L", "-u", "me:sesame", "-H", "X-B: c", server.url)
    assert (status, out) == (0, b"ok")
    assert f"> GET {server.url}\n" in err
    assert "> X-B: c\n" in err
    assert "> Authorization: [not shown]\n" in err
    assert "< HTTP/1.1 302 Found\n" in err
    assert "< Set-Cookie: [not shown]\n" in err
    assert "< Referer: http://example.org/\n" in err
    assert f"> GET {server.url}b\n" in err
    assert err.endswith("< HTTP/1.1 200 OK\n< Content-Length: 2\n< X-A: b\n<\n")
    assert "sesame" not in err


def test_it_is_tried_again(fetch):
    busy = response(b"", "503 Service Unavailable", Retry_After="0")
    with serve(answering(busy, response(b"ok"))) as server:
        status, out, err = fetch("-v", "--retries", "2", server.url)
    assert (status, out) == (0, b"ok")
    assert "< HTTP/1.1 503 Service Unavailable\n" in err


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nlonger t"


def test_a_file_is_written_anew(fetch, tmp_path):
    place = tmp_path / "body"
    with serve(answering(CUT), answering(response(b"ok"))) as server:
        status, _, _ = fetch("--retries", "2", "-o", str(place), server.url)
    assert status == 0
    assert place.read_bytes() == b"ok"


def test_what_was_read_can_not_be_taken_back(fetch):
    with serve(answering(CUT), answering(response(b"ok"))) as server:
        status, out, _ = fetch("--retries", "2", server.url)
        assert server.connections == 1
    assert (status, out) == (18, b"longer t")


def test_nor_what_went_into_a_pipe(fetch, tmp_path):
    place = tmp_path / "pipe"
    os.mkfifo(place)
    reader = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with serve(answering(CUT), answering(response(b"ok"))) as server:
            assert fetch("--retries", "2", "-o", str(place), server.url)[0] == 18
            assert server.connections == 1
        assert os.read(reader, 100) == b"longer t"
    finally:
        os.close(reader)


def test_a_proxy_is_asked(fetch):
    with serve(always(response(b"by proxy"))) as proxy:
        address = f"me:sesame@127.0.0.1:{proxy.port}"
        status, out, err = fetch("-v", "-x", address, "http://example.invalid/")
    assert (status, out) == (0, b"by proxy")
    assert proxy.last.line == "GET http://example.invalid/ HTTP/1.1"
    assert "proxy-authorization" in proxy.last.headers
    assert "sesame" not in err
    assert "bWU6c2VzYW1l" not in err
