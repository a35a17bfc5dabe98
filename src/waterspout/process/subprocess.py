"""`Subprocess`: a child process with streams for its pipes, whose end the event loop tells."""

import asyncio
import os
import subprocess
from collections.abc import Callable
from typing import Any, ClassVar

from waterspout.ioloop import IOLoop
from waterspout.iostream.pipe import PipeIOStream
from waterspout.process import exits

__all__ = ["CalledProcessError", "Subprocess"]

CalledProcessError = subprocess.CalledProcessError

# Our end is the writing one of the first, the reading one of the others.
_PIPES = ("stdin", "stdout", "stderr")


class Subprocess:
    """A process started as ``subprocess.Popen`` does, with the same arguments.

    ``stdin``, ``stdout`` and ``stderr`` may also be ``Subprocess.STREAM``: then the attribute of
    that name is a `PipeIOStream`; otherwise it is that of the ``Popen``, which is ``proc``. ``pid``
    is its number, ``returncode`` None until its exit was seen; below 0 it is a signal's number.

        process = Subprocess(["sort"], stdin=Subprocess.STREAM, stdout=Subprocess.STREAM)
        await process.stdin.write(lines)
        process.stdin.close()
        result = await process.stdout.read_until_close()
        await process.wait_for_exit()

    Streams are the caller's to close. The child is reaped when it ends, whether somebody waits for
    it or not, by the event loop that is current when it is made, and without any signal handler.
    Belongs to that loop's thread. Raises what ``Popen`` raises; then nothing is left open.
    """

    STREAM: ClassVar[Any] = object()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.io_loop = IOLoop.current()
        ours: dict[str, int] = {}
        theirs: list[int] = []
        try:
            for name in _PIPES:
                if kwargs.get(name) is Subprocess.STREAM:
                    reader, writer = os.pipe()
                    ours[name], kwargs[name] = (
                        (writer, reader) if name == "stdin" else (reader, writer)
                    )
                    theirs.append(kwargs[name])
            self.proc: subprocess.Popen[Any] = subprocess.Popen(*args, **kwargs)
        except BaseException:
            for fd in ours.values():
                os.close(fd)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        self.stdin: Any = self.proc.stdin
        self.stdout: Any = self.proc.stdout
        self.stderr: Any = self.proc.stderr
        for name, fd in ours.items():
            setattr(self, name, PipeIOStream(fd))
        self.pid = self.proc.pid
        self.returncode: int | None = None
        self._exit_callback: Callable[[int], object] | None = None
        self._waiters: list[tuple[asyncio.Future[int], bool]] = []
        exits.watch(self.proc, self.io_loop.asyncio_loop, self._on_exit)

    def set_exit_callback(self, callback: Callable[[int], object]) -> None:
        """Have ``callback`` called once, with the return code, when the process has ended.

        It is called by the event loop, soon if the process has ended before. A second callback
        takes the place of one that has not been called.
        """
        if self.returncode is None:
            self._exit_callback = callback
        else:
            self.io_loop.add_callback(callback, self.returncode)

    def wait_for_exit(self, raise_error: bool = True) -> "asyncio.Future[int]":
        """Return a future of the return code.

        If that is not 0, and ``raise_error``, it raises `CalledProcessError`. To cancel it does
        nothing to the process. It may be called any number of times.
        """
        future: asyncio.Future[int] = self.io_loop.asyncio_loop.create_future()
        if self.returncode is None:
            self._waiters.append((future, raise_error))
        else:
            self._settle(future, raise_error, self.returncode)
        return future

    @classmethod
    def initialize(cls) -> None:
        """Do nothing: no signal is heard, so that nothing has to be set up. Kept for programs."""

    @classmethod
    def uninitialize(cls) -> None:
        """Do nothing, as `initialize` does."""

    def __repr__(self) -> str:
        state = "running" if self.returncode is None else f"returncode={self.returncode}"
        return f"<{type(self).__name__} pid={self.pid} {state}>"

    def _on_exit(self, code: int) -> None:
        self.returncode = code
        waiters, self._waiters = self._waiters, []
        for future, raise_error in waiters:
            self._settle(future, raise_error, code)
        callback, self._exit_callback = self._exit_callback, None
        if callback is not None:
            self.io_loop.add_callback(callback, code)

    def _settle(self, future: "asyncio.Future[int]", raise_error: bool, code: int) -> None:
        if future.done():
            return  # it was cancelled
        if code and raise_error:
            future.set_exception(CalledProcessError(code, self.proc.args))
        else:
            future.set_result(code)
