"""A handler that redirects to another URL."""

import re
from typing import Any
from urllib.parse import quote

from waterspout.web.errors import HTTPError
from waterspout.web.handler import RequestHandler

__all__ = ["RedirectHandler"]

# What a path may hold as it is (RFC 3986 section 3.3): a value from a path stays in the path.
_SAFE_IN_PATH = "/!$&'()*+,:;=@~"


class RedirectHandler(RequestHandler):
    """Redirects GET and HEAD to ``url``: with 301, or with 302 where ``permanent`` is False.

    ``url`` is formatted with the groups of the rule's pattern, ``"/{1}/{0}"`` or ``"/{name}"``,
    quoted as parts of a path; one that took no part in the match is empty. The query of the
    request goes behind that of ``url``, as it is. What comes out must have the scheme and the host
    that ``url`` has, else the answer is 400: no request decides which site it is sent to.
    """

    def initialize(self, url: str, permanent: bool = True) -> None:
        """Take the keywords of the rule."""
        self._url = url
        self._permanent = permanent

    def get(self, *args: Any, **kwargs: Any) -> None:
        """Redirect."""
        names = {name: _quoted(value) for name, value in kwargs.items()}
        try:
            url = self._url.format(*[_quoted(value) for value in args], **names)
        except LookupError as error:
            raise ValueError(
                f"url {self._url!r}: the rule's pattern has no group {error}"
            ) from None
        if _site(url) != _site(self._url):
            raise HTTPError(400, "%r would redirect to another site", self.request.uri)
        self.redirect(_with_query(url, self.request.query), permanent=self._permanent)

    head = get


def _quoted(value: str | None) -> str:
    return "" if value is None else quote(value, safe=_SAFE_IN_PATH)


def _site(url: str) -> str:
    """Return the scheme and the host of a URL as browsers find them, as written.

    To them two slashes or more, of either kind, begin a host (WHATWG URL, section 4.4).
    """
    match = re.match(_SITE, url)
    return match[0] if match is not None else ""


_SITE = r"(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?(?:[/\\]{2,}[^/\\?#]*)?"


def _with_query(url: str, query: str) -> str:
    if not query:
        return url
    place, hash_sign, fragment = url.partition("#")
    separator = "?" if "?" not in place else "" if place[-1] in "?&" else "&"
    return f"{place}{separator}{query}{hash_sign}{fragment}"
