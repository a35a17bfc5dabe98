"""Requests, responses, errors and settings as values."""

import copy
import datetime
import io
import pickle
import socket
import ssl

import pytest

from waterspout.httpclient import HTTPClientError, HTTPError, HTTPRequest, HTTPResponse
from waterspout.httpclient.errors import (
    HTTPConnectError,
    HTTPProtocolError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    from_os_error,
)
from waterspout.httpclient.settings import Settings
from waterspout.protocol.headers import HTTPHeaders

# Requests


def test_headers_are_always_there():
    request = HTTPRequest("http://example.org/")
    assert request.headers == HTTPHeaders()
    request.headers["A"] = "b"
    assert request.headers["a"] == "b"
    request.headers = {"C": "d"}
    assert isinstance(request.headers, HTTPHeaders)
    request.headers = None
    assert not request.headers
    own = HTTPHeaders()
    assert HTTPRequest("http://example.org/", headers=own).headers is own


def test_headers_are_checked_at_once():
    with pytest.raises(ValueError, match="header"):
        HTTPRequest("http://example.org/", headers={"A": "b\r\nC: d"})


def test_a_body_is_bytes():
    request = HTTPRequest("http://example.org/", body="höhe")
    assert request.body == "höhe".encode()
    request.body = "tief"
    assert request.body == b"tief"
    request.body = None
    assert request.body is None


@pytest.mark.parametrize(
    "time",
    [1359312200, 1359312200.5, datetime.datetime(2013, 1, 27, 18, 43, 20, tzinfo=datetime.UTC)],
)
def test_if_modified_since(time):
    headers = HTTPHeaders({"A": "b"})
    request = HTTPRequest("http://example.org/", headers=headers, if_modified_since=time)
    assert request.headers["If-Modified-Since"] == "Sun, 27 Jan 2013 18:43:20 GMT"
    assert "If-Modified-Since" not in headers


def test_an_old_name():
    assert HTTPRequest("http://x/", use_gzip=False).decompress_response is False
    request = HTTPRequest("http://x/", use_gzip=False, decompress_response=True)
    assert request.decompress_response is True


def test_a_copy():
    request = HTTPRequest("http://x/", "POST", {"A": "b"}, b"body", request_timeout=3)
    twin = copy.copy(request)
    twin.url = "http://y/"
    assert (request.url, twin.method, twin.body, twin.request_timeout) == (
        "http://x/",
        "POST",
        b"body",
        3,
    )


def test_a_request_shows_itself_without_secrets():
    assert repr(HTTPRequest("http://me:secret@x/a")) == "<HTTPRequest GET http://x/a>"


# Responses


def test_a_response_made_by_hand():
    request = HTTPRequest("http://x/")
    response = HTTPResponse(request, 200, buffer=io.BytesIO(b"body"))
    assert response.body == b"body"
    assert response.headers == HTTPHeaders()
    assert response.reason == "OK"
    assert response.effective_url == "http://x/"
    assert response.error is None
    assert response.time_info == {}
    assert response.buffer is not None
    assert response.buffer.read() == b"body"
    assert HTTPResponse(request, 200).body == b""
    assert HTTPResponse(request, 200).buffer is None
    assert repr(response) == "<HTTPResponse 200 OK http://x/>"


def test_a_response_that_is_an_error():
    response = HTTPResponse(HTTPRequest("http://x/"), 404)
    with pytest.raises(HTTPError) as caught:
        response.rethrow()
    assert str(caught.value) == "HTTP 404: Not Found"
    assert caught.value.response is response
    assert repr(caught.value) == "HTTPClientError(HTTP 404: Not Found)"
    error = ValueError()
    assert HTTPResponse(HTTPRequest("http://x/"), 599, error=error).error is error
    assert HTTPResponse(HTTPRequest("http://x/"), 777).reason == "Unknown"


# Errors


def test_one_class_has_two_names():
    assert HTTPError is HTTPClientError
    error = HTTPClientError(599)
    assert str(error) == "HTTP 599: Unknown"
    assert HTTPClientError(500, "oops").args == (500, "oops", None)


@pytest.mark.parametrize("kind", [HTTPTimeoutError, HTTPStreamClosedError, HTTPProtocolError])
def test_errors_without_a_response(kind):
    error = kind("what went wrong")
    assert (error.code, error.message, error.response) == (599, "what went wrong", None)
    assert str(error) == "what went wrong"
    assert str(kind("")) == kind._usual
    restored = pickle.loads(pickle.dumps(error))
    assert (type(restored), str(restored)) == (kind, "what went wrong")


@pytest.mark.parametrize(
    "cause",
    [
        ConnectionRefusedError(111, "refused"),
        ConnectionResetError(104, "reset"),
        socket.gaierror(socket.EAI_NONAME, "unknown"),
        ssl.SSLError(1, "bad"),
        ssl.SSLCertVerificationError(1, "bad"),
        OSError(101, "unreachable"),
    ],
)
def test_errors_of_the_system_keep_their_kind(cause):
    error = from_os_error(cause, "message", True)
    assert isinstance(error, type(cause))
    assert isinstance(error, HTTPClientError)
    assert isinstance(error, OSError)
    assert (error.errno, error.strerror, str(error)) == (cause.errno, cause.strerror, "message")
    assert error.code == 599
    restored = pickle.loads(pickle.dumps(error))
    assert (type(restored), str(restored)) == (type(error), "message")


def test_a_connection_that_broke_is_a_closed_stream():
    for cause in (BrokenPipeError(32, "pipe"), ConnectionResetError(104, "reset"), OSError(5, "?")):
        error = from_os_error(cause, "message", False)
        assert isinstance(error, HTTPStreamClosedError)
        assert isinstance(error, ConnectionError)
        assert not isinstance(error, HTTPConnectError)


# Settings


def test_settings():
    settings = Settings(max_body_size=5, max_header_size=7, defaults={"max_redirects": 1})
    assert settings.limits.max_body_size == 5
    assert settings.limits.max_header_size == 7
    assert Settings(max_buffer_size=3).limits.max_body_size == 3
    request = HTTPRequest("http://x/")
    assert settings.option(request, "max_redirects") == 1
    assert settings.option(request, "connect_timeout") == 20
    assert settings.option(request, "proxy_host") is None
    request.max_redirects = 0
    assert settings.option(request, "max_redirects") == 0


def test_where_to_connect():
    settings = Settings(
        hostname_mapping={"a": "b", ("a", 81): ("c", 82), ("d", 80): "e", "f": ["g", 83]}
    )
    assert settings.connect_to("a", 80) == ("b", 80)
    assert settings.connect_to("a", 81) == ("c", 82)
    assert settings.connect_to("d", 80) == ("e", 80)
    assert settings.connect_to("f", 80) == ("g", 83)
    assert settings.connect_to("x", 80) == ("x", 80)


# Values for other processes


def test_responses_can_be_sent_to_other_processes():
    request = HTTPRequest("http://x/", "POST", {"A": "b"}, b"sent", request_timeout=3)
    response = HTTPResponse(
        request, 404, HTTPHeaders({"C": "d"}), io.BytesIO(b"body"), time_info={"total": 1.0}
    )
    twin = pickle.loads(pickle.dumps(response))
    assert (twin.code, twin.reason, twin.body, twin.headers) == (
        404,
        "Not Found",
        b"body",
        response.headers,
    )
    assert twin.time_info == {"total": 1.0}
    assert (twin.request.method, twin.request.body, twin.request.request_timeout) == (
        "POST",
        b"sent",
        3,
    )
    assert twin.error.response is twin
    error = pickle.loads(pickle.dumps(response.error))
    assert (error.code, error.response.body) == (404, b"body")
    response = HTTPResponse(request, 599, error=HTTPTimeoutError("late"))
    assert str(pickle.loads(pickle.dumps(response)).error) == "late"
