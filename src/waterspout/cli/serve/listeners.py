"""How listening sockets end without a reset for those who have connected.

The kernel completes connections on its own and queues them; to close the socket resets all that
are still in the queue. So at the end the kernel is told first to complete no more: it lets a
client's attempts (SYN) pass unseen, and those in the queue are accepted and answered. A client that
attempts meanwhile repeats it after a second and is refused, or finds whoever listens next.
"""

import socket
import sys
from struct import pack

__all__ = ["complete_no_more"]

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
