"""The request as a program sees it, made by hand; from the wire it comes in tests/web."""

import itertools
import time
from http.cookies import SimpleCookie
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.httputil.form_writer import BOUNDARY, file, form, value

from waterspout.httputil import (
    HTTPConnection,
    HTTPFile,
    HTTPHeaders,
    HTTPInputError,
    HTTPServerRequest,
    RequestStartLine,
)


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


# Forms


def form_request(body, content_type):
    headers = HTTPHeaders({"Content-Type": content_type})
    return HTTPServerRequest("POST", "/?a=0", headers=headers, body=body)


def multipart_request(*parts):
    return form_request(form(*parts), f"multipart/form-data; boundary={BOUNDARY.decode()}")


PARTS = (value("a", b"1"), file("f", "x.txt", b"text", "text/plain"))
FILES = {"f": [{"filename": "x.txt", "body": b"text", "content_type": "text/plain"}]}


@pytest.mark.parametrize("order", list(itertools.permutations(["arguments", "files"])))
def test_fields_and_files_in_either_order(order):
    request = multipart_request(*PARTS)
    for name in order:
        getattr(request, name)
    assert request.files == FILES
    assert request.body_arguments == {"a": [b"1"]}
    assert request.arguments == {"a": [b"0", b"1"]}
    assert request.files is request.files
    assert request.body_arguments is request.body_arguments


def test_a_malformed_form_is_told_whenever_it_is_looked_at():
    request = form_request(b"x", f"multipart/form-data; boundary={BOUNDARY.decode()}")
    for name in ("arguments", "files", "body_arguments", "files"):
        with pytest.raises(HTTPInputError, match="must begin with its boundary"):
            getattr(request, name)
    assert request.query_arguments == {"a": [b"0"]}


def test_what_is_given_needs_no_form():
    found = HTTPFile(filename="x", body=b"", content_type="a/b")
    request = HTTPServerRequest("POST", "/", files={"f": [found]})
    assert request.files == {"f": [found]}
    request = multipart_request(*PARTS)
    request.arguments = {"b": [b"2"]}
    request.files = {}
    assert request.arguments == {"b": [b"2"]}
    assert request.files == {}


def test_a_body_without_a_type_is_no_form():
    request = HTTPServerRequest("POST", "/", body=b"a=1")
    assert request.arguments == {}
    assert request.files == {}


def test_a_type_without_a_body_is_no_form():
    assert form_request(b"", "multipart/form-data").arguments == {"a": [b"0"]}


# Cookies


def cookie_request(*values):
    headers = HTTPHeaders()
    for sent in values:
        headers.add("Cookie", sent)
    return HTTPServerRequest("GET", "/", headers=headers)


def test_cookies():
    request = cookie_request('a=1; b="x\\054y"; c=')
    assert type(request.cookies) is SimpleCookie
    assert {name: morsel.value for name, morsel in request.cookies.items()} == {
        "a": "1",
        "b": "x,y",
        "c": "",
    }
    assert request.cookies is request.cookies
    assert not cookie_request().cookies


def test_cookies_in_several_fields():
    assert cookie_request("a=1; b=2", "b=3").cookies["b"].value == "3"


def test_cookies_that_cannot_be_are_not_there():
    request = cookie_request("a=1; ; =2; path=/; (b)=3; c=4; d; é=5")
    assert {name: morsel.value for name, morsel in request.cookies.items()} == {"a": "1", "c": "4"}


@given(st.text(st.characters(max_codepoint=0xFF, exclude_categories=["Cc"])))
def test_no_cookie_raises(text):
    assert isinstance(cookie_request(text).cookies, SimpleCookie)


# By hand, with connections of others


class Context:
    remote_ip = "192.0.2.1"
    protocol = "https"


class Connection(HTTPConnection):
    context = Context()


def test_a_connection_of_ones_own_tells_of_its_client_in_a_context():
    request = HTTPServerRequest("GET", "/", connection=Connection())
    assert request.remote_ip == "192.0.2.1"
    assert request.full_url() == "https://127.0.0.1/"
    assert request.get_ssl_certificate() is None
    assert 0 <= request.request_time() < 60


def test_a_connection_may_know_nothing_or_be_a_mock():
    request = HTTPServerRequest("GET", "/", connection=HTTPConnection())
    assert request.remote_ip is None
    assert request.protocol == "http"
    request = HTTPServerRequest(
        method="POST", uri="/", headers=HTTPHeaders(), body=b"x", connection=mock.Mock()
    )
    assert 0 <= request.request_time() < 60
    assert request.body == b"x"
    assert HTTPServerRequest("GET", "/").get_ssl_certificate() is None


@pytest.mark.parametrize("host", ["a,b", "a b", "a/b", "é", "a\\", "user@a", "\udc80", "a:b"])
def test_what_is_no_host(host):
    # A mapping of somebody's own may hold anything.
    with pytest.raises(HTTPInputError, match="one host"):
        HTTPServerRequest("GET", "/", headers={"Host": host})  # type: ignore[arg-type]


def test_two_hosts():
    headers = HTTPHeaders({"Host": "a"})
    headers.add("Host", "b")
    with pytest.raises(HTTPInputError, match="one host"):
        HTTPServerRequest("GET", "/", headers=headers)


def test_a_host_may_be_empty():
    request = HTTPServerRequest("GET", "/", headers=HTTPHeaders({"Host": ""}))
    assert request.host == request.host_name == ""


def test_start_time_is_on_the_wall_clock():
    before = time.time()
    request = HTTPServerRequest("GET", "/")
    # The two clocks run apart a little.
    assert before - 1 <= request._start_time <= time.time() + 1
    request._start_time = before - 100
    assert 99 <= request.request_time() < 160
