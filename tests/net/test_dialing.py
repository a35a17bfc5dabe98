"""Which attempt to connect wins, and what becomes of the others."""

import asyncio
import socket

import pytest
from tests.wire.server_under_test import turns

from waterspout.net.dialing import dial_first
from waterspout.net.interface import Address

ADDRESSES = [Address(socket.AF_INET, (f"127.0.0.{number}", 1)) for number in (1, 2, 3)]


class Network:
    """Addresses that answer when the test says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.made: dict[str, socket.socket] = {}
        self.answers: dict[str, asyncio.Future[socket.socket]] = {}

    async def dial(self, address: Address) -> socket.socket:
        self.asked.append(address.host)
        answer = asyncio.get_running_loop().create_future()
        self.answers[address.host] = answer
        try:
            made: socket.socket = await answer
            return made
        except asyncio.CancelledError:
            self.cancelled.append(address.host)
            raise

    def answer(self, host: str) -> socket.socket:
        self.made[host] = made = socket.socket()
        self.answers[host].set_result(made)
        return made


def test_the_first_that_answers(run):
    async def main() -> None:
        network = Network()
        loop = asyncio.get_running_loop()
        dialing = asyncio.ensure_future(dial_first(loop, ADDRESSES, network.dial))
        while len(network.asked) < 2:  # the second begins a quarter of a second later
            await turns(1)
        won, late = network.answer("127.0.0.2"), network.answer("127.0.0.1")
        assert await dialing in (won, late)
        await turns()
        assert [made.fileno() for made in (won, late)].count(-1) == 1
        (await dialing).close()

    run(main)


def test_the_others_are_cancelled(run):
    async def main() -> None:
        network = Network()
        loop = asyncio.get_running_loop()
        dialing = asyncio.ensure_future(dial_first(loop, ADDRESSES[:2], network.dial))
        while len(network.asked) < 2:
            await turns(1)
        won = network.answer("127.0.0.2")
        with won:
            assert await dialing is won
            await turns()
            assert network.cancelled == ["127.0.0.1"]

    run(main)


def test_what_fails_makes_room_for_the_next(run):
    async def main() -> None:
        async def dial(address: Address) -> socket.socket:
            if address.host != "127.0.0.3":
                raise ConnectionRefusedError(111, "Connection refused")
            return socket.socket()

        loop = asyncio.get_running_loop()
        (await dial_first(loop, ADDRESSES, dial)).close()
        with pytest.raises(ConnectionRefusedError, match=r"127\.0\.0\.1: .*127\.0\.0\.2: "):
            await dial_first(loop, ADDRESSES[:2], dial)

    run(main)


def test_a_fault_is_told(run):
    async def main() -> None:
        async def dial(address: Address) -> socket.socket:
            raise ValueError("a fault")

        with pytest.raises(ValueError, match="a fault"):
            await dial_first(asyncio.get_running_loop(), ADDRESSES, dial)

    run(main)
