"""Resolvers of the user's, and addresses that are tried at once. In three styles."""

import asyncio
import contextlib
import os
import socket

import pytest
import tornado.netutil
from tests.httpclient.scripted_server import always, serve
from tests.httpclient.styles import Blocking

from waterspout.httpclient import HTTPClientError
from waterspout.httpclient.errors import HTTPConnectError


class Resolver:
    """Knows one address of every host."""

    def __init__(self, *addresses):
        self.addresses = list(addresses)
        self.asked = []

    def resolve(self, host, port, family):
        self.asked.append((host, port, family))
        return self.addresses


class Asynchronous(Resolver):
    async def resolve(self, host, port, family):
        return super().resolve(host, port, family)


class Tornados(tornado.netutil.Resolver):
    @classmethod
    def configurable_default(cls):
        return cls

    def initialize(self):
        self.asked = []

    async def resolve(self, host, port, family=socket.AF_UNSPEC):
        self.asked.append((host, port, family))
        return [(socket.AF_INET, ("127.0.0.1", port))]


@pytest.mark.parametrize(
    "make", [lambda: Resolver("127.0.0.1"), lambda: Asynchronous("127.0.0.1"), Tornados]
)
def test_objects(make_client, make):
    resolver = make()
    client = make_client(resolver=resolver)
    with serve(always()) as server:
        for _ in range(2):
            client.fetch(f"http://a.test:{server.port}/", headers={"Connection": "close"})
        assert server.last.headers["host"] == f"a.test:{server.port}"
        assert server.connections == 2
        assert resolver.asked == [("a.test", server.port, socket.AF_UNSPEC)]
        client.fetch(f"http://a.test:{server.port}/", allow_ipv6=False)
        assert resolver.asked[1:] == [("a.test", server.port, socket.AF_INET)]


def test_functions(make_client):
    async def awaitable(host, port, family):
        return ["127.0.0.1"]

    with serve(always()) as server:
        for resolver in (lambda host, port, family: ["127.0.0.1"], awaitable):
            client = make_client(resolver=resolver)
            assert client.fetch(f"http://a.test:{server.port}/").body == b"ok"


def test_one_that_waits(make_client):
    async def waiting(host, port, family):
        await asyncio.sleep(0)
        return ["127.0.0.1"]

    client = make_client(resolver=waiting)
    expected: contextlib.AbstractContextManager = contextlib.nullcontext()
    if isinstance(client, Blocking):
        expected = pytest.raises(RuntimeError, match=r"waiting.* can't be asked for a\.test")
    with serve(always()) as server, expected:
        client.fetch(f"http://a.test:{server.port}/")
    assert client.flow.pool.statistics["used"] == 0


def test_one_that_fails(make_client):
    def failing(host, port, family):
        raise socket.gaierror(socket.EAI_NONAME, "never heard of it")

    client = make_client(resolver=failing)
    with pytest.raises(socket.gaierror, match=r"resolving a\.test: .*never heard of it") as caught:
        client.fetch("http://a.test/")
    assert isinstance(caught.value, HTTPClientError)


def test_one_that_answers_nonsense(make_client):
    client = make_client(resolver=lambda host, port, family: [5])
    with pytest.raises(TypeError, match=r"a resolver returns .* not 5: a\.test"):
        client.fetch("http://a.test/")
    assert client.flow.pool.statistics["used"] == 0


def test_an_address_that_is_no_good_is_not_kept(make_client):
    resolver = Resolver("127.0.0.1")
    client = make_client(resolver=resolver)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        for _ in range(2):
            with pytest.raises(ConnectionRefusedError):
                client.fetch(f"http://a.test:{unused.getsockname()[1]}/")
    assert len(resolver.asked) == 2


def test_a_host_with_a_unix_socket(make_client, tmp_path):
    path = str(tmp_path / "s")
    client = make_client(resolver=lambda host, port, family: [(socket.AF_UNIX, path)])
    with serve(always(), path=path) as server:
        client.fetch("http://a.test/")
        assert server.last.headers["host"] == "a.test"


def test_a_mapped_host_is_asked_for(make_client):
    resolver = Resolver("127.0.0.1")
    client = make_client(resolver=resolver, hostname_mapping={"a.test": "b.test"})
    with serve(always()) as server:
        client.fetch(f"http://a.test:{server.port}/")
        assert resolver.asked[0][0] == "b.test"


def test_the_host_of_a_proxy_is_asked_for(make_client):
    """Those behind it are the proxy's business."""
    resolver = Resolver("127.0.0.1")
    client = make_client(resolver=resolver)
    with serve(always()) as proxy:
        client.fetch("http://a.test/", proxy=f"proxy.test:{proxy.port}")
        assert proxy.last.target == "http://a.test/"
    assert [question[0] for question in resolver.asked] == ["proxy.test"]


def test_what_the_system_says_holds_for_a_while(make_client, monkeypatch):
    asked = []

    def getaddrinfo(host, port, *rest):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    client = make_client()
    with serve(always()) as server:
        for _ in range(3):
            client.fetch(f"http://a.test:{server.port}/", headers={"Connection": "close"})
        assert asked == ["a.test"]
        make_client().fetch(f"http://a.test:{server.port}/")
        assert asked == ["a.test"] * 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nobody has children")
def test_a_forked_child_does_not_wait_for_a_lock(make_client):
    client = make_client(resolver=Resolver("127.0.0.1"))
    names = client.flow._connector._names if hasattr(client.flow, "_connector") else None
    if names is None:
        pytest.skip("compiled: attributes are hidden")
    with names._lock:
        child = os.fork()
        if not child:
            os._exit(1 if client.flow._connector._names._lock.locked() else 0)
    assert os.waitpid(child, 0)[1] == 0


def test_addresses_that_all_fail_are_told_of(make_client):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        client = make_client(resolver=Resolver("127.0.0.1", "127.0.0.2"))
        expected = r"connecting to a\.test:\d+: .*127\.0\.0\.1: .*; 127\.0\.0\.2: "
        with pytest.raises(HTTPConnectError, match=expected) as caught:
            client.fetch(f"http://a.test:{port}/")
    assert isinstance(caught.value, ConnectionRefusedError)


def test_the_first_that_connects_wins(make_client):
    client = make_client(resolver=Resolver("127.0.0.2", "127.0.0.3", "127.0.0.1"))
    with serve(always()) as server:
        assert client.fetch(f"http://a.test:{server.port}/").body == b"ok"
