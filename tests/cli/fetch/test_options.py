"""From the options of the command line to a request: a table, and a line for each mistake."""

import argparse
import io
import sys
import types

import pytest

from waterspout.cli.fetch.command import add_arguments
from waterspout.cli.fetch.options import UsageError, file_name, plan_of, with_scheme

URL = "http://example.org/"


def plan(*arguments):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_arguments(parser)
    return plan_of(vars(parser.parse_args([*arguments])))


def request(*arguments):
    made = plan(*arguments, URL)
    return made.new_request(made.urls[0])


def mistake(*arguments):
    with pytest.raises(UsageError) as raised:
        plan(*arguments)
    assert "\n" not in str(raised.value)
    return str(raised.value), raised.value.status


def test_a_plain_url():
    made = request()
    assert (made.url, made.method, made.body) == (URL, "GET", None)
    client = plan(URL).client
    assert client["defaults"]["request_timeout"] == 0
    assert client["defaults"]["follow_redirects"] is False


@pytest.mark.parametrize(
    ("arguments", "method", "body", "kind"),
    [
        (["-d", "a=1", "-d", "b=2"], "POST", b"a=1&b=2", "application/x-www-form-urlencoded"),
        (["--data-binary", "x\n"], "POST", b"x\n", "application/x-www-form-urlencoded"),
        (["--json", "[1]"], "POST", b"[1]", "application/json"),
        (["--json", "[1]", "-X", "PUT"], "PUT", b"[1]", "application/json"),
        (["-d", "{}", "-H", "content-type: text/x"], "POST", b"{}", "text/x"),
        (["-X", "DELETE"], "DELETE", None, None),
        (["-I"], "HEAD", None, None),
    ],
)
def test_methods_and_bodies(arguments, method, body, kind):
    made = request(*arguments)
    assert (made.method, made.body) == (method, body)
    assert made.headers.get("Content-Type") == kind


def test_bodies_from_files(tmp_path, monkeypatch):
    file = tmp_path / "body"
    file.write_bytes(b"a=1\r\nb\n")
    assert request("-d", f"@{file}").body == b"a=1b"
    assert request("--data-binary", f"@{file}").body == b"a=1\r\nb\n"
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(b"from there")))
    assert request("-d", "@-").body == b"from there"


def test_headers():
    headers = request("-H", "X-A: b:c", "-H", "X-A: d", "-H", "X-Empty;").headers
    assert headers.get_list("X-A") == ["b:c", "d"]
    assert headers["X-Empty"] == ""


def test_what_is_no_ascii_goes_out_as_it_was_typed(tmp_path):
    made = request("-H", "X: €ü", "-b", "a=€", "-e", "é")
    sent = {name: value.encode("latin-1").decode() for name, value in made.headers.get_all()}
    assert sent == {"X": "€ü", "Cookie": "a=€", "Referer": "é"}
    assert plan("-A", "ü", URL).client["defaults"]["user_agent"].encode("latin-1") == "ü".encode()
    file = tmp_path / "headers"
    file.write_text("X: €ü")
    assert request("-H", f"@{file}").headers["X"] == made.headers["X"]


def test_nothing_to_add_to_the_url():
    assert request("-G").url == URL


def test_no_proxy_at_all():
    assert plan("-x", "", URL).client["proxy"] is False
    assert plan("-x", "proxy:3128", URL).client["proxy"] == "http://proxy:3128"


def test_a_form_with_files(tmp_path):
    file = tmp_path / "me.txt"
    file.write_bytes(b"content")
    made = request(
        "-F",
        "name=va;lue",
        "-F",
        f"file=@{file}",
        "-F",
        f"text=<{file};type=text/x",
    )
    pieces = []

    async def write(piece):
        pieces.append(piece)

    with pytest.raises(StopIteration):
        made.source.produce(write).send(None)
    body = b"".join(pieces)
    assert made.source.length == len(body)
    boundary = made.headers["Content-Type"].partition("boundary=")[2].encode()
    parts = body.split(b"--" + boundary)
    assert parts[-1] == b"--\r\n"
    assert parts[1] == (b'\r\nContent-Disposition: form-data; name="name"\r\n\r\nva;lue\r\n')
    assert b'name="file"; filename="me.txt"\r\nContent-Type: text/plain\r\n\r\ncontent' in parts[2]
    assert b'name="text"\r\nContent-Type: text/x\r\n\r\ncontent' in parts[3]


def test_credentials_are_shown_nowhere():
    made = plan("-u", "me:secret", "-x", "http://you:hidden@proxy:1/", URL)
    assert made.client["defaults"]["auth_username"] == "me"
    assert made.client["defaults"]["auth_password"] == "secret"
    assert "secret" not in repr(made)
    assert "hidden" not in repr(made)


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        ([], "what to fetch?", 2),
        (["-i", "list", URL], "not both", 2),
        (["--concurrency", "5", URL], "--concurrency is for lists", 2),
        (["-i", "list", "--timing"], "--timing is not for lists", 2),
        (["-i", "list", "--per-host", "0"], "--per-host must be at least 1", 2),
        (["-i", "list", "--concurrency", "10001"], "--concurrency must be at most 10000", 2),
        (["-o", "a", "-o", "b", URL], "more -o than URLs", 2),
        (["-O", "-o", "a", URL], "both say where", 2),
        (["-d", "a", "--json", "b", URL], "-d and --json are two requests", 2),
        (["-I", "-F", "a=b", URL], "-F and -I are two requests", 2),
        (["-H", "nonsense", URL], "-H needs", 2),
        (["-H", "User-Agent:", URL], "has no value", 2),
        (["-H", "@/nowhere/x", URL], "-H: cannot read", 26),
        (["-b", "cookies.txt", URL], "cookies are not read from files", 2),
        (["-b", "a=b\x00", URL], "-b: ", 2),
        (["-e", "a\r\nb: c", URL], "-e: ", 2),
        (["-d", "@/proc/self/mem", URL], "-d: cannot read '/proc/self/mem'", 26),
        (["-F", 'a="b"c', URL], "after the quoted value", 2),
        (["-i", "list", "-G", "-d", "a"], "--get is not for lists", 2),
        (["-H", "bad name: x", URL], "-H: ", 2),
        (["-H", "a: b\x00", URL], "-H: ", 2),
        (["-F", "nonsense", URL], "-F: a field is name=value", 2),
        (["-F", "a=@/nowhere/x", URL], "-F: cannot read '/nowhere/x'", 26),
        (["-d", "@/nowhere/x", URL], "-d: cannot read '/nowhere/x'", 26),
        (["--http-version", "2", URL], "HTTP/2 is not there: --http-version can be 1.1", 1),
    ],
)
def test_mistakes(arguments, words, status):
    line, code = mistake(*arguments)
    assert words in line
    assert code == status


def test_a_password_is_not_asked_for_without_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert "no terminal" in mistake("-u", "me", URL)[0]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("example.org", "http://example.org"),
        ("localhost:8888/a", "http://localhost:8888/a"),
        ("https://example.org", "https://example.org"),
        ("ftp://example.org", "ftp://example.org"),
        ("httpbin.org/get", "http://httpbin.org/get"),
    ],
)
def test_a_url_as_people_type_it(text, url):
    assert with_scheme(text) == url


@pytest.mark.parametrize(
    ("url", "name"),
    [("http://a/b/c.tar.gz?d=/e#f", "c.tar.gz"), ("a/b", "b"), ("http://a/%2e%2e", "%2e%2e")],
)
def test_what_a_file_is_called(url, name):
    assert file_name(url) == name


@pytest.mark.parametrize("url", ["http://a", "http://a/", "http://a/..", "http://a/b\\c", "a"])
def test_a_url_without_a_name(url):
    with pytest.raises(UsageError, match="-O needs a URL"):
        file_name(url)
