"""Another class in the place of HTTPServer, chosen once for the whole program."""

from typing import Any

import pytest
from tests.wire.server_under_test import Wire

from waterspout.httpserver import HTTPServer
from waterspout.tcpserver import TCPServer
from waterspout.util import Configurable
from waterspout.web import Application, RequestHandler


class Hello(RequestHandler):
    def get(self):
        self.write(self.request.protocol + " " + self.request.remote_ip)


class Chosen(HTTPServer):
    """Takes one argument more, and notes where it has listened."""

    def initialize(self, *args: Any, name: str = "none", **kwargs: Any) -> None:
        super().initialize(*args, **kwargs)
        self.name = name
        self.listened: list[Any] = []

    def add_socket(self, socket):
        self.listened.append(socket)
        super().add_socket(socket)


@pytest.fixture
def configured():
    """``HTTPServer.configure``, forgotten at the end of the test."""
    yield HTTPServer.configure
    HTTPServer.configure(None)


def test_what_it_is():
    server = HTTPServer(lambda request: None)
    assert type(server) is HTTPServer
    assert isinstance(server, TCPServer)
    assert isinstance(server, Configurable)
    assert HTTPServer.configurable_base() is HTTPServer
    assert HTTPServer.configurable_default() is HTTPServer
    assert Chosen.configurable_base() is HTTPServer


async def test_the_class_that_was_chosen_serves(wire: Wire, configured):
    configured(Chosen, name="n", protocol="https")
    server: Any = wire.serve([("/", Hello)])
    assert type(server) is Chosen
    assert server.name == "n"
    assert server.listened == server.sockets
    assert (await (await wire.connect(server)).ask()).body == b"https 127.0.0.1"


def test_what_the_caller_says_goes_before_what_was_configured(configured):
    configured(Chosen, name="a")
    server: Any = HTTPServer(lambda request: None, no_keep_alive=True, name="b")
    assert server.name == "b"
    assert server.policy.no_keep_alive


def test_who_names_a_class_gets_that_one(configured):
    configured(Chosen, name="n")
    server = Chosen(lambda request: None)
    assert server.name == "none"

    class Other(HTTPServer):
        pass

    assert type(Other(lambda request: None)) is Other


def test_an_application_makes_the_one_that_was_chosen(configured):
    configured(Chosen)
    assert type(Application().new_server()) is Chosen
    configured(None)
    assert type(Application().new_server()) is HTTPServer


def test_what_is_no_server_is_refused(configured):
    with pytest.raises(ValueError, match="Invalid subclass of"):
        configured(TCPServer)
    configured(None, no_keep_alive=True)
    assert HTTPServer(lambda request: None).policy.no_keep_alive


def test_what_a_tcp_server_has():
    options = {"max_buffer_size": 1 << 20, "chunk_size": 1024}
    server = HTTPServer(lambda request: None, **options)
    assert server.ssl_options is None
    assert server.max_buffer_size == 1 << 20
    assert server.read_chunk_size == 1024


def test_wrong_arguments_are_told():
    with pytest.raises(TypeError, match="nonsense"):
        HTTPServer(lambda request: None, nonsense=1)
    with pytest.raises(TypeError, match="request_callback"):
        HTTPServer()
