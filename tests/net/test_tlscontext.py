"""Contexts: what is trusted, what is shown, which versions; and what is told when it is wrong."""

import os
import ssl
import sys
from types import SimpleNamespace

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from tests.httpclient.fixtures import authority, ca_certs

from waterspout.net import tlscontext
from waterspout.net.tlscontext import context_from_options, shared_context, tls_version

__all__ = ["authority", "ca_certs"]


def test_contexts_are_shared(ca_certs, tmp_path):
    assert shared_context() is shared_context()
    assert shared_context().verify_mode == ssl.CERT_REQUIRED
    assert shared_context().check_hostname
    assert shared_context(False) is not shared_context()
    assert shared_context(False).verify_mode == ssl.CERT_NONE
    assert shared_context(ca_certs=ca_certs) is shared_context(ca_certs=ca_certs)
    options = {"ca_certs": ca_certs}
    assert context_from_options(options) is context_from_options(dict(options))
    assert context_from_options({}).verify_mode == ssl.CERT_REQUIRED
    assert context_from_options({"cert_reqs": ssl.CERT_NONE}).check_hostname is False
    context_from_options({"ciphers": "ECDHE+AESGCM", "ssl_version": ssl.PROTOCOL_TLS_CLIENT})


def test_a_file_that_has_changed_is_another_one(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    first = shared_context(ca_certs=str(path))
    os.utime(path, (1, 1))
    assert shared_context(ca_certs=str(path)) is not first


def test_the_number_of_contexts_is_bounded(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    first = shared_context(ca_certs=str(path))
    for second in range(70):
        os.utime(path, (second, second))
        shared_context(ca_certs=str(path))
    os.utime(path, (1, 1))
    assert shared_context(ca_certs=str(path)) is not first


def test_options_that_are_none():
    with pytest.raises(TypeError, match="unknown ssl_options: a, b"):
        context_from_options({"b": 1, "a": 2})


def test_versions():
    assert shared_context().minimum_version == ssl.TLSVersion.TLSv1_2
    assert context_from_options({}).minimum_version == ssl.TLSVersion.TLSv1_2
    for named in ("1.3", "TLSv1.3", ssl.TLSVersion.TLSv1_3):
        assert tls_version(named) is ssl.TLSVersion.TLSv1_3
    context = shared_context(minimum="1.3")
    assert context.minimum_version == ssl.TLSVersion.TLSv1_3
    assert context is not shared_context(minimum="1.2")
    assert shared_context(minimum="1.2") is shared_context()
    for wrong in ("1.1", "", 1.2, None, ssl.TLSVersion.TLSv1, [1]):
        with pytest.raises(ValueError, match=r"minimum_tls_version must be '1\.2', '1\.3'"):
            tls_version(wrong)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_name_counts_whatever_the_version():
    context = context_from_options({"ssl_version": ssl.PROTOCOL_TLS})
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_authorities(ca_certs, tmp_path):
    assert len(shared_context(ca_certs=ca_certs).get_ca_certs()) == 1
    assert shared_context(ca_certs=str(tmp_path)).get_ca_certs() == []
    with pytest.raises(FileNotFoundError, match=r"ca_certs: No such file.*'missing\.pem'"):
        shared_context(ca_certs="missing.pem")
    empty = tmp_path / "empty.pem"
    empty.write_text("secret")
    with pytest.raises(ssl.SSLError, match=r"ca_certs: no certificates in PEM format in '.*empty"):
        shared_context(ca_certs=str(empty))


def test_certificates_of_the_client(authority, tmp_path):
    issued, other = authority.issue_cert("me"), trustme.CA().issue_cert("other")
    both, cert, key = (str(tmp_path / name) for name in ("both", "cert", "key"))
    issued.private_key_and_cert_chain_pem.write_to_path(both)
    issued.cert_chain_pems[0].write_to_path(cert)
    other.private_key_pem.write_to_path(key)
    assert shared_context(client_cert=both) is shared_context(client_cert=both)
    with pytest.raises(ssl.SSLError, match="client_cert: the key is not that of the certificate"):
        shared_context(client_cert=cert, client_key=key)
    with pytest.raises(ssl.SSLError, match="client_cert: no certificate and key in PEM format"):
        shared_context(client_cert=key)
    with pytest.raises(ValueError, match="client_key needs a client_cert"):
        shared_context(client_key=key)
    with pytest.raises(FileNotFoundError, match="client_key: No such file"):
        shared_context(client_cert=cert, client_key="missing")


def test_a_key_that_is_encrypted_is_not_asked_for_at_the_terminal(authority, tmp_path):
    issued = authority.issue_cert("me")
    cert, key = tmp_path / "cert", tmp_path / "key"
    issued.cert_chain_pems[0].write_to_path(str(cert))
    plain = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    key.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(ValueError, match=r"client_cert: the key in .* is encrypted: decrypt it"):
        shared_context(client_cert=str(cert), client_key=str(key))


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_the_system_judges_where_openssl_has_no_files(monkeypatch, platform, ca_certs):
    class Judge(ssl.SSLContext):
        pass

    monkeypatch.setattr(tlscontext, "_contexts", {})
    monkeypatch.setitem(sys.modules, "truststore", SimpleNamespace(SSLContext=Judge))
    monkeypatch.setattr(sys, "platform", platform)
    context = shared_context()
    assert type(context) is Judge
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert type(shared_context(ca_certs=ca_certs)) is ssl.SSLContext
    assert type(shared_context(False)) is ssl.SSLContext


def test_an_openssl_that_looks_in_the_wrong_place(monkeypatch, ca_certs):
    nowhere = SimpleNamespace(cafile=None, capath=None)
    monkeypatch.setattr(tlscontext, "_contexts", {})
    monkeypatch.setattr(tlscontext, "_BUNDLES", ("/nowhere", ca_certs))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda self, purpose: None)
    assert len(shared_context().get_ca_certs()) == 1
