"""What settings of an application may be, and what a handler cannot do without them."""

import os
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["check_settings", "require_setting", "static_url"]

# What a setting has to be where it is there and not None, and the words for that. What is asked for
# its truth only may be anything.
_WANTED: dict[str, tuple[Any, str]] = {
    "cookie_secret": ((str, bytes, Mapping), "a text, or a dictionary of texts by their versions"),
    "default_handler_args": (Mapping, "a dictionary of keywords"),
    "key_version": (int, "an integer"),
    "log_function": (Callable, "a function of a handler"),
    "login_url": (str, "a URL"),
    "static_handler_args": (Mapping, "a dictionary of keywords"),
    "static_handler_class": (type, "a class of handlers"),
    "static_path": ((str, os.PathLike), "a directory"),
    "static_url_prefix": (str, "the beginning of a path"),
    "template_path": ((str, os.PathLike), "a directory"),
    "template_whitespace": (str, "'all', 'single' or 'oneline'"),
    "xsrf_cookie_kwargs": (Mapping, "a dictionary of keywords of set_cookie"),
    "xsrf_cookie_name": (str, "a name"),
    "xsrf_cookie_version": (int, "1 or 2"),
}


def check_settings(settings: Mapping[str, Any]) -> None:
    """Say which setting is not what it has to be, when the application is made.

    Raises ``TypeError`` for a wrong kind, whose value is not told, for it may be a secret; and
    ``ValueError`` for a way to treat white space that there is not.
    """
    for name, (kinds, wanted) in _WANTED.items():
        value = settings.get(name)
        if value is not None and not isinstance(value, kinds):
            raise TypeError(f"the setting {name!r} must be {wanted}, not {type(value).__name__}")
    whitespace = settings.get("template_whitespace")
    if whitespace not in (None, "all", "single", "oneline"):
        wanted = _WANTED["template_whitespace"][1]
        raise ValueError(f"the setting 'template_whitespace' must be {wanted}, not {whitespace!r}")


def require_setting(handler: Any, name: str, feature: str) -> Any:
    """Return a setting; where it is missing or empty, say in which handler and for what."""
    value = handler.settings.get(name)
    if not value:
        raise RuntimeError(
            f"{type(handler).__name__} needs the setting {name!r} for {feature}:"
            f" pass {name}=... to Application"
        )
    return value


def static_url(handler: Any, path: str, include_host: bool | None, kwargs: dict[str, Any]) -> str:
    """Return the URL of a static file; see ``RequestHandler.static_url``."""
    require_setting(handler, "static_path", "static_url()")
    settings = handler.settings
    if include_host is None:
        include_host = getattr(handler, "include_host", False)
    url: str = settings["static_handler_class"].make_static_url(settings, path, **kwargs)
    request = handler.request
    return f"{request.protocol}://{request.host}{url}" if include_host else url
