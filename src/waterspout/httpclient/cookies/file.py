"""Cookies in a file, in the format of Netscape's: one a line, as curl and wget read and write."""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Cookie", "read_cookies", "write_cookies"]

_HEADING = (
    b"# Netscape HTTP Cookie File\n# Its lines end in the values of cookies: keep it secret.\n\n"
)
_HTTP_ONLY = "#HttpOnly_"

# More than any line that is written here.
_MAX_LINE = 16384
_MAX_PAIR = 4096

_DOMAIN = re.compile(r"[!-~]{1,254}")
_PATH = re.compile(r"/[^\x00-\x1f;\x7f]*")
_TEXT = re.compile(r"[^\x00-\x1f;\x7f]*")
# curl has written 2^63 - 1 for what never ends, and Python writes nothing for a session.
_SECONDS = re.compile(r"[0-9]{0,20}")
_FLAGS = {"TRUE": True, "FALSE": False}

# RFC 6265bis section 5.5.
_MAX_AGE = 400 * 24 * 3600


class Cookie(NamedTuple):
    """A cookie as it is kept; text has one character for each byte on the wire."""

    name: str
    value: str
    domain: str  #: in lower case
    path: str
    is_host_only: bool  #: for the host ``domain`` alone, not for those below it
    is_secure: bool  #: for https alone
    is_http_only: bool = False
    same_site: str = ""  #: Strict, Lax, None, or empty
    expires: float | None = None  #: seconds since the epoch; None: when the session ends
    created: float = 0.0  #: seconds since the epoch

    def has_expired(self, now: float) -> bool:
        """Whether it is over, at a time in seconds since the epoch."""
        return self.expires is not None and self.expires <= now

    def __repr__(self) -> str:
        return f"<Cookie {self.name!r} of {self.domain}{self.path}>"


def write_cookies(path: str | os.PathLike[str], cookies: Iterable[Cookie]) -> None:
    """Write a file whole, or not at all; only the user may read it. OSError."""
    target = Path(path)
    lines = [_line(cookie) for cookie in cookies]
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(_HEADING)
            file.write("".join(lines).encode("latin-1"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def read_cookies(path: str | os.PathLike[str], now: float) -> Iterator[Cookie]:
    """Read the cookies of a file, but for those that have expired; OSError, ValueError."""
    with open(path, "rb") as file:
        number = 0
        while raw := file.readline(_MAX_LINE + 1):
            number += 1
            if len(raw) > _MAX_LINE:
                raise ValueError(f"{os.fspath(path)}, line {number}: longer than {_MAX_LINE} bytes")
            line = raw.decode("latin-1").rstrip("\r\n")
            if not line.strip() or (line.startswith("#") and not line.startswith(_HTTP_ONLY)):
                continue
            try:
                cookie = _cookie(line, now)
            except ValueError as error:
                raise ValueError(f"{os.fspath(path)}, line {number}: {error}") from None
            if not cookie.has_expired(now):
                yield cookie


def _line(cookie: Cookie) -> str:
    fields = (
        f"{_HTTP_ONLY if cookie.is_http_only else ''}"
        f"{'' if cookie.is_host_only else '.'}{cookie.domain}",
        "FALSE" if cookie.is_host_only else "TRUE",
        cookie.path,
        "TRUE" if cookie.is_secure else "FALSE",
        # 0 stands for the end of the session, so that a time is 1 at least.
        "0" if cookie.expires is None else str(max(1, int(cookie.expires))),
        cookie.name,
        cookie.value,
    )
    return "\t".join(fields) + "\n"


def _cookie(line: str, now: float) -> Cookie:
    """Take a line apart. ValueError; what is secret is not in it."""
    is_http_only = line.startswith(_HTTP_ONLY)
    fields = line.removeprefix(_HTTP_ONLY).split("\t")
    if len(fields) != 7:
        raise ValueError(f"7 fields with tabs between them are a cookie, not {len(fields)}")
    domain, below, path, secure, expires, name, value = fields
    domain = domain.removeprefix(".").lower()
    if _DOMAIN.fullmatch(domain) is None:
        raise ValueError("the first field is no domain")
    if below not in _FLAGS or secure not in _FLAGS:
        raise ValueError("the second and the fourth field are TRUE or FALSE")
    if _PATH.fullmatch(path) is None:
        raise ValueError("the third field is no path")
    if _SECONDS.fullmatch(expires) is None:
        raise ValueError("the fifth field is no time in seconds")
    if not (_TEXT.fullmatch(name) and _TEXT.fullmatch(value)) or "=" in name:
        raise ValueError("name or value hold what no cookie may")
    if not 0 < len(name) + len(value) <= _MAX_PAIR:
        raise ValueError(f"name and value have 1 to {_MAX_PAIR} bytes together")
    return Cookie(
        name,
        value,
        domain,
        path,
        not _FLAGS[below],
        _FLAGS[secure],
        is_http_only,
        expires=min(float(expires), now + _MAX_AGE) if int(expires or 0) else None,
        created=now,
    )
