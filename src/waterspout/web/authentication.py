"""Who the request is from, and methods that only they may call who have signed in."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from waterspout.web.errors import HTTPError
from waterspout.web.slashes import local_uri

__all__ = ["authenticated"]

Method = Callable[..., Awaitable[None] | None]


def authenticated(method: Method) -> Method:
    """Have a method answer only if there is a ``current_user``.

    Without one GET and HEAD are redirected to ``get_login_url()``, and the argument ``next`` tells
    it the way back: path and query, or where the login page is elsewhere the whole URL. A login
    URL that has a query is taken as it is. Other methods are refused with 403.
    """

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Awaitable[None] | None:
        if self.current_user:
            return method(self, *args, **kwargs)
        if self.request.method not in ("GET", "HEAD"):
            raise HTTPError(403)
        self.redirect(_with_next(self.get_login_url(), self.request))
        return None

    return wrapper


def _with_next(url: str, request: Any) -> str:
    if "?" in url:
        return url
    if urlsplit(url).scheme:
        way_back = request.full_url()
    else:
        # As it came, a path of two slashes would have the login page redirect to another host.
        way_back = local_uri(request.path, request.query)
    page, hash_sign, fragment = url.partition("#")
    return f"{page}?{urlencode({'next': way_back})}{hash_sign}{fragment}"
