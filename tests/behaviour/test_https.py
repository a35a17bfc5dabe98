"""Fetching over TLS, each case in three styles."""

import os
import socket
import ssl
import threading
from pathlib import Path

import pytest
import trustme
from tests.httpclient.scripted_server import OK, always, answering, eventually, serve
from tests.httpclient.styles import until_heard

from waterspout.httpclient import HTTPClientError, HTTPConnectError
from waterspout.httpclient.errors import HTTPConnectionLostError


def test_a_certificate_that_is_trusted(client, server_tls, ca_certs):
    with serve(always(), tls=server_tls) as server:
        for _ in range(3):
            answer = client.fetch(server.url, ca_certs=ca_certs)
            assert answer.body == b"ok"
            assert answer.effective_url == server.url
        assert server.connections == 1


def test_a_name_that_is_in_the_certificate(client, server_tls, ca_certs):
    with serve(always(), tls=server_tls) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        assert client.fetch(url, ca_certs=ca_certs).body == b"ok"


def test_a_certificate_that_nobody_knows(client, server_tls):
    with serve(always(), tls=server_tls) as server:
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            client.fetch(server.url)
        assert isinstance(caught.value, HTTPClientError)
        assert "shaking hands (TLS)" in str(caught.value)
        assert client.flow.pool.statistics["used"] == 0


def test_a_certificate_for_another_host(make_client, server_tls, ca_certs):
    with serve(always(), tls=server_tls) as server:
        client = make_client(hostname_mapping={"waterspout.test": "127.0.0.1"})
        with pytest.raises(ssl.SSLCertVerificationError):
            client.fetch(f"https://waterspout.test:{server.port}/", ca_certs=ca_certs)


def test_what_weakens_one_request_does_not_stick(client, server_tls):
    with serve(always(), tls=server_tls) as server:
        assert client.fetch(server.url, validate_cert=False).body == b"ok"
        with pytest.raises(ssl.SSLCertVerificationError):
            client.fetch(server.url)
        assert client.fetch(server.url, validate_cert=False).body == b"ok"
        assert server.connections == 2


def test_options_as_wrap_socket_had_them(client, server_tls, ca_certs):
    with serve(always(), tls=server_tls) as server:
        assert client.fetch(server.url, ssl_options={"ca_certs": ca_certs}).body == b"ok"
        assert client.fetch(server.url, ssl_options={"ca_certs": ca_certs}).body == b"ok"
        assert client.fetch(server.url, ssl_options={"cert_reqs": ssl.CERT_NONE}).body == b"ok"
        assert server.connections == 2
        with pytest.raises(TypeError, match="unknown ssl_options: ca_cert"):
            client.fetch(server.url, ssl_options={"ca_cert": ca_certs})


def test_a_context(client, server_tls, ca_certs):
    context = ssl.create_default_context(cafile=ca_certs)
    with serve(always(), tls=server_tls) as server:
        assert client.fetch(server.url, ssl_options=context, validate_cert=False).body == b"ok"


def test_a_certificate_of_the_client(client, authority, ca_certs, tmp_path):
    certificate = authority.issue_cert("client@example.org")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(chain)
    certificate.private_key_pem.write_to_path(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with serve(always(), tls=context) as server:
        files = {"client_cert": str(chain), "client_key": str(key)}
        assert client.fetch(server.url, ca_certs=ca_certs, **files).body == b"ok"
        with pytest.raises(HTTPClientError):
            client.fetch(server.url, ca_certs=ca_certs)


def test_files_that_have_changed(make_client, server_tls, ca_certs, tmp_path):
    mine = tmp_path / "ca.pem"
    mine.write_bytes(Path(ca_certs).read_bytes())
    client = make_client(ca_certs=str(mine))
    with serve(always(), tls=server_tls) as server:
        for path in ("a", "a", "b"):
            assert client.fetch(server.url + path).body == b"ok"
        assert server.connections == 1
        trustme.CA().cert_pem.write_to_path(mine)
        with pytest.raises(ssl.SSLCertVerificationError):
            eventually(lambda: client.fetch(server.url + "a").code != 200)
        for path in ("a", "b", "c"):
            with pytest.raises(ssl.SSLCertVerificationError):
                client.fetch(server.url + path)


def test_files_that_are_not_there(client):
    with pytest.raises(FileNotFoundError):
        client.fetch("https://127.0.0.1:1/", ca_certs="/nowhere/ca.pem")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_large_bodies(client, authority, ca_certs, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.minimum_version = context.maximum_version = version
    body = bytes(range(256)) * 8000

    def echo(peer):
        request = peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(request.body))
        peer.send(request.body)

    with serve(echo, tls=context) as server:
        answer = client.fetch(server.url, method="POST", body=body, ca_certs=ca_certs)
    assert answer.body == body


def test_a_dead_connection(client, server_tls, ca_certs):
    with serve(answering(OK), always(), tls=server_tls) as server:
        assert client.fetch(server.url, ca_certs=ca_certs).body == b"ok"
        assert client.fetch(server.url, ca_certs=ca_certs).body == b"ok"
        assert server.connections == 2


def two_records(peer, context):
    """Read a request, and return two responses, each in a record of its own."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    while True:
        try:
            if tls.read(65536).endswith(b"\r\n\r\n"):
                break
        except ssl.SSLWantReadError:
            if outgoing.pending:
                peer.send(outgoing.read())
            incoming.write(peer.socket.recv(65536))
    records = []
    for data in (OK, OK.replace(b"ok", b"no")):
        tls.write(data)
        records.append(outgoing.read())
    return records


@pytest.mark.parametrize("comes", ["along", "half along", "later"])
def test_what_follows_a_response_is_never_the_next_one(client, server_tls, ca_certs, comes):
    """Not in a record of its own either, nor if only a part of that has come."""
    is_read = threading.Event()

    def say_too_much(peer):
        first, second = two_records(peer, server_tls)
        along = {"along": len(second), "half along": 10, "later": 0}[comes]
        peer.send(first + second[:along])
        if comes == "later":
            assert is_read.wait(10)
            peer.send(second)
        if peer.socket.recv(65536):
            peer.send(second[along:])

    with serve(say_too_much) as server:
        url = server.url.replace("http:", "https:")
        assert client.fetch(url, ca_certs=ca_certs).body == b"ok"
        is_read.set()
        if comes == "later":
            until_heard(client)
            # For those who look only after a while.
            for connection in client.flow.pool.idle:
                connection.idle_since -= 2
        assert client.fetch(url, ca_certs=ca_certs).body == b"ok"
        assert server.connections == 2


def test_a_body_that_may_have_been_cut(client, server_tls, ca_certs):
    """Nobody took leave of us, so the end may be anybody's."""

    def cut(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf")
        peer.socket.shutdown(2)

    def end(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole")
        peer.socket.unwrap()

    with serve(cut, end, tls=server_tls) as server:
        with pytest.raises(HTTPClientError, match="EOF"):
            client.fetch(server.url, ca_certs=ca_certs)
        assert client.fetch(server.url, ca_certs=ca_certs).body == b"whole"


def test_a_record_that_was_tampered_with(client, server_tls, ca_certs):
    """By then there was a connection, and the request may have been done."""

    def tamper(peer):
        peer.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf")
        with socket.socket(fileno=os.dup(peer.socket.fileno())) as below:
            below.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        peer.wait_for_end()

    with serve(tamper, tls=server_tls) as server:
        with pytest.raises(HTTPConnectionLostError, match="bad record mac") as caught:
            client.fetch(server.url, ca_certs=ca_certs)
        assert not isinstance(caught.value, HTTPConnectError)
        assert caught.value.phase == "read"


def test_https_where_http_is_spoken(client):
    def speak_http(peer):
        peer.socket.recv(100)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serve(speak_http) as server, pytest.raises(ssl.SSLError) as caught:
        client.fetch(server.url.replace("http:", "https:"))
    assert isinstance(caught.value, HTTPClientError)


def test_the_server_hears_that_we_leave(client, server_tls, ca_certs):
    heard = []

    def listen(peer):
        peer.answer()
        heard.append(peer.socket.recv(100))

    with serve(listen, tls=server_tls) as server:
        client.fetch(server.url, ca_certs=ca_certs)
        client.client.close()
        client.let_notice()
        eventually(lambda: heard)
    assert heard == [b""]
