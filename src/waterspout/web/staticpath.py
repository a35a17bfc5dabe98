"""From the path of a URL to a place below a root, as written: nothing here looks at a disk.

What a symbolic link makes of it is for `openfile` to see. ``flavour`` is the module that knows the
system's paths, ``os.path``; the rules of either system can be tested on the other.
"""

import os
import re
from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType
from urllib.parse import quote

__all__ = ["absolute", "absolute_path", "is_below", "quoted", "roots", "with_slash"]

# On Windows: drives and streams (`a.txt::$DATA`), devices, which are in every directory, and names
# that end in dots or spaces, which it does not see.
_NOT_ON_WINDOWS = (
    r":|(?:^|[\\/])(?:"
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d\u00b9\u00b2\u00b3]) *(?:\.[^\\/]*)?"
    r"|(?!\.\.?(?:$|[\\/]))[^\\/]*[. ]"
    r")(?:$|[\\/])"
)


def absolute_path(root: str, path: str, flavour: ModuleType = os.path) -> str | None:
    """Return where ``path`` lies below ``root``, or ``root`` itself; None for anywhere else.

    ``path`` is relative, in the words of the system. Absolute paths, ``..`` that lead outside, and
    names of drives lead elsewhere; a NUL, or a device of Windows, leads nowhere.
    """
    if "\0" in path or (flavour.sep == "\\" and re.search(_NOT_ON_WINDOWS, path, re.IGNORECASE)):
        return None
    separator: str = flavour.sep
    relative: str = flavour.normpath(path)
    # Who climbs out and comes in again could find out what the root is called.
    if relative[:1] == separator or relative.partition(separator)[0] == "..":
        return None
    base = absolute(root) if flavour is os.path else flavour.abspath(root)
    return base if relative == "." else base.rstrip(separator) + separator + relative


def absolute(place: str) -> str:
    """Return an absolute path without ``.`` and ``..``, as written; links are not looked at."""
    return _normal(place) if os.path.isabs(place) else os.path.abspath(place)


_normal = lru_cache(maxsize=256)(os.path.normpath)


def is_below(place: str, root: str, flavour: ModuleType = os.path) -> bool:
    """Tell whether an absolute path is ``root`` or lies below it, as written."""
    if flavour.sep == "\\":
        place, root = flavour.normcase(place), flavour.normcase(root)
    return place.startswith(root.rstrip(flavour.sep) + flavour.sep) or place == root


def roots(root: str, others: str | Sequence[str] | None) -> list[str]:
    """Return the directories that links may lead to, absolute: ``root`` and the others."""
    if others is None:
        return [absolute(root)]
    named = [others] if isinstance(others, str | os.PathLike) else list(others)
    return [absolute(place) for place in [root, *named]]


def with_slash(path: str, query: str) -> str:
    """Return the URL of a directory, which had no slash at its end.

    Two slashes at its beginning would name another site, and browsers take backslashes for slashes.
    """
    location = f"/{path.lstrip(_SLASHES)}/" if path.strip(_SLASHES) else "/"
    return f"{location}?{query}" if query else location


def quoted(path: str) -> str:
    """Return a path as it can stand in a URL; what is quoted already stays, and a query too."""
    return path if _IN_URL.fullmatch(path) else quote(path, safe=_SAFE_IN_URL)


_SLASHES = "/\\"
# All that is legal in a URL, and the sign of what is quoted already.
_SAFE_IN_URL = "!#$%&'()*+,/:;=?@[]~"
_IN_URL = re.compile(r"[A-Za-z0-9/._~-]*")
