"""Requests that another site's page sends: refused where the application says so.

A browser tells with ``Sec-Fetch-Site`` (https://www.w3.org/TR/fetch-metadata/) or, where it does
not know that field or the connection is not secure, with ``Origin`` (RFC 6454 section 7) whose page
a request comes from. A request with neither does not come from a browser.
"""

from typing import Any
from urllib.parse import urlsplit

from waterspout.web.errors import HTTPError

__all__ = ["check_cross_origin", "is_trusted_origin"]


def check_cross_origin(handler: Any) -> None:
    """Raise a 403 for a request of another origin, unless the handler trusts that one."""
    headers = handler.request.headers
    site: str | None = headers.get("Sec-Fetch-Site")
    origin: str | None = headers.get("Origin")
    if site is None:
        if origin is None or _host(origin) == handler.request.host.lower():
            return
    elif site == "same-origin" or site == "none":
        return
    if origin is None or not handler.check_trusted_origin(origin):
        raise HTTPError(403, "from another origin: %r (Sec-Fetch-Site: %r)", origin, site)


def is_trusted_origin(handler: Any, origin: str) -> bool:
    """Tell whether the setting ``trusted_origins`` names an origin."""
    trusted = handler.settings.get("trusted_origins") or ()
    # Of one text, any piece would be "in" it.
    return origin == trusted if isinstance(trusted, str) else origin in trusted


def _host(origin: str) -> str | None:
    """Return the host and port of an origin; None where it is none."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
