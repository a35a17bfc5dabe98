"""`CaresResolver`, for what needs no name server."""

import asyncio
import socket
import sys

import pytest

from waterspout.httpclient import AsyncHTTPClient
from waterspout.httpserver import HTTPServer
from waterspout.netutil import Resolver
from waterspout.platform.caresresolver import CaresResolver
from waterspout.testing import bind_unused_port
from waterspout.web import Application, RequestHandler


@pytest.fixture
def resolver():
    pytest.importorskip("pycares")
    resolver = CaresResolver()
    yield resolver
    resolver.close()


def test_names_and_addresses(resolver):
    async def main():
        found = await resolver.resolve("localhost", 80, socket.AF_INET)
        assert found == [(socket.AF_INET, ("127.0.0.1", 80))]
        assert (socket.AF_INET, ("127.0.0.1", 80)) in await resolver.resolve("localhost", 80)
        assert await resolver.resolve("192.0.2.1", 80) == [(socket.AF_INET, ("192.0.2.1", 80))]
        assert (await resolver.resolve("::1", 80))[0][0] == socket.AF_INET6
        # A name that no server may be asked for (RFC 7686), and what is none.
        with pytest.raises(OSError, match=r"no address of 'nowhere\.onion'"):
            await resolver.resolve("nowhere.onion", 80)
        with pytest.raises(OSError, match=r"name of a host|no address"):
            await resolver.resolve("x" * 300 + ".onion", 80)

    asyncio.run(main())


def test_who_gives_up(resolver):
    async def main():
        task = asyncio.create_task(resolver.resolve("localhost", 80))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # What comes late harms nobody.
        assert await resolver.resolve("localhost", 80, socket.AF_INET)

    asyncio.run(main())


class Hello(RequestHandler):
    """Answers."""

    def get(self):
        """Answer."""
        self.write(self.request.host_name)


def test_a_client_with_it(resolver):
    async def main():
        server = HTTPServer(Application([("/", Hello)]))
        listener, port = bind_unused_port()
        server.add_socket(listener)
        client = AsyncHTTPClient(force_instance=True, resolver=resolver)
        try:
            return await client.fetch(f"http://localhost:{port}/")
        finally:
            client.close()
            server.stop()
            await server.close_all_connections()

    assert asyncio.run(main()).body == b"localhost"


def test_it_may_be_the_one_of_the_program(resolver):
    assert isinstance(resolver, Resolver)
    Resolver.configure("waterspout.platform.caresresolver.CaresResolver")
    try:
        configured = Resolver()
    finally:
        Resolver.configure(None)
    assert type(configured) is CaresResolver
    configured.close()


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycares", None)
    with pytest.raises(RuntimeError, match=r'pip install "waterspout\[cares\]"'):
        CaresResolver()
