"""Bytes that a client sends, and those that it never sends: each case in three styles."""

import pytest
from tests.httpclient.scripted_server import OK, always, serve

from waterspout import __version__
from waterspout.httpclient import HTTPRequest
from waterspout.protocol.coding import accepted


def exactly(client, **arguments):
    """Return the bytes of a request, with HOST in the place of the host."""
    heads = []

    def script(peer):
        head = peer.read_head()
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
        body = peer.read_body({name.lower(): value for name, value in fields.items()})
        heads.append(head + body)
        peer.send(OK)

    with serve(script) as server:
        client.fetch(server.url, **arguments)
        host = f"127.0.0.1:{server.port}".encode()
    return heads[0].replace(host, b"HOST")


AGENT = f"User-Agent: waterspout/{__version__}\r\n".encode()
ACCEPTED = f"Accept-Encoding: {accepted()}\r\n".encode()


def test_a_get(client):
    assert exactly(client) == (b"GET / HTTP/1.1\r\nHost: HOST\r\n" + AGENT + ACCEPTED + b"\r\n")


def test_a_post(client):
    assert exactly(client, method="POST", body="a=b") == (
        b"POST / HTTP/1.1\r\nHost: HOST\r\n"
        + AGENT
        + ACCEPTED
        + b"Content-Type: application/x-www-form-urlencoded\r\n"
        + b"Content-Length: 3\r\n\r\na=b"
    )


def test_an_empty_post(client):
    assert b"Content-Length: 0\r\n" in exactly(client, method="POST", body="")


def test_the_port_of_the_scheme_is_not_sent(make_client):
    with serve(always()) as server:
        client = make_client(hostname_mapping={"waterspout.test": ("127.0.0.1", server.port)})
        client.fetch("http://WaterSpout.test:80/")
        assert server.last.headers["host"] == "waterspout.test"
        client.fetch("http://waterspout.test:81/")
        assert server.last.headers["host"] == "waterspout.test:81"


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "a\r\nY: b"},
        {"X": "a\nb"},
        {"X": "a\0"},
        {"X\r\nY": "a"},
        {"X Y": "a"},
        {"": "a"},
        {"X": "\u0142"},
    ],
)
def test_headers_that_break_out(client, headers):
    with serve(always()) as server:
        with pytest.raises(ValueError, match="header"):
            client.fetch(server.url, headers=headers)
        assert not server.connections


@pytest.mark.parametrize(
    "path", ["a b", "a\r\nX: y", "a\n", "\tx", "\0", "a\x7f", " ", "a HTTP/1.1\r\nHost: x\r\n\r\n"]
)
def test_urls_that_break_out(client, path):
    with serve(always()) as server:
        with pytest.raises(ValueError, match="URL"):
            client.fetch(server.url + path)
        assert not server.connections


@pytest.mark.parametrize("method", ["GET /", "G\r\nET", "", "GÉT", "GET\0"])
def test_methods_that_break_out(client, method):
    with serve(always()) as server, pytest.raises(ValueError, match="method"):
        client.fetch(server.url, method=method, allow_nonstandard_methods=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user_agent", "a\r\nb"),
        ("auth_mode", "ntlm"),
    ],
)
def test_options_that_break_out(client, name, value):
    with serve(always()) as server, pytest.raises(ValueError, match=r"header|auth_mode"):
        client.fetch(server.url, **{name: value})


def test_credentials_are_coded(client):
    with serve(always()) as server:
        client.fetch(server.url, auth_username="a\r\nb", auth_password="é")
    assert server.last.headers["authorization"] == "Basic YQ0KYjrDqQ=="


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "3"},
        {"Content-Length": "+4"},
        {"Transfer-Encoding": "gzip"},
    ],
)
def test_framing_that_is_not_true(client, headers):
    with serve(always()) as server:
        with pytest.raises(ValueError, match=r"Content-Length|Transfer-Encoding"):
            client.fetch(server.url, method="POST", body=b"body", headers=headers)
        assert not server.connections


def test_framing_that_is_true_is_sent_once(client):
    assert (
        exactly(client, method="POST", body=b"body", headers={"content-length": "4"}).count(
            b"Content-Length: 4\r\n"
        )
        == 1
    )


def test_two_lengths(client):
    request = HTTPRequest("http://127.0.0.1:1/", "POST", body=b"body")
    request.headers.add("Content-Length", "4")
    request.headers.add("Content-Length", "4")
    with pytest.raises(ValueError, match="one number"):
        client.fetch(request)


def test_text_that_is_not_ascii_is_quoted(client):
    with serve(always()) as server:
        client.fetch(server.url + "ü/?q=€#ß")
    assert server.last.target == "/%C3%BC/?q=%E2%82%AC"


def test_connect_is_refused(client):
    with pytest.raises(ValueError, match="CONNECT"):
        client.fetch("http://127.0.0.1:1/", method="CONNECT", allow_nonstandard_methods=True)
