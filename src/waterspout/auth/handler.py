"""What the mixins need of the handler that they are mixed into."""

from typing import Any, Protocol, cast

from waterspout.httputil import HTTPServerRequest

__all__ = ["Handler", "cookie_attributes", "handler_of"]


class Handler(Protocol):
    """The part of `RequestHandler` that is used here."""

    request: HTTPServerRequest

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the application."""
        ...

    def require_setting(self, name: str, feature: str = ...) -> None:
        """Raise an error if there is no such setting."""
        ...

    def get_argument(self, name: str, default: Any = ...) -> Any:
        """Return an argument."""
        ...

    def get_cookie(self, name: str, default: str | None = None) -> str | None:
        """Return a cookie."""
        ...

    def set_cookie(self, name: str, value: str, **kwargs: Any) -> None:
        """Set a cookie."""
        ...

    def clear_cookie(self, name: str, **kwargs: Any) -> None:
        """Delete a cookie."""
        ...

    def get_signed_cookie(
        self, name: str, value: str | None = None, max_age_days: float = 31
    ) -> bytes | None:
        """Return a signed cookie whose signature is good."""
        ...

    def set_signed_cookie(
        self, name: str, value: str | bytes, expires_days: float | None = 30, **kwargs: Any
    ) -> None:
        """Set a signed cookie."""
        ...

    def redirect(self, url: str) -> None:
        """Finish with a redirect."""
        ...

    def finish(self, chunk: str) -> Any:
        """Finish with a text."""
        ...


def handler_of(mixin: Any) -> Handler:
    """Return the handler that a mixin is a part of. TypeError if it is none.

    A mixin stands beside `RequestHandler` among the bases of a class.
    """
    if not hasattr(mixin, "redirect"):
        raise TypeError(
            f"{type(mixin).__qualname__} has an authentication mixin among its bases, and so must "
            "have RequestHandler too"
        )
    return cast(Handler, mixin)


def cookie_attributes(handler: Handler) -> dict[str, Any]:
    """Return what a cookie has that is to survive a visit to the provider, and that alone.

    ``Lax``, for the provider's redirect comes from another site.
    """
    return {
        "path": "/",
        "httponly": True,
        "samesite": "Lax",
        "secure": handler.request.protocol == "https",
    }
