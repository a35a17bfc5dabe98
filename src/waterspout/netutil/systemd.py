"""Sockets that systemd has opened for this process (sd_listen_fds(3))."""

import os
import socket

from waterspout.netutil.listening import reason_of

__all__ = ["systemd_sockets"]

# The first descriptor that is handed over, and more than there ever are.
_FIRST_HANDED = 3
_MOST_HANDED = 1024


def systemd_sockets() -> list[socket.socket]:
    """Return the listening sockets that systemd has opened for this process, non-blocking.

    There are some where it is started by a socket unit, and none elsewhere. It tells them in
    ``LISTEN_FDS`` and ``LISTEN_PID``, which are taken out of the environment: a second call, and
    programs that are started from here, find none. Their names (``LISTEN_FDNAMES``) are ignored.
    Raises ``ValueError`` where these variables make no sense, and for a descriptor that is no
    listening stream socket.
    """
    names = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID")
    pid, count, *_ = [os.environ.pop(name, "") for name in names]
    if not pid or not count:
        return []
    for name, value, most in (("PID", pid, 10**9), ("FDS", count, _MOST_HANDED)):
        if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) <= most):
            raise ValueError(f"LISTEN_{name} must be a number, {most} at most, not {value!r:.80}")
    if int(pid) != os.getpid():
        return []  # they are somebody else's, who has started this process
    sockets: list[socket.socket] = []
    try:
        for number in range(_FIRST_HANDED, _FIRST_HANDED + int(count)):
            sockets.append(_handed_over(number))
    except BaseException:
        for listener in sockets:
            listener.close()
        raise
    return sockets


def _handed_over(number: int) -> socket.socket:
    """Return the listening socket of a descriptor."""
    reason = f"LISTEN_FDS names descriptor {number}, which is no listening stream socket"
    try:
        listener = socket.socket(fileno=number)
    except OSError as error:
        raise ValueError(f"{reason}: {reason_of(error)}") from None
    kind = listener.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
    if kind != socket.SOCK_STREAM or not listener.getsockopt(
        socket.SOL_SOCKET, socket.SO_ACCEPTCONN
    ):
        listener.close()
        raise ValueError(reason)
    listener.set_inheritable(False)
    listener.setblocking(False)
    return listener
