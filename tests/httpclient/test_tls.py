"""https: who is trusted, who is shown what, and what is told when it fails."""

import datetime
import os
import ssl
import sys

import pytest
import trustme
from tests.httpclient.scripted_server import always, serve

from waterspout.httpclient import HTTPClient
from waterspout.httpclient.errors import HTTPCertificateError, HTTPTLSError
from waterspout.httpclient.tlsadvice import tls_reason
from waterspout.net import tlscontext

EMPTY = {"used": 0, "idle": 0, "waiting": 0}


def failed(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] something (_ssl.c:1006)")
    error.reason = reason
    return error


def not_accepted(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed (_ssl.c:1006)")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (not_accepted(18, "self-signed certificate"), "self-signed certificate (if it is to be"),
        (not_accepted(20, "unable to get local issuer certificate"), "as ca_certs; or the server"),
        (not_accepted(10, "certificate has expired"), "it has expired: the server has to renew"),
        (not_accepted(62, "Hostname mismatch, ..."), "the server is another one"),
        (not_accepted(99, "something new"), "the certificate is not accepted: something new"),
        (failed("WRONG_VERSION_NUMBER"), "does not speak TLS: is it http://, or another port?"),
        (failed("TLSV1_ALERT_PROTOCOL_VERSION"), "see minimum_tls_version"),
        (failed("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "give client_cert and client_key"),
        (failed("SOMETHING_NEW"), "something new"),
        (ssl.SSLEOFError(8, "EOF"), "EOF, but the server did not take its leave"),
        (ssl.SSLError(1, "of ours"), "of ours"),
    ],
)
def test_what_is_told(error, told):
    assert told in tls_reason(error)
    assert "_ssl.c" not in tls_reason(error)


def test_an_authority_that_nobody_knows(client, server_tls, ca_certs):
    with serve(always(), tls=server_tls) as server:
        with pytest.raises(HTTPCertificateError) as caught:
            client.fetch(server.url)
        told = str(caught.value)
        assert f"127.0.0.1:{server.port}: the certificate is not accepted: " in told
        assert "as ca_certs" in told
        assert client.fetch(server.url, ca_certs=ca_certs).body == b"ok"
        # What one request says holds for no other.
        assert client.fetch(server.url, validate_cert=False).body == b"ok"
        with pytest.raises(HTTPCertificateError):
            client.fetch(server.url)
        assert client.flow.pool.statistics["used"] == 0


def test_options_of_a_client(make_client, server_tls, ca_certs):
    with serve(always(), tls=server_tls) as server:
        client = make_client(ca_certs=ca_certs)
        assert client.fetch(server.url).body == b"ok"
        assert make_client(validate_cert=False).fetch(server.url).body == b"ok"
        assert make_client(ssl_options={"ca_certs": ca_certs}).fetch(server.url).body == b"ok"
        context = ssl.create_default_context(cafile=ca_certs)
        assert make_client(ssl_options=context).fetch(server.url).body == b"ok"
        with pytest.raises(HTTPCertificateError):
            make_client().fetch(server.url)


def test_another_name(make_client, server_tls, ca_certs):
    client = make_client(hostname_mapping={"example.org": "127.0.0.1"}, ca_certs=ca_certs)
    with (
        serve(always(), tls=server_tls) as server,
        pytest.raises(HTTPCertificateError, match=r"example\.org:\d+: .*[Hh]ostname mismatch"),
    ):
        client.fetch(f"https://example.org:{server.port}/")


def test_a_certificate_that_has_expired(client, ca_certs, authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    authority.issue_cert("127.0.0.1", not_after=past).configure_cert(context)
    with (
        serve(always(), tls=context) as server,
        pytest.raises(HTTPCertificateError, match="it has expired: the server has to renew"),
    ):
        client.fetch(server.url, ca_certs=ca_certs)


def test_who_does_not_speak_tls(client):
    def script(peer):
        peer.socket.recv(1)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.wait_for_end()

    with serve(script) as server:
        with pytest.raises(HTTPTLSError, match="does not speak TLS: is it http://"):
            client.fetch(server.url.replace("http:", "https:"))
        assert client.flow.pool.statistics == EMPTY


def test_the_oldest_version(client, authority, ca_certs):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with serve(always(), tls=context) as server:
        assert client.fetch(server.url, ca_certs=ca_certs).body == b"ok"
        with pytest.raises(HTTPTLSError, match="see minimum_tls_version"):
            client.fetch(server.url, ca_certs=ca_certs, minimum_tls_version="1.3")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_to_see_a_certificate(client, authority, ca_certs, tmp_path, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = version
    mine, others = str(tmp_path / "mine.pem"), str(tmp_path / "others.pem")
    authority.issue_cert("me").private_key_and_cert_chain_pem.write_to_path(mine)
    trustme.CA().issue_cert("me").private_key_and_cert_chain_pem.write_to_path(others)
    with serve(always(), tls=context) as server:
        assert client.fetch(server.url, ca_certs=ca_certs, client_cert=mine).body == b"ok"
        with pytest.raises(OSError, match=r"client_cert|reset"):
            client.fetch(server.url, ca_certs=ca_certs)
        with pytest.raises(OSError, match=r"client_cert|reset"):
            client.fetch(server.url, ca_certs=ca_certs, client_cert=others)
        assert client.flow.pool.statistics["used"] == 0


def test_what_is_wrong_is_told_at_once():
    with pytest.raises(ValueError, match=r"minimum_tls_version must be '1\.2'"):
        HTTPClient(minimum_tls_version="1.0")
    with HTTPClient(ca_certs="missing.pem") as client, pytest.raises(FileNotFoundError):
        client.fetch("https://127.0.0.1:1/")


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="the system judges by itself")
def test_who_the_system_trusts_is_trusted(client, server_tls, ca_certs, tmp_path, monkeypatch):
    """And who names other authorities trusts nobody else."""
    others = tmp_path / "others.pem"
    trustme.CA().cert_pem.write_to_path(str(others))
    monkeypatch.setattr(tlscontext, "_contexts", {})
    monkeypatch.setenv("SSL_CERT_FILE", ca_certs)
    with serve(always(), tls=server_tls) as server:
        assert client.fetch(server.url).body == b"ok"
        with pytest.raises(HTTPCertificateError):
            client.fetch(server.url, ca_certs=str(others))


def test_truststore_itself(make_client, server_tls, ca_certs, monkeypatch):
    """The real one, which is there on macOS and Windows, and works on Linux if it is installed."""
    pytest.importorskip("truststore")
    monkeypatch.setattr(tlscontext, "_contexts", {})
    monkeypatch.setattr(sys, "platform", "win32" if os.name == "nt" else "darwin")
    context = tlscontext.shared_context()
    monkeypatch.undo()
    assert type(context).__module__.startswith("truststore")
    with serve(always(), tls=server_tls) as server:
        client = make_client(ssl_options=context)
        with pytest.raises(HTTPCertificateError):
            client.fetch(server.url)
        context.load_verify_locations(ca_certs)
        assert client.fetch(server.url).body == b"ok"
