"""`CookieJar`: which cookies are kept, and which go with a request, as RFC 6265bis has it.

https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/, whose sections are named below.
What it says of scripts and of pages within pages has no meaning here: every request is one of the
user's own.
"""

import itertools
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from waterspout.httpclient.cookies.file import Cookie, read_cookies, write_cookies
from waterspout.httpclient.cookies.publicsuffix import public_suffixes
from waterspout.httpclient.cookies.setcookie import SetCookie, default_path, parse_set_cookie
from waterspout.httpclient.target import Target, parse_url

__all__ = ["Cookie", "CookieJar", "domain_matches", "path_matches"]

# Section 6.1 wants 50 of a domain and 3000 in all at least. Where it is more, so many go at once,
# so that a full jar does not have to be looked through for each cookie.
_MAX_PER_DOMAIN = 180
_MAX = 3000
_PURGED_PER_DOMAIN = 30
_PURGED = 300

# A path comes from a URL too, which may be of any length.
_MAX_PATH = 4096


class _Key(NamedTuple):
    """What a cookie is replaced by, within its domain (section 5.7)."""

    name: str
    path: str
    is_host_only: bool


class _Kept(NamedTuple):
    cookie: Cookie
    number: int  # of those that were made before


class CookieJar:
    """The cookies of one user, for a client's ``cookie_jar``; may be shared by several.

    A cookie for a whole domain (``Domain=``) is kept if that is no public suffix, which takes a
    list of these: that of ``pip install "waterspout[cookies]"``. Without it every cookie is for the
    host alone that it came from. ``is_public_suffix`` is a function of one's own in its place.

    At most 180 cookies of a domain and 3000 in all are kept; of more, those go that have expired,
    then those that have not been used for the longest time. None is kept for more than 400 days.

    Any thread may call. Iterating gives `Cookie` after `Cookie`, as they were when it began.
    """

    def __init__(self, is_public_suffix: Callable[[str], bool] | None = None) -> None:
        self._is_public_suffix = is_public_suffix or public_suffixes()
        # By domain. There, and in `_order`, which holds all, what was used last is at the end.
        self._domains: dict[str, dict[_Key, _Kept]] = {}
        self._order: dict[tuple[str, _Key], None] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        _jars.add(self)

    # For programs

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        is_public_suffix: Callable[[str], bool] | None = None,
    ) -> "CookieJar":
        """Return a jar with the cookies of a file that `save` or curl has written.

        Raises OSError if it can't be read, ValueError with the line that is not understood.
        """
        jar = cls(is_public_suffix)
        now = time.time()
        for cookie in read_cookies(path, now):
            jar._keep(cookie, now)
        return jar

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all cookies to a file, those of the session too; SameSite is not in it.

        The format is that of Netscape, which curl reads. Only the user may read the file. It is
        there as a whole or, where that fails (OSError), as it was.
        """
        write_cookies(path, self)

    def set(self, url: str, set_cookie: str) -> bool:
        """Take a cookie as if a response of ``url`` had brought it; tell whether it is kept.

        ``set_cookie`` is a value of the field Set-Cookie: ``"name=value; Path=/"``.
        """
        return self.take(parse_url(url), [set_cookie], time.time()) == 1

    def cookies_for(self, url: str) -> list[Cookie]:
        """Return the cookies that a request for ``url`` would carry, in their order."""
        return self._find(parse_url(url), time.time())

    def clear(self, domain: str | None = None) -> None:
        """Throw all cookies away, or those of a domain, not of those below it."""
        with self._lock:
            for name in [domain] if domain is not None else list(self._domains):
                for key in self._domains.pop(name, ()):
                    del self._order[name, key]

    def __iter__(self) -> Iterator[Cookie]:
        now = time.time()
        with self._lock:
            kept = [self._domains[domain][key] for domain, key in self._order]
        kept.sort(key=_number)
        return iter([one.cookie for one in kept if not one.cookie.has_expired(now)])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<CookieJar {len(self)}>"

    # For clients

    def take(self, target: Target, fields: Iterable[str], now: float) -> int:
        """Take the Set-Cookie fields of a response of ``target``; return how many are kept."""
        taken = 0
        for field in fields:
            given = parse_set_cookie(field, now)
            if given is None:
                continue
            cookie = self._accept(target, given, now)
            if cookie is not None:
                taken += self._keep(cookie, now, target.scheme == "https")
        return taken

    def pairs_for(self, target: Target, now: float) -> list[tuple[str, str]]:
        """Return names and values of the cookies for a request, in their order."""
        return [(cookie.name, cookie.value) for cookie in self._find(target, now)]

    def _accept(self, target: Target, given: SetCookie, now: float) -> Cookie | None:
        """Return the cookie to keep; None where it must not be (section 5.7)."""
        host = target.host
        domain = given.domain
        if not domain.isascii():
            return None
        if domain == host and _is_address(host):
            domain = ""
        if domain:
            if not domain_matches(host, domain):
                return None
            if self._is_public_suffix is None:
                domain = ""
            elif "." not in domain or self._is_public_suffix(domain):
                if domain != host:
                    return None
                domain = ""
        is_safe = target.scheme == "https"
        if given.is_secure and not is_safe:
            return None
        path = given.path or default_path(target.path)
        if len(path) > _MAX_PATH:
            return None
        # A name that is empty lends its prefix to the value, for servers that look at the text.
        prefixed = (given.name or given.value).lower()
        if prefixed.startswith(("__secure-", "__host-")) and not (given.name and given.is_secure):
            return None
        if prefixed.startswith("__host-") and (domain or given.domain or given.path != "/"):
            return None
        return Cookie(
            given.name,
            given.value,
            domain or host,
            path,
            not domain,
            given.is_secure,
            given.is_http_only,
            given.same_site,
            given.expires,
            now,
        )

    def _keep(self, cookie: Cookie, now: float, is_safe: bool = True) -> bool:
        """Put a cookie into the jar, True; or only take out the one that it has the place of."""
        key = _Key(cookie.name, cookie.path, cookie.is_host_only)
        domain = cookie.domain
        with self._lock:
            if not is_safe and self._hides_secure_one(cookie):
                return False
            old = self._remove(domain, key)
            if cookie.has_expired(now):
                return False
            if old is not None and not old.cookie.has_expired(now):
                kept = _Kept(cookie._replace(created=old.cookie.created), old.number)
            else:
                kept = _Kept(cookie, next(self._numbers))
            self._insert(domain, key, kept)
            if len(self._domains[domain]) > _MAX_PER_DOMAIN:
                self._purge_domain(domain, now)
            if len(self._order) > _MAX:
                self._purge(now)
        return True

    def _find(self, target: Target, now: float) -> list[Cookie]:
        """Return the cookies for a request (section 5.8.3)."""
        host = target.host
        path = target.path.partition("?")[0]
        is_safe = target.scheme == "https"
        found: list[tuple[str, _Key, _Kept]] = []
        with self._lock:
            for domain in _and_above(host):
                for key, kept in self._domains.get(domain, {}).items():
                    cookie = kept.cookie
                    if (
                        (domain == host or not cookie.is_host_only)
                        and (is_safe or not cookie.is_secure)
                        and path_matches(path, cookie.path)
                    ):
                        found.append((domain, key, kept))
            for domain, key, kept in found:
                self._remove(domain, key)
                if not kept.cookie.has_expired(now):
                    self._insert(domain, key, kept)
        found.sort(key=_order)
        return [kept.cookie for _, _, kept in found if not kept.cookie.has_expired(now)]

    # Under the lock

    def _hides_secure_one(self, cookie: Cookie) -> bool:
        """Whether a cookie that anybody could have sent would stand before one that came by TLS."""
        for domain, kept in self._domains.items():
            if not (domain_matches(domain, cookie.domain) or domain_matches(cookie.domain, domain)):
                continue
            for other in kept.values():
                if (
                    other.cookie.is_secure
                    and other.cookie.name == cookie.name
                    and path_matches(cookie.path, other.cookie.path)
                ):
                    return True
        return False

    def _insert(self, domain: str, key: _Key, kept: _Kept) -> None:
        self._domains.setdefault(domain, {})[key] = kept
        self._order[domain, key] = None

    def _remove(self, domain: str, key: _Key) -> _Kept | None:
        of_domain = self._domains.get(domain)
        kept = None if of_domain is None else of_domain.pop(key, None)
        if kept is not None:
            del self._order[domain, key]
            if not of_domain:
                del self._domains[domain]
        return kept

    def _purge_domain(self, domain: str, now: float) -> None:
        """Make room in a domain: what has expired, what is not secure, what is used least."""
        kept = list(self._domains[domain].items())
        # Stable: within each kind in the order of their use.
        kept.sort(key=lambda item: (not item[1].cookie.has_expired(now), item[1].cookie.is_secure))
        for number, (key, one) in enumerate(kept):
            if number >= _PURGED_PER_DOMAIN and not one.cookie.has_expired(now):
                break
            self._remove(domain, key)

    def _purge(self, now: float) -> None:
        """Make room in the jar: what has expired, then what is used least."""
        for domain, key in list(self._order):
            if self._domains[domain][key].cookie.has_expired(now):
                self._remove(domain, key)
        if len(self._order) > _MAX:
            for domain, key in list(self._order)[: len(self._order) - (_MAX - _PURGED)]:
                self._remove(domain, key)

    def _forget_lock(self) -> None:
        self._lock = threading.Lock()


def domain_matches(host: str, domain: str) -> bool:
    """Whether a host is a domain or below it (section 5.1.3); both in lower case."""
    return host == domain or (host.endswith(f".{domain}") and not _is_address(host))


def path_matches(path: str, of_cookie: str) -> bool:
    """Whether the path of a request is that of a cookie or below it (section 5.1.4)."""
    return path == of_cookie or (
        path.startswith(of_cookie) and (of_cookie.endswith("/") or path[len(of_cookie)] == "/")
    )


def _and_above(host: str) -> list[str]:
    """Return a host and the domains that it is in."""
    if _is_address(host):
        return [host]
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def _is_address(host: str) -> bool:
    """Whether a host is an address: a name does not end in a number (WHATWG URL section 3.5)."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def _number(kept: _Kept) -> int:
    return kept.number


def _order(found: tuple[str, _Key, _Kept]) -> tuple[int, int]:
    """Longer paths first, then what was made first."""
    kept = found[2]
    return -len(kept.cookie.path), kept.number


_jars: weakref.WeakSet[CookieJar] = weakref.WeakSet()


def _forget_locks() -> None:
    # Another thread may have held one when this process was forked.
    for jar in _jars:
        jar._forget_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks)
