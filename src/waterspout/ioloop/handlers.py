"""Handlers for file descriptors: who is called when one can be read or written."""

import asyncio
import os
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from waterspout.ioloop.callbacks import Callbacks

__all__ = ["ERROR", "NONE", "READ", "WRITE", "Handlers", "Selectable", "close_fd", "split_fd"]

# The values are those of epoll, and of programs that have written them out.
NONE = 0
READ = 0x001
WRITE = 0x004
ERROR = 0x018


class Selectable(Protocol):
    """A socket or another object around a file descriptor."""

    def fileno(self) -> int:
        """Return the file descriptor."""

    def close(self) -> None:
        """Close the file descriptor."""


Handler: TypeAlias = Callable[[Any, int], Any]


class _Registered:
    __slots__ = ("events", "given", "handler")

    def __init__(self, given: int | Selectable, handler: Handler, events: int) -> None:
        self.given = given
        self.handler = handler
        self.events = events


class Handlers:
    """The table of one loop: file descriptor -> who is called, and for which events.

    Used in the thread of the loop only.
    """

    __slots__ = ("_callbacks", "_loop", "_table")

    def __init__(self, loop: asyncio.AbstractEventLoop, callbacks: Callbacks) -> None:
        self._loop = loop
        self._callbacks = callbacks
        self._table: dict[int, _Registered] = {}

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        return f"<Handlers fds={sorted(self._table)}>"

    def add(self, fd: int | Selectable, handler: Handler, events: int) -> None:
        """Call `handler(fd, events)` when one of `events` occurs. ValueError if `fd` has one."""
        number, given = split_fd(fd)
        if number in self._table:
            raise ValueError(f"fd {number} added twice")
        self._watch(number, NONE, events)
        self._table[number] = _Registered(given, handler, events)

    def update(self, fd: int | Selectable, events: int) -> None:
        """Wait for other events. ValueError if `fd` has no handler."""
        number, _ = split_fd(fd)
        if number not in self._table:
            raise ValueError(f"fd {number} has no handler")
        row = self._table[number]
        self._watch(number, row.events, events)
        row.events = events

    def remove(self, fd: int | Selectable) -> None:
        """Call nobody any more; without effect if `fd` has no handler."""
        number, given = split_fd(fd)
        if number < 0:
            # A socket that was closed too early has forgotten its number; the selector has not.
            number = next((n for n, row in self._table.items() if row.given is given), number)
        if number in self._table:
            self._watch(number, self._table.pop(number).events, NONE)

    def clear(self, all_fds: bool) -> None:
        """Remove all; if `all_fds`, close them too."""
        for number, row in list(self._table.items()):
            self.remove(number)
            if all_fds:
                close_fd(row.given)

    def _watch(self, number: int, old: int, new: int) -> None:
        if new & READ and not old & READ:
            self._loop.add_reader(number, self._on_event, number, READ)
        elif old & READ and not new & READ:
            self._loop.remove_reader(number)
        if new & WRITE and not old & WRITE:
            self._loop.add_writer(number, self._on_event, number, WRITE)
        elif old & WRITE and not new & WRITE:
            self._loop.remove_writer(number)

    def _on_event(self, number: int, event: int) -> None:
        row = self._table[number]
        self._callbacks.run(row.handler, (row.given, event), {})


def split_fd(fd: int | Selectable) -> tuple[int, int | Selectable]:
    """Return the number of a file descriptor, and what was given for it."""
    return (fd, fd) if isinstance(fd, int) else (fd.fileno(), fd)


def close_fd(fd: int | Selectable) -> None:
    """Close a file descriptor, or the object around one; without effect if it is closed."""
    try:
        if isinstance(fd, int):
            os.close(fd)
        else:
            fd.close()
    except OSError:
        pass
