"""Which content coding a client takes: ``Accept-Encoding`` (RFC 9110 section 12.5.3)."""

import re
from collections.abc import Iterable

from waterspout.protocol.headers import HTTPHeaders

__all__ = ["choose_coding", "vary_on_coding"]

# codings = content-coding / "identity" / "*", each with a weight or without one.
_ITEM = (
    r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*"
    r"(?:;[ \t]*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)
# Clients name half a dozen. What stands behind that many is not looked at.
_MAX_ITEMS = 32
_ALIASES = {"x-gzip": "gzip", "x-compress": "compress"}


def choose_coding(accept_encoding: str | None, offered: Iterable[str]) -> str | None:
    """Return which of the ``offered`` codings to use, None for none of them.

    It is the one that the client likes best, of equals the one offered first, and none where it
    likes the bare content better. Without the field nothing is coded: RFC 9110 would allow it, but
    those who do not send it seldom understand any coding. Items that are malformed are not heard.
    """
    if not accept_encoding:
        return None
    weights = _weights(accept_encoding)
    others = weights.get("*", 0.0)
    best, best_weight = None, 0.0
    for coding in offered:
        weight = weights.get(coding, others)
        if weight > best_weight:
            best, best_weight = coding, weight
    # Not named it is acceptable, but nobody asks for it (RFC 9110 section 12.5.3, rule 2).
    return best if best_weight >= weights.get("identity", 0.0) else None


def _weights(accept_encoding: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for item in accept_encoding.split(",", _MAX_ITEMS)[:_MAX_ITEMS]:
        match = re.fullmatch(_ITEM, item, re.ASCII)
        if match is not None:
            name = match[1].lower()
            weights[_ALIASES.get(name, name)] = float(match[2] or 1)
    return weights


def vary_on_coding(headers: HTTPHeaders) -> None:
    """Have ``Vary`` say that the answer depends on ``Accept-Encoding`` (RFC 9110 12.5.5)."""
    vary = headers.get("Vary")
    if vary is None:
        headers["Vary"] = "Accept-Encoding"
        return
    names = [name.strip(" \t").lower() for name in vary.split(",")]
    if "accept-encoding" not in names and "*" not in names:
        headers["Vary"] = f"{vary}, Accept-Encoding"
