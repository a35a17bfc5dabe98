"""The few calls of the system that every blocking fetch makes, and its clocks.

For compiled modules there are the same functions without Python's own layers around the system's,
which cost more than what they lead to: a `.pxd` that cimports from ``csystem`` what its `.py`
imports from here calls those of ``csystem.pxd`` instead.
"""

import socket
import struct
from time import monotonic, time

__all__ = ["keep_deadline", "monotonic", "receive", "send", "time"]


def receive(connected: socket.socket, descriptor: int, size: int) -> bytes:
    """Return at most ``size`` bytes that have come, once there are any; ``b""`` at the end.

    ``descriptor`` is that of ``connected``, which blocks; or -1, to call its method in any case.
    """
    return connected.recv(size)


def keep_deadline(connected: socket.socket, descriptor: int, microseconds: int) -> None:
    """Have the kernel end each call that waits for so long; 0: none. ``descriptor`` as above.

    For systems whose ``struct timeval`` are two numbers of 64 bits, or look like that.
    """
    value = struct.pack("@ll", *divmod(microseconds, 1_000_000))
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)


def send(connected: socket.socket, descriptor: int, data: bytes | memoryview) -> int:
    """Send a part of ``data``, and return how much that is; ``descriptor`` as for `receive`."""
    return connected.send(data)
