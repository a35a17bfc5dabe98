"""The few calls of the system that every blocking fetch makes, and its clocks.

``descriptor`` is that of ``connected``; or -1, to call its methods in any case.

For compiled modules there are the same functions without Python's own layers around the system's,
which cost more than what they lead to: a `.pxd` that cimports from ``csystem`` what its `.py`
imports from here calls those of ``csystem.pxd`` instead.
"""

import math
import socket
from time import monotonic, time
from typing import Any

__all__ = ["connect", "keep_deadline", "monotonic", "receive", "receive_into", "send", "time"]


def connect(connected: socket.socket, descriptor: int, sockaddr: Any) -> None:
    """Connect a socket, which goes on where it was if it is asked again; otherwise as `receive`."""
    connected.connect(sockaddr)


def receive(connected: socket.socket, descriptor: int, size: int) -> bytes:
    """Return at most ``size`` bytes that have come, once there are any; ``b""`` at the end."""
    return connected.recv(size)


def receive_into(connected: socket.socket, descriptor: int, room: memoryview) -> int:
    """Put bytes that have come into ``room``, as `receive` does; return how many they are."""
    return connected.recv_into(room)


def send(connected: socket.socket, descriptor: int, data: bytes | memoryview) -> int:
    """Send a part of ``data``, and return how much that is."""
    return connected.send(data)


def keep_deadline(connected: socket.socket, descriptor: int, seconds: float) -> None:
    """Have each call that waits for so long end with TimeoutError or BlockingIOError, from now on.

    ``math.inf`` is no deadline. Compiled, a call may end earlier with InterruptedError.
    """
    connected.settimeout(None if seconds == math.inf else seconds)
