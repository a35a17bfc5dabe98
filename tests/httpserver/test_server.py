"""Listening, stopping, and what goes wrong on the way."""

import asyncio
import errno
import gc
import os
import socket
import stat

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import HTTPServer
from waterspout.netutil import bind_sockets, bind_unix_socket
from waterspout.web import Application, RequestHandler


class Hello(RequestHandler):
    def get(self):
        self.write("hello")


class Gate(RequestHandler):
    def initialize(self, gate):
        self.gate = gate

    async def get(self):
        await self.gate.wait()
        self.write("waited")

    async def post(self):
        self.write("begun")
        await self.flush()
        await self.gate.wait()


@pytest.fixture
def gate():
    return asyncio.Event()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]  # type: ignore[no-any-return]


# Listening


async def test_application_listen(wire: Wire):
    server = Application([("/", Hello)], log_function=lambda handler: None).listen(
        0, "127.0.0.1", backlog=10, max_body_size=5
    )
    wire.servers.append(server)
    assert server.policy.limits.max_body_size == 5
    client = await wire.connect(server)
    assert (await client.ask()).body == b"hello"


async def test_listen_on_all_interfaces(wire: Wire):
    server = wire.serve([("/", Hello)])
    server.listen(0)
    ports = {found.getsockname()[1] for found in server.sockets[1:]}
    assert len(ports) == 1


async def test_a_server_may_listen_on_many_sockets(wire: Wire):
    server = HTTPServer(Application([("/", Hello)], log_function=lambda handler: None))
    wire.servers.append(server)
    server.add_sockets(bind_sockets(0, "127.0.0.1") + bind_sockets(0, "127.0.0.1"))
    assert len(server.sockets) == 2
    for listener in server.sockets:
        with socket.create_connection(listener.getsockname()):
            await wire.connection_count(server, 1)
        await wire.closed(server)


async def test_listening_may_begin_again_after_stop(wire: Wire):
    server = wire.serve([("/", Hello)])
    server.stop()
    await server.close_all_connections()
    assert server.sockets == []
    server.add_sockets(bind_sockets(0, "127.0.0.1"))
    client = await wire.connect(server)
    assert (await client.ask()).body == b"hello"


async def test_a_unix_socket(wire: Wire, tmp_path):
    class Who(RequestHandler):
        def get(self):
            self.write(self.request.remote_ip)

    path = str(tmp_path / "socket")
    server = HTTPServer(Application([("/", Who)], log_function=lambda handler: None))
    wire.servers.append(server)
    server.add_socket(bind_unix_socket(path, mode=0o640))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640
    client = await wire.connect(server)
    assert (await client.ask()).body == b"0.0.0.0"
    connection = await wire.connection(server)
    assert repr(connection) == "<HTTPServerConnection idle unix requests=1>"
    await client.send(request() * 3 + b"\n")
    assert [(await client.response()).status for _ in range(4)] == [200, 200, 200, 400]
    assert await client.rest() == b""


async def test_a_port_in_use(wire: Wire):
    server = wire.serve([("/", Hello)])
    port = server.sockets[0].getsockname()[1]
    other = HTTPServer(Application([("/", Hello)]))
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1 port {port}: ") as caught:
        other.listen(port, "127.0.0.1")
    assert caught.value.errno == errno.EADDRINUSE
    assert other.sockets == []
    del other, caught
    gc.collect()  # an open socket would warn


async def test_an_address_that_cannot_be_had(wire: Wire):
    server = HTTPServer(Application([("/", Hello)]))
    with pytest.raises(OSError, match=r"cannot listen on 192\.0\.2\.1 port 0: "):
        server.listen(0, "192.0.2.1")


def test_a_server_may_be_made_and_listen_before_the_loop_runs():
    from waterspout.ioloop import IOLoop

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        server = Application([("/", Hello)]).listen(0, "127.0.0.1")
        port = server.sockets[0].getsockname()[1]

        async def ask() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request("Connection: close"))
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            server.stop()
            await server.close_all_connections()
            return answer

        assert IOLoop.current().run_sync(ask).endswith(b"hello")
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def test_a_server_may_listen_again_in_another_loop():
    server = HTTPServer(Application([("/", Hello)], log_function=lambda handler: None))

    async def ask() -> bytes:
        server.listen(0, "127.0.0.1")
        address = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(request("Connection: close"))
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        server.stop()
        await server.close_all_connections()
        return answer

    for _ in range(2):
        assert asyncio.run(ask()).endswith(b"hello")


async def test_ipv6(wire: Wire):
    class Who(RequestHandler):
        def get(self):
            self.write(f"{self.request.remote_ip} {self.request.host_name}")

    server = HTTPServer(Application([("/", Who)], log_function=lambda handler: None))
    wire.servers.append(server)
    try:
        server.listen(0, "::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    client = await wire.connect(server)
    await client.send(b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n")
    assert (await client.response()).body == b"::1 [::1]"


def test_what_is_no_application_is_told():
    with pytest.raises(TypeError, match="needs an Application, an HTTPServerC"):
        HTTPServer("application")


def test_a_server_that_never_listened_may_be_stopped():
    server = HTTPServer(print)
    server.stop()
    assert repr(server) == "<HTTPServer stopped connections=0>"


async def test_repr(wire: Wire):
    server = wire.serve([("/", Hello)])
    address = server.sockets[0].getsockname()
    await wire.connect(server)
    await wire.connection(server)
    assert repr(server) == f"<HTTPServer {address} connections=1>"


# Stopping


async def test_stop_closes_the_listeners_and_leaves_connections_open(wire: Wire):
    server = wire.serve([("/", Hello)])
    client = await wire.connect(server)
    assert (await client.ask()).body == b"hello"
    address = server.sockets[0].getsockname()
    server.stop()
    server.stop()
    await turns(2)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    answer = await client.ask()
    assert answer.body == b"hello"
    assert "Connection" not in answer


async def test_idle_connections_are_closed_at_once(wire: Wire):
    server = wire.serve([("/", Hello)])
    clients = [await wire.connect(server) for _ in range(5)]
    await wire.connection_count(server, 5)
    assert (await clients[0].ask()).body == b"hello"
    server.stop()
    assert await server.close_all_connections() == 0
    for client in clients:
        assert await client.rest() == b""


async def test_requests_under_way_are_answered_with_connection_close(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    clients = [await wire.connect(server) for _ in range(3)]
    for client in clients:
        await client.send(request() * 2)
    await wire.connection_count(server, 3)
    await turns()
    server.stop()
    closing = asyncio.create_task(server.close_all_connections(60.0))
    await turns()
    assert not closing.done()
    gate.set()
    for client in clients:
        answer = await client.response()
        assert answer.body == b"waited"
        assert answer["Connection"] == "close"
        assert await client.rest() == b""
        client.close()
    assert await closing == 0


async def test_a_body_under_way_is_awaited_too(wire: Wire):
    class Post(RequestHandler):
        def post(self):
            self.write(self.request.body)

    server = wire.serve([("/", Post)])
    client = await wire.connect(server)
    await client.send(request("Content-Length: 5", method="POST") + b"hel")
    connection = await wire.connection(server)
    while connection.exchange is None:
        await turns(1)
    server.stop()
    closing = asyncio.create_task(server.close_all_connections())
    await turns()
    await client.send(b"lo")
    answer = await client.response()
    assert answer.body == b"hello"
    assert answer["Connection"] == "close"
    assert await closing == 0


async def test_what_takes_longer_than_the_grace_is_cut_and_counted(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    clients = [await wire.connect(server) for _ in range(4)]
    for client in clients[:2]:
        await client.send(request())
    await clients[2].send(request(method="POST"))
    await wire.connection_count(server, 4)
    await clients[2].until(b"begun\r\n")
    server.stop()
    assert await server.close_all_connections(0) == 3
    assert not server.connections
    for client in clients:
        assert await client.rest_or_reset() == b""
    gate.set()


async def test_a_second_call_cuts_what_the_first_one_waits_for(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    await client.send(request())
    await wire.connection(server)
    await turns()
    server.stop()
    patient = asyncio.create_task(server.close_all_connections())
    await turns()
    assert not patient.done()
    assert await server.close_all_connections(0) == 1
    assert await patient == 0


async def test_a_cancelled_close_may_be_called_again(wire: Wire, gate):
    server = wire.serve([("/", Gate, {"gate": gate})])
    client = await wire.connect(server)
    await client.send(request())
    await wire.connection(server)
    await turns()
    server.stop()
    closing = asyncio.create_task(server.close_all_connections())
    await turns()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert server.connections
    gate.set()
    assert await server.close_all_connections() == 0


async def test_who_has_connected_before_the_end_but_was_not_heard_of_is_closed(wire: Wire):
    server = wire.serve([("/", Hello)])
    address = server.sockets[0].getsockname()
    with socket.create_connection(address) as late:
        await asyncio.sleep(0)  # asyncio accepts, and tells its protocol later
        server.stop()
        assert await server.close_all_connections() == 0
        await turns()
        assert not server.connections
        late.setblocking(False)
        try:
            assert late.recv(1) == b""
        except ConnectionResetError:
            pass  # it was still in the kernel's queue


async def test_nothing_keeps_a_closed_connection_alive(wire: Wire):
    import weakref

    server = wire.serve([("/", Hello)])
    client = await wire.connect(server)
    assert (await client.ask()).body == b"hello"
    [connection] = server.connections
    reference = weakref.ref(connection)
    del connection
    client.close()
    await wire.closed(server)
    await turns()
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
@pytest.mark.parametrize("is_async", [False, True])
def test_an_interrupt_in_a_handler_ends_the_loop_and_nobody_else_is_served(kind, is_async):
    new_loop = asyncio.new_event_loop
    if kind == "uvloop":
        new_loop = pytest.importorskip("uvloop").new_event_loop
    served = []

    class Interrupted(RequestHandler):
        def get(self, name):
            served.append(name)
            if name == "stop":
                return self.stop_later() if is_async else self.stop()
            return None

        def stop(self):
            raise SystemExit("enough")

        async def stop_later(self):
            self.stop()

    async def listen() -> HTTPServer:
        application = Application([("/(.*)", Interrupted)], log_function=lambda handler: None)
        return application.listen(0, "127.0.0.1")

    with asyncio.Runner(loop_factory=new_loop) as runner:
        server = runner.run(listen())
        address = server.sockets[0].getsockname()
        with socket.create_connection(address) as one, socket.create_connection(address) as other:
            one.sendall(request(path="/first") + request(path="/stop") + request(path="/never"))
            with pytest.raises(SystemExit, match="enough"):
                runner.get_loop().run_forever()
            other.sendall(request(path="/never"))
            server.stop()
            assert runner.run(server.close_all_connections(0)) == 0
            assert one.recv(65536).startswith(b"HTTP/1.1 200 OK")
    assert served == ["first", "stop"]
