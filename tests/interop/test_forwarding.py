"""What nginx and haproxy tell of their clients, by fields and by PROXY headers, and we believe.

The proxies listen on unix sockets and are told themselves, by a PROXY header, who their clients
are: so these can come from anywhere.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.interop.programs import Proxy, find, run_command
from tests.wire.server_process import LOOPS, start

_NGINX = """
daemon off;
master_process off;
pid {directory}/pid;
error_log {directory}/error.log warn;
events {{ worker_connections 100; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    upstream back {{ server 127.0.0.1:{port}; keepalive 1; }}
    server {{
        listen unix:{directory}/front proxy_protocol;
        set_real_ip_from unix:;
        real_ip_header proxy_protocol;
        location / {{
            proxy_pass http://back;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            {fields}
        }}
    }}
}}
"""

_HAPROXY = """
global
    maxconn 100
defaults
    mode http
    http-reuse always
    timeout connect 10s
    timeout client 20s
    timeout server 20s
frontend front
    bind unix@{directory}/front accept-proxy
    default_backend back
backend back
    {fields}
    server one 127.0.0.1:{port} {options}
"""

#: As Tornado's documentation, and most others, have it.
_FIELDS = {
    "X-Real-IP": "proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Scheme https;",
    "X-Forwarded-For": "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
    " proxy_set_header X-Forwarded-Proto https;",
}

#: What a client may send to be taken for somebody else.
_FORGED: dict[str, dict[str, Any]] = {
    "X-Real-IP": {"X-Real-Ip": "9.9.9.9", "X-Scheme": "http", "X-Forwarded-For": "9.9.9.9"},
    "X-Forwarded-For": {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "http"},
}


@contextmanager
def nginx(directory: Path, port: int, fields: str) -> Iterator[Proxy]:
    config = directory / "config"
    config.write_text(_NGINX.format(directory=directory, port=port, fields=fields))
    command = [find("nginx"), "-e", str(directory / "error.log"), "-c", str(config)]
    with run_command(command, directory) as proxy:
        yield proxy


@contextmanager
def haproxy(directory: Path, port: int, options: str = "", fields: str = "") -> Iterator[Proxy]:
    config = directory / "config"
    config.write_text(
        _HAPROXY.format(directory=directory, port=port, options=options, fields=fields)
    )
    with run_command([find("haproxy"), "-db", "-f", str(config)], directory) as proxy:
        yield proxy


def asked(proxy: Proxy, address: str, times: int = 1, **headers: Any) -> list[tuple[str, str]]:
    """Return what our server takes a client of ``address`` for, with the protocol."""
    client = proxy.client()
    client.connect()
    family, other = ("TCP6", "::1") if ":" in address else ("TCP4", "192.0.2.1")
    client.sock.sendall(f"PROXY {family} {address} {other} 50000 443\r\n".encode())
    found = []
    for _ in range(times):
        client.request("GET", "/echo", headers=headers)
        told = json.loads(client.getresponse().read())
        found.append((told["remote_ip"], told["protocol"]))
    client.close()
    return found


CLIENTS = ["203.0.113.7", "2001:db8::7", "10.1.2.3"]


@pytest.mark.parametrize("name", list(_FIELDS))
@pytest.mark.parametrize("loop", LOOPS)
def test_fields_of_nginx(loop: str, name: str, tmp_path: Path):
    with start(loop, xheaders=True) as server, nginx(tmp_path, server.port, _FIELDS[name]) as proxy:
        for address in CLIENTS:  # one connection between the two serves them all
            assert asked(proxy, address) == [(address, "https")]
            assert asked(proxy, address, **_FORGED[name]) == [(address, "https")]


def test_fields_of_a_proxy_that_is_not_listed(tmp_path: Path):
    with (
        start(xheaders=True, trusted_downstream=["192.0.2.1"]) as server,
        nginx(tmp_path, server.port, _FIELDS["X-Real-IP"]) as proxy,
    ):
        assert asked(proxy, "203.0.113.7") == [("127.0.0.1", "http")]


def test_fields_of_a_proxy_behind_a_proxy(tmp_path: Path):
    """The first one's address is listed; the second one adds what it has seen."""
    fields = _FIELDS["X-Forwarded-For"]
    with (
        start(xheaders=True, trusted_downstream=["127.0.0.1", "10.0.0.0/8"]) as server,
        nginx(tmp_path, server.port, fields) as proxy,
    ):
        through: dict[str, Any] = {"X-Forwarded-For": "9.9.9.9, 203.0.113.7"}
        assert asked(proxy, "10.0.0.9", **through) == [("203.0.113.7", "https")]
        assert asked(proxy, "198.51.100.1", **through) == [("198.51.100.1", "https")]


def test_a_proxy_that_repeats_the_field(tmp_path: Path):
    """haproxy adds a field of its own behind the client's."""
    with (
        start(xheaders=True) as server,
        haproxy(tmp_path, server.port, fields="option forwardfor") as proxy,
    ):
        for address in CLIENTS:
            forged: dict[str, Any] = {"X-Forwarded-For": "9.9.9.9"}
            assert asked(proxy, address, **forged) == [(address, "http")]


@pytest.mark.parametrize(
    "options", ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options unique-id"]
)
@pytest.mark.parametrize("loop", LOOPS)
def test_headers_of_haproxy(loop: str, options: str, tmp_path: Path):
    with (
        start(loop, proxy_protocol=True) as server,
        haproxy(tmp_path, server.port, options, "unique-id-format %[uuid()]") as proxy,
    ):
        for address in CLIENTS:
            assert asked(proxy, address, times=3) == [(address, "http")] * 3


@pytest.mark.parametrize("options", ["send-proxy", "send-proxy-v2-ssl-cn"])
@pytest.mark.parametrize("loop", LOOPS)
def test_headers_of_haproxy_before_tls(loop: str, options: str, tmp_path: Path):
    trustme = pytest.importorskip("trustme")
    certfile = tmp_path / "server.pem"
    certfile.write_bytes(
        trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.bytes()
    )
    with (
        start(loop, certfile=str(certfile), proxy_protocol=True) as server,
        haproxy(tmp_path, server.port, f"ssl verify none {options}") as proxy,
    ):
        for address in CLIENTS:
            assert asked(proxy, address, times=3) == [(address, "https")] * 3


def test_checks_of_haproxy(tmp_path: Path):
    """They come with a header that says: for myself."""
    with (
        start(proxy_protocol=True) as server,
        haproxy(
            tmp_path,
            server.port,
            "send-proxy-v2 check inter 50ms fall 1000",
            "option httpchk GET /echo/check\n    timeout check 10s",
        ) as proxy,
    ):
        asks = checks = 0
        while checks < 3:
            asks += 1
            client = proxy.client()
            client.connect()
            client.sock.sendall(b"PROXY TCP4 203.0.113.7 192.0.2.1 50000 443\r\n")
            client.request("GET", "/usage")
            response = client.getresponse()
            body = response.read()
            client.close()
            assert response.status == 200, body
            checks = json.loads(body)["answered"] - asks
