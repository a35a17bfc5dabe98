"""tinyproxy and squid, as proxies that clients are told of, in all three styles."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.httpclient.fixtures import authority, ca_certs, make_client, server_tls
from tests.httpclient.scripted_server import always, answering, response, serve
from tests.interop.programs import find

from waterspout.httpclient import HTTPClientError, HTTPProxyError

__all__ = ["authority", "ca_certs", "make_client", "server_tls"]

pytestmark = [pytest.mark.slow, pytest.mark.deep]

_PATIENCE = 30.0

_TINYPROXY = """
Port {port}
Listen 127.0.0.1
Timeout 20
MaxClients 50
Allow 127.0.0.1
BasicAuth me s3cret
"""

_SQUID = """
http_port 127.0.0.1:{port}
pid_filename none
cache_log {directory}/log
access_log none
cache deny all
cache_mem 1 MB
coredump_dir {directory}
shutdown_lifetime 0 seconds
auth_param digest program {helper} -c {directory}/users
auth_param digest realm tests
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
"""
_HELPERS = ("/usr/lib/squid/digest_file_auth", "/usr/lib64/squid/digest_file_auth")
# User, realm, and the hash of both with the password "s3cret".
_USERS = "me:tests:c9ac717fc71e69524bb506fbccb17b82\n"


def free_port() -> int:
    """Return a port of the loopback: these programs can't choose one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(name: str) -> Iterator[int]:
    """Run a proxy; the value is its port."""
    program, port = find(name), free_port()
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        directory.chmod(0o777)  # squid gives up its rights, if it has any
        config = directory / "config"
        if name == "tinyproxy":
            config.write_text(_TINYPROXY.format(port=port))
            command = [program, "-d", "-c", str(config)]
        else:
            helper = next((path for path in _HELPERS if Path(path).exists()), None)
            if helper is None:
                pytest.skip("squid has no digest_file_auth")
            (directory / "users").write_text(_USERS)
            config.write_text(_SQUID.format(port=port, directory=made, helper=helper))
            command = [program, "-N", "-f", str(config)]
        errors = directory / "errors"
        with errors.open("wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            deadline = time.monotonic() + _PATIENCE
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    assert process.poll() is None, errors.read_text()
                    assert time.monotonic() < deadline
                    time.sleep(0.01)  # nobody tells when it listens
            yield port
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module", params=["tinyproxy", "squid"])
def proxy(request):
    """The arguments of clients of each proxy, but for the password."""
    with running(request.param) as port:
        mode = "digest" if request.param == "squid" else "basic"
        yield {
            "proxy_host": "127.0.0.1",
            "proxy_port": port,
            "proxy_username": "me",
            "proxy_auth_mode": mode,
        }


def asking(make_client, proxy, password="s3cret", **arguments):
    return make_client(defaults={**proxy, "proxy_password": password}, **arguments)


def test_what_goes_by_way_of_it(make_client, proxy):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    large = response(b"x" * 1_000_000)
    with serve(*[answering(response(b"first"), chunked, large, response(b"took"))] * 4) as server:
        client = asking(make_client, proxy)
        # The last one ends its connection: tinyproxy ends each behind its answer without a word,
        # and the POST, which can't be sent twice, would run into that now and then.
        last: list[dict[str, str]] = [{}, {}, {"Connection": "close"}]
        bodies = [client.fetch(server.url, headers=headers).body for headers in last]
        if server.connections == 1:
            assert bodies == [b"first", b"abc", b"x" * 1_000_000]
        # A proxy may open a connection for each.
        else:
            assert bodies == [b"first"] * 3
        answer = client.fetch(server.url, method="POST", body=iter([b"one", b"two"]))
        assert answer.code == 200
        assert server.last.body == b"onetwo"
        assert "proxy-authorization" not in server.last.headers


def test_a_tunnel(make_client, proxy, server_tls, ca_certs):
    with serve(always(), tls=server_tls) as server:
        client = asking(make_client, proxy, ca_certs=ca_certs)
        for _ in range(3):
            assert client.fetch(server.url).body == b"ok"
        assert server.connections == 1
        assert "proxy-authorization" not in server.last.headers


def test_a_password_that_is_wrong(make_client, proxy, server_tls):
    with serve(always()) as plain, serve(always(), tls=server_tls) as secure:
        client = asking(make_client, proxy, "wrong")
        with pytest.raises(HTTPClientError) as raised:
            client.fetch(plain.url)
        assert raised.value.code in (401, 407)  # tinyproxy takes it for a server's matter
        with pytest.raises(HTTPProxyError, match=r"40[17]") as refused:
            client.fetch(secure.url, validate_cert=False)
        assert "wrong" not in str(refused.value)
        assert not plain.requests
        assert not secure.connections
        assert client.flow.pool.statistics["used"] == 0


def test_a_server_that_is_not_there(make_client, proxy):
    client = asking(make_client, proxy)
    port = free_port()
    answer = client.fetch(f"http://127.0.0.1:{port}/", raise_error=False)
    assert answer.code in (500, 502, 503, 504)
    with pytest.raises(HTTPProxyError, match="50"):
        client.fetch(f"https://127.0.0.1:{port}/")
    assert client.flow.pool.statistics["used"] == 0
