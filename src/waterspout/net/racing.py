"""`Race`: which address of a host is tried when (RFC 8305 section 5). Decides; does no I/O.

One attempt after the other is begun, and those before it are not given up: the first that connects
wins. So a family that leads nowhere, without a word, costs a quarter of a second and not the whole
time. An attempt that fails lets the next one begin at once.
"""

import math
from collections.abc import Sequence

from waterspout.net.interface import Address

__all__ = ["ATTEMPT_DELAY", "Race"]

#: Seconds from one attempt to the next: what RFC 8305 section 5 recommends.
ATTEMPT_DELAY = 0.25
#: More than that are not tried. A resolver may be told anything, and each one is a socket.
_MOST_ATTEMPTS = 32
# So many failures are told in the message.
_TOLD = 4


class Race:
    """The attempts to connect to one of ``addresses``, which are in the order to try them in."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        #: When the next attempt begins; ``math.inf`` if there is none any more.
        self.next_start = -math.inf
        self._left = list(addresses[:_MOST_ATTEMPTS])
        self._under_way = 0
        self._failures: list[tuple[Address, OSError]] = []

    @property
    def is_lost(self) -> bool:
        """Whether all attempts have failed."""
        return not self._left and not self._under_way

    def begin(self, now: float) -> Address:
        """Return what to try now; ``next_start`` must have come."""
        self._under_way += 1
        address = self._left.pop(0)
        self.next_start = now + ATTEMPT_DELAY if self._left else math.inf
        return address

    def fail(self, address: Address, error: OSError) -> None:
        """Take note that an attempt has failed."""
        self._under_way -= 1
        self._failures.append((address, error))
        if self._left:
            self.next_start = -math.inf

    def failure(self) -> OSError:
        """Return the error to raise when the race is lost, which tells of all attempts.

        Its kind is that of the last one.
        """
        error = self._failures[-1][1]
        told = [f"{address.host}: {_reason(failed)}" for address, failed in self._failures]
        if len(told) > _TOLD:
            told[_TOLD - 1 :] = [f"and {len(told) - _TOLD + 1} more"]
        return OSError(error.errno, "; ".join(told)) if error.errno else error

    def __repr__(self) -> str:
        return f"<Race left={len(self._left)} under_way={self._under_way}>"


def _reason(error: OSError) -> str:
    """Return what the system says."""
    return error.strerror or str(error)
