"""Clients that show a certificate, and handlers that ask for it."""

import asyncio
import ssl
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request

from waterspout.httputil import HTTPServerRequest
from waterspout.web import RequestHandler

trustme = pytest.importorskip("trustme")


class Certificate(RequestHandler):
    """Keeps what it found in a list, for JSON has no bytes."""

    def initialize(self, found):
        self.found = found

    def get(self):
        made = self.request
        self.found.append((made.get_ssl_certificate(), made.get_ssl_certificate(binary_form=True)))
        # Also when the response is under way.
        self.write("x")
        self.flush()
        assert made.get_ssl_certificate() == self.found[-1][0]


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def options(authority, tmp_path):
    """The ``ssl_options`` of a server that takes certificates of the authority."""
    pem = tmp_path / "server.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(pem))
    trusted = tmp_path / "trusted.pem"
    authority.cert_pem.write_to_path(str(trusted))
    return {"certfile": str(pem), "ca_certs": str(trusted)}


async def answer_and_found(
    wire: Wire, authority, options, certificate=None
) -> tuple[bytes, list[Any]]:
    """Return what a client got, nothing where it was not let in, and what the handler found."""
    found: list[Any] = []
    server = wire.serve([("/", Certificate, {"found": found})], ssl_options=options)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if certificate is not None:
        certificate.configure_cert(context)
    host, port = server.sockets[0].getsockname()
    try:
        reader, writer = await asyncio.open_connection(
            host, port, ssl=context, server_hostname="localhost"
        )
    except OSError:  # ssl.SSLError is one
        return b"", found
    answer = b""
    try:
        writer.write(request("Connection: close"))
        answer = await reader.read()
    except OSError:
        pass  # with TLS 1.3 a client hears only here that it is not let in
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        pass
    return answer, found


async def found_by(wire: Wire, authority, options, certificate=None) -> Any:
    answer, found = await answer_and_found(wire, authority, options, certificate)
    assert answer.startswith(b"HTTP/1.1 200 ")
    [seen] = found
    return seen


@pytest.mark.parametrize("required", [ssl.CERT_REQUIRED, ssl.CERT_OPTIONAL])
async def test_a_client_with_a_certificate(wire: Wire, authority, options, required):
    client = authority.issue_cert("client@example.com")
    options["cert_reqs"] = required
    shown, encoded = await found_by(wire, authority, options, client)
    assert shown["subjectAltName"] == (("email", "client@example.com"),)
    assert encoded == ssl.PEM_cert_to_DER_cert(client.cert_chain_pems[0].bytes().decode())


async def test_a_client_without_one(wire: Wire, authority, options):
    options["cert_reqs"] = ssl.CERT_OPTIONAL
    assert await found_by(wire, authority, options) == (None, None)


async def test_a_server_that_asks_for_none(wire: Wire, authority, options):
    client = authority.issue_cert("client@example.com")
    assert await found_by(wire, authority, options, client) == (None, None)


async def test_a_client_that_must_have_one_gets_no_answer_without(wire: Wire, authority, options):
    options["cert_reqs"] = ssl.CERT_REQUIRED
    assert await answer_and_found(wire, authority, options) == (b"", [])


async def test_without_tls_nobody_has_one(wire: Wire):
    found: list[Any] = []
    client = await wire.client([("/", Certificate, {"found": found})])
    await client.ask()
    assert found == [(None, None)]


async def test_when_the_client_has_gone_it_is_gone_too(wire: Wire):
    gone = asyncio.Event()
    kept: list[HTTPServerRequest] = []

    class Waits(RequestHandler):
        def on_connection_close(self):
            kept.append(self.request)
            gone.set()

        async def get(self):
            await gone.wait()

    client = await wire.client([("/", Waits)])
    await client.send(request())
    client.reset()
    await gone.wait()
    assert kept[0].get_ssl_certificate() is None
