"""Where a redirect leads, and what goes with it (RFC 9110 section 15.4). Decides; does no I/O."""

from collections.abc import Collection

from waterspout.httpclient.target import Target, parse_url, redacted, resolve_reference
from waterspout.protocol.headers import HTTPHeaders, normalize_name

__all__ = ["REDIRECTS", "NextRequest", "RedirectError", "follow"]

#: Statuses that name another place to ask at. 300 and 304 to 306 do not.
REDIRECTS = frozenset({301, 302, 303, 307, 308})

# What says something about a body that is no longer there.
_BODY_HEADERS = (
    "Content-Digest",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Type",
    "Digest",
    "Expect",
    "Repr-Digest",
    "Trailer",
    "Transfer-Encoding",
)


class RedirectError(ValueError):
    """A redirect that must not be followed; the message says why, without credentials."""


class NextRequest:
    """The request to send next."""

    __slots__ = ("headers", "is_same_origin", "keeps_body", "method", "target")

    def __init__(
        self,
        target: Target,
        method: str,
        headers: HTTPHeaders,
        keeps_body: bool,
        is_same_origin: bool,
    ) -> None:
        self.target = target
        self.method = method
        self.headers = headers
        self.keeps_body = keeps_body
        self.is_same_origin = is_same_origin  #: whether credentials may go with it


def follow(
    status: int,
    location: str,
    target: Target,
    method: str,
    headers: HTTPHeaders,
    sensitive_headers: Collection[str],
) -> NextRequest:
    """Decide what to ask next, after ``target`` was asked with ``method`` and ``headers``.

    A POST becomes a GET by 301 and 302, as ever; by 303 everything but HEAD does. To another
    origin, which another scheme or port makes already, nothing goes that tells who asks.
    Raises `RedirectError`.
    """
    try:
        new_target = parse_url(resolve_reference(target, location))
    except ValueError as error:
        raise RedirectError(
            f"redirected from {target.url} to {redacted(location)!r}: {error}"
        ) from None
    becomes_get = (status == 303 and method != "HEAD") or (
        status in (301, 302) and method == "POST"
    )
    is_same_origin = new_target.origin == target.origin
    new_headers = HTTPHeaders(headers)
    dropped: list[str] = ["Host"] if not is_same_origin else []
    if becomes_get:
        dropped += _BODY_HEADERS
    if not is_same_origin:
        dropped += map(normalize_name, sensitive_headers)
    for name in dropped:
        if name in new_headers:
            del new_headers[name]
    return NextRequest(
        new_target,
        "GET" if becomes_get else method,
        new_headers,
        not becomes_get,
        is_same_origin,
    )
