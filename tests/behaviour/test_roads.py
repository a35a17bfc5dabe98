"""Roads by the environment, to unix sockets and from local addresses. In three styles."""

import contextlib

import pytest
from tests.behaviour.test_proxies import BASIC, with_credentials
from tests.httpclient.scripted_server import always, answering, response, serve

from waterspout.httpclient.errors import HTTPConnectError

# Which proxy


def test_the_environment(make_client, monkeypatch):
    with serve(always(response(b"proxy"))) as proxy, serve(always()) as origin:
        monkeypatch.setenv("http_proxy", with_credentials(proxy.url))
        monkeypatch.setenv("no_proxy", "localhost")
        client = make_client()
        trusting_nobody = make_client(trust_env=False)
        monkeypatch.delenv("http_proxy")
        # It is read when a client is made.
        for _ in range(2):
            assert client.fetch(origin.url).body == b"proxy"
            assert proxy.last.headers["proxy-authorization"] == BASIC
        assert client.fetch(origin.url.replace("127.0.0.1", "localhost")).body == b"ok"
        assert client.fetch(origin.url, proxy=False).body == b"ok"
        assert trusting_nobody.fetch(origin.url).body == b"ok"


def test_a_redirect_that_needs_no_proxy_tells_nobody_its_credentials(make_client, monkeypatch):
    with serve(always()) as origin:
        url = origin.url.replace("127.0.0.1", "localhost")
        with serve(answering(response(b"", "302 Found", Location=url))) as proxy:
            monkeypatch.setenv("http_proxy", with_credentials(proxy.url))
            monkeypatch.setenv("no_proxy", "localhost")
            assert make_client().fetch("http://one.test/").body == b"ok"
        assert origin.last.line == "GET / HTTP/1.1"
        assert "proxy-authorization" not in origin.last.headers


def test_a_bad_proxy_of_the_environment(make_client, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "ftp://me:s3cret@x")
    client = make_client()
    with pytest.raises(ValueError, match="HTTPS_PROXY: unsupported proxy 'ftp://x'"):
        client.fetch("https://one.test/")


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"proxy": "ftp://x"}, ValueError, "unsupported proxy 'ftp://x'"),
        ({"proxy": "http://me:s3cret@x/path"}, ValueError, "no URL of a proxy"),
        ({"proxy": 5}, TypeError, "proxy must be a URL, or False"),
        ({"proxy": True}, TypeError, "proxy must be a URL, or False"),
        ({"proxy_host": "x"}, ValueError, "a proxy_host needs a proxy_port"),
        ({"proxy_host": "x", "proxy_port": "80"}, TypeError, "proxy_port a number"),
        ({"proxy_host": "me@x", "proxy_port": 80}, ValueError, "proxy_username"),
        ({"proxy": "x", "proxy_host": "x", "proxy_port": 80}, ValueError, "two proxies"),
        ({"proxy": "x", "proxy_auth_mode": "ntlm"}, ValueError, "unsupported proxy_auth_mode"),
        ({"proxy": "x", "proxy_username": "a:b"}, ValueError, "colon"),
        ({"proxy": f"socks5://{'x' * 256}@x"}, ValueError, "255 bytes"),
        ({"proxy": "x", "unix_socket": "/x"}, ValueError, "two roads"),
        ({"unix_socket": 5}, TypeError, "unix_socket must be the path"),
        ({"network_interface": 5}, TypeError, "network_interface"),
        ({"network_interface": "x" * 16}, ValueError, "no name of an interface"),
    ],
)
def test_what_is_no_road(client, arguments, kind, message):
    with pytest.raises(kind, match=message) as caught:
        client.fetch("http://127.0.0.1:1/", **arguments)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"proxy": "ftp://x"}, ValueError),
        ({"proxy": 5}, TypeError),
        ({"unix_socket": b"/x"}, TypeError),
        ({"unix_socket": "/x", "proxy": "http://x"}, ValueError),
        ({"local_address": "x" * 16}, ValueError),
    ],
)
def test_what_is_no_road_of_a_client(make_client, arguments, kind):
    with pytest.raises(kind):
        make_client(**arguments)


# Straight roads, from and to elsewhere


def test_a_unix_socket(client, make_client, tmp_path):
    path = str(tmp_path / "socket")
    with serve(always(), path=path) as origin:
        assert client.fetch("http://one.test/x", unix_socket=path).body == b"ok"
        assert origin.last.headers["host"] == "one.test"
        assert origin.last.line == "GET /x HTTP/1.1"
        for name in ("one", "two"):
            make_client(unix_socket=path).fetch(f"http://{name}.test/")
            assert origin.last.headers["host"] == f"{name}.test"
    with pytest.raises(HTTPConnectError, match=f"connecting to {path}"):
        client.fetch("http://two.test/x", unix_socket=path)


def test_tls_on_a_unix_socket(client, ca_certs, server_tls, tmp_path):
    path = str(tmp_path / "socket")
    with serve(always(), tls=server_tls, path=path):
        for _ in range(2):
            client.fetch("https://localhost/", unix_socket=path, ca_certs=ca_certs)


def test_a_unix_socket_goes_before_the_environment(make_client, monkeypatch, tmp_path):
    path = str(tmp_path / "socket")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serve(always(), path=path):
        assert make_client(unix_socket=path).fetch("http://one.test/").body == b"ok"


def test_the_local_address(client, make_client):
    peers: list = []

    def script(peer):
        peers.append(peer.socket.getpeername()[0])
        peer.answer_all()

    with contextlib.ExitStack() as stack:
        origin = stack.enter_context(serve(script))
        client.fetch(origin.url, network_interface="127.0.0.1")
        client.fetch(origin.url)
        make_client(local_address="127.0.0.1").fetch(f"http://localhost:{origin.port}/")
        assert origin.connections == 3
        assert peers == ["127.0.0.1"] * 3
        with pytest.raises(HTTPConnectError, match=r"cannot connect from '192\.0\.2\.77'"):
            client.fetch(origin.url, network_interface="192.0.2.77")
        with pytest.raises(HTTPConnectError):
            client.fetch(origin.url, network_interface="::1")
