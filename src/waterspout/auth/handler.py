"""The handler that a mixin is a part of, and the cookies it keeps while a user is away."""

from typing import Any, cast

from waterspout.web import RequestHandler

__all__ = ["cookie_attributes", "handler_of"]


def handler_of(mixin: Any) -> RequestHandler:
    """Return the handler that a mixin is a part of. TypeError if it is none.

    A mixin stands beside `RequestHandler` among the bases of a class.
    """
    if not hasattr(mixin, "redirect"):
        raise TypeError(
            f"{type(mixin).__qualname__} has an authentication mixin among its bases, and so must "
            "have RequestHandler too"
        )
    return cast(RequestHandler, mixin)


def cookie_attributes(handler: RequestHandler) -> dict[str, Any]:
    """Return the attributes of a cookie that is to be there when the user comes back.

    ``Lax``, for the redirect that brings the user comes from another site.
    """
    return {
        "path": "/",
        "httponly": True,
        "samesite": "Lax",
        "secure": handler.request.protocol == "https",
    }
