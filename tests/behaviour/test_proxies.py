"""By way of proxies: who is asked what, and what must not be told to whom. In three styles."""

import base64
import hashlib
import socket
import ssl

import pytest
from tests.httpclient.proxies import connecting, relay, socks4, socks5
from tests.httpclient.scripted_server import OK, always, answering, eventually, response, serve

from waterspout.httpclient import HTTPClientError
from waterspout.httpclient.auth.challenges import parse_parameters
from waterspout.httpclient.errors import (
    HTTPConnectError,
    HTTPProtocolError,
    HTTPProxyError,
    HTTPTimeoutError,
)

BASIC = "Basic " + base64.b64encode(b"me:s3cret").decode()
EMPTY = {"used": 0, "idle": 0, "waiting": 0}


def with_credentials(url):
    return url.replace("://", "://me:s3cret@")


# Requests in absolute form


def test_a_proxy_is_asked_for_http(client):
    with serve(always()) as proxy:
        answer = client.fetch("http://example.test/path?q#f", proxy=proxy.url)
        assert answer.body == b"ok"
        assert answer.effective_url == "http://example.test/path?q#f"
        assert proxy.last.line == "GET http://example.test/path?q HTTP/1.1"
        assert proxy.last.headers["host"] == "example.test"
        assert "proxy-authorization" not in proxy.last.headers


def test_one_connection_to_a_proxy_serves_all_origins(client):
    with serve(always()) as proxy:
        for url in ("http://one.test/", "http://two.test:81/", "http://one.test/3"):
            client.fetch(url, proxy=proxy.url)
        assert proxy.connections == 1


def test_other_credentials_are_another_road(client):
    with serve(always()) as proxy:
        client.fetch("http://one.test/", proxy=proxy.url)
        client.fetch("http://one.test/", proxy=with_credentials(proxy.url))
        assert proxy.connections == 2
        assert proxy.last.headers["proxy-authorization"] == BASIC
        shown = repr([connection.key for connection in client.flow.pool.idle])
        assert "s3cret" not in shown
        assert BASIC not in shown


def test_the_proxy_of_a_client(make_client):
    with serve(always()) as proxy, serve(always(response(b"origin"))) as origin:
        client = make_client(proxy=proxy.url)
        assert client.fetch(origin.url).body == b"ok"
        assert client.fetch(origin.url, proxy=False).body == b"origin"
        assert origin.last.target == "/"


def test_a_proxy_by_tornados_names(client):
    with serve(always()) as proxy:
        client.fetch(
            "http://one.test/",
            proxy_host="127.0.0.1",
            proxy_port=proxy.port,
            proxy_username="me",
            proxy_password="s3cret",
            proxy_auth_mode="basic",
        )
        assert proxy.last.headers["proxy-authorization"] == BASIC


def test_defaults_by_tornados_names(make_client):
    with serve(always()) as proxy, serve(always()) as other:
        client = make_client(
            defaults={
                "proxy_host": "127.0.0.1",
                "proxy_port": proxy.port,
                "proxy_username": "me",
                "proxy_password": "s3cret",
            }
        )
        client.fetch("http://one.test/")
        assert proxy.last.headers["proxy-authorization"] == BASIC
        # What is meant for one proxy is not sent to another one.
        client.fetch("http://one.test/", proxy=other.url)
        assert "proxy-authorization" not in other.last.headers


def test_a_proxy_wants_credentials_for_http(client):
    """Its answer is the answer to the request."""
    with serve(always(response(b"", "407 Proxy Authentication Required"))) as proxy:
        with pytest.raises(HTTPClientError) as caught:
            client.fetch("http://one.test/", proxy=proxy.url)
        assert caught.value.code == 407


def test_a_redirect_goes_by_the_same_proxy(client):
    hop = response(b"", "302 Found", Location="http://two.test/")
    with serve(answering(hop, OK)) as proxy:
        client.fetch("http://one.test/", proxy=with_credentials(proxy.url))
        assert [request.line for request in proxy.requests] == [
            "GET http://one.test/ HTTP/1.1",
            "GET http://two.test/ HTTP/1.1",
        ]
        assert proxy.last.headers["proxy-authorization"] == BASIC


# CONNECT


def test_a_tunnel_for_https(client, ca_certs, server_tls):
    with serve(always(), tls=server_tls) as origin, serve(connecting()) as proxy:
        for _ in range(2):
            answer = client.fetch(
                origin.url,
                proxy=with_credentials(proxy.url),
                ca_certs=ca_certs,
                user_agent="mine",
                headers={"Cookie": "a=b"},
            )
            assert answer.body == b"ok"
            assert "established" not in answer.reason
        assert proxy.connections == origin.connections == 1
        (asked,) = proxy.requests
        assert asked.line == f"CONNECT 127.0.0.1:{origin.port} HTTP/1.1"
        assert asked.headers["host"] == f"127.0.0.1:{origin.port}"
        assert asked.headers["proxy-authorization"] == BASIC
        assert asked.headers.keys() == {"host", "user-agent", "proxy-authorization"}
        assert "proxy-authorization" not in origin.last.headers
        assert origin.last.line == "GET / HTTP/1.1"


def test_a_field_for_the_proxy_goes_to_the_proxy(client, ca_certs, server_tls):
    with serve(always(), tls=server_tls) as origin, serve(connecting()) as proxy:
        headers = {"Proxy-Authorization": "Bearer abc"}
        client.fetch(origin.url, proxy=proxy.url, ca_certs=ca_certs, headers=headers)
        assert proxy.last.headers["proxy-authorization"] == "Bearer abc"
        assert "proxy-authorization" not in origin.last.headers
    with serve(always()) as proxy:
        client.fetch("http://one.test/", proxy=with_credentials(proxy.url), headers=headers)
        assert proxy.last.headers["proxy-authorization"] == "Bearer abc"


def test_the_headers_of_the_proxy_are_not_those_of_the_response(client, ca_certs, server_tls):
    heard: list = []
    answer = b"HTTP/1.1 200 Yes\r\nX-Proxy: evil\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\n\r\n"
    with serve(always(), tls=server_tls) as origin, serve(connecting(answer)) as proxy:
        response = client.fetch(
            origin.url, proxy=proxy.url, ca_certs=ca_certs, header_callback=heard.append
        )
    assert response.body == b"ok"
    assert "X-Proxy" not in response.headers
    assert "Set-Cookie" not in response.headers
    assert heard == ["HTTP/1.1 200 OK\r\n", "Content-Length: 2\r\n", "\r\n"]


def test_tls_to_the_proxy_and_through_it(client, ca_certs, server_tls):
    options = {"ca_certs": ca_certs}
    body = b"x" * 300_000
    with (
        serve(always(response(body)), tls=server_tls) as origin,
        serve(connecting(), tls=server_tls) as proxy,
    ):
        for _ in range(2):
            answer = client.fetch(
                origin.url,
                method="POST",
                body=body,
                proxy=with_credentials(proxy.url),
                proxy_ssl_options=options,
                ca_certs=ca_certs,
            )
            assert answer.body == body
        assert origin.last.body == body
        assert proxy.url.startswith("https:")
        assert proxy.connections == 1
        assert "proxy-authorization" not in origin.last.headers


def test_the_answer_of_a_proxy_comes_in_pieces(client, ca_certs, server_tls):
    def script(peer):
        send = peer.send

        def send_slowly(data):
            for byte in data:
                send(bytes((byte,)))

        peer.send = send_slowly
        connecting()(peer)

    with serve(always(), tls=server_tls) as origin, serve(script) as proxy:
        assert client.fetch(origin.url, proxy=proxy.url, ca_certs=ca_certs).body == b"ok"


def test_leave_is_taken_of_both_ends_in_secret(make_client, ca_certs, server_tls):
    ends: list[str] = []

    def script(peer):
        try:
            connecting()(peer)
            ends.append("as it should")
        except ssl.SSLError as error:
            ends.append(str(error))

    client = make_client()
    with (
        serve(always(), tls=server_tls) as origin,
        serve(script, tls=server_tls) as proxy,
    ):
        options = {"ca_certs": ca_certs}
        client.fetch(origin.url, proxy=proxy.url, proxy_ssl_options=options, **options)
        client.flow.close_idle()
        eventually(lambda: client.let_notice() or ends)
    assert ends == ["as it should"]


def test_tls_to_the_proxy_for_http(client, ca_certs, server_tls):
    with serve(always(), tls=server_tls) as proxy:
        client.fetch("http://one.test/", proxy=proxy.url, proxy_ssl_options={"ca_certs": ca_certs})
        assert proxy.last.target == "http://one.test/"


def test_the_certificate_of_a_proxy_is_verified(client, ca_certs, server_tls):
    """Whatever holds for the server."""
    with serve(always(), tls=server_tls) as proxy:
        for arguments in ({"ca_certs": ca_certs}, {"validate_cert": False}):
            for url in ("http://one.test/", "https://one.test/"):
                with pytest.raises(HTTPConnectError, match=r"shaking hands \(TLS\) with"):
                    client.fetch(url, proxy=proxy.url, **arguments)
        assert not proxy.requests


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("http://{}", r"it wants credentials: proxy_username"),
        ("http://me:s3cret@{}", r"it does not accept the credentials"),
    ],
)
def test_a_proxy_wants_credentials(client, url, advice):
    refusal = response(b"who are you?", "407 Proxy Authentication Required", X="y")
    with serve(answering(refusal)) as proxy:
        with pytest.raises(HTTPProxyError, match=advice) as caught:
            client.fetch("https://one.test/", proxy=url.format(f"127.0.0.1:{proxy.port}"))
        message = str(caught.value)
        assert f"the proxy 127.0.0.1:{proxy.port} refused one.test:443: 407 Proxy" in message
        assert "GET https://one.test/" in message
        assert "s3cret" not in message
        assert caught.value.status == 407
        assert caught.value.code == 599
        assert caught.value.response is None
    assert client.flow.pool.statistics == EMPTY


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (response(b"", "502 " + "x" * 500), HTTPProxyError, r"refused one.test:443: 502 x{100}: "),
        (response(b"", "302 Found", Location="http://evil/"), HTTPProxyError, "302 Found"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", HTTPProtocolError, "switch of protocols"),
        (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", HTTPProtocolError, "sent more than"),
        (b"nonsense\r\n\r\n", HTTPProtocolError, "asking the proxy"),
        (b"SSH-2.0-x\r\n", HTTPProtocolError, "asking the proxy"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 11, HTTPProtocolError, "more than 10 1xx"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"a" * 300_000, HTTPProtocolError, "asking the proxy"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: a\r\n" * 1000, HTTPProtocolError, "asking the proxy"),
        (b"HTTP/1.1 200 OK\r\n", ConnectionResetError, "in the middle of its answer"),
        (b"", ConnectionResetError, "the proxy closed without an answer"),
    ],
)
def test_a_proxy_answers_badly(client, answer, error, message):
    with serve(answering(answer)) as proxy:
        with pytest.raises(error, match=message) as caught:
            client.fetch("https://one.test/", proxy=with_credentials(proxy.url))
        assert isinstance(caught.value, HTTPClientError)
        assert "s3cret" not in str(caught.value)
    assert client.flow.pool.statistics == EMPTY


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
    ],
)
def test_good_answers_of_a_proxy(client, ca_certs, server_tls, answer):
    with serve(always(), tls=server_tls) as origin, serve(connecting(answer)) as proxy:
        assert client.fetch(origin.url, proxy=proxy.url, ca_certs=ca_certs).body == b"ok"


def test_a_silent_proxy(client):
    expected = r"asking the proxy .* \(connect_timeout 0.2 s\)"
    with (
        serve(lambda peer: peer.wait_for_end()) as proxy,
        pytest.raises(HTTPTimeoutError, match=expected),
    ):
        client.fetch("https://one.test/", proxy=proxy.url, connect_timeout=0.2)
    assert client.flow.pool.statistics == EMPTY


def test_nobody_listens_where_the_proxy_should(client):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for url in ("http://one.test/", "https://one.test/"):
            with pytest.raises(ConnectionRefusedError, match=f"connecting to 127.0.0.1:{port}"):
                client.fetch(url, proxy=f"http://me:s3cret@127.0.0.1:{port}")


def test_a_tunnel_is_never_taken_for_a_straight_connection(client, ca_certs, server_tls):
    with serve(always(), tls=server_tls) as origin, serve(connecting()) as proxy:
        client.fetch(origin.url, proxy=proxy.url, ca_certs=ca_certs)
        client.fetch(origin.url, ca_certs=ca_certs)
        assert origin.connections == 2
        client.fetch(origin.url, proxy=with_credentials(proxy.url), ca_certs=ca_certs)
        assert origin.connections == 3
        client.fetch(origin.url, proxy=proxy.url, ca_certs=ca_certs)
        assert origin.connections == 3


def test_a_mapped_host_behind_a_proxy(make_client, ca_certs, server_tls):
    """The mapping says where a connection goes; the certificate is still that of the URL's host."""
    with serve(always(), tls=server_tls) as origin, serve(connecting()) as proxy:
        client = make_client(hostname_mapping={("localhost", 4): ("127.0.0.1", origin.port)})
        client.fetch("https://localhost:4/", proxy=proxy.url, ca_certs=ca_certs)
        assert proxy.last.target == f"127.0.0.1:{origin.port}"
        assert origin.last.headers["host"] == "localhost:4"


# Digest


def wanting_digest(peer, then):
    """A proxy that refuses who has not answered its challenge well."""
    challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256'
    refusal = response(b"no", "407 Proxy Authentication Required", Proxy_Authenticate=challenge)
    while True:
        request = peer.read_request()
        field = request.headers.get("proxy-authorization", "")
        if field.startswith("Digest ") and is_right(request, field):
            then(peer, request)
            return
        peer.send(refusal)


def is_right(request, field):
    def digest(*parts):
        return hashlib.sha256(":".join(parts).encode()).hexdigest()

    found = parse_parameters(field.removeprefix("Digest "))
    assert found["uri"] == request.target
    request_hash = digest(request.method, found["uri"])
    expected = digest(
        digest("me", "r", "s3cret"), "n", found["nc"], found["cnonce"], found["qop"], request_hash
    )
    return found["response"] == expected


def test_digest_for_a_tunnel(client, ca_certs, server_tls):
    def tunnel(peer, request):
        host, _, port = request.target.rpartition(":")
        relay(peer, host, int(port), lambda: peer.send(b"HTTP/1.1 200 OK\r\n\r\n"))

    arguments = {"ca_certs": ca_certs, "proxy_auth_mode": "digest"}
    with (
        serve(always(), tls=server_tls) as origin,
        serve(lambda peer: wanting_digest(peer, tunnel)) as proxy,
    ):
        for _ in range(2):
            answer = client.fetch(
                origin.url,
                proxy=with_credentials(proxy.url),
                headers={"Connection": "close"},
                **arguments,
            )
            assert answer.body == b"ok"
            assert "proxy-authorization" not in origin.last.headers
        # Once it has told its nonce it is not asked in vain.
        assert len(proxy.requests) == 3
        assert "s3cret" not in str(proxy.requests)
        with pytest.raises(HTTPProxyError, match=r"407 .*does not accept the credentials"):
            client.fetch(origin.url, proxy=proxy.url.replace("//", "//me:bad@"), **arguments)
        assert len(proxy.requests) == 5
    assert client.flow.pool.statistics["used"] == 0


def test_digest_for_http(client):
    def answer(peer, request):
        peer.send(OK)
        wanting_digest(peer, answer)

    with serve(lambda peer: wanting_digest(peer, answer)) as proxy:
        for _ in range(2):
            found = client.fetch(
                "http://a.test/x?y",
                method="POST",
                body=b"hello",
                proxy=with_credentials(proxy.url),
                proxy_auth_mode="digest",
            )
            assert found.body == b"ok"
        assert len(proxy.requests) == 3
        assert [request.body for request in proxy.requests] == [b"hello"] * 3
        assert proxy.last.target == "http://a.test/x?y"
        with pytest.raises(HTTPClientError) as caught:
            client.fetch(
                "http://a.test/",
                proxy=proxy.url.replace("//", "//me:bad@"),
                proxy_auth_mode="digest",
            )
        assert caught.value.code == 407
        assert "s3cret" not in str(proxy.requests)


def test_a_proxy_that_knows_no_digest(client):
    refusal = response(b"", "407 No", Proxy_Authenticate='Basic realm="r"')
    with serve(always(refusal)) as proxy:
        expected = "asks for something else than proxy_auth_mode 'digest'"
        with pytest.raises(HTTPProxyError, match=expected):
            client.fetch(
                "https://a.test/", proxy=with_credentials(proxy.url), proxy_auth_mode="digest"
            )
        assert "proxy-authorization" not in proxy.last.headers


# SOCKS


def test_socks_5_with_a_name(client):
    heard: list = []
    with serve(always()) as origin, serve(socks5(heard=heard, piece=1)) as proxy:
        url = f"http://localhost:{origin.port}/"
        for _ in range(2):
            answer = client.fetch(url, proxy=f"socks5h://127.0.0.1:{proxy.port}")
            assert answer.body == b"ok"
        port = origin.port.to_bytes(2, "big")
        assert heard == [b"\x05\x01\x00", b"\x05\x01\x00\x03\x09localhost" + port]
        assert origin.last.line == "GET / HTTP/1.1"


def test_socks_5_with_an_address_that_we_find(client):
    heard: list = []
    with serve(always()) as origin, serve(socks5(heard=heard)) as proxy:
        client.fetch(
            f"http://localhost:{origin.port}/",
            proxy=f"socks5://127.0.0.1:{proxy.port}",
            allow_ipv6=False,
        )
        assert heard[1][:8] == b"\x05\x01\x00\x01\x7f\x00\x00\x01"


def test_socks_5_with_credentials_and_tls(client, ca_certs, server_tls):
    heard: list = []
    with (
        serve(always(), tls=server_tls) as origin,
        serve(socks5(heard=heard, method=2, piece=1)) as proxy,
    ):
        client.fetch(
            origin.url,
            proxy=f"socks5h://me:s3cret@127.0.0.1:{proxy.port}",
            ca_certs=ca_certs,
            headers={"Proxy-Authorization": "Basic x"},
        )
        assert heard[0] == b"\x05\x02\x00\x02"
        assert heard[1] == b"\x01\x02me\x06s3cret"
        assert "proxy-authorization" not in origin.last.headers


def test_socks_4(client):
    heard: list = []
    with serve(always()) as origin, serve(socks4(heard=heard)) as proxy:
        url = f"http://localhost:{origin.port}/"
        client.fetch(url, proxy=f"socks4://me@127.0.0.1:{proxy.port}")
        client.fetch(url, proxy=f"socks4a://127.0.0.1:{proxy.port}")
        port = origin.port.to_bytes(2, "big")
        assert heard == [
            b"\x04\x01" + port + b"\x7f\x00\x00\x01me\0",
            b"\x04\x01" + port + b"\x00\x00\x00\x01\0",
            b"localhost\0",
        ]


@pytest.mark.parametrize(
    ("scheme", "script", "message"),
    [
        ("socks5", socks5(heard=[], method=0xFF), "no way of authentication"),
        ("socks5", socks5(heard=[], reply=5), "connection refused"),
        ("socks4", socks4(heard=[], reply=91), "rejected or failed"),
    ],
)
def test_socks_refuses(client, scheme, script, message):
    with serve(script) as proxy:
        url = f"{scheme}://me:s3cret@127.0.0.1:{proxy.port}"
        expected = f"the proxy 127.0.0.1:{proxy.port} refused 127.0.0.2:80: .*{message}"
        with pytest.raises(HTTPProxyError, match=expected) as caught:
            client.fetch("http://127.0.0.2/", proxy=url)
        assert caught.value.status is None
        assert "s3cret" not in str(caught.value)
    assert client.flow.pool.statistics == EMPTY


def test_a_redirect_to_what_socks_4_can_not_be_asked_for(client):
    """A server has chosen it: it is no mistake in the request."""
    redirect = response(b"", "302 Found", Location="http://[::1]:5/")
    with serve(always(redirect)) as origin, serve(socks4(heard=[])) as proxy:
        expected = f"the proxy 127.0.0.1:{proxy.port} can't be asked for .::1.:5: .*IPv6"
        with pytest.raises(HTTPProxyError, match=expected) as caught:
            client.fetch(origin.url, proxy=f"socks4a://127.0.0.1:{proxy.port}")
        assert caught.value.phase == "proxy"
        assert caught.value.url == "http://[::1]:5/"
    assert client.flow.pool.statistics["used"] == 0


@pytest.mark.parametrize("scheme", ["socks4", "socks5"])
def test_what_is_no_socks(client, scheme):
    def script(peer):
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.wait_for_end()

    with serve(script) as proxy, pytest.raises(HTTPProtocolError, match="no SOCKS"):
        client.fetch("http://127.0.0.2/", proxy=f"{scheme}://127.0.0.1:{proxy.port}")
