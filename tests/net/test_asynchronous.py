"""Flows in a loop: steps, gates, deadlines. On asyncio's loop and on uvloop."""

import asyncio
import contextvars
import math
import socket
import threading
import time

import pytest
from tests.net.loops import in_loop, soon

from waterspout.net import Address, AsyncNet, DeadlineError
from waterspout.net.driver import Driver
from waterspout.net.gates import Gate

# Drivers


@in_loop
async def test_the_first_step_is_done_at_once(net):
    steps = []

    async def flow():
        steps.append(1)
        await asyncio.sleep(0)
        steps.append(2)
        return "done"

    driven = net.start(flow())
    assert steps == [1]
    assert not driven.done()
    assert await driven == "done"


@in_loop
async def test_a_flow_that_does_not_wait_is_done_at_once(net):
    async def flow():
        return 5

    async def failing():
        raise ZeroDivisionError

    assert net.start(flow()).result() == 5
    failed = net.start(failing())
    assert failed.done()
    with pytest.raises(ZeroDivisionError):
        await failed


@in_loop
async def test_futures_and_tasks_can_be_awaited(net):
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    async def fail():
        raise ZeroDivisionError

    async def flow():
        with pytest.raises(ZeroDivisionError):
            await asyncio.ensure_future(fail())
        return await future

    driven = net.start(flow())
    loop.call_later(0.01, future.set_result, 7)
    assert await driven == 7


@in_loop
async def test_cancelling_is_heard_of_in_the_next_pass(net):
    seen = []
    future = asyncio.get_running_loop().create_future()

    async def flow():
        try:
            await future
        except asyncio.CancelledError as error:
            seen.append(error.args)
            raise

    driven = net.start(flow())
    assert driven.cancel()
    assert driven.cancelled()
    assert not seen
    await asyncio.sleep(0)
    assert seen == [()]
    assert future.cancelled()
    assert not driven.cancel()


@in_loop
async def test_a_flow_that_will_not_be_cancelled(net):
    """Goes on, and nobody hears of it."""
    ended = []
    gate = Gate(net._gates)

    async def flow():
        try:
            await gate.until(math.inf)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            ended.append(True)

    driven = net.start(flow())
    driven.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert ended
    assert driven.cancelled()


@in_loop
async def test_a_flow_cancels_itself(net):
    async def flow():
        driven[0].cancel()
        await asyncio.sleep(10)

    async def ending():
        await asyncio.sleep(0)
        driven[0].cancel()

    for function in (flow, ending):
        driven = []
        gate = asyncio.get_running_loop().create_future()

        async def begin(function=function, gate=gate):
            await gate
            await function()

        driven.append(net.start(begin()))
        gate.set_result(None)
        with pytest.raises(asyncio.CancelledError):
            await driven[0]


@in_loop
async def test_a_pause_is_over_when_it_is_cancelled(net):
    """The turn that the flow would have got then is not taken for what it waits for now."""
    first, second = Gate(net._gates), Gate(net._gates)
    passed = []

    async def flow():
        await first.until(math.inf)
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            await second.until(math.inf)
            passed.append(True)

    net.start(flow()).cancel()
    first.open()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not passed
    second.open()
    assert passed


@in_loop
async def test_cancelled_in_the_moment_of_its_end(net):
    gate = Gate(net._gates)

    async def flow():
        await gate.until(math.inf)

    driven = net.start(flow())
    driven.cancel()
    gate.open()
    await asyncio.sleep(0)
    assert driven.cancelled()


@in_loop
async def test_a_context(net):
    variable = contextvars.ContextVar("variable", default=0)
    seen = []

    async def flow():
        variable.set(variable.get() + 1)
        seen.append(variable.get())
        await asyncio.sleep(0)
        seen.append(variable.get())

    variable.set(5)
    context = contextvars.copy_context()
    variable.set(9)
    await net.start(flow(), context)
    assert seen == [6, 6]
    assert variable.get() == 9
    assert context[variable] == 6


def test_an_interrupt_ends_the_loop():
    loop = asyncio.new_event_loop()

    async def flow():
        await asyncio.sleep(0)
        raise KeyboardInterrupt

    driver = Driver(flow(), loop, None)
    assert "flow" in repr(driver)
    loop.call_soon(driver.begin)
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(driver.future)
    assert isinstance(driver.future.exception(), KeyboardInterrupt)
    assert repr(driver) == "<Driver done>"
    loop.close()


def test_cancelled_before_the_loop_runs():
    loop = asyncio.new_event_loop()
    net = AsyncNet(loop)
    steps = []

    async def flow():
        steps.append(1)

    net.start(flow()).cancel()
    loop.run_until_complete(asyncio.sleep(0))
    assert not steps
    loop.close()


def test_a_loop_that_does_not_run_yet(run):
    loop = asyncio.new_event_loop()
    net = AsyncNet(loop)

    async def flow():
        return asyncio.get_running_loop()

    driven = net.start(flow())
    assert not driven.done()
    assert loop.run_until_complete(driven) is loop

    async def elsewhere():
        with pytest.raises(RuntimeError, match="event loop other than"):
            net.start(flow())

    run(elsewhere)
    loop.close()


# Deadlines


@in_loop
async def test_one_timer_for_many_deadlines(net):
    gates = net._gates
    order = []

    async def flow(name, seconds):
        gate = Gate(gates)
        try:
            await gate.until(soon(seconds))
        except DeadlineError:
            order.append(name)
        finally:
            gate.close_gate()

    begun = time.monotonic()
    flows = [flow("c", 0.06), flow("a", 0.02), flow("b", 0.04), flow("never", 1000)]
    driven = [net.start(each) for each in flows]
    await asyncio.gather(*driven[:3])
    assert order == ["a", "b", "c"]
    assert 0.055 < time.monotonic() - begun < 5
    assert not driven[3].done()
    driven[3].cancel()
    await asyncio.sleep(0)
    assert repr(gates) == "<Gates 0>"


@in_loop
async def test_a_timer_for_what_is_over_hits_nobody(net):
    gate = Gate(net._gates)

    async def flow(seconds):
        await gate.until(soon(seconds))

    first = net.start(flow(0.01))
    gate.open()
    await first
    second = net.start(flow(1000))
    await asyncio.sleep(0.03)
    assert not second.done()
    gate.open()
    await second


@in_loop
async def test_after_a_loop_was_blocked(net):
    """What is not due is not failed, although the timer fires at once."""
    gate = Gate(net._gates)
    time.sleep(0.2)  # noqa: ASYNC251 - it is blocked on purpose
    deadline = soon(0.1)

    async def flow():
        with pytest.raises(DeadlineError):
            await gate.until(deadline)
        return time.monotonic()

    assert await net.start(flow()) > deadline - 0.002


@in_loop
async def test_the_timer_stops_when_nobody_waits(net):
    gates = net._gates
    gate = Gate(gates)

    async def flow():
        await gate.until(soon(0.05))

    driven = net.start(flow())
    gates.close()
    assert gates.armed < math.inf
    with pytest.raises(DeadlineError):
        await driven
    gate.until(soon(20))
    gates.close()
    assert gates.armed == math.inf
    gate.close_gate()
    gate.open()


@in_loop
async def test_waiting_for_another_flow(net):
    waiter = net.waiter()

    async def flow(deadline):
        await waiter.wait(deadline)
        return "awake"

    with pytest.raises(DeadlineError):
        await net.start(flow(soon()))
    driven = net.start(flow(math.inf))
    waiter.wake()
    waiter.wake()
    assert not driven.done()
    assert await driven == "awake"
    assert await net.start(flow(0.0)) == "awake"


@in_loop
async def test_settling(net):
    async def slow():
        await asyncio.sleep(0)
        assert asyncio.current_task() is not None
        return 5

    async def endless():
        await asyncio.sleep(1000)

    done = asyncio.get_running_loop().create_future()
    done.set_result(6)
    assert await net.start(net.settle("text", 0.0)) == "text"
    assert await net.start(net.settle(slow(), math.inf)) == 5
    assert await net.start(net.settle(done, 0.0)) == 6
    with pytest.raises(DeadlineError):
        await net.start(net.settle(endless(), soon()))


# Names


def test_a_name_that_several_ask_for_is_looked_up_once(run, monkeypatch):
    may_answer = threading.Event()
    asked = []

    def look_up(*arguments):
        asked.append(arguments)
        assert may_answer.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))]

    async def main():
        net = AsyncNet(asyncio.get_running_loop())

        def begin(patience):
            until = net.time() + patience
            return net.start(net.resolve("example.org", 80, socket.AF_INET, until))

        futures = [begin(20) for _ in range(4)]
        futures.pop().cancel()
        with pytest.raises(DeadlineError):
            await begin(0.01)
        may_answer.set()
        found = await asyncio.gather(*futures)
        assert found == [[Address(socket.AF_INET, ("192.0.2.1", 80))]] * 3
        assert len(asked) == 1
        assert net.gates == 0
        net.close()

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    run(main)


def test_no_thread_to_look_up_a_name_in(run, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    async def main():
        net = AsyncNet(asyncio.get_running_loop())
        with pytest.raises(socket.gaierror, match="no thread to look it up in: can't start"):
            await net.start(net.resolve("example.org", 80, socket.AF_INET, math.inf))
        assert net.gates == 0
        net.close()

    monkeypatch.setattr(threading.Thread, "start", refuse)
    run(main)
