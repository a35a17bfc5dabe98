"""Values as JSON, so that they may stand inside a ``<script>`` element."""

import json
from typing import Any

from waterspout.escape.text import to_unicode

__all__ = ["json_decode", "json_encode"]


def json_encode(value: Any) -> str:
    r"""Return a value as JSON; safe inside a ``<script>`` element, for ``</`` becomes ``<\/``."""
    return json.dumps(value).replace("</", "<\\/")


def json_decode(value: str | bytes) -> Any:
    """Return the value of a JSON text; ``ValueError`` where it is none."""
    return json.loads(to_unicode(value))
