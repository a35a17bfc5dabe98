"""Loops for the tests of flows: asyncio's and uvloop's."""

import asyncio
import time

import pytest
import uvloop

from waterspout.net import AsyncNet

__all__ = ["in_loop", "run", "soon"]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request):
    def run(function, *arguments):
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(function(*arguments))

    return run


def in_loop(function):
    """Make a test of a coroutine function whose argument is a net."""

    def test(run):
        async def main():
            net = AsyncNet(asyncio.get_running_loop())
            try:
                await asyncio.wait_for(function(net), 30)
            finally:
                net.close()

        run(main)

    test.__name__ = function.__name__
    test.__doc__ = function.__doc__
    return test


def soon(seconds=0.02):
    return time.monotonic() + seconds
