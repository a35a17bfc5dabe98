"""A port for a test."""

import socket

from waterspout.netutil import bind_sockets

__all__ = ["bind_unused_port"]


def bind_unused_port(
    reuse_port: bool = False, address: str = "127.0.0.1"
) -> tuple[socket.socket, int]:
    """Listen on a free port of `address`, this machine's own; return the socket and its port.

    The socket is the caller's to close, or a server's it is given to. Raises OSError where the
    address is none of this machine.
    """
    listener, *others = bind_sockets(0, address, reuse_port=reuse_port)
    for other in others:  # a name may have several addresses
        other.close()
    return listener, listener.getsockname()[1]
