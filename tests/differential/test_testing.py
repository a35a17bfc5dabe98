"""Test cases beside Tornado's: the same tests have the same outcome."""

import asyncio
import importlib
import logging
import unittest
from typing import Any

import pytest

pytest.importorskip("tornado", reason="Tornado is not installed")


def outcomes(cls):
    """Run the tests of a class; return for each whether it passes, and what it raises."""
    found = {}
    for name in unittest.defaultTestLoader.getTestCaseNames(cls):
        result = unittest.TestResult()
        cls(name).run(result)
        problems = [*result.failures, *result.errors]
        found[name] = [text.splitlines()[-1].partition(":")[0] for _, text in problems]
    return found


def case(framework):
    """Return a class of tests for one framework."""
    testing: Any = importlib.import_module(f"{framework}.testing")
    gen = importlib.import_module(f"{framework}.gen")
    ioloop = importlib.import_module(f"{framework}.ioloop")

    class Tests(testing.AsyncTestCase):  # type: ignore[misc]
        def test_stop_and_wait(self):
            self.io_loop.add_callback(self.stop, 5)
            assert self.wait() == 5

        def test_stop_before(self):
            self.stop(a=1)
            assert self.wait() == {"a": 1}

        def test_stop_twice(self):
            self.stop(1)
            self.stop(2)
            assert self.wait() == 2
            with pytest.raises(self.failureException):
                self.wait(timeout=0.001)

        def test_condition(self):
            count = []

            def step():
                count.append(1)
                self.stop()
                if len(count) < 3:
                    self.io_loop.add_callback(step)

            self.io_loop.add_callback(step)
            self.wait(condition=lambda: len(count) >= 3)
            assert len(count) == 3

        def test_timeout(self):
            self.wait(timeout=0.001)

        def test_current(self):
            assert ioloop.IOLoop.current() is self.io_loop

        def test_returns(self):
            return 4

        def test_generator_nobody_runs(self):
            yield

        @testing.gen_test
        def test_generator(self):
            assert (yield gen.moment) is None
            raise gen.Return()

        @testing.gen_test
        def test_generator_fails(self):
            with pytest.raises(KeyError):
                yield self.fail_later()
            yield self.fail_later()

        @gen.coroutine
        def fail_later(self):
            yield gen.moment
            raise KeyError("later")

        @testing.gen_test
        async def test_native_returns(self):
            return 3

        @testing.gen_test
        def test_plain(self):
            pass

        @testing.gen_test(timeout=0.001)
        def test_generator_too_long(self):
            yield gen.sleep(3600)

        @testing.gen_test(timeout=0.001)
        async def test_native_too_long(self):
            await asyncio.sleep(3600)

        def test_task_is_left(self):
            self.task = self.io_loop.asyncio_loop.create_task(asyncio.sleep(3600))
            self.io_loop.add_callback(self.stop)
            self.wait()

        def test_task_fails_when_cancelled(self):
            async def work():
                try:
                    await asyncio.sleep(3600)
                finally:
                    raise KeyError("left")

            self.task = self.io_loop.asyncio_loop.create_task(work())
            self.io_loop.add_callback(self.stop)
            self.wait()

        def test_log(self):
            log = logging.getLogger("waterspout.tests.differential")
            with testing.ExpectLog(log, "fo+", level=logging.INFO):
                log.info("foo bar")
            with testing.ExpectLog(log.name, "x", required=False):
                log.debug("foo")
            with pytest.raises(Exception, match="did not get"), testing.ExpectLog(log, "bar"):
                log.warning("foo bar")
            with pytest.raises(KeyError), testing.ExpectLog(log, "bar"):
                raise KeyError

        def test_context(self):
            @contextmanager_of(self)
            def manager():
                yield 1

            assert testing.setup_with_context_manager(self, manager()) == 1

        def test_bind(self):
            listener, port = testing.bind_unused_port()
            assert listener.getsockname() == ("127.0.0.1", port)
            listener.close()

    return Tests


def contextmanager_of(test):
    """Return `contextlib.contextmanager`; which test it is for does not matter."""
    return importlib.import_module("contextlib").contextmanager


@pytest.mark.filterwarnings("ignore:.*policy:DeprecationWarning")
def test_outcomes():
    before = asyncio.get_event_loop_policy()
    found = {framework: outcomes(case(framework)) for framework in ("tornado", "waterspout")}
    asyncio.set_event_loop(None)
    assert asyncio.get_event_loop_policy() is before
    assert found["waterspout"] == found["tornado"]
    assert len(found["tornado"]) > 15
    assert [name for name, problems in found["tornado"].items() if problems] == [
        "test_generator_fails",
        "test_generator_nobody_runs",
        "test_generator_too_long",
        "test_native_returns",
        "test_native_too_long",
        "test_returns",
        "test_task_fails_when_cancelled",
        "test_timeout",
    ]
