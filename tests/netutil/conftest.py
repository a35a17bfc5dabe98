"""Loops, as for the tests of the event loop."""

from tests.ioloop.conftest import (
    app_errors,
    fake_clock_loop,
    io_loop,
    loop,
    make_loop,
    no_current_loop,
)

__all__ = ["app_errors", "fake_clock_loop", "io_loop", "loop", "make_loop", "no_current_loop"]
