"""Tells the service manager how it goes: datagrams to the socket in NOTIFY_SOCKET, sd_notify(3)."""

import os
import socket
import time

from waterspout.log import gen_log

__all__ = ["Notification"]


class Notification:
    """The manager of this process, if there is one that wants to know.

    ``NOTIFY_SOCKET`` is taken out of the environment: the workers have nothing to say to it.
    """

    def __init__(self) -> None:
        self._name = os.environ.pop("NOTIFY_SOCKET", "")

    def say_reloading(self) -> None:
        """Tell it that a reload has begun now, which a ``READY=1`` is to end."""
        self.say(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def say(self, state: str) -> None:
        """Tell it ``READY=1`` or ``STOPPING=1``; where it does not hear, the log says so."""
        if not self._name:
            return
        address = "\0" + self._name[1:] if self._name.startswith("@") else self._name
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(state.encode("ascii"), address)
        except OSError as error:
            reason = error.strerror or error  # a name that is too long has no number
            what = state.partition("\n")[0]
            gen_log.warning("cannot tell %s to NOTIFY_SOCKET %s: %s", what, self._name, reason)
