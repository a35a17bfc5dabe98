"""``bind`` and ``start``, and the arguments that a server takes by Tornado's names."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.wire.server_under_test import Wire

from waterspout.httpserver import HTTPServer
from waterspout.web import Application, RequestHandler

_SOURCES = Path(__file__).parents[2] / "src"


class Hello(RequestHandler):
    def get(self):
        self.write("hello")


def new_server(**options) -> HTTPServer:
    return HTTPServer(Application([("/", Hello)], log_function=lambda handler: None), **options)


async def test_bind_and_start(wire: Wire):
    server = new_server()
    wire.servers.append(server)
    server.bind(0, "127.0.0.1")
    assert server.sockets == []
    server.start()
    assert (await (await wire.connect(server)).ask()).body == b"hello"


async def test_who_connects_before_the_start_waits(wire: Wire):
    server = new_server()
    wire.servers.append(server)
    server.bind(0, "127.0.0.1")
    client = await wire.connect_to(server._bound[0])
    server.start()
    assert (await client.ask()).body == b"hello"


async def test_several_are_bound(wire: Wire):
    server = new_server()
    wire.servers.append(server)
    for _ in range(2):
        server.bind(0, "127.0.0.1")
    server.start()
    for listener in server.sockets:
        assert (await (await wire.connect_to(listener)).ask()).body == b"hello"
    assert len(server.sockets) == 2


def test_what_was_not_started_is_closed_by_stop():
    server = new_server()
    server.bind(0, "127.0.0.1")
    [listener] = server._bound
    server.stop()
    assert listener.fileno() == -1


def test_a_port_in_use_is_told_by_bind():
    server, other = new_server(), new_server()
    server.bind(0, "127.0.0.1")
    port = server._bound[0].getsockname()[1]
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1 port {port}: "):
        other.bind(port, "127.0.0.1")
    server.stop()


FORKING = """
import asyncio, os, sys, urllib.request
from waterspout.httpserver import HTTPServer
from waterspout.ioloop import IOLoop
from waterspout.process import task_id
from waterspout.web import Application, RequestHandler

class Hello(RequestHandler):
    def get(self):
        self.write("hello")

server = HTTPServer(Application([("/", Hello)]))
server.bind(0, "127.0.0.1")
server.start(2, max_restarts=0)

async def main():
    [listener] = server.sockets
    # In one piece, for both write to the same pipe.
    os.write(1, f"{task_id()} {listener.getsockname()[1]}\\n".encode())
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    writer.write(b"GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n")
    assert (await reader.read()).endswith(b"hello")
    # The other one may have this connection: it goes when both have had theirs.
    sys.stdin.read()
    await server.drain(10)

IOLoop.current().run_sync(main)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_several_processes_on_one_port():
    process = subprocess.Popen(
        [sys.executable, "-c", FORKING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_SOURCES)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline().split() for _ in range(2)]
        assert {number for number, _ in lines} == {"0", "1"}
        assert len({port for _, port in lines}) == 1
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait(timeout=60)
        process.stdout.close()


async def test_the_arguments_have_tornados_names_and_order(wire: Wire):
    options: Any = {"chunk_size": 1024, "max_buffer_size": 1 << 20, "idle_connection_timeout": 5.0}
    server = wire.serve([("/", Hello)], **options)
    assert server.policy.limits.max_body_size == 1 << 20
    assert (await (await wire.connect(server)).ask()).body == b"hello"
    by_position = HTTPServer(lambda request: None, True, False, None, "https")
    assert by_position.policy.no_keep_alive
