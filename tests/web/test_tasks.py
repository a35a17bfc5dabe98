"""The tasks and the contexts of handlers that wait, and what is left of them: nothing."""

import asyncio
import contextvars
import gc
from types import CoroutineType
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.web import RequestHandler

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


class Plain(RequestHandler):
    def get(self):
        self.write("plain")


class Async(RequestHandler):
    async def get(self):
        await asyncio.sleep(0)
        self.write("async")


RULES = [("/plain", Plain), ("/async", Async)]


async def test_the_current_task_is_one_and_the_same(wire: Wire):
    class Tasks(RequestHandler):
        async def prepare(self):
            self.tasks = {asyncio.current_task()}

        async def get(self):
            self.tasks.add(asyncio.current_task())
            await asyncio.sleep(0)
            self.tasks.add(asyncio.current_task())
            assert None not in self.tasks
            self.write(str(len(self.tasks)))

    client = await wire.client([("/", Tasks)])
    assert (await client.ask()).body == b"1"


async def test_timeouts_and_groups_of_tasks(wire: Wire):
    class Times(RequestHandler):
        async def get(self):
            try:
                async with asyncio.timeout(0):
                    await asyncio.Event().wait()
            except TimeoutError:
                self.write("timeout ")
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(asyncio.sleep(0, result=n)) for n in range(3)]
            self.write(str([task.result() for task in tasks]))

    client = await wire.client([("/", Times)])
    await client.send(request() * 2)
    for _ in range(2):
        assert (await client.response()).body == b"timeout [0, 1, 2]"


async def test_a_timeout_that_nobody_catches(wire: Wire, caplog):
    class Late(RequestHandler):
        async def get(self):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()

    client = await wire.client([("/", Late)])
    assert (await client.ask()).status == 500
    assert "TimeoutError" in caplog.text


class Cancelled(RequestHandler):
    """Is cancelled, in one way or another."""

    tasks: list[Any] = []  # noqa: RUF012
    is_begun = False

    async def get(self):
        Cancelled.tasks.append(asyncio.current_task())
        if self.is_begun:
            self.write("begun")
            await self.flush()
        await asyncio.Event().wait()

    async def post(self):
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async def put(self):
        await asyncio.sleep(0)
        await self.post()

    def delete(self):
        raise asyncio.CancelledError


class CancelledLate(Cancelled):
    is_begun = True


async def cancel_when_it_waits():
    while not Cancelled.tasks:
        await turns(1)
    Cancelled.tasks.pop().cancel()


async def test_a_handler_whose_task_is_cancelled_is_answered(wire: Wire, caplog):
    notes: list[int] = []

    class Noted(Cancelled):
        def on_finish(self):
            notes.append(self.get_status())

    client = await wire.client([("/", Noted)])
    await client.send(request() * 2)
    for _ in range(2):
        await cancel_when_it_waits()
        assert (await client.response()).status == 503
    assert notes == [503, 503]
    assert "the handler was cancelled: GET / (127.0.0.1)" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_handler_that_is_cancelled_in_its_answer_is_cut(wire: Wire, caplog):
    server = wire.serve([("/", CancelledLate)])
    client = await wire.connect(server)
    await client.send(request() * 2)
    await cancel_when_it_waits()
    received = await client.rest_or_reset()
    assert received.count(b"HTTP/1.1") == 1
    assert not received.endswith(b"0\r\n\r\n")
    await wire.closed(server)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_cancelled_error_from_elsewhere_is_answered(wire: Wire, method, caplog):
    client = await wire.client([("/", Cancelled), *RULES])
    assert (await client.ask(method=method)).status == 503
    assert (await client.ask(path="/plain")).status == 200


async def test_a_handler_whose_error_page_fails_is_answered(wire: Wire, caplog):
    class Worse(RequestHandler):
        is_broken = False

        def set_default_headers(self):
            if self.is_broken:
                raise RuntimeError("in the error page")

        async def get(self):
            await asyncio.sleep(0)
            self.is_broken = True
            raise RuntimeError("in get")

        def post(self):
            self.is_broken = True
            raise RuntimeError("in post")

        async def put(self):
            self.is_broken = True
            await asyncio.sleep(0)
            raise asyncio.CancelledError

    client = await wire.client([("/", Worse), *RULES])
    for method in ("GET", "POST", "PUT"):
        assert (await client.ask(method=method)).status == 500
    assert caplog.text.count("RuntimeError: in the error page") == 3
    assert "RuntimeError: in get" in caplog.text
    assert "RuntimeError: in post" in caplog.text
    assert (await client.ask(path="/plain")).status == 200


async def test_a_context_variable_lives_as_long_as_its_request(wire: Wire):
    class Context(RequestHandler):
        async def prepare(self):
            self.write(f"{variable.get()} ")
            variable.set("prepare")
            await asyncio.sleep(0)

        async def get(self):
            self.write(f"{variable.get()} ")
            variable.set("get")
            await asyncio.sleep(0)
            self.write(variable.get())

        def post(self):
            self.write(variable.get())
            variable.set("post")

        def on_finish(self):
            finished.append(variable.get())

    finished: list[str] = []
    client = await wire.client([("/", Context)])
    await client.send((request() + request(method="POST")) * 2)
    for expected in (b"unset prepare get", b"unset prepare") * 2:
        assert (await client.response()).body == expected
    assert finished == ["get", "post"] * 2
    assert variable.get() == "unset"


async def test_a_handler_leaves_no_cycles_behind(wire: Wire):
    """What is not freed by its count is freed by the collector only, much later."""
    import weakref

    references: list[Any] = []

    class Counted(RequestHandler):
        def get(self):
            references.append(weakref.ref(self))
            self.write("hello")

        async def post(self):
            await asyncio.sleep(0)
            self.get()

    client = await wire.client([("/", Counted)])
    gc.collect()
    gc.disable()
    try:
        await client.ask()
        await client.ask(method="POST")
        await turns()
        await client.ask()
        assert [reference() for reference in references[:2]] == [None, None]
    finally:
        gc.enable()


async def test_coroutines_that_were_begun_are_ended(wire: Wire):
    client = await wire.client(RULES)
    await client.send(request(path="/async") * 10)
    for _ in range(10):
        await client.response()
    await turns()
    left = [found for found in gc.get_objects() if isinstance(found, CoroutineType)]
    assert not [found for found in left if "go_on" in repr(found)]
