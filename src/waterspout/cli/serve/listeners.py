"""How listening sockets begin without taking anybody's place, and end without a reset for anybody.

A unix socket is a file, which stays when its server has died, and which another server could take
away from one that lives: so it is asked first whether anybody answers there, and in the end only
the file that was made here is removed.

The kernel completes connections on its own and queues them; to close the socket resets all that
are still in the queue. So at the end the kernel is told first to complete no more: it lets a
client's attempts (SYN) pass unseen, and those in the queue are accepted and answered. A client that
attempts meanwhile repeats it after a second and is refused, or finds whoever listens next.
"""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from struct import pack

from waterspout.netutil import bind_unix_socket

__all__ = ["complete_no_more", "listen_on_file", "removed_at_end"]

# A classic BPF program (linux/filter.h): it sees a segment from the TCP header on.
_FLAGS_OFFSET = 13
_SYN = 0x02
_PROGRAM = (
    (0x30, 0, 0, _FLAGS_OFFSET),  # load the flags (BPF_LD | BPF_B | BPF_ABS)
    (0x45, 0, 1, _SYN),  # is it an attempt to connect? (BPF_JMP | BPF_JSET | BPF_K)
    (0x06, 0, 0, 0),  # drop it (BPF_RET | BPF_K)
    (0x06, 0, 0, 0xFFFFFFFF),  # keep all of it
)
_SO_ATTACH_FILTER = 26


def listen_on_file(file: str, mode: int, backlog: int) -> socket.socket:
    """Listen at ``file`` as ``bind_unix_socket``, but where another server does: ``OSError``."""
    if _is_answered(file):
        raise OSError(errno.EADDRINUSE, f"cannot listen on {file}: another server listens there")
    return bind_unix_socket(file, mode, backlog)


def _is_answered(file: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.setblocking(False)
        try:
            client.connect(file)
        except BlockingIOError:
            return True  # its queue is full
        except OSError:
            return False
        return True


@contextmanager
def removed_at_end(file: str) -> Iterator[None]:
    """Remove ``file`` after the ``with`` statement, unless it is another one by then."""
    made = os.stat(file)
    try:
        yield
    finally:
        with suppress(OSError):
            if os.path.samestat(os.stat(file), made):
                os.unlink(file)


def complete_no_more(listener: socket.socket) -> None:
    """Have no more connections completed, by any process that shares this listening socket.

    Does nothing where that cannot be had: for other than TCP sockets, and on other systems than
    Linux.
    """
    if not sys.platform.startswith("linux") or listener.family == socket.AF_UNIX:
        return
    import ctypes  # only here, for it takes long

    code = ctypes.create_string_buffer(b"".join(pack("HBBI", *line) for line in _PROGRAM))
    program = pack("HP", len(_PROGRAM), ctypes.addressof(code))
    try:
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
    except OSError:
        pass  # a sandbox that forbids it
