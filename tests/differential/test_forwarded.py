"""Who is taken to ask behind proxies, and what becomes of coded bodies: here and in Tornado."""

import gzip
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request, wire

from waterspout import web
from waterspout.httpserver import HTTPServer
from waterspout.netutil import bind_sockets

tornado_web = pytest.importorskip("tornado.web", reason="Tornado is not installed")
tornado_httpserver = pytest.importorskip("tornado.httpserver", reason="Tornado is not installed")

__all__ = ["wire"]

LISTED = ["127.0.0.1", "10.0.0.7", "10.0.0.8"]

FIELDS: list[tuple[str, ...]] = [
    (),
    ("X-Forwarded-For: 1.2.3.4",),
    ("X-Forwarded-For: 2001:db8::1",),
    ("X-Forwarded-For: 9.9.9.9, 1.2.3.4",),
    ("X-Forwarded-For: 9.9.9.9", "X-Forwarded-For: 1.2.3.4"),
    ("X-Real-Ip: 1.2.3.4", "X-Forwarded-For: 9.9.9.9"),
    ("X-Real-Ip: 10.0.0.7", "X-Forwarded-For: 9.9.9.9"),
    ("X-Real-Ip: nonsense", "X-Forwarded-For: 9.9.9.9"),
    ("X-Forwarded-For: 9.9.9.9, 10.0.0.7",),
    ("X-Forwarded-For: 10.0.0.8, 10.0.0.7",),
    ("X-Forwarded-For: 9.9.9.9, unknown",),
    ("X-Scheme: https",),
    ("X-Scheme: ftp", "X-Forwarded-Proto: https"),
    ("X-Scheme: http", "X-Forwarded-Proto: https"),
    ("X-Forwarded-Proto: https, http",),
    ("X-Forwarded-Proto: http", "X-Forwarded-Proto: https"),
]

#: Why Tornado's answer is another one, which is the peer's address.
DIFFERENCES: list[tuple[str, ...]] = [
    ("X-Real-Ip: 9.9.9.9", "X-Real-Ip: 1.2.3.4"),  # the nearest proxy's is the last
    ("X-Forwarded-For: 1.2.3.4:5678",),  # with a port, as some proxies have it
    ("X-Forwarded-For: unknown, 10.0.0.7",),  # nobody behind that one is known
]


def rules(web: Any) -> list[Any]:
    """Return the same rules for either framework."""

    class Main(web.RequestHandler):  # type: ignore[misc]
        def get(self):
            self.write(f"{self.request.remote_ip} {self.request.protocol}")

        def post(self):
            headers = self.request.headers
            names = ("Content-Encoding", "X-Consumed-Content-Encoding")
            self.write({name: headers.get_list(name) for name in names})
            self.write(self.request.body)

    return [("/", Main)]


async def answers(wire: Wire, raw: bytes, **options: Any) -> tuple[bytes, bytes]:
    """Return the body of our answer, and of theirs."""
    ours: HTTPServer = wire.serve(rules(web), **options)
    theirs = tornado_httpserver.HTTPServer(
        tornado_web.Application(rules(tornado_web), log_function=lambda handler: None), **options
    )
    theirs.add_sockets(bind_sockets(0, "127.0.0.1"))
    try:
        [listener] = theirs._sockets.values()
        found = []
        for client in (await wire.connect(ours), await wire.connect_to(listener)):
            await client.send(raw)
            found.append((await client.response()).body)
        return found[0], found[1]
    finally:
        theirs.stop()
        await theirs.close_all_connections()


@pytest.mark.parametrize("trusted", [None, LISTED])
@pytest.mark.parametrize("protocol", [None, "https"])
@pytest.mark.parametrize("lines", FIELDS)
def test_who_asks(wire: Wire, lines: tuple[str, ...], protocol: str | None, trusted: Any):
    async def compare() -> None:
        found, expected = await answers(
            wire,
            request(*lines),
            xheaders=True,
            protocol=protocol,
            trusted_downstream=trusted,
        )
        assert found == expected

    wire.run(compare())


@pytest.mark.parametrize("lines", DIFFERENCES)
def test_who_asks_differs(wire: Wire, lines: tuple[str, ...]):
    async def compare() -> None:
        found, expected = await answers(
            wire, request(*lines), xheaders=True, trusted_downstream=LISTED
        )
        assert found != expected == b"127.0.0.1 http"

    wire.run(compare())


@pytest.mark.parametrize("coding", ["gzip", "GZIP"])
def test_a_body_in_gzip(wire: Wire, coding: str):
    async def compare() -> None:
        body = gzip.compress(b"hello" * 1000)
        raw = request(f"Content-Encoding: {coding}", method="POST", body=body)
        found, expected = await answers(wire, raw, decompress_request=True)
        assert found == expected
        assert found.endswith(b"hello")

    wire.run(compare())
