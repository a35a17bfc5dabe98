"""The name of a request, by which it is found in the logs of all who have had a part in it."""

import os
from functools import cache
from typing import TYPE_CHECKING

from waterspout.protocol.http1.messages import RequestHead

if TYPE_CHECKING:
    from random import Random

__all__ = ["request_id_of"]

_LONGEST = 128

# What ids are made of: UUIDs, hexadecimal, base64, and the forms of proxies and of clouds. Nothing
# of it has to be escaped in a log, in a field, in JSON or in a URL's path.
_ALLOWED = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/+=@",
)


@cache
def _generator() -> "Random":
    """Return what makes ids: an id is no secret, only unlike all others."""
    # This costs 0.2 us an id, `uuid.uuid4` 2. It is not the module's own generator, which a program
    # may seed. The module is not imported before there is a request: programs start sooner.
    from random import Random

    made = Random()  # noqa: S311
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=made.seed)
    return made


def request_id_of(head: RequestHead | None) -> str:
    """Return the id in ``X-Request-Id``, or a new one of 32 hexadecimal digits.

    That of the client is taken where there is one only, of 1 to 128 letters, digits and
    ``-._~:/+=@``. Anybody can send one, so it proves nothing.
    """
    if head is not None:
        values = head.find_all(b"x-request-id")
        if len(values) == 1 and 0 < len(values[0]) <= _LONGEST and _ALLOWED.issuperset(values[0]):
            return values[0].decode("ascii")  # type: ignore[no-any-return, unused-ignore]
    try:
        number = _generator().getrandbits(128)
    except (ImportError, OSError):
        # There is no descriptor left to read the module with, and it is to be told of just that.
        number = int.from_bytes(os.urandom(16), "big")
    return f"{number:032x}"
