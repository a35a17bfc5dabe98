"""New certificates for a server that runs: for who connects next, and nobody else."""

import asyncio
import logging
import ssl

import pytest
from tests.wire.server_under_test import Wire, request

from waterspout.httpserver import HTTPServer
from waterspout.web import RequestHandler

trustme = pytest.importorskip("trustme")


class Hello(RequestHandler):
    def get(self):
        self.write("hello")


class Site:
    """A certificate file that may be written anew; a client tells which one it has been shown."""

    def __init__(self, directory) -> None:
        self.authority = trustme.CA()
        self.file = directory / "server.pem"
        self.options = {"certfile": str(self.file)}
        self.context = ssl.create_default_context()
        self.authority.configure_trust(self.context)
        self.context.check_hostname = False
        self._writers: list[asyncio.StreamWriter] = []
        self.issue("one.example")

    def issue(self, name: str) -> None:
        self.file.write_bytes(
            self.authority.issue_cert(name).private_key_and_cert_chain_pem.bytes()
        )

    async def connect(self, server: HTTPServer):
        host, port = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(host, port, ssl=self.context)
        self._writers.append(writer)
        return reader, writer

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:  # ssl.SSLError is one
                pass

    async def ask(self, streams) -> str:
        """Return the name in the certificate, after an answer."""
        reader, writer = streams
        writer.write(request())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert await reader.readexactly(5) == b"hello"
        [(_, name)] = writer.get_extra_info("ssl_object").getpeercert()["subjectAltName"]
        return name  # type: ignore[no-any-return]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


async def test_who_connects_next_is_shown_the_new_one(wire: Wire, site: Site):
    server = wire.serve([("/", Hello)], ssl_options=site.options)
    before = await site.connect(server)
    assert await site.ask(before) == "one.example"
    site.issue("two.example")
    assert await site.ask(await site.connect(server)) == "one.example"  # nobody has said anything
    server.reload_certificates()
    assert await site.ask(await site.connect(server)) == "two.example"
    assert await site.ask(before) == "one.example"
    await site.close()


async def test_a_file_that_is_no_good_changes_nothing(
    wire: Wire, site: Site, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.ERROR)
    server = wire.serve([("/", Hello)], ssl_options=site.options)
    site.file.write_text("no certificate")
    with pytest.raises(ssl.SSLError, match=f"certificate and key in {site.file}: no PEM file"):
        server.reload_certificates()
    site.file.unlink()
    with pytest.raises(FileNotFoundError, match=str(site.file)):
        server.reload_certificates()
    assert len(caplog.messages) == 2
    for text in caplog.messages:
        assert text.startswith("the certificates of before stay in use: ")
        assert str(site.file) in text
    assert await site.ask(await site.connect(server)) == "one.example"
    site.issue("two.example")
    server.reload_certificates()
    assert await site.ask(await site.connect(server)) == "two.example"
    await site.close()


async def test_new_options_take_the_place_of_the_former(wire: Wire, site: Site, tmp_path):
    server = wire.serve([("/", Hello)], ssl_options=site.options)
    site.file = tmp_path / "other.pem"
    site.issue("two.example")
    server.reload_certificates({"certfile": str(site.file)})
    assert await site.ask(await site.connect(server)) == "two.example"
    site.issue("three.example")
    server.reload_certificates()
    assert await site.ask(await site.connect(server)) == "three.example"
    await site.close()


async def test_a_context_is_replaced_by_a_context(wire: Wire, site: Site):
    def context(name: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        site.authority.issue_cert(name).configure_cert(made)
        return made

    server = wire.serve([("/", Hello)], ssl_options=context("one.example"))
    with pytest.raises(TypeError, match="the files of an SSLContext are not known: give a new one"):
        server.reload_certificates()
    server.reload_certificates(context("two.example"))
    assert await site.ask(await site.connect(server)) == "two.example"
    await site.close()


def test_without_tls_there_is_nothing_to_reload(site: Site):
    server = HTTPServer(lambda request: None)
    with pytest.raises(RuntimeError, match="made without ssl_options: it has no certificates"):
        server.reload_certificates(site.options)
