"""Sockets as both ways to call want them."""

import _socket
import errno
import select
import socket
import sys
from typing import Any

from waterspout.net.interface import Address

__all__ = [
    "READ_SIZE",
    "UNDER_WAY",
    "has_arrived",
    "ip_family",
    "literal_address",
    "new_loop_socket",
    "new_socket",
]

#: Bytes to read at a time. More would be a block that the C library maps anew for each read.
READ_SIZE = 64 * 1024

#: What connecting without waiting tells of a connection that is on its way.
UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, errno.EALREADY})

# Names of the module's own are found sooner.
_Socket = socket.socket
_inet_pton = socket.inet_pton
_new_tuple: Any = tuple.__new__  # The constructor of a NamedTuple is written in Python.
_INET, _INET6, _STREAM = socket.AF_INET, socket.AF_INET6, socket.SOCK_STREAM
_TCP, _NODELAY = socket.IPPROTO_TCP, socket.TCP_NODELAY
_DOES_NOT_BLOCK: int = getattr(socket, "SOCK_NONBLOCK", 0)

_BIND_WITHOUT_PORT = getattr(
    socket, "IP_BIND_ADDRESS_NO_PORT", 24 if sys.platform == "linux" else None
)


def new_socket(address: Address) -> socket.socket:
    """Return a stream socket for an address, not connected, bound to its source if it has one.

    Small writes go out at once: a request is one write, and one that needs two must not wait for
    the acknowledgement of the first (Nagle's algorithm).
    """
    family = address.family
    made = _Socket(family, _STREAM)
    try:
        if family in (_INET, _INET6):
            made.setsockopt(_TCP, _NODELAY, 1)
        if address.source is not None:
            _bind(made, address.source)
    except BaseException:
        made.close()
        raise
    return made


class _LoopSocket(socket.socket):
    """Tells family and type by numbers. Loops ask for them, and what they are enumerated by takes
    longer than to ask the system.
    """

    __slots__ = ()
    family = _socket.socket.family  # type: ignore[assignment]
    type = _socket.socket.type  # type: ignore[assignment]


def new_loop_socket(address: Address) -> socket.socket:
    """Return one for a loop, which does not block. That writes go out at once, the loop sees to."""
    made = _LoopSocket(address.family, _STREAM | _DOES_NOT_BLOCK)
    try:
        if not _DOES_NOT_BLOCK:
            made.setblocking(False)
        if address.source is not None:
            _bind(made, address.source)
    except BaseException:
        made.close()
        raise
    return made


def literal_address(host: str, port: int) -> Address | None:
    """Return the address that ``host`` spells out in numbers; None if it is a name.

    Zones (``fe80::1%eth0``) and the odd ways to write IPv4 (``127.1``) are left to the system.
    """
    if ":" in host:
        try:
            _inet_pton(_INET6, host)
        except OSError:
            return None
        return Address(_INET6, (host, port, 0, 0))
    if not host[-1:].isdigit():
        return None
    try:
        _inet_pton(_INET, host)
    except OSError:
        return None
    address: Address = _new_tuple(Address, (_INET, (host, port), None))
    return address


def _bind(made: socket.socket, source: str) -> None:
    """Have a socket connect from ``source``: OSError, which names it, if that can't be."""
    try:
        if ip_family(source) is not None:
            if _BIND_WITHOUT_PORT is not None:
                # Which port is settled by connecting: more than 28,000 connections can share one.
                made.setsockopt(socket.IPPROTO_IP, _BIND_WITHOUT_PORT, 1)
            made.bind((source, 0))
        elif hasattr(socket, "SO_BINDTODEVICE"):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, source.encode() + b"\0")
        else:
            raise OSError(errno.ENOTSUP, "this system takes an IP address only")
    except OSError as error:
        raise OSError(error.errno, f"cannot connect from {source!r}: {error.strerror}") from None


def ip_family(text: str) -> int | None:
    """Return the family of the IP address that ``text`` is; None if it is none."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except (OSError, ValueError):
            continue
        return family
    return None


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
