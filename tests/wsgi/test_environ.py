"""The request as an application sees it."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.httputil import HTTPHeaders, HTTPServerRequest
from waterspout.wsgi import WSGIContainer, to_wsgi_str


def environ(uri: str = "/", method: str = "GET", **kwargs: Any) -> dict[str, Any]:
    headers = HTTPHeaders()
    for name, value in kwargs.pop("fields", [("Host", "example.com")]):
        headers.add(name, value)
    request = HTTPServerRequest(method, uri, "HTTP/1.1", headers, **kwargs)
    return WSGIContainer(lambda environ, start_response: []).environ(request)


def test_all_of_it():
    found = environ(
        "/a%20b/%C3%A9;x?q=%20&y",
        "POST",
        fields=[
            ("Host", "Example.com:81"),
            ("Accept", "a"),
            ("accept", "b"),
            ("Content-Type", "text/plain"),
            ("Content-Length", "2"),
        ],
        body=b"hi",
    )
    body = found.pop("wsgi.input")
    assert body.read(1) == b"h"
    assert body.read() == b"i"
    assert body.read() == b""
    assert found == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a b/\xc3\xa9;x",
        "QUERY_STRING": "q=%20&y",
        "REQUEST_URI": "/a%20b/%C3%A9;x?q=%20&y",
        "REMOTE_ADDR": "",
        "SERVER_NAME": "Example.com",
        "SERVER_PORT": "81",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "2",
        "HTTP_HOST": "Example.com:81",
        "HTTP_ACCEPT": "a,b",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        ("a", "a", "80"),
        ("a:8080", "a", "8080"),
        ("a:", "a", "80"),
        ("127.0.0.1:1", "127.0.0.1", "1"),
        ("[::1]", "[::1]", "80"),
        ("[::1]:8080", "[::1]", "8080"),
        ("", "127.0.0.1", "80"),
    ],
)
def test_the_name_of_the_server(host, name, port):
    found = environ(fields=[("Host", host)])
    assert (found["SERVER_NAME"], found["SERVER_PORT"]) == (name, port)


class Secure:
    """A connection with TLS."""

    protocol = "https"
    remote_ip = "192.0.2.1"


def test_https():
    found = environ(connection=Secure())
    assert found["wsgi.url_scheme"] == "https"
    assert found["HTTPS"] == "on"
    assert found["SERVER_PORT"] == "443"
    assert found["REMOTE_ADDR"] == "192.0.2.1"


def test_a_field_that_a_proxy_would_be_mistaken_for():
    found = environ(
        fields=[
            ("Host", "a"),
            ("X-Forwarded-For", "192.0.2.1"),
            ("X_Forwarded_For", "evil"),
            ("X_Forwarded-Proto", "evil"),
            ("Content_Length", "5"),
        ]
    )
    assert found["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"
    assert "evil" not in str(found.values())
    assert "HTTP_CONTENT_LENGTH" not in found
    assert "CONTENT_LENGTH" not in found


def test_the_proxy_of_the_program_is_not_the_clients_to_choose():
    assert "HTTP_PROXY" not in environ(fields=[("Host", "a"), ("Proxy", "http://evil")])


def test_cookies_on_several_lines():
    found = environ(fields=[("Host", "a"), ("Cookie", "a=b"), ("Cookie", "c=d")])
    assert found["HTTP_COOKIE"] == "a=b; c=d"


def test_a_body_that_came_in_chunks_has_a_length():
    found = environ(fields=[("Host", "a"), ("Transfer-Encoding", "chunked")], body=b"abc")
    assert found["CONTENT_LENGTH"] == "3"
    assert "HTTP_TRANSFER_ENCODING" not in found


def test_no_body():
    found = environ()
    assert "CONTENT_LENGTH" not in found
    assert "CONTENT_TYPE" not in found
    assert environ(fields=[("Host", "a"), ("Content-Length", "0")])["CONTENT_LENGTH"] == "0"


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("/", "/"),
        ("//a//", "//a//"),
        ("/%2e%2E/%2F", "/..//"),
        ("/%FF%00", "/\xff\0"),
        ("/%zz%", "/%zz%"),
        ("*", "*"),
    ],
)
def test_the_path(uri, path):
    found = environ(uri)
    assert found["PATH_INFO"] == path
    assert found["REQUEST_URI"] == uri


@given(st.binary())
def test_wsgi_text_is_bytes(data):
    assert to_wsgi_str(data).encode("latin-1") == data


def test_a_program_adds_to_it():
    class Container(WSGIContainer):
        def environ(self, request):
            return super().environ(request) | {"REMOTE_USER": "me"}

    request = HTTPServerRequest("GET", "/")
    container = Container(lambda environ, start_response: [])
    assert container.environ(request)["REMOTE_USER"] == "me"
