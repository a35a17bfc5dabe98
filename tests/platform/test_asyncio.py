"""The names of `platform.asyncio`."""

import asyncio
import sys
import threading

import pytest

from waterspout import gen
from waterspout.ioloop import IOLoop
from waterspout.platform import asyncio as platform
from waterspout.platform.asyncio import AsyncIOLoop, AsyncIOMainLoop, BaseAsyncIOLoop


@pytest.fixture(autouse=True)
def no_current_loop():
    """No test sees the loop that another one made current in this thread."""
    asyncio.set_event_loop(None)
    yield
    asyncio.set_event_loop(None)


def test_a_loop_that_is_made_is_an_asyncioloop():
    loop = IOLoop()
    assert type(loop) is AsyncIOLoop
    assert isinstance(loop, BaseAsyncIOLoop)
    assert IOLoop.current() is loop
    loop.close()
    other = AsyncIOLoop(make_current=False)
    assert IOLoop.current(instance=False) is None
    other.close()


def test_the_loop_of_asyncio_is_the_main_loop():
    async def main():
        return IOLoop.current(), asyncio.get_running_loop()

    io_loop, loop = asyncio.run(main())
    assert type(io_loop) is AsyncIOMainLoop
    assert io_loop.asyncio_loop is loop


def test_a_main_loop_is_that_of_the_thread():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    io_loop = AsyncIOMainLoop()
    io_loop.install()
    assert io_loop.asyncio_loop is loop
    assert IOLoop.current() is io_loop
    with pytest.raises(RuntimeError, match="already associated"):
        AsyncIOMainLoop()
    io_loop.close()


def test_a_main_loop_is_made_where_there_is_none():
    io_loop = AsyncIOMainLoop()
    assert asyncio.get_event_loop() is io_loop.asyncio_loop
    assert IOLoop.current() is io_loop
    io_loop.close()


def test_a_base_loop_is_given_its_loop():
    loop = asyncio.new_event_loop()

    class Mine(BaseAsyncIOLoop):
        def initialize(self, **kwargs):  # type: ignore[override]
            super().initialize(loop, **kwargs)

    io_loop = Mine(make_current=False)
    assert io_loop.asyncio_loop is loop
    assert IOLoop.current(instance=False) is None
    io_loop.close()
    assert loop.is_closed()


def test_futures_are_of_one_kind():
    async def three():
        return 3

    async def main():
        future = asyncio.get_running_loop().create_future()
        assert platform.to_tornado_future(future) is future
        assert platform.to_asyncio_future(future) is future
        assert await platform.to_asyncio_future(three()) == 3
        assert await platform.to_asyncio_future([three(), three()]) == [3, 3]
        with pytest.raises(gen.BadYieldError):
            platform.to_asyncio_future(3)

    asyncio.run(main())


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="policies are deprecated")
def test_a_policy_for_any_thread():
    policy = platform.AnyThreadEventLoopPolicy()
    loops = []

    def work():
        loops.append(policy.get_event_loop())
        loops.append(policy.get_event_loop())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert loops[0] is loops[1]
    loops[0].close()


def test_unknown_names():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        platform.nothing  # noqa: B018
