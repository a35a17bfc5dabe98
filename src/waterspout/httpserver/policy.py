"""What a server allows its clients: sizes, times and the reuse of connections."""

from math import isinf
from typing import Any, NamedTuple

from waterspout.protocol.http1 import Limits

__all__ = ["Policy", "check"]


class Policy(NamedTuple):
    """The bounds of one server; times are in seconds, sizes in bytes. It never changes.

    All bounds are on by default. A client is cut off when it takes longer than ``header_timeout``
    for a request's head, sends a body at less than ``min_body_rate`` bytes a second on the
    average after a grace of ``body_grace``, lets an idle connection lie for longer than
    ``idle_timeout``, or reads nothing for ``write_timeout`` of what fills the write buffer or is
    the last it gets. ``body_timeout``, where it is not None, bounds a whole body.

    A time of 0 is over at once, ``math.inf`` never; rates are more than 0. ``check`` holds a policy
    to that.
    """

    limits: Limits = Limits()
    header_timeout: float = 20.0
    idle_timeout: float = 75.0
    body_grace: float = 10.0
    min_body_rate: float = 512.0
    body_timeout: float | None = None
    write_timeout: float = 60.0
    #: Chunks of one body that are parsed in a second; a client that sends more is slowed down.
    max_chunk_rate: float = 200_000.0
    #: How long a refused client may go on sending so that it gets to read the answer; and how long
    #: one of TLS may take to say goodbye when it has got everything.
    linger_timeout: float = 5.0
    #: Unsent bytes of responses above which ``flush`` waits.
    write_buffer_size: int = 64 * 1024
    #: How long a new connection is kept in a drain, for a first request that may be on its way.
    first_request_timeout: float = 2.0
    #: How long a drain waits for the next request of a client, from its latest response on: one
    #: that asks again and again has it on its way already.
    next_request_timeout: float = 0.5
    no_keep_alive: bool = False
    #: How long a request may take, from its head to the end of its response; None: for ever. Then
    #: its coroutines are cancelled. A handler's ``request_timeout`` goes before.
    request_timeout: float | None = 3600.0
    #: What is cancelled has to end in this time, or is given up.
    cancel_timeout: float = 5.0
    #: Whether the coroutines that answer a client are cancelled when it goes.
    cancel_on_disconnect: bool = True
    #: Whether a client that sends no more, without having closed, may still wait for its answer.
    allow_half_close: bool = False


def check(policy: Policy) -> Policy:
    """Return ``policy``; ``ValueError`` that names the field where one could not be kept to."""
    for name, hint in Policy.__annotations__.items():
        value = getattr(policy, name)
        if name == "limits":
            is_right, wanted = isinstance(value, Limits), "a Limits"
        elif hint is bool:
            is_right, wanted = isinstance(value, bool), "True or False"
        elif name.endswith("_rate"):
            # A client cannot send at an infinite rate, but may be allowed to.
            is_bound = name == "min_body_rate"
            is_right = _is_number(value) and value > 0 and not (is_bound and isinf(value))
            wanted = "a finite number above 0" if is_bound else "a number above 0"
        elif hint is int:
            is_right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
            wanted = "an integer of 0 or more"
        elif hint is float:
            is_right, wanted = _is_number(value) and value >= 0, "seconds, 0 or more"
        else:
            is_right = value is None or (_is_number(value) and value >= 0)
            wanted = "seconds, 0 or more, or None"
        if not is_right:
            raise ValueError(f"policy {name} must be {wanted}, not {value!r:.80}")
    return policy


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
