"""Who finds the addresses of a host."""

import asyncio
import concurrent.futures
import os
import socket
from typing import Any

import pytest

from waterspout import netutil
from waterspout.netutil import (
    BlockingResolver,
    DefaultExecutorResolver,
    DefaultLoopResolver,
    ExecutorResolver,
    OverrideResolver,
    Resolver,
    ThreadedResolver,
    resolvers,
)

KINDS = [
    BlockingResolver,
    DefaultExecutorResolver,
    DefaultLoopResolver,
    ExecutorResolver,
    ThreadedResolver,
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def resolver(request):
    made = request.param()
    yield made
    made.close()


def resolve(loop: asyncio.AbstractEventLoop, resolver: Resolver, *args: Any) -> Any:
    async def main() -> Any:
        return await resolver.resolve(*args)

    return loop.run_until_complete(main())


def test_a_name(loop, resolver):
    assert (socket.AF_INET, ("127.0.0.1", 80)) in resolve(loop, resolver, "localhost", 80)
    only = resolve(loop, resolver, "localhost", 80, socket.AF_INET)
    assert only == [(socket.AF_INET, ("127.0.0.1", 80))]


def test_an_address(loop, resolver):
    assert resolve(loop, resolver, "127.0.0.1", 80) == [(socket.AF_INET, ("127.0.0.1", 80))]
    assert resolve(loop, resolver, "::1", 443) == [(socket.AF_INET6, ("::1", 443, 0, 0))]


@pytest.mark.parametrize("host", ["an invalid domain", "a" * 70, "\ud800", "1.2.3.4.5"])
def test_what_is_no_host(loop, resolver, host, monkeypatch):
    if host == "an invalid domain":
        monkeypatch.setattr(socket, "getaddrinfo", no_name)
    with pytest.raises(socket.gaierror):
        resolve(loop, resolver, host, 80)


def no_name(*args: Any, **kwargs: Any) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_an_address_of_the_wrong_family(loop, resolver):
    with pytest.raises(socket.gaierror):
        resolve(loop, resolver, "127.0.0.1", 80, socket.AF_INET6)


class Mine(Resolver):
    """A program's own."""

    def initialize(self, answer: str = "10.0.0.1") -> None:
        self.answer = answer
        self.is_closed = False

    async def resolve(self, host: str, port: int, family: Any = socket.AF_UNSPEC) -> Any:
        return [(socket.AF_INET, (self.answer, port)), host, family]

    def close(self) -> None:
        self.is_closed = True


def test_which_is_configured():
    assert type(Resolver()) is DefaultLoopResolver
    try:
        Resolver.configure("waterspout.netutil.ThreadedResolver", num_threads=3)
        assert type(Resolver()) is ThreadedResolver
        Resolver.configure(Mine, answer="10.0.0.2")
        mine = Resolver()
        assert isinstance(mine, Mine)
        assert mine.answer == "10.0.0.2"
        with pytest.raises(ValueError, match="Invalid subclass"):
            Resolver.configure(dict)  # type: ignore[arg-type]
    finally:
        Resolver.configure(None)
    with pytest.raises(NotImplementedError):
        Resolver.resolve(mine, "a", 1)


def test_whose_executor(loop):
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        ours = ExecutorResolver(executor=executor, close_executor=False)
        assert resolve(loop, ours, "127.0.0.1", 1)
        ours.close()
        with pytest.raises(RuntimeError, match="is closed"):
            ours.resolve("127.0.0.1", 1)
        assert executor.submit(abs, -1).result() == 1
        ExecutorResolver(executor=executor).close()
        with pytest.raises(RuntimeError):
            executor.submit(abs, -1)


def test_threads_are_shared_but_not_after_a_fork(monkeypatch):
    first, second = ThreadedResolver(), ThreadedResolver(num_threads=2)
    assert first.executor is second.executor
    pool = resolvers.ThreadedResolver._pool
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        assert ThreadedResolver().executor is not first.executor
    monkeypatch.setattr(resolvers.ThreadedResolver, "_pool", pool)
    monkeypatch.setattr(resolvers.ThreadedResolver, "_pool_pid", os.getpid())
    assert ThreadedResolver().executor is first.executor


MAPPING = {
    ("google.com", 80): ("1.2.3.4", 80),
    ("google.com", 80, socket.AF_INET): ("1.2.3.5", 81),
    ("google.com", 80, socket.AF_INET6): ("2a02:6b8:7c:40c:c51e:495f:e23a:3", 8080),
    "other.com": "5.6.7.8",
}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (("google.com", 80, socket.AF_INET), ("1.2.3.5", 81)),
        (("google.com", 80, socket.AF_INET6), ("2a02:6b8:7c:40c:c51e:495f:e23a:3", 8080, 0, 0)),
        (("google.com", 80), ("1.2.3.4", 80)),
        (("other.com", 7), ("5.6.7.8", 7)),
        (("127.0.0.1", 7), ("127.0.0.1", 7)),
    ],
)
def test_something_else_than_was_asked_for(loop, asked, found):
    override = OverrideResolver(resolver=BlockingResolver(), mapping=MAPPING)
    [(_, address)] = resolve(loop, override, *asked)
    assert address == found


def test_the_other_resolver_is_closed_with_it():
    mine = Mine()
    OverrideResolver(mine, {}).close()
    assert mine.is_closed


def test_the_names_are_there():
    for name in netutil.__all__:
        assert hasattr(netutil, name)
