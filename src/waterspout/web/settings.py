"""What a handler cannot do without settings of its application."""

from typing import Any

__all__ = ["require_setting", "static_url"]


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
