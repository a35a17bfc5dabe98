"""The URLs of the static files of an application."""

from typing import Any

__all__ = ["static_url"]


def static_url(handler: Any, path: str, include_host: bool | None, kwargs: dict[str, Any]) -> str:
    """Return the URL of a static file; see ``RequestHandler.static_url``."""
    settings = handler.settings
    if not settings.get("static_path"):
        raise RuntimeError("static_url() needs the application's setting 'static_path'")
    if include_host is None:
        include_host = getattr(handler, "include_host", False)
    url: str = settings["static_handler_class"].make_static_url(settings, path, **kwargs)
    request = handler.request
    return f"{request.protocol}://{request.host}{url}" if include_host else url
