"""The rules that lead to the static files of an application."""

import re
from typing import Any

from waterspout.web.staticfilehandler import StaticFileHandler

__all__ = ["static_rules"]

# Found at the root of a site, wherever the other files are.
_AT_ROOT = (r"/(favicon\.ico)", r"/(robots\.txt)")


def static_rules(settings: dict[str, Any]) -> list[tuple[str, type, dict[str, Any]]]:
    """Return the rules that an application has by itself, before its own; none without a path.

    Settings: ``static_path``, the directory; ``static_url_prefix``, ``/static/`` by default;
    ``static_handler_class``, set to ``StaticFileHandler`` where it is missing; and
    ``static_handler_args``, more keywords for it.
    """
    root = settings.get("static_path")
    if not root:
        return []
    handler = settings.setdefault("static_handler_class", StaticFileHandler)
    arguments = {**settings.get("static_handler_args", {}), "path": root}
    prefix = settings.get("static_url_prefix", "/static/")
    return [(rule, handler, arguments) for rule in (re.escape(prefix) + "(.*)", *_AT_ROOT)]
