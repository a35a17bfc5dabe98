"""Slashes of paths: one too few or too many at the end, and those that mean another host."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from waterspout.web.errors import HTTPError

__all__ = ["addslash", "is_absolute", "local_uri", "removeslash"]

_SLASHES = "/\\"

Method = Callable[..., Awaitable[None] | None]


def addslash(method: Method) -> Method:
    """Redirect a path without a slash at its end to the one that has it, with its query.

    GET and HEAD are redirected, for other methods it is a 404. The rule has to match both, as
    ``r"/foo/?"`` does. A path that would lead to another host is refused with 403.
    """

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Awaitable[None] | None:
        path = self.request.path
        if path.endswith("/"):
            return method(self, *args, **kwargs)
        _redirect(self, f"{path}/")
        return None

    return wrapper


def removeslash(method: Method) -> Method:
    """Redirect a path with slashes at its end to the one without, with its query.

    GET and HEAD are redirected, for other methods it is a 404; ``/`` itself is as it should be.
    The rule has to match both, as ``r"/foo/*"`` does. A path that would lead to another host is
    refused with 403.
    """

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Awaitable[None] | None:
        path = self.request.path
        shorter = path.rstrip("/")
        if shorter == path or not shorter:
            return method(self, *args, **kwargs)
        _redirect(self, shorter)
        return None

    return wrapper


def is_absolute(path: str) -> bool:
    """Tell whether a path or URL is complete, not relative to a page or to ``static_url``."""
    return path.startswith(("/", "http:", "https:"))


def local_uri(path: str, query: str) -> str:
    """Return a path and query that stay on this host when somebody is redirected to them."""
    if _is_foreign(path):
        path = f"/{path.lstrip(_SLASHES)}"
    return f"{path}?{query}" if query else path


def _is_foreign(path: str) -> bool:
    r"""Tell whether a path means another host: ``//host`` does, and ``\`` is ``/`` to browsers."""
    return len(path) > 1 and path[0] in _SLASHES and path[1] in _SLASHES


def _redirect(handler: Any, path: str) -> None:
    request = handler.request
    if request.method not in ("GET", "HEAD"):
        raise HTTPError(404)
    if _is_foreign(path):
        raise HTTPError(403, "would redirect to another host")
    handler.redirect(local_uri(path, request.query), permanent=True)
