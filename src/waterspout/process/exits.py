"""Who tells an event loop that a child process has ended: the kernel, or a thread that waits.

No signal is heard for it: a program's own handlers, and those of other libraries, stay as they are.
Only the one child is waited for, never any.
"""

import asyncio
import os
import subprocess
import threading
from collections.abc import Callable

__all__ = ["watch"]

OnExit = Callable[[int], object]


def watch(
    process: "subprocess.Popen[bytes]", loop: asyncio.AbstractEventLoop, on_exit: OnExit
) -> None:
    """Have ``on_exit`` called once in ``loop`` with the return code of ``process``.

    That is soon if it has ended already. The process is reaped then. It is kept as long as it
    runs, and ``loop`` does.
    """
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # another system or an old kernel; none are left; reaped
        _watch_by_thread(process, loop, on_exit)
    else:
        _ByDescriptor(process, loop, on_exit, descriptor)


class _ByDescriptor:
    """Waits for a descriptor of the process, which can be read once it has ended (Linux 5.3)."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        loop: asyncio.AbstractEventLoop,
        on_exit: OnExit,
        descriptor: int,
    ) -> None:
        self._process = process
        self._loop = loop
        self._on_exit = on_exit
        self._descriptor = descriptor
        loop.add_reader(descriptor, self._on_readable)

    def _on_readable(self) -> None:
        code = self._process.poll()
        if code is None:
            return  # another thread is about to reap it
        self._loop.remove_reader(self._descriptor)
        self._on_exit(code)

    def __del__(self) -> None:
        # When the loop has let go of it: after the exit, or because the loop is closed.
        os.close(self._descriptor)


def _watch_by_thread(
    process: "subprocess.Popen[bytes]", loop: asyncio.AbstractEventLoop, on_exit: OnExit
) -> None:
    def wait() -> None:
        code = process.wait()
        try:
            loop.call_soon_threadsafe(on_exit, code)
        except RuntimeError:
            pass  # the loop is closed, and nobody is there to be told

    threading.Thread(target=wait, name=f"waits for {process.pid}", daemon=True).start()
