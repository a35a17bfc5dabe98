"""The clients of the soak: each kind asks in its own way, and knows what the answer must be.

A request fails in one of two ways. The worker that had it was killed: its connection breaks, which
is nobody's fault. Or anything else, which is a promise broken. Which worker has a connection its
answers tell; where none has come yet, a kill since the connection was made is taken for the cause.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count

BLOCK = 64 * 1024
UPLOAD = 1024 * 1024
PATIENCE = 60.0
PAUSE = 0.05

_RESET = struct.pack("ii", 1, 0)
_words = count()


@dataclass
class Kills:
    """Which workers have been killed, and when last."""

    pids: set[int] = field(default_factory=set)
    last: float = 0.0


@dataclass
class Tally:
    """What has come of the requests of one kind."""

    right: int = 0
    wrong: int = 0
    killed: int = 0  # in the hands of a worker that was killed
    failed: int = 0  # for no good reason
    given_up: int = 0  # on purpose
    complaints: list[str] = field(default_factory=list)

    def complain(self, what: str) -> None:
        """Keep the first few words of what went wrong."""
        if len(self.complaints) < 5:
            self.complaints.append(what)


class WrongError(Exception):
    """An answer is not the one to the question."""


class Connection:
    """One connection, and what is known about who serves it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: float
    ) -> None:
        self.reader, self.writer, self.begun = reader, writer, begun
        self.process: int | None = None

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)

    async def head(self) -> dict[bytes, bytes]:
        """The fields of the next answer, which must be a 200."""
        text = await self.reader.readuntil(b"\r\n\r\n")
        start, *lines = text.rstrip().split(b"\r\n")
        if start != b"HTTP/1.1 200 OK":
            raise WrongError(f"{start!r}")
        pairs = (line.partition(b": ") for line in lines)
        fields = {name.lower(): value for name, _, value in pairs}
        self.process = int(fields[b"x-process"])
        return fields

    async def answer(self, expected: bytes) -> None:
        """Read the next answer, which must have that body."""
        fields = await self.head()
        body = await self.reader.readexactly(int(fields[b"content-length"]))
        if body != expected:
            raise WrongError(f"{body[:40]!r} and not {expected[:40]!r}")

    def reset(self) -> None:
        """Break it off."""
        sock = self.writer.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()


Kind = Callable[["Clients", Connection, Tally], Awaitable[None]]


class Clients:
    """All clients: ``run`` goes on until ``stop`` is set."""

    def __init__(self, port: int, kills: Kills) -> None:
        self.port, self.kills = port, kills
        self.tallies = {name: Tally() for name in KINDS}
        self.stop = asyncio.Event()

    async def run(self, each: int) -> None:
        """Keep ``each`` clients of every kind busy."""
        async with asyncio.TaskGroup() as group:
            for name, kind in KINDS.items():
                for _ in range(each):
                    group.create_task(self._repeat(kind, self.tallies[name]))

    async def _repeat(self, kind: Kind, tally: Tally) -> None:
        while not self.stop.is_set():
            await self._once(kind, tally)

    async def _once(self, kind: Kind, tally: Tally) -> None:
        begun = time.monotonic()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError as error:
            tally.failed += 1
            tally.complain(f"no connection: {error!r}")
            await asyncio.sleep(1)
            return
        connection = Connection(reader, writer, begun)
        try:
            async with asyncio.timeout(PATIENCE):
                await kind(self, connection, tally)
        except WrongError as error:
            tally.wrong += 1
            tally.complain(str(error))
        except (OSError, EOFError, TimeoutError) as error:
            if self._is_of_killed(connection):
                tally.killed += 1
            else:
                tally.failed += 1
                tally.complain(f"{error!r} from {connection.process}")
        finally:
            connection.writer.transport.abort()

    def _is_of_killed(self, connection: Connection) -> bool:
        if connection.process is None:
            return self.kills.last > connection.begun
        return connection.process in self.kills.pids


def _ask(word: bytes, *fields: bytes) -> bytes:
    return b"\r\n".join([b"GET /echo/%b HTTP/1.1" % word, b"Host: a", *fields, b"", b""])


def _word() -> bytes:
    return b"word%d" % next(_words)


async def _keep_alive(clients: Clients, connection: Connection, tally: Tally) -> None:
    for _ in range(200):
        word = _word()
        connection.send(_ask(word))
        await connection.answer(word)
        tally.right += 1
        await asyncio.sleep(0.005)
        if clients.stop.is_set() or connection.reader.at_eof():
            return


async def _close(clients: Clients, connection: Connection, tally: Tally) -> None:
    word = _word()
    connection.send(_ask(word, b"Connection: close"))
    await connection.answer(word)
    if await connection.reader.read():
        raise WrongError("something came behind the last answer")
    tally.right += 1


async def _pipelined(clients: Clients, connection: Connection, tally: Tally) -> None:
    for _ in range(20):
        words = [_word() for _ in range(10)]
        connection.send(b"".join(map(_ask, words)))
        for word in words:
            await connection.answer(word)
            tally.right += 1
        await asyncio.sleep(PAUSE)
        if clients.stop.is_set() or connection.reader.at_eof():
            return


async def _upload(clients: Clients, connection: Connection, tally: Tally) -> None:
    body = random.randbytes(1024) * (UPLOAD // 1024)
    connection.send(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % UPLOAD)
    connection.send(body)
    await connection.writer.drain()
    await connection.answer(hashlib.sha256(body).hexdigest().encode())
    tally.right += 1
    await asyncio.sleep(PAUSE)


async def _slow_reader(clients: Clients, connection: Connection, tally: Tally) -> None:
    blocks = 64
    connection.send(b"GET /large/%d HTTP/1.1\r\nHost: a\r\n\r\n" % blocks)
    await connection.head()
    body = bytearray()
    while size := int(await connection.reader.readuntil(b"\r\n"), 16):
        body += (await connection.reader.readexactly(size + 2))[:-2]
        await asyncio.sleep(PAUSE)
    if body != b"".join(bytes([index]) * BLOCK for index in range(blocks)):
        raise WrongError("a stream is not what was sent")
    tally.right += 1


async def _half_open(clients: Clients, connection: Connection, tally: Tally) -> None:
    """Say half of a request, keep silent, then say the rest."""
    word = _word()
    question = _ask(word)
    connection.send(question[:20])
    await asyncio.sleep(random.uniform(0.1, 3.0))
    connection.send(question[20:])
    connection.writer.write_eof()
    await connection.answer(word)
    tally.right += 1


async def _aborted(clients: Clients, connection: Connection, tally: Tally) -> None:
    """Go away in the middle of a body, of an answer, or of a head."""
    way = random.randrange(3)
    if way == 0:
        connection.send(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        connection.send(bytes(random.randrange(100_000)))
        await connection.writer.drain()
    elif way == 1:
        connection.send(b"GET /large/100 HTTP/1.1\r\nHost: a\r\n\r\n")
        await connection.head()
    else:
        connection.send(_ask(_word())[: random.randrange(1, 30)])
    await asyncio.sleep(PAUSE)
    connection.reset()
    tally.given_up += 1


#: The ways to ask, by the names of the table.
KINDS: dict[str, Kind] = {
    "keep-alive": _keep_alive,
    "close": _close,
    "pipelined": _pipelined,
    "upload of 1 MiB": _upload,
    "slow reader": _slow_reader,
    "half-open": _half_open,
    "aborted": _aborted,
}
