"""TLS contexts from options."""

import re
import socket
import ssl

import pytest

from waterspout.netutil import ssl_options_to_context, ssl_wrap_socket


def test_a_context_comes_back_as_it_is():
    context = ssl.create_default_context()
    assert ssl_options_to_context(context) is context


def test_a_client_verifies_by_default():
    context = ssl_options_to_context({})
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_client_may_be_told_not_to_verify():
    context = ssl_options_to_context({"cert_reqs": ssl.CERT_NONE})
    assert context.verify_mode == ssl.CERT_NONE
    assert not context.check_hostname


def test_the_options_of_a_server(tmp_path):
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    certfile, keyfile, ca_certs = (str(tmp_path / name) for name in ("cert", "key", "ca"))
    issued.cert_chain_pems[0].write_to_path(certfile)
    issued.private_key_pem.write_to_path(keyfile)
    authority.cert_pem.write_to_path(ca_certs)
    context = ssl_options_to_context(
        {
            "certfile": certfile,
            "keyfile": keyfile,
            "ca_certs": ca_certs,
            "cert_reqs": ssl.CERT_OPTIONAL,
            "ciphers": "ECDHE+AESGCM",
        },
        server_side=True,
    )
    assert context.protocol == ssl.PROTOCOL_TLS_SERVER
    assert context.verify_mode == ssl.CERT_OPTIONAL
    assert len(context.get_ca_certs()) == 1
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ssl_options_to_context(
            {"certfile": certfile, "keyfile": str(tmp_path / "nowhere")}, server_side=True
        )


def test_a_server_needs_a_certificate():
    with pytest.raises(ValueError, match="ssl_options of a server need a certfile"):
        ssl_options_to_context({}, server_side=True)


@pytest.mark.parametrize("name", ["certfile", "ca_certs"])
def test_a_file_that_is_not_there_is_named(name, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ssl_options_to_context({name: str(tmp_path / "nowhere")})


@pytest.mark.parametrize("options", ["cert.pem", True, ["certfile"]])
def test_what_is_no_options_is_told(options):
    with pytest.raises(TypeError, match=r"ssl_options are a dictionary or an ssl.SSLContext, not "):
        ssl_options_to_context(options, server_side=True)


def test_unknown_options_are_told():
    with pytest.raises(TypeError, match="unknown ssl_options: a, b"):
        ssl_options_to_context({"b": 1, "a": 2, "certfile": "x"})


@pytest.mark.parametrize("with_key", [False, True])
def test_a_certificate_that_is_no_good_is_named(tmp_path, with_key: bool):
    certfile, keyfile = tmp_path / "cert.pem", tmp_path / "key.pem"
    certfile.write_text("no certificate")
    keyfile.write_text("no key")
    options = {"certfile": str(certfile)}
    files = str(certfile)
    if with_key:
        options["keyfile"] = str(keyfile)
        files += f" and {keyfile}"
    with pytest.raises(ssl.SSLError) as caught:
        ssl_options_to_context(options, server_side=True)
    assert (
        str(caught.value) == f"certificate and key in {files}: no PEM file, or not both are in it"
    )


def test_the_key_of_another_certificate_is_told(tmp_path):
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    certfile, keyfile = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    authority.issue_cert("localhost").cert_chain_pems[0].write_to_path(certfile)
    authority.issue_cert("localhost").private_key_pem.write_to_path(keyfile)
    with pytest.raises(ssl.SSLError, match="the key is not that of the certificate"):
        ssl_options_to_context({"certfile": certfile, "keyfile": keyfile}, server_side=True)


# Sockets that are handed over


def test_a_socket_that_speaks_tls():
    ours, theirs = socket.socketpair()
    with theirs:
        options = {"cert_reqs": ssl.CERT_NONE}
        with ssl_wrap_socket(ours, options, do_handshake_on_connect=False) as secret:
            assert not secret.server_side
            assert secret.context.verify_mode == ssl.CERT_NONE
        with pytest.raises(ValueError, match="need a certfile"):
            ssl_wrap_socket(theirs, {}, server_side=True)
        with pytest.raises(ValueError, match="server_hostname"):
            ssl_wrap_socket(theirs, {})


def test_nobody_is_asked_for_the_passphrase_of_a_key(tmp_path):
    trustme = pytest.importorskip("trustme")
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    issued = trustme.CA().issue_cert("localhost")
    certfile, keyfile = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(str(certfile))
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    keyfile.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    options = {"certfile": str(certfile), "keyfile": str(keyfile)}
    with pytest.raises(ValueError, match=rf"the key in {re.escape(str(keyfile))} is encrypted"):
        ssl_options_to_context(options, server_side=True)
