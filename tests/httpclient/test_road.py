"""Which road a request takes, in tables."""

import asyncio
import ssl

import pytest

from waterspout.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from waterspout.httpclient.hop import first_hop
from waterspout.httpclient.roads.environment import ProxyEnvironment
from waterspout.httpclient.roads.proxy import parse_proxy
from waterspout.httpclient.roads.road import Road, choose_road
from waterspout.httpclient.settings import Settings
from waterspout.httpclient.target import parse_url

HTTP, HTTPS = "http://a.test/", "https://a.test/"
PROXY = parse_proxy("http://p:1")
OTHER = parse_proxy("http://q:2")
ENVIRONMENT = {"http_proxy": "http://e:3", "no_proxy": "b.test"}
FROM_ENVIRONMENT = parse_proxy("http://e:3")


def road(url, request=None, client=None, variables=None, authorization=None):
    settings = Settings(**(client or {}))
    settings.environment = ProxyEnvironment(variables or {})
    made = HTTPRequest(url, **(request or {}))
    return choose_road(made, settings, parse_url(url), authorization)


@pytest.mark.parametrize(
    ("url", "request_", "client", "variables", "expected"),
    [
        (HTTP, {}, {}, {}, None),
        (HTTP, {"proxy": "http://p:1"}, {}, {}, Road(PROXY)),
        (HTTPS, {"proxy": "http://p:1"}, {}, {}, Road(PROXY, True)),
        (HTTP, {"proxy_host": "p", "proxy_port": 1}, {}, {}, Road(PROXY)),
        (HTTP, {}, {"proxy": "http://p:1"}, {}, Road(PROXY)),
        (HTTP, {}, {"defaults": {"proxy": "http://p:1"}}, {}, Road(PROXY)),
        (HTTP, {}, {"defaults": {"proxy_host": "p", "proxy_port": 1}}, {}, Road(PROXY)),
        (HTTP, {"proxy": "http://q:2"}, {"proxy": "http://p:1"}, {}, Road(OTHER)),
        (HTTP, {"proxy_host": "q", "proxy_port": 2}, {"proxy": "http://p:1"}, {}, Road(OTHER)),
        (HTTP, {"proxy": False}, {"proxy": "http://p:1"}, {}, None),
        (HTTP, {}, {}, ENVIRONMENT, Road(FROM_ENVIRONMENT)),
        (HTTPS, {}, {}, ENVIRONMENT, None),
        ("http://b.test/", {}, {}, ENVIRONMENT, None),
        # What is named has not to ask the environment.
        ("http://b.test/", {"proxy": "http://p:1"}, {}, ENVIRONMENT, Road(PROXY)),
        (HTTP, {}, {"proxy": "http://p:1"}, ENVIRONMENT, Road(PROXY)),
        (HTTP, {"proxy": False}, {}, ENVIRONMENT, None),
        (HTTP, {}, {"proxy": False}, ENVIRONMENT, None),
        (HTTP, {"unix_socket": "/s"}, {}, ENVIRONMENT, Road(unix_socket="/s")),
        (HTTP, {"unix_socket": "/s"}, {"proxy": "http://p:1"}, {}, Road(unix_socket="/s")),
        (HTTP, {}, {"unix_socket": "/s"}, {}, Road(unix_socket="/s")),
        (HTTP, {"network_interface": "lo"}, {}, {}, Road(source="lo")),
        (HTTP, {}, {"local_address": "::1"}, {}, Road(source="::1")),
        (HTTP, {"network_interface": "lo"}, {"proxy": "http://p:1"}, {}, Road(PROXY, source="lo")),
    ],
)
def test_which_road(url, request_, client, variables, expected):
    assert road(url, request_, client, variables) == expected


@pytest.mark.parametrize(
    ("request_", "client", "expected"),
    [
        ({"proxy": "http://me:s@p"}, {}, (b"me", b"s")),
        ({"proxy": "p", "proxy_username": "me", "proxy_password": "s"}, {}, (b"me", b"s")),
        ({"proxy": "p", "proxy_username": "me"}, {}, (b"me", b"")),
        ({"proxy": "http://a:b@p", "proxy_username": "me"}, {}, (b"a", b"b")),
        ({"proxy": "p"}, {"proxy_username": "me", "proxy_password": "s"}, None),
        ({}, {"proxy": "p", "proxy_username": "me", "proxy_password": "s"}, (b"me", b"s")),
        ({"proxy_username": "me", "proxy_password": "s"}, {"proxy": "p"}, (b"me", b"s")),
        ({"proxy": "p", "proxy_username": "m\u00fc"}, {}, ("m\u00fc".encode(), b"")),
        (
            {"proxy": "p", "proxy_username": b"m\xff", "proxy_password": b"a:b"},
            {},
            (b"m\xff", b"a:b"),
        ),
    ],
)
def test_credentials_belong_to_who_names_the_proxy(request_, client, expected):
    found = road(HTTP, request_, {"defaults": client})
    assert found.proxy.credentials == expected
    assert (found.authorization is None) == (expected is None)


def test_credentials_for_the_proxy_of_the_environment():
    found = road(HTTP, {"proxy_username": "me"}, {}, ENVIRONMENT)
    assert found.proxy.credentials == (b"me", b"")


def test_a_field_of_the_users():
    for url in (HTTP, HTTPS):
        assert road(url, {"proxy": "me@p"}, authorization="Bearer x").authorization == "Bearer x"
    assert road(HTTP, {"proxy": "socks5://p"}, authorization="Bearer x").authorization is None
    assert road(HTTP, authorization="Bearer x") is None


def test_a_digest_is_made_each_time():
    client = {"defaults": {"proxy_auth_mode": "digest"}}
    for url in (HTTP, HTTPS):
        found = road(url, {"proxy": "http://me:s@p"}, client)
        assert found.is_digest
        assert found.authorization is None
        assert not road(url, {"proxy": "http://p"}, client).is_digest
        given = road(url, {"proxy": "http://me:s@p"}, client, authorization="Bearer x")
        assert (given.is_digest, given.authorization) == (False, "Bearer x")
    assert not road(HTTP, {"proxy": "socks5://me:s@p"}, client).is_digest


def test_tls_to_a_proxy_has_options_of_its_own():
    mine = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ours = road(HTTP, {"proxy": "https://p", "validate_cert": False, "ssl_options": mine})
    assert ours.context is not mine
    assert ours.context.verify_mode == ssl.CERT_REQUIRED
    assert ours.context.check_hostname
    theirs = road(HTTPS, {"proxy": "https://p", "proxy_ssl_options": mine})
    assert theirs.context is mine
    weak = road(HTTP, {"proxy": "https://p", "proxy_ssl_options": {"cert_reqs": ssl.CERT_NONE}})
    assert weak.context.verify_mode == ssl.CERT_NONE


def test_keys():
    def key(url, **arguments):
        return first_hop(HTTPRequest(url, **arguments), Settings(trust_env=False)).key

    assert key(HTTP, proxy="p") == key("http://b.test:81/", proxy="p")
    assert key(HTTPS, proxy="p") != key("https://b.test/", proxy="p")
    assert key(HTTPS, proxy="p").origin == ("a.test", 443)
    assert key(HTTP, proxy="p").origin == ("p", 80)
    # A proxy that is asked as a server is another thing than one that is asked as a proxy.
    assert key("http://p/") != key(HTTP, proxy="p")
    assert key(HTTP, proxy="socks5://p").origin == ("a.test", 80)
    ways: list = [
        {},
        {"proxy": "p"},
        {"proxy": "me@p"},
        {"proxy": "me@p", "proxy_auth_mode": "digest"},
        {"proxy": "p", "headers": {"Proxy-Authorization": "x"}},
        {"proxy": "p", "network_interface": "lo"},
        {"proxy": "p:81"},
        {"proxy": "https://p"},
        {"proxy": "socks4://p"},
        {"proxy": "socks5://p"},
        {"network_interface": "lo"},
        {"unix_socket": "/s"},
        {"unix_socket": "/t"},
    ]
    for url in (HTTP, HTTPS):
        assert len({key(url, **way) for way in ways}) == len(ways)


def test_nothing_shows_credentials():
    found = road(HTTP, {"proxy": "http://me:s3cret@p", "network_interface": "lo"})
    assert repr(found) == "<Road <Proxy http://p:80> lo>"
    assert repr(Road(unix_socket="/s")) == "<Road /s>"


def test_an_implementation_of_somebody_elses_does_not_tell_one_proxy_of_another():
    heard: list[HTTPRequest] = []

    class Hearing(AsyncHTTPClient):
        def fetch_impl(self, request, callback):
            heard.append(request)
            callback(HTTPResponse(request, 200))

    async def main():
        defaults = {"proxy_host": "p", "proxy_port": 1, "proxy_password": "secret"}
        client = Hearing(force_instance=True, defaults=defaults)
        await client.fetch("http://x/")
        await client.fetch("http://x/", proxy="http://q:2")
        await client.fetch("http://x/", proxy_host="q", proxy_port=2)
        client.close()

    asyncio.run(main())
    assert [request.proxy_password for request in heard] == ["secret", "", ""]
    assert [request.proxy_host for request in heard] == ["p", None, "q"]
