"""Settings that a feature cannot do without."""

from typing import Any

__all__ = ["require_setting"]


def require_setting(handler: Any, name: str, feature: str) -> Any:
    """Return a setting; where it is missing or empty, say in which handler and for what."""
    value = handler.settings.get(name)
    if not value:
        raise RuntimeError(
            f"{type(handler).__name__} needs the setting {name!r} for {feature}:"
            f" pass {name}=... to Application"
        )
    return value
