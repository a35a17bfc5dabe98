"""`AsyncTestCase`, `gen_test` and what becomes of their tests."""

import asyncio
import logging
import socket
import traceback

import pytest

from waterspout import gen
from waterspout.ioloop import IOLoop
from waterspout.platform.asyncio import AsyncIOMainLoop
from waterspout.testing import (
    AsyncTestCase,
    ExpectLog,
    bind_unused_port,
    gen_test,
    get_async_test_timeout,
    setup_with_context_manager,
)

SHORT = 0.001  # of a wait that nobody ends


class Passing(AsyncTestCase):
    """Tests that pass; pytest runs them itself."""

    def test_the_loop_is_current(self):
        assert IOLoop.current() is self.io_loop

    def test_wait_returns_what_stop_is_given(self):
        self.io_loop.add_callback(self.stop, 5)
        assert self.wait() == 5
        self.io_loop.add_callback(self.stop, a=1, b=2)
        assert self.wait() == {"a": 1, "b": 2}
        self.io_loop.add_callback(self.stop)
        assert self.wait() is None

    def test_stop_may_come_before_wait(self):
        self.stop("before")
        assert self.wait() == "before"
        with pytest.raises(TypeError, match="not both"):
            self.stop(1, a=2)

    def test_wait_goes_on_until_its_condition_holds(self):
        seen: list[int] = []

        def step():
            seen.append(len(seen))
            self.stop(len(seen))
            if len(seen) < 3:
                self.io_loop.add_callback(step)

        self.io_loop.add_callback(step)
        assert self.wait(condition=lambda: len(seen) == 3) == 3

    def test_wait_without_a_limit(self):
        self.io_loop.add_callback(self.stop)
        self.wait(timeout=0)

    def test_wait_that_is_over(self):
        with pytest.raises(AssertionError, match=r"timed out after 0\.001 seconds"):
            self.wait(timeout=SHORT)
        with pytest.raises(AssertionError, match="timed out"):
            self.wait(condition=lambda: False, timeout=SHORT)
        # The one before has left nothing.
        self.io_loop.add_callback(self.stop, 1)
        assert self.wait() == 1

    def test_what_a_callback_fails_with_is_raised(self):
        def fail():
            raise KeyError("callback")

        async def fail_later():
            await asyncio.sleep(0)
            raise KeyError("coroutine")

        for each in (fail, fail_later):
            self.io_loop.add_callback(each)
            with pytest.raises(KeyError):
                self.wait()

    def test_what_is_expected_is_not_raised(self):
        def fail():
            self.io_loop.add_callback(self.stop, "went on")
            raise KeyError("callback")

        self.io_loop.add_callback(fail)
        with ExpectLog("waterspout.application", "Exception in callback") as expected:
            assert self.wait() == "went on"
        assert expected.logged_stack
        assert expected.matched == 1

    @gen_test
    async def test_native(self):
        await asyncio.sleep(0)
        assert IOLoop.current() is self.io_loop

    @gen_test
    def test_generator(self):
        assert (yield gen.moment) is None

    @gen_test(timeout=100)
    def test_plain(self):
        pass

    @gen_test
    def test_that_returns_a_coroutine(self):
        return asyncio.sleep(0)

    def test_arguments_reach_a_coroutine(self):
        @gen_test
        async def test(self, a, *, b):
            return self, a, b

        assert test(self, 1, b=2) == (self, 1, 2)
        assert test.__name__ == "test"

    def test_a_coroutine_that_takes_too_long(self):
        @gen_test(timeout=SHORT)
        async def native(self):
            await asyncio.Event().wait()

        @gen_test(timeout=SHORT)
        def generator(self):
            yield gen.sleep(3600)

        for each in (native, generator):
            with pytest.raises(TimeoutError, match=r"timed out after 0\.001 seconds") as caught:
                each(self)
            # It shows where that was.
            assert isinstance(caught.value.__cause__, asyncio.CancelledError)
            frames = traceback.extract_tb(caught.value.__cause__.__traceback__)
            assert each.__name__ in {frame.name for frame in frames}


class WithContext(AsyncTestCase):
    """A context manager that is left behind `tearDown`."""

    def setUp(self):
        super().setUp()
        self.listener = setup_with_context_manager(self, bind_unused_port()[0])

    def tearDown(self):
        super().tearDown()
        assert self.listener.fileno() >= 0
        self.addCleanup(lambda: None)

    def test(self):
        assert self.listener.getsockname()[0] == "127.0.0.1"


def test_a_coroutine_that_nobody_runs(outcome):
    class Native(AsyncTestCase):
        async def test(self):
            pass

    class Generator(AsyncTestCase):
        def test(self):
            yield

    class AsyncGenerator(AsyncTestCase):
        async def test(self):
            yield

    for cls in (Native, Generator):
        assert "decorate it with waterspout.testing.gen_test" in outcome(cls)[0]
    assert "yields nothing" in outcome(AsyncGenerator)[0]


def test_a_result_that_nobody_sees(outcome):
    class Returning(AsyncTestCase):
        @gen_test
        async def test(self):
            return 3

    (problem,) = outcome(Returning)
    assert problem.startswith("ValueError: Return value from test method ignored")


def test_a_callback_that_fails_while_nobody_waits(outcome):
    class Failing(AsyncTestCase):
        @gen_test
        async def test(self):
            self.io_loop.add_callback(lambda: 1 / 0)
            await asyncio.sleep(0)

    (problem,) = outcome(Failing)
    assert problem == "ZeroDivisionError: division by zero"


def test_tasks_that_are_left(outcome):
    ends = []

    class Leaving(AsyncTestCase):
        @gen_test
        async def test(self):
            self.task = asyncio.get_running_loop().create_task(self.work())
            await asyncio.sleep(0)

        async def work(self):
            try:
                await asyncio.Event().wait()
            finally:
                ends.append("cancelled")

    assert outcome(Leaving) == []
    assert ends == ["cancelled"]


def test_a_task_that_fails_when_it_is_cancelled(outcome):
    class Leaving(AsyncTestCase):
        def test(self):
            self.task = self.io_loop.asyncio_loop.create_task(self.work())
            self.io_loop.add_callback(self.stop)
            self.wait()

        async def work(self):
            try:
                await asyncio.Event().wait()
            finally:
                raise KeyError("late")

    assert outcome(Leaving) == ["KeyError: 'late'"]


def test_a_task_that_does_not_end(outcome, monkeypatch):
    monkeypatch.setenv("ASYNC_TEST_TIMEOUT", str(SHORT))
    gate = []

    class Leaving(AsyncTestCase):
        def test(self):
            self.task = self.io_loop.asyncio_loop.create_task(self.stubborn())
            self.io_loop.add_callback(self.stop)
            self.wait()

        async def stubborn(self):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                gate.append(asyncio.get_running_loop().create_future())
                await gate[0]

        def get_new_ioloop(self):
            return AsyncIOMainLoop()  # which stays open, so that the test can end the task

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    (problem,) = outcome(Leaving)
    assert "go on though they are cancelled" in problem
    assert "stubborn" in problem
    gate[0].set_result(None)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def test_async_generators_are_closed(outcome):
    ends = []

    class Leaving(AsyncTestCase):
        @gen_test
        async def test(self):
            self.numbers = self.count()
            await anext(self.numbers)

        async def count(self):
            try:
                yield 1
            finally:
                ends.append("closed")

    assert outcome(Leaving) == []
    assert ends == ["closed"]


def test_what_handlers_are_for_is_closed(outcome):
    ours, theirs = socket.socketpair()
    loops = []

    class Leaving(AsyncTestCase):
        def test(self):
            loops.append(self.io_loop)
            self.io_loop.add_handler(ours, lambda fd, events: None, IOLoop.READ)

    assert outcome(Leaving) == []
    assert ours.fileno() == -1
    assert loops[0].asyncio_loop.is_closed()
    assert IOLoop.current(instance=False) is None
    theirs.close()


def test_a_test_that_closes_its_loop(outcome):
    class Closing(AsyncTestCase):
        def test(self):
            self.io_loop.close()

    assert outcome(Closing) == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 5), ("20", 20), ("0.5", 0.5), ("soon", 5), ("-1", 5), ("inf", 5), ("nan", 5)],
)
def test_the_timeout_of_the_environment(monkeypatch, text, seconds):
    monkeypatch.setenv("ASYNC_TEST_TIMEOUT", text)
    assert get_async_test_timeout() == seconds


def test_a_port_for_a_test():
    listener, port = bind_unused_port()
    with listener:
        assert listener.getsockname() == ("127.0.0.1", port)
        assert port > 0
        with socket.create_connection(("127.0.0.1", port)):
            pass
    shared, port = bind_unused_port(reuse_port=True, address="localhost")
    with shared:
        assert shared.getsockname()[1] == port


LOG = logging.getLogger("waterspout.tests.expected")


def test_what_is_expected_stays_out_of_the_log(caplog):
    with ExpectLog(LOG, "fo+"):
        LOG.warning("%s bar", "foo")
        LOG.warning("other")
    LOG.warning("foo")
    assert [record.getMessage() for record in caplog.records] == ["other", "foo"]


def test_what_does_not_come_is_a_failure():
    expected = ExpectLog("x", "foo")
    expected.__enter__()
    logging.getLogger("x").warning("a foo")
    logging.getLogger("x.y").warning("foo")
    with pytest.raises(AssertionError, match=r"'foo' from the logger 'x'; it logged 'a foo'"):
        expected.__exit__(None, None, None)
    with ExpectLog("x", "foo", required=False):
        pass
    with pytest.raises(KeyError), ExpectLog("x", "foo"):
        raise KeyError


def test_a_level_is_expected_too(caplog):
    before = LOG.level
    with ExpectLog(LOG, "quiet", level=logging.DEBUG) as expected:
        LOG.debug("quiet")
    assert expected.matched == 1
    assert LOG.level == before
    with pytest.raises(AssertionError), ExpectLog(LOG, "quiet", level=logging.INFO):
        LOG.warning("quiet")
    assert [record.getMessage() for record in caplog.records] == [
        "Got expected log message 'quiet' at unexpected level (INFO vs WARNING)",
        "quiet",
    ]
