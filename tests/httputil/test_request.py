"""The request as a program sees it, made by hand; from the wire it comes in tests/web."""

import pytest

from waterspout.httputil import HTTPHeaders, HTTPInputError, HTTPServerRequest, RequestStartLine


def test_by_hand():
    request = HTTPServerRequest("GET", "/a?b=c&b=d")
    assert request.method == "GET"
    assert request.uri == "/a?b=c&b=d"
    assert request.path == "/a"
    assert request.query == "b=c&b=d"
    assert request.version == "HTTP/1.0"
    assert request.host == "127.0.0.1"
    assert request.host_name == "127.0.0.1"
    assert request.body == b""
    assert request.files == {}
    assert request.arguments == {"b": [b"c", b"d"]}
    assert request.body_arguments == {}
    assert request.protocol == "http"
    assert request.full_url() == "http://127.0.0.1/a?b=c&b=d"
    assert repr(request) == (
        "HTTPServerRequest(protocol='http', host='127.0.0.1', method='GET', uri='/a?b=c&b=d',"
        " version='HTTP/1.0', remote_ip=None)"
    )


def test_from_a_start_line():
    request = HTTPServerRequest(start_line=RequestStartLine("PUT", "/x", "HTTP/1.1"))
    assert (request.method, request.uri, request.version) == ("PUT", "/x", "HTTP/1.1")
    assert request.query == ""


def test_the_host_comes_from_the_argument_or_the_field():
    headers = HTTPHeaders({"Host": "Field:80"})
    assert HTTPServerRequest("GET", "/", headers=headers).host == "Field:80"
    request = HTTPServerRequest("GET", "/", headers=headers, host="[::1]:81")
    assert request.host == "[::1]:81"
    assert request.host_name == "[::1]"
    assert HTTPServerRequest("GET", "/", headers=headers).host_name == "field"


def test_arguments_of_query_and_body():
    headers = HTTPHeaders({"Content-Type": "application/x-www-form-urlencoded"})
    request = HTTPServerRequest("POST", "/?a=1&b=2", headers=headers, body=b"a=3&c=4")
    assert request.query_arguments == {"a": [b"1"], "b": [b"2"]}
    assert request.body_arguments == {"a": [b"3"], "c": [b"4"]}
    assert request.arguments == {"a": [b"1", b"3"], "b": [b"2"], "c": [b"4"]}
    request.arguments["a"].append(b"5")
    assert request.query_arguments["a"] == [b"1"]


def test_too_many_arguments():
    request = HTTPServerRequest("GET", "/?" + "a&" * 1001)
    for _ in range(2):
        with pytest.raises(HTTPInputError):
            _ = request.query_arguments
        with pytest.raises(HTTPInputError):
            _ = request.arguments
    assert request.body_arguments == {}


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        ("/a?b=//c", "http://h/a?b=//c"),
        ("http://other/a", "http://other/a"),
        ("//a//b", "http://h//a//b"),
        ("*", "http://h"),
    ],
)
def test_full_url(uri, url):
    assert HTTPServerRequest("OPTIONS", uri, host="h").full_url() == url


def test_request_time():
    request = HTTPServerRequest("GET", "/")
    first = request.request_time()
    assert 0 <= first <= request.request_time()
    request._start_time -= 5
    assert 5 <= request.request_time() < 65


def test_what_is_known_only_later_may_be_set():
    request = HTTPServerRequest("GET", "/")
    request.remote_ip = "192.0.2.1"
    request.protocol = "https"
    assert request.full_url() == "https://127.0.0.1/"
