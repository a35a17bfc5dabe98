"""Early hints: what a page will need, told before the page is there (RFC 8297)."""

from collections.abc import Iterable
from typing import Any

from waterspout.protocol.errors import HTTPInputError
from waterspout.protocol.headers import HTTPHeaders, encode_fields

__all__ = ["send_early_hints"]

# Clients give up on more than some dozen interim responses; ours on more than ten.
_MAX_TIMES = 8
# Bytes of one response, as clients bound a head.
_MAX_SIZE = 4096


def send_early_hints(handler: Any, links: str | Iterable[str]) -> None:
    """Send an interim response 103 with ``links``; see ``RequestHandler.send_early_hints``."""
    if handler._finished or handler._headers_written:
        raise RuntimeError("send_early_hints() after the response has begun")
    fields = _encoded([links] if isinstance(links, str) else links)
    count = getattr(handler, "_early_hints", 0) + 1
    if count > _MAX_TIMES:
        raise RuntimeError(f"send_early_hints() more than {_MAX_TIMES} times for one request")
    handler._early_hints = count
    handler.request.connection.send_interim(103, fields)


def _encoded(links: Iterable[str]) -> bytes:
    headers = HTTPHeaders()
    for link in links:
        _check_link(link)
        headers.add("Link", link)
    if not headers:
        raise ValueError("early hints without a link tell nothing")
    fields = encode_fields(headers)
    if len(fields) > _MAX_SIZE:
        raise ValueError(f"early hints of {len(fields)} bytes: {_MAX_SIZE} is the most")
    return fields


def _check_link(link: str) -> None:
    """Refuse what is no value of ``Link`` (RFC 8288 section 3): ``<URI>; rel=...``."""
    target, closing, _ = link.partition(">")
    if target[:1] != "<" or not closing or not target.isascii() or " " in target:
        raise ValueError(f"no link: {link[:80]!r} (expected '</style.css>; rel=preload; as=style')")
    try:
        HTTPHeaders().add("Link", link)
    except HTTPInputError as error:
        # As an input error it would become a 400, but it is the handler's fault.
        raise ValueError(f"no link: {error}") from None
