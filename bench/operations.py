"""What one operation of the toolbox costs this process, under the framework that it is given.

Both ends of a connection are in it: what an echo costs is what a client and a server take together.

Started with: the framework, `own` or `uvloop` for its event loop, operations a round. Prints a line
of JSON: for each operation its CPU microseconds, the least of some turns, one after the other.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# Turns in one process: an operation is as fast as its best turn, the others were disturbed.
TURNS = 5

framework, loop_kind, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
if loop_kind == "uvloop":
    importlib.import_module("uvloop").install()
gen: Any = importlib.import_module(f"{framework}.gen")
locks: Any = importlib.import_module(f"{framework}.locks")
queues: Any = importlib.import_module(f"{framework}.queues")
iostream: Any = importlib.import_module(f"{framework}.iostream")
netutil: Any = importlib.import_module(f"{framework}.netutil")
tcpserver: Any = importlib.import_module(f"{framework}.tcpserver")
IOLoop: Any = importlib.import_module(f"{framework}.ioloop").IOLoop


@gen.coroutine
def step(times: int) -> Any:
    for _ in range(times):
        yield gen.moment


@gen.coroutine
def call(times: int) -> Any:
    for _ in range(times):
        yield at_once()


@gen.coroutine
def at_once() -> Any:
    return 1
    yield


@gen.coroutine
def native(times: int) -> Any:
    for _ in range(times):
        yield native_at_once()


async def native_at_once() -> int:
    return 1


@gen.coroutine
def native_that_waits(times: int) -> Any:
    for _ in range(times):
        yield native_pass()


async def native_pass() -> None:
    await asyncio.sleep(0)


async def convert(times: int) -> None:
    for _ in range(times):
        await gen.convert_yielded(native_at_once())


async def gather(times: int) -> None:
    for _ in range(times):
        await gen.multi([at_once(), at_once()])


async def queue(times: int) -> None:
    items = queues.Queue()
    for _ in range(times):
        await items.put(1)
        await items.get()


async def queue_that_waits(times: int) -> None:
    items = queues.Queue(1)

    async def consume() -> None:
        for _ in range(times):
            await items.get()

    consumer = asyncio.ensure_future(consume())
    for _ in range(times):
        await items.put(1)
    await consumer


async def lock(times: int) -> None:
    own = locks.Lock()
    for _ in range(times):
        async with own:
            pass


async def acquire(times: int) -> None:
    own = locks.Lock()
    for _ in range(times):
        with await own.acquire():
            pass


async def lock_that_waits(times: int) -> None:
    own = locks.Lock()

    async def enter() -> None:
        for _ in range(times // 10):
            async with own:
                await asyncio.sleep(0)

    await asyncio.gather(*(enter() for _ in range(10)))


async def add_callback(times: int) -> None:
    loop = IOLoop.current()
    done = asyncio.get_running_loop().create_future()
    left = times

    def again() -> None:
        nonlocal left
        left -= 1
        if left:
            loop.add_callback(again)
        else:
            done.set_result(None)

    loop.add_callback(again)
    await done


class EchoServer(tcpserver.TCPServer):  # type: ignore[misc, name-defined]
    size = 64

    async def handle_stream(self, stream: Any, address: Any) -> None:
        try:
            while True:
                await stream.write(await stream.read_bytes(self.size))
        except iostream.StreamClosedError:
            pass


async def echo(times: int, size: int) -> None:
    server = EchoServer()
    server.size = size
    data = bytes(size)
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory, "socket"))
        server.add_socket(netutil.bind_unix_socket(path))
        client = iostream.IOStream(socket.socket(socket.AF_UNIX))
        await client.connect(path)
        for _ in range(times):
            client.write(data)
            await client.read_bytes(size)
        client.close()
        server.stop()


async def echo_small(times: int) -> None:
    await echo(times, 64)


async def echo_large(times: int) -> None:
    await echo(times, 1 << 20)


async def lines(times: int) -> None:
    ends = socket.socketpair()
    reader, writer = map(iostream.IOStream, ends)
    writer.write(b"".join(b"a line of the text, number %d\n" % number for number in range(times)))
    for _ in range(times):
        await reader.read_until(b"\n")
    reader.close()
    writer.close()


OPERATIONS = {
    "gen.coroutine step": step,
    "gen.coroutine call, no wait": call,
    "native coroutine, yielded": native,
    "native coroutine that waits": native_that_waits,
    "convert_yielded, awaited": convert,
    "multi of two": gather,
    "Queue put and get": queue,
    "Queue put and get, waiting": queue_that_waits,
    "Lock, async with": lock,
    "Lock acquire and release": acquire,
    "Lock, ten waiting": lock_that_waits,
    "add_callback round trip": add_callback,
    "IOStream echo, 64 B": echo_small,
    "IOStream read_until, a line": lines,
    "IOStream echo, 1 MiB": echo_large,
}

# So many times fewer of those that take long.
FEWER = {"IOStream echo, 1 MiB": 100}


def main() -> None:
    """Measure all."""
    loop = IOLoop.current()
    best: dict[str, float] = {}
    for _ in range(TURNS):
        for name, operation in OPERATIONS.items():
            times = count // FEWER.get(name, 1)
            begin = time.process_time()
            loop.run_sync(lambda operation=operation, times=times: operation(times))
            cost = (time.process_time() - begin) / times * 1e6
            best[name] = min(cost, best.get(name, cost))
    print(json.dumps(best), flush=True)


main()
