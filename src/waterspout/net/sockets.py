"""Sockets as both ways to call want them."""

import select
import socket

from waterspout.net.interface import Address

__all__ = ["READ_SIZE", "has_arrived", "new_socket"]

#: Bytes to read at a time. More would be a block that the C library maps anew for each read.
READ_SIZE = 64 * 1024


def new_socket(address: Address) -> socket.socket:
    """Return a TCP socket for an address, not connected.

    Small writes go out at once: a request is one write, and one that needs two must not wait for
    the acknowledgement of the first (Nagle's algorithm).
    """
    made = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        made.close()
        raise
    return made


if hasattr(select, "poll"):

    def has_arrived(fd: int) -> bool:
        """Tell without waiting whether a read of the socket would not wait: bytes, end or error."""
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(0))

else:

    def has_arrived(fd: int) -> bool:
        """Tell without waiting whether a read of the socket would not wait: bytes, end or error."""
        return bool(select.select([fd], [], [], 0)[0])
