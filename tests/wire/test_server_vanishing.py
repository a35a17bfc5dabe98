"""Clients that go, by every way out, at every stage of a request: nothing is left, nothing said."""

import asyncio
import gc
import json
import logging
import ssl
from typing import Any

import pytest
from tests.wire.secret import Secret
from tests.wire.server_under_test import Client, Wire, request, turns

from waterspout.httpserver import HTTPServer, Policy
from waterspout.web import Application, RequestHandler, StaticFileHandler, stream_request_body
from waterspout.web.eventstream import EventStream

trustme = pytest.importorskip("trustme")

BIG = 4 * 1024 * 1024


class Noted(RequestHandler):
    """Counts its requests and their ends, and how often it was told that the client has gone."""

    def prepare(self):
        self.application.settings["notes"].append("begin")

    def on_connection_close(self):
        self.application.settings["notes"].append("gone")

    def on_finish(self):
        self.application.settings["notes"].append("end")

    def compute_etag(self):
        return None


class Plain(Noted):
    def get(self):
        self.write("plain")

    post = get


class Waits(Noted):
    async def get(self):
        await asyncio.Event().wait()

    post = get


class Writes(Noted):
    async def get(self):
        while True:
            self.write(b"x" * 65536)
            await self.flush()


class WritesAtOnce(Noted):
    def get(self):
        self.write(b"x" * BIG)


class Hints(Noted):
    async def get(self):
        self.send_early_hints("</a.css>; rel=preload")
        await asyncio.Event().wait()


class Events(Noted):
    async def get(self):
        async with EventStream(self) as stream:
            number = 0
            while True:
                await stream.send(str(number) * 1000)
                number += 1


class File(StaticFileHandler, Noted):
    pass


@stream_request_body
class Takes(Noted):
    async def data_received(self, chunk):
        await asyncio.sleep(0)

    async def post(self):
        await asyncio.Event().wait()


STAGES: dict[str, bytes] = {
    "nothing": b"",
    "a byte": b"G",
    "a head in part": b"GET /plain HTTP/1.1\r\nHos",
    "a body in part": request("Content-Length: 10", method="POST", path="/plain") + b"1234",
    "a chunk in part": request("Transfer-Encoding: chunked", method="POST", path="/plain")
    + b"5\r\nab",
    "trailers": request("Transfer-Encoding: chunked", method="POST", path="/plain") + b"0\r\nA: ",
    "told to continue": request(
        "Content-Length: 10", "Expect: 100-continue", method="POST", path="/plain"
    ),
    "a streamed body": request("Content-Length: 10", method="POST", path="/takes") + b"1234",
    "a streamed body that is over": request("Content-Length: 4", method="POST", path="/takes")
    + b"1234",
    "a streamed body in chunks": request("Transfer-Encoding: chunked", method="POST", path="/takes")
    + b"5\r\nab",
    "a handler that waits": request(path="/waits"),
    "a handler and more requests": request(path="/waits") + request(path="/plain") * 20,
    "early hints": request(path="/hints"),
    "a stream that is written": request(path="/writes"),
    "a stream for HTTP/1.0": b"GET /writes HTTP/1.0\r\n\r\n",
    "a long answer": request(path="/big"),
    "long answers": request(path="/big") * 5,
    "events": request(path="/events"),
    "a file": request(path="/files/file"),
    "files": request(path="/files/file") * 3,
    "a range": request("Range: bytes=1000-3000000", path="/files/file"),
    "an answer": request(path="/plain"),
    "answers": request(path="/plain") * 100,
    "a refusal": b"nonsense\r\n\r\n",
    "a refusal of a body": request("Content-Length: 999999999999", method="POST") + b"x" * 4000,
}


@pytest.fixture(scope="module")
def contexts():
    """Those of a server and of a client that trusts it."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


def reset(client: Client) -> None:
    """Leave nothing to be read."""
    client.reset()


def close(client: Client) -> None:
    """What is unread makes it a reset by the kernel."""
    client.close()


def end_sending_and_close(client: Client) -> None:
    """Send the end first."""
    client.end_sending()
    client.close()


@pytest.mark.parametrize("go", [reset, close, end_sending_and_close], ids=lambda go: go.__name__)
@pytest.mark.parametrize("is_waiting", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("stage", STAGES)
async def test_whenever_a_client_goes(wire: Wire, tmp_path, caplog, stage, is_waiting, go):
    server, client = await begin(wire, tmp_path, caplog)
    before = asyncio.all_tasks()
    await client.send(STAGES[stage])
    if is_waiting:
        await turns()
    go(client)
    await check_end(server, stage, before, caplog)
    assert (await (await wire.connect(server)).ask(path="/plain")).body == b"plain"


@pytest.mark.slow
@pytest.mark.parametrize("is_ended", [False, True], ids=["cut off", "ended"])
@pytest.mark.parametrize("go", [reset, close, end_sending_and_close], ids=lambda go: go.__name__)
@pytest.mark.parametrize("stage", STAGES)
async def test_whenever_a_client_of_tls_goes(
    wire: Wire, tmp_path, caplog, contexts, stage, go, is_ended
):
    server, client = await begin(wire, tmp_path, caplog, ssl_options=contexts[0])
    before = asyncio.all_tasks()
    secret = Secret(client, contexts[1])
    await secret.shake_hands()
    await secret.send(STAGES[stage])
    await turns()
    if is_ended:
        await secret.end()
    go(client)
    await check_end(server, stage, before, caplog)


async def begin(wire: Wire, tmp_path, caplog, **options: Any) -> tuple[HTTPServer, Client]:
    """Return a server and its only client."""
    caplog.set_level(logging.INFO, "waterspout.access")
    (tmp_path / "file").write_bytes(b"f" * BIG)
    rules: list[Any] = [
        ("/plain", Plain),
        ("/waits", Waits),
        ("/writes", Writes),
        ("/big", WritesAtOnce),
        ("/hints", Hints),
        ("/events", Events),
        ("/takes", Takes),
        ("/files/(.*)", File, {"path": str(tmp_path)}),
    ]
    application = Application(rules, notes=[], access_log="json")
    policy = Policy(linger_timeout=0.0, write_timeout=0.0)
    server = wire.serve(application, policy=policy, send_buffer=16384, **options)
    client = await wire.connect(server, receive_buffer=16384)
    if not options:
        await wire.connection(server)
    return server, client


async def check_end(server: HTTPServer, stage: str, before: Any, caplog) -> None:
    """Wait until all is over, and hold it to what may have been said of it."""
    while server.connections or server.opening:
        # Who has only stopped sending, for all that the server can know, goes when he is due.
        for connection in list(server.connections):
            if connection.exchange is None:
                server.sweep(connection.deadline)
        await turns(1)
    while asyncio.all_tasks() - before:
        await turns(1)
    await turns()
    notes = server._callback.settings["notes"]
    # As the method, `on_finish` is for requests that have come whole.
    if not stage.startswith("a streamed body"):
        assert notes.count("begin") == notes.count("end")
    assert notes.count("gone") <= 1
    records = [record for record in caplog.records if record.name == "waterspout.access"]
    lines = [json.loads(str(record.msg)) for record in records]
    assert len({line["request_id"] for line in lines}) == len(lines)
    assert len([line for line in lines if line["handler"]]) == notes.count("begin")
    told = [record for record in caplog.records if record.name != "waterspout.access"]
    assert [
        record.getMessage() for record in told if record.levelname in ("ERROR", "CRITICAL")
    ] == []
    gc.collect()  # a file that nobody closed is an error
