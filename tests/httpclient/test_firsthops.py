"""Hops that are copies of earlier ones are what `first_hop` would have made."""

import ast
import copy
import datetime
import gc
import os
import ssl
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.httpclient.hops import HEADERS, what_it_does
from tests.httpclient.scripted_server import OK

from waterspout import httpclient
from waterspout.httpclient import DigestAuth, HTTPRequest, RetryPolicy, firsthops
from waterspout.httpclient.firsthops import FirstHops
from waterspout.httpclient.flow import Flow
from waterspout.httpclient.hop import Hop, Key, first_hop
from waterspout.httpclient.settings import Settings
from waterspout.net import run_blocking
from waterspout.net.clock import Clock
from waterspout.net.fake import FakeNet


def first_hops(settings: Settings, read_time: Any = time.monotonic) -> FirstHops:
    return FirstHops(settings, Clock(read_time))


URLS = [
    "http://example.org/",
    "http://example.org/a/b?c=d&e=%20",
    "http://example.org/?q=1",
    "http://example.org?q=/2",
    "http://example.org?q=/3",
    "http://example.org/a#b/c",
    "http://example.org/a#d/e",
    "http://example.org#/f",
    "http://example.org#/g",
    "http://example.org/\xe4",
    "http://example.org/\\x",
    "http://example.org//x/../y",
    "http://EXAMPLE.org:80/x",
    "HTTP://example.org/x",
    "http://example.org",
    "http://h/1",
    "http://h/2",
    "http://hh",
    "http://h",
    "http://h:8888/1",
    "http://me:secret@example.org/x",
    "http://me:secret@example.org/y",
    "http://you@example.org/y",
    "https://example.org/x",
    "https://example.org/y",
    "http://[::1]:80/x",
    "http://[::1]:80/y",
    "http://127.1/x",
    "http://127.1/y",
]


def test_every_url_is_understood_as_ever():
    settings = Settings()
    hops = first_hops(settings)
    for url in URLS * 2:
        request = HTTPRequest(url)
        hop = hops.hop(request)
        assert what_it_does(hop) == what_it_does(first_hop(HTTPRequest(url), settings)), url
        assert hop.request is request


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a b",
        "http://example.org/\r\nx: y",
        "http://example.org/\x7f",
        "http://exa mple.org/",
        "ftp://example.org/",
        "/path",
        "",
        "x",
    ],
)
def test_what_is_refused_is_refused_of_a_known_server_as_well(url):
    hops = first_hops(Settings())
    for _ in range(2):
        hops.hop(HTTPRequest("http://example.org/"))
        with pytest.raises(ValueError, match="URL"):
            hops.hop(HTTPRequest(url))


def test_most_urls_of_a_server_are_not_taken_apart():
    hops = first_hops(Settings())
    hops.hop(HTTPRequest("http://example.org/"))
    known = hops.hop(HTTPRequest("http://example.org/1")).key
    assert hops.hop(HTTPRequest("http://example.org/2")).key is known
    assert hops.hop(HTTPRequest("http://example.org/2", method="HEAD")).key is not known


def made_at_length(monkeypatch, settings, urls) -> list[str]:
    """Return those of ``urls`` for which all is decided anew."""
    made = []

    def noting(request: HTTPRequest, settings: Settings) -> Hop:
        made.append(request.url)
        return first_hop(request, settings)

    monkeypatch.setattr(firsthops, "first_hop", noting)
    hops = first_hops(settings)
    for url in urls:
        hop = hops.hop(HTTPRequest(url))
        assert what_it_does(hop) == what_it_does(first_hop(HTTPRequest(url), settings)), url
    return made


def test_another_server_is_asked_as_the_last_one_was(monkeypatch):
    urls = [
        "http://a/",
        "http://b/x",
        "http://b/y",
        "http://127.0.0.1:8888/x?y",
        "http://me:secret@c/",
        "https://d/",
        "https://e/",
        "http://f",
    ]
    made = made_at_length(monkeypatch, Settings(), urls)
    # For the first of each scheme, and for credentials.
    assert made == ["http://a/", "http://me:secret@c/", "https://d/"]


class Text(str):
    """What is a URL as well."""


@pytest.mark.parametrize("kind", [str, Text])
@pytest.mark.parametrize("ask", ["plain_hop", "url_hop"])
def test_a_url_alone_is_understood_as_ever(kind, ask):
    settings = Settings()
    hops = first_hops(settings)
    for url in URLS * 2:
        hop = getattr(hops, ask)(kind(url))
        assert what_it_does(hop) == what_it_does(first_hop(HTTPRequest(url), settings)), url
    with pytest.raises(ValueError, match="URL"):
        getattr(hops, ask)(kind("http://example.org/a b"))


def test_a_url_alone_and_a_request_are_not_taken_for_each_other():
    settings = Settings()
    hops = first_hops(settings)
    for _ in range(2):
        for url in ("http://a/", "http://b/"):
            assert hops.hop(HTTPRequest(url, method="HEAD")).method == "HEAD"
            assert hops.plain_hop(url).method == "GET"


def test_a_request_is_made_for_who_is_shown_it():
    hops = first_hops(Settings(event_hooks={"request": print}))
    for url in ("http://a/", "http://b/"):
        assert hops.plain_hop(url).request.url == url


def test_only_what_differs_is_decided_for_a_url_alone(monkeypatch):
    made = []

    def noting(request: HTTPRequest, settings: Settings) -> Hop:
        made.append(request.url)
        return first_hop(request, settings)

    monkeypatch.setattr(firsthops, "first_hop", noting)
    hops = first_hops(Settings())
    for url in ("http://a/", "http://b/", "https://c/", "http://d/", "https://e/", "http://f"):
        hops.plain_hop(url)
    assert made == ["http://a/", "https://c/"]


def test_another_server_may_have_another_road(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "a,c")
    urls = ["http://a/", "http://b/", "http://c/", "http://d/"]
    assert made_at_length(monkeypatch, Settings(), urls) == urls


# Of everything that may be said, a value other than the default's.
OTHERS: dict[str, Any] = {
    "method": "HEAD",
    "headers": {"X": "y"},
    "auth_username": "me",
    "auth_password": "secret",
    "auth_mode": "digest",
    "connect_timeout": 1.5,
    "request_timeout": 1.5,
    "read_timeout": 1.5,
    "if_modified_since": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    "follow_redirects": False,
    "max_redirects": 1,
    "user_agent": "me",
    "use_gzip": False,
    "network_interface": "127.0.0.1",
    "proxy": "http://proxy:1",
    "proxy_host": "proxy",
    "proxy_port": 1,
    "proxy_username": "me",
    "proxy_password": "secret",
    "proxy_auth_mode": "digest",
    "proxy_ssl_options": {},
    "allow_nonstandard_methods": True,
    "validate_cert": False,
    "ca_certs": "certificates.pem",
    "allow_ipv6": False,
    "client_key": "key.pem",
    "client_cert": "certificate.pem",
    "expect_100_continue": True,
    "decompress_response": False,
    "ssl_options": ssl.create_default_context(),
    "sensitive_headers": (),
    "unix_socket": "/x",
    "auth": DigestAuth("me", "secret"),
    "cookies": {"a": "b"},
    "retries": RetryPolicy(1),
    "minimum_tls_version": "1.3",
    "prepare_curl_callback": print,
}
# What the hop does not depend on.
CALLBACKS = {
    "streaming_callback",
    "header_callback",
    "progress_callback",
    "restart_callback",
}
# What makes a body.
BODIES: dict[str, Any] = {
    "body": b"x",
    "json": 1,
    "form": {"a": "b"},
    "files": {"a": b"b"},
    "body_producer": print,
}


def arguments() -> set[str]:
    """Return the names of the arguments of HTTPRequest, which a compiled one doesn't tell."""
    tree = ast.parse(Path(httpclient.__file__).with_name("request.py").read_text())
    (found,) = (node for node in tree.body if getattr(node, "name", "") == "HTTPRequest")
    assert isinstance(found, ast.ClassDef)
    (init,) = (node for node in found.body if getattr(node, "name", "") == "__init__")
    assert isinstance(init, ast.FunctionDef)
    names = {argument.arg for argument in [*init.args.args, *init.args.kwonlyargs]}
    return names - {"self"}


def test_no_argument_is_forgotten():
    assert arguments() == OTHERS.keys() | CALLBACKS | BODIES.keys() | {"url"}
    usual = HTTPRequest("http://x/").manner()
    for name, value in OTHERS.items():
        manner = HTTPRequest("http://x/", **{name: value}).manner()
        assert manner != usual, name
    for name, value in BODIES.items():
        manner = HTTPRequest("http://x/", "POST", **{name: value}).manner()
        assert manner is None or manner != HTTPRequest("http://x/", "POST").manner(), name
    for name in CALLBACKS:
        callback: dict[str, Any] = {name: print}
        assert HTTPRequest("http://x/", **callback).manner() == usual


def test_a_request_that_is_changed_is_asked_anew():
    hops = first_hops(Settings())
    request = HTTPRequest("http://example.org/")
    assert hops.hop(request).method == "GET"
    request.method = "HEAD"
    assert hops.hop(request).encoded.data.startswith(b"HEAD / ")
    request.headers["X-Mine"] = "y"
    assert b"X-Mine: y\r\n" in hops.hop(request).encoded.data
    request.headers["X-Mine"] = "z"
    assert b"X-Mine: z\r\n" in hops.hop(request).encoded.data
    del request.headers["X-Mine"]
    assert b"X-Mine" not in hops.hop(request).encoded.data
    request.body = b"x"
    request.method = "POST"
    assert hops.hop(request).body == b"x"
    request.body = b"yy"
    assert hops.hop(request).body == b"yy"


MANNERS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE"]),
        "headers": st.sampled_from(HEADERS),
        "allow_nonstandard_methods": st.sampled_from([None, True]),
    },
    optional={"auth_username": st.just("me"), "request_timeout": st.just(3.0)},
)
SMALL_URLS = st.sampled_from(
    ["http://h/1", "http://h/2", "http://g/1", "https://h/1", "https://g/2"]
)
BYTES = st.sampled_from([None, b"", b"x", b"yy", b"z" * 300])


@given(
    st.lists(MANNERS, min_size=1, max_size=2),
    st.lists(st.tuples(st.integers(0, 1), SMALL_URLS | st.sampled_from(URLS), BYTES), max_size=12),
)
@example(
    [{"method": "GET", "headers": {"Host": "other"}}],
    [(0, "http://h/1", None), (0, "http://g/1", None)],
)
def test_every_request_is_understood_as_ever(manners, asked):
    settings = Settings()
    hops = first_hops(settings)

    def told(make: Callable[[HTTPRequest], Hop], arguments: dict[str, Any]) -> object:
        request = HTTPRequest(**arguments)
        try:
            hop = make(request)
        except (ValueError, KeyError) as error:
            return type(error), str(error)
        assert hop.request is request
        return what_it_does(hop)

    for number, url, body in asked:
        arguments = {"url": url, "body": body, **manners[number % len(manners)]}
        expected = told(lambda request: first_hop(request, settings), arguments)
        assert told(hops.hop, arguments) == expected


def test_what_is_usual_is_decided_once(monkeypatch):
    made = []

    def noting(request: HTTPRequest, settings: Settings) -> Hop:
        made.append(request.method)
        return first_hop(request, settings)

    monkeypatch.setattr(firsthops, "first_hop", noting)
    hops = first_hops(Settings())
    for number in range(3):
        url = f"https://api.example.org/{number}"
        hops.hop(HTTPRequest(url, headers={"Authorization": "Bearer x"}))
        hops.hop(HTTPRequest(url, "POST", json={"number": 10**number}))
        hops.hop(HTTPRequest(url, "PUT", body="x" * number or "-"))
    assert made == ["GET", "POST", "PUT"]


def test_the_headers_of_a_response_s_request_are_not_sent():
    hops = first_hops(Settings())
    hops.plain_hop("http://example.org/").request.headers["X"] = "y"
    hops.plain_hop("http://example.org/2").request.headers["X"] = "y"
    for hop in (hops.plain_hop("http://example.org/3"), hops.url_hop("http://example.org/")):
        assert not list(hop.headers.get_all())
        assert b"X:" not in hop.encoded.data


def test_headers_of_one_are_not_those_of_another():
    hops = first_hops(Settings())
    first = HTTPRequest("http://example.org/")
    hops.hop(first)
    second = HTTPRequest("http://example.org/2")
    hops.hop(second)
    second.headers["X"] = "y"
    first.headers["X"] = "z"
    assert not hops.hop(HTTPRequest("http://example.org/3")).headers


def test_subclasses_may_do_as_they_like():
    class Mine(HTTPRequest):
        pass

    assert Mine("http://example.org/").manner() is None


def test_requests_of_the_user_are_let_go():
    hops = first_hops(Settings())

    def callback(data: bytes) -> None:
        pass

    request = HTTPRequest("http://example.org/", streaming_callback=callback)
    hops.hop(request)
    assert hops.hop(HTTPRequest("http://example.org/")).request.streaming_callback is None
    other = copy.copy(request)
    assert hops.hop(other).request is other
    other.url = "http://example.net/"
    assert hops.hop(other).request is other
    gone = weakref.ref(other)
    del other
    gc.collect()
    assert gone() is None


def test_servers_that_are_kept_in_mind_are_bounded():
    hops = first_hops(Settings())
    for number in range(300):
        hops.hop(HTTPRequest(f"http://h{number}/"))
    assert repr(hops) == "<FirstHops 44>"


@pytest.mark.parametrize("option", ["ca_certs", "client_cert", "ssl_options", "proxy_ssl_options"])
@pytest.mark.parametrize("asked", ["hop", "plain_hop", "url_hop"])
def test_a_certificate_that_was_renewed_is_read_again(tmp_path, authority, option, asked):
    mine = tmp_path / "mine.pem"
    shown = authority.issue_cert("me@example.org").private_key_and_cert_chain_pem
    was = (shown if option == "client_cert" else authority.cert_pem).bytes()
    mine.write_bytes(was)
    value = {"ca_certs": str(mine)} if option.endswith("ssl_options") else str(mine)
    proxy = "https://127.0.0.1:1" if option == "proxy_ssl_options" else None
    now = 1000.0
    hops = first_hops(Settings(defaults={option: value}, proxy=proxy), lambda: now)

    def key(url: str) -> Key:
        hop: Hop = getattr(hops, asked)(HTTPRequest(url) if asked == "hop" else url)
        return hop.key

    first = key("https://localhost/")
    assert key("https://localhost/2") == first
    mine.write_bytes(was + b"\n")
    now += 0.1
    second = key("https://localhost/3")
    assert second != first
    assert key("https://localhost/4") == second
    now += 0.1
    assert key("https://localhost/4") == second
    mine.unlink()
    now += 0.1
    with pytest.raises(FileNotFoundError, match=r"ca_certs|client_cert"):
        key("https://localhost/5")


def test_a_copy_for_another_server_does_not_hold_for_longer(tmp_path, ca_certs):
    mine = tmp_path / "ca.pem"
    mine.write_bytes(Path(ca_certs).read_bytes())
    now = 1000.0
    hops = first_hops(Settings(ca_certs=str(mine)), lambda: now)
    hops.hop(HTTPRequest("https://localhost/"))
    now += 0.09
    copied = hops.hop(HTTPRequest("https://example.org/"))
    mine.write_bytes(mine.read_bytes() + b"\n")
    now += 0.02
    assert hops.hop(HTTPRequest("https://example.org/2")).files != copied.files


@pytest.mark.parametrize("paths", [1, 100])
def test_files_are_looked_at_now_and_then(tmp_path, ca_certs, monkeypatch, paths):
    mine = tmp_path / "ca.pem"
    mine.write_bytes(Path(ca_certs).read_bytes())
    asked: list[object] = []
    stat = os.stat

    def counting(path: str) -> os.stat_result:
        asked.append(path)
        return stat(path)

    monkeypatch.setattr(os, "stat", counting)
    now = 1000.0
    hops = first_hops(Settings(ca_certs=str(mine)), lambda: now)
    hops.url_hop("https://localhost/")
    asked.clear()
    for number in range(100):
        now += 0.01
        hops.url_hop(f"https://localhost/{number % paths}")
    assert 8 <= len(asked) <= 11


def test_a_proxy_is_chosen_for_each():
    settings = Settings(proxy="http://proxy:3128")
    hops = first_hops(settings)
    for path in "ab":
        hop = hops.hop(HTTPRequest(f"http://example.org/{path}"))
        assert hop.encoded.data.startswith(f"GET http://example.org/{path} ".encode())
    assert repr(hops) == "<FirstHops 0>"


def test_a_flow_uses_them():
    net = FakeNet([OK, OK, OK])
    flow = Flow(net, Settings(max_clients=1))
    for path in "abc":
        response = run_blocking(flow.fetch(f"http://example.org/{path}", True))
        assert response.effective_url == response.request.url == f"http://example.org/{path}"
