"""What futures of both kinds have in common."""

import asyncio
import concurrent.futures
import threading
from typing import Any

import pytest

from waterspout import concurrent as ours


def test_is_future(loop):
    assert ours.is_future(loop.create_future())
    assert ours.is_future(concurrent.futures.Future())
    assert not ours.is_future(1)
    assert ours.Future is asyncio.Future


@pytest.fixture(params=["asyncio", "executor"])
def make_future(request, loop):
    """A function that makes a future of the kind."""
    return loop.create_future if request.param == "asyncio" else concurrent.futures.Future


def test_unless_cancelled(make_future, app_errors):
    future = make_future()
    ours.future_set_result_unless_cancelled(future, 1)
    assert future.result() == 1
    with pytest.raises((asyncio.InvalidStateError, concurrent.futures.InvalidStateError)):
        ours.future_set_result_unless_cancelled(future, 2)

    for how in (ours.future_set_exception_unless_cancelled, _set_exc_info):
        future = make_future()
        how(future, KeyError("seen"))
        assert isinstance(future.exception(), KeyError)

    future = make_future()
    future.cancel()
    ours.future_set_result_unless_cancelled(future, 1)
    _set_exc_info(future, KeyError("dropped"))
    assert app_errors() == []
    ours.future_set_exception_unless_cancelled(future, KeyError("logged"))
    [(message, error)] = app_errors()
    assert message == "A future was cancelled before it failed"
    assert error.args == ("logged",)


def _set_exc_info(future, error):
    ours.future_set_exc_info(future, (type(error), error, None))


def test_no_exception_at_all(make_future):
    with pytest.raises(ValueError, match="with no exception"):
        ours.future_set_exc_info(make_future(), (None, None, None))


def test_callbacks(loop, make_future):
    called: list[Any] = []
    future = make_future()
    ours.future_add_done_callback(future, called.append)
    assert called == []
    future.set_result(1)
    loop.run_until_complete(asyncio.sleep(0))
    assert called == [future]
    ours.future_add_done_callback(future, called.append)
    assert called == [future, future]


@pytest.fixture(params=["asyncio", "executor"])
def make_other(request, loop):
    """As `make_future`, for the other end of a chain."""
    return loop.create_future if request.param == "asyncio" else concurrent.futures.Future


def test_chains(loop, make_future, make_other):
    async def main():
        for early in (True, False):
            for end in (_succeed, _fail, concurrent.futures.Future.cancel):
                a, b = make_future(), make_other()
                if early:
                    _end(a, end)
                ours.chain_future(a, b)
                assert b.done() == early
                if not early:
                    _end(a, end)
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                if end is _succeed:
                    assert b.result() == 1
                elif end is _fail:
                    assert b.exception() is a.exception()
                else:
                    assert b.cancelled()

            a, b = make_future(), make_other()
            ours.chain_future(a, b)
            b.cancel()
            a.set_result(1)
            await asyncio.sleep(0)
            assert a.result() == 1

    loop.run_until_complete(main())


def _succeed(future):
    future.set_result(1)


def _fail(future):
    future.set_exception(KeyError())


def _end(future, end):
    if end is concurrent.futures.Future.cancel:
        future.cancel()
    else:
        end(future)


def test_a_chain_out_of_another_thread(loop):
    async def main():
        a: concurrent.futures.Future[str] = concurrent.futures.Future()
        b = loop.create_future()
        ours.chain_future(a, b)
        threads = []
        b.add_done_callback(lambda _: threads.append(threading.get_ident()))
        thread = threading.Thread(target=a.set_result, args=("from afar",))
        thread.start()
        assert await b == "from afar"
        thread.join()
        assert threads == [threading.get_ident()]

    loop.run_until_complete(main())


def test_a_chain_between_two_loops(loop, make_loop):
    other = make_loop()
    running = threading.Event()
    other.call_soon(running.set)
    thread = threading.Thread(target=other.run_forever)
    thread.start()
    running.wait()

    async def main():
        a, b = loop.create_future(), other.create_future()
        ours.chain_future(a, b)
        a.set_result("across")
        back: asyncio.Future[str] = loop.create_future()
        other.call_soon_threadsafe(ours.chain_future, b, back)
        return await back

    try:
        assert loop.run_until_complete(main()) == "across"
    finally:
        other.call_soon_threadsafe(other.stop)
        thread.join()
        other.close()


def test_a_chain_to_a_loop_that_is_closed(make_loop):
    loop = make_loop()
    a: concurrent.futures.Future[int] = concurrent.futures.Future()
    b = loop.create_future()
    ours.chain_future(a, b)
    loop.close()
    a.set_result(1)
    assert not b.done()


def test_a_chain_from_what_was_cancelled_to_what_runs(loop):
    a = loop.create_future()
    b: concurrent.futures.Future[None] = concurrent.futures.Future()
    b.set_running_or_notify_cancel()
    a.cancel()
    ours.chain_future(a, b)
    assert isinstance(b.exception(), concurrent.futures.CancelledError)


def test_a_name_that_is_kept():
    assert issubclass(ours.ReturnValueIgnoredError, Exception)
