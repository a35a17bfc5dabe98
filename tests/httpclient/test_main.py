"""Fetching from the command line, and the other doors to the client."""

import asyncio
import subprocess
import sys

import pytest
from tests.httpclient.scripted_server import always, response, serve

from waterspout import curl_httpclient, httpclient, simple_httpclient
from waterspout.httpclient import AsyncHTTPClient, HTTPClientError, main
from waterspout.httpclient.errors import HTTPStreamClosedError, HTTPTimeoutError


@pytest.fixture
def fetch(monkeypatch, capfdbinary):
    """A function that runs `main` with arguments, and returns what it has printed."""

    def fetch(*arguments):
        monkeypatch.setattr(sys, "argv", ["waterspout.httpclient", *arguments])
        main()
        return capfdbinary.readouterr().out

    return fetch


def test_bodies(fetch):
    with serve(always(response(b"\xff\x00"))) as server:
        assert fetch(server.url, server.url) == b"\xff\x00" * 2


def test_headers(fetch):
    with serve(always(response(b"body", X="y"))) as server:
        printed = fetch("--print_headers", "--no-print_body", server.url)
    assert printed == b"Content-Length: 4\nX: y\n\n"


def test_a_redirect(fetch):
    with serve(always(response(b"moved", "302 Found", Location="/"))) as server:
        assert fetch("--no-follow-redirects", server.url) == b"moved"
        assert len(server.requests) == 1


def test_an_error(fetch):
    with pytest.raises(SystemExit) as caught:
        fetch("ftp://example.org/")
    assert "unsupported URL scheme" in str(caught.value)


def test_as_a_program():
    with serve(always(response(b"body"))) as server:
        command = [sys.executable, "-m", "waterspout.httpclient", server.url]
        printed = subprocess.run(
            command, env={"PYTHONPATH": "src"}, capture_output=True, timeout=60, check=True
        )
    assert (printed.stdout, printed.stderr) == (b"body", b"")


def test_other_doors():
    assert simple_httpclient.HTTPTimeoutError is HTTPTimeoutError
    assert simple_httpclient.HTTPStreamClosedError is HTTPStreamClosedError
    for name in httpclient.__all__:
        assert getattr(httpclient, name) is not None


def test_a_client_that_is_called_curl(caplog):
    AsyncHTTPClient.configure("waterspout.curl_httpclient.CurlAsyncHTTPClient", max_clients=2)

    async def fetch(url):
        client = AsyncHTTPClient(force_instance=True)
        assert type(client) is curl_httpclient.CurlAsyncHTTPClient
        body = (await client.fetch(url)).body
        client.close()
        return body

    try:
        with serve(always()) as server:
            assert asyncio.run(fetch(server.url)) == b"ok"
    finally:
        AsyncHTTPClient.configure(None)
    error = curl_httpclient.CurlError(7, "no")
    assert isinstance(error, HTTPClientError)
    assert (error.code, error.errno, str(error)) == (599, 7, "HTTP 599: no")
