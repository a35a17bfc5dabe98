"""Sockets to listen on, of the network or of the file system."""

import errno
import os
import socket
import stat
import sys
from typing import Any

__all__ = ["bind_sockets", "bind_unix_socket", "reason_of"]

_DEFAULT_BACKLOG = 1024
# How often a port is picked anew that is free for the first family only.
_ATTEMPTS = 10


def bind_sockets(
    port: int,
    address: str | None = None,
    family: socket.AddressFamily = socket.AF_UNSPEC,
    backlog: int = _DEFAULT_BACKLOG,
    flags: int | None = None,
    reuse_port: bool = False,
) -> list[socket.socket]:
    """Return non-blocking sockets that listen on ``port``, one for each address found.

    ``address`` is a name or an IP address; None and ``""`` mean all interfaces. Port 0 picks a
    free one, the same for all sockets. ``flags`` go to ``getaddrinfo``. Raises ``OSError`` that
    names address and port, and ``ValueError`` for a port that is none or that cannot be shared.
    """
    if port not in range(65536):
        # getaddrinfo would take it modulo 65536.
        raise ValueError(f"a port is a number from 0 to 65535, not {port!r}")
    if reuse_port and not hasattr(socket, "SO_REUSEPORT"):
        raise ValueError("this system has no SO_REUSEPORT: a port cannot be shared")
    addresses = _addresses(port, address, family, flags)
    for _ in range(_ATTEMPTS if port == 0 else 0):
        try:
            sockets = _bind_all(addresses, port, backlog, reuse_port)
        except OSError as error:
            # A port that is free for one family may be taken for another one.
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            break
    else:
        sockets = _bind_all(addresses, port, backlog, reuse_port)
    if not sockets:
        raise OSError(errno.EADDRNOTAVAIL, f"no address to listen on for {address!r} port {port}")
    return sockets


def _addresses(
    port: int, address: str | None, family: int, flags: int | None
) -> list[tuple[int, tuple[Any, ...]]]:
    """Return family and address of each socket to make, IPv4 first."""
    try:
        infos = socket.getaddrinfo(
            address or None,
            port,
            family,
            socket.SOCK_STREAM,
            0,
            socket.AI_PASSIVE if flags is None else flags,
        )
    except socket.gaierror as error:
        raise OSError(
            error.errno, f"cannot listen on {address!r} port {port}: {error.strerror}"
        ) from None
    except UnicodeError as error:
        raise OSError(
            errno.EINVAL, f"cannot listen on {address!r:.80} port {port}: no host name"
        ) from error
    return sorted({(info[0], info[4]) for info in infos}, key=lambda found: found[0])


def _bind_all(
    addresses: list[tuple[int, tuple[Any, ...]]], port: int, backlog: int, reuse_port: bool
) -> list[socket.socket]:
    """Return a socket for each address; none is left open where one cannot be had."""
    sockets: list[socket.socket] = []
    try:
        for family, address in addresses:
            if family == socket.AF_INET6 and not socket.has_ipv6:
                continue
            listener = _bind(family, (address[0], port, *address[2:]), backlog, reuse_port)
            if listener is None:
                continue
            sockets.append(listener)
            port = port or listener.getsockname()[1]
    except BaseException:
        for listener in sockets:
            listener.close()
        raise
    return sockets


def _bind(
    family: int, address: tuple[Any, ...], backlog: int, reuse_port: bool
) -> socket.socket | None:
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno == errno.EAFNOSUPPORT:
            return None
        raise
    try:
        listener.setblocking(False)
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            # IPv4 has its own socket; one of both kinds would take its port away.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRNOTAVAIL and address[0] == "::1":
            return None  # localhost names ::1 also where the machine has no IPv6
        raise OSError(
            error.errno, f"cannot listen on {address[0]} port {address[1]}: {reason_of(error)}"
        ) from None
    return listener


def bind_unix_socket(
    file: str, mode: int = 0o600, backlog: int = _DEFAULT_BACKLOG
) -> socket.socket:
    """Return a non-blocking unix socket that listens at ``file``, with permissions ``mode``.

    A socket that is there is replaced: that of a server that has died, and also of one that lives.
    Anything else there is an ``OSError``.
    """
    try:
        if stat.S_ISSOCK(os.stat(file).st_mode):
            os.unlink(file)
        else:
            raise OSError(errno.EEXIST, f"cannot listen on {file}: it exists and is no socket")
    except FileNotFoundError:
        pass
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        listener.bind(file)
        os.chmod(file, mode)  # before it listens: nobody can connect in between
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {file}: {reason_of(error)}") from None
    return listener


def reason_of(error: OSError) -> str:
    """Return what the system says, without the number and the names that it knows."""
    return os.strerror(error.errno) if error.errno else str(error)
