"""The few calls of the system that every blocking fetch makes, and its clocks.

For compiled modules there are the same functions without Python's own layers around the system's,
which cost more than what they lead to: a `.pxd` that cimports from ``csystem`` what its `.py`
imports from here calls those of ``csystem.pxd`` instead.
"""

import socket
from time import monotonic, time

__all__ = ["monotonic", "receive", "send", "time"]


def receive(connected: socket.socket, descriptor: int, size: int) -> bytes:
    """Return at most ``size`` bytes that have come, once there are any; ``b""`` at the end.

    ``descriptor`` is that of ``connected``, which blocks; or -1, to call its method in any case.
    """
    return connected.recv(size)


def send(connected: socket.socket, descriptor: int, data: bytes | memoryview) -> int:
    """Send a part of ``data``, and return how much that is; ``descriptor`` as for `receive`."""
    return connected.send(data)
