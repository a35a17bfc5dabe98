"""From a URL to the server to ask and the target to ask it for (RFC 3986, RFC 9110 section 4.2).

Strict: what two programs could read in two ways is refused with ValueError, and nothing but visible
ASCII leaves here. Text that people write is quoted where there is one way to do it.
"""

import functools
import ipaddress
import re
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes, urljoin

__all__ = [
    "Target",
    "bracketed",
    "parse_authority",
    "parse_url",
    "parse_usual",
    "redacted",
    "resolve_reference",
    "without_credentials",
]

_PORTS = {"http": 80, "https": 443}

# A backslash ends the authority for browsers, but not for RFC 3986: it is refused there.
_URL = (
    r"(?s)(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://"
    r"(?P<authority>[^/?#\\]*)"
    r"(?P<path>/[^?#]*)?"
    r"(?P<query>\?[^#]*)?"
    r"(?P<fragment>#.*)?"
)
# RFC 952 and 1123, and the underscore that real names have.
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*\.?"
_MAX_NAME = 254
# An IPv4 address as it is mostly written.
_BYTE = r"(?:1[0-9][0-9]|2[0-4][0-9]|25[0-5]|[1-9]?[0-9])"
_IPV4 = rf"{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE}"
# Ends in a number, so it is an IPv4 address or nothing (WHATWG URL, "host parsing").
_NUMBER = r"(?:^|\.)(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?\Z"

# Everything up to the space, and DEL. What is above is quoted as UTF-8.
_FORBIDDEN = r"[\x00-\x20\x7f]"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]*:"
_BEFORE_AUTHORITY = r"(?s)\A((?:[A-Za-z][A-Za-z0-9+.\-]*:/+|//+)?)"
_CREDENTIALS = rf"{_BEFORE_AUTHORITY}[^/?#]*@"
# A password with one of these in it, that was not quoted: what is before it is no port.
_BROKEN_CREDENTIALS = rf"{_BEFORE_AUTHORITY}[^/?#@\[:]*+:(?![0-9]{{0,5}}(?:[/?#]|\Z)).*@"


class Target(NamedTuple):
    """Where a request goes, and what for."""

    scheme: str  #: ``http`` or ``https``
    host: str  #: in lower case; an IPv6 address without its brackets
    port: int
    authority: str  #: what the Host field says
    path: str  #: the origin form: path and query (RFC 9112 section 3.2.1)
    fragment: str  #: with its ``#``, or empty; never sent
    credentials: tuple[bytes, bytes] | None  #: user name and password of the URL, unquoted

    @property
    def url(self) -> str:
        """The URL without credentials."""
        return f"{self.scheme}://{self.authority}{self.path}{self.fragment}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Who is asked (RFC 6454): scheme, host and port."""
        return self.scheme, self.host, self.port

    @property
    def peer(self) -> str:
        """Host and port, for messages."""
        return f"{bracketed(self.host)}:{self.port}"


# Makes a Target for a fifth of what its constructor takes, which is a function written in Python.
_new_target: Any = tuple.__new__

# Of the patterns here; they are compiled when they are wanted, for programs that fetch nothing.
_compiled = functools.cache(re.compile)


@functools.lru_cache(1024)
def parse_url(url: str) -> Target:
    """Take a URL apart. ValueError if it is none of http or https, or not clear.

    The message names the URL without its credentials.
    """
    return (parse_usual(url) if type(url) is str else None) or _unusual(url)


def parse_usual(url: str) -> Target | None:
    """Do what `parse_url` does for what most URLs are, where nothing is quoted or in upper case.

    None: it takes a closer look. For URLs that are not met again it is faster.
    """
    if url.startswith("http://"):
        scheme, begin, port = "http", 7, 80
    elif url.startswith("https://"):
        scheme, begin, port = "https", 8, 443
    else:
        return None
    size = len(url)
    at = label = begin
    before = "."
    while at < size:
        char = url[at]
        if "a" <= char <= "z" or "0" <= char <= "9" or char == "_":
            pass
        elif char == "-" or char == ".":
            if before == "." or (char == "." and (before == "-" or at - label > 63)):
                return None
            if char == ".":
                label = at + 1
        else:
            break
        before = char
        at += 1
    if before == "." or before == "-" or at - label > 63 or at - begin > _MAX_NAME:
        return None
    host = url[begin:at]
    if "0" <= url[label] <= "9" and not _compiled(_IPV4).fullmatch(host):
        return None  # What ends in a number is one.
    authority = host
    if at < size and url[at] == ":":
        label = at + 1
        number = 0
        at = label
        while at < size and "0" <= url[at] <= "9":
            number = number * 10 + ord(url[at]) - 48
            at += 1
            if number > 65535:
                return None
        if not number or url[label] == "0":
            return None
        if number != port:
            port = number
            authority = url[begin:at]
    path = url[at:] or "/"
    is_visible = path.isascii() and path.isprintable() and " " not in path
    if path[0] != "/" or "#" in path or not is_visible:
        return None
    target: Target = _new_target(Target, (scheme, host, port, authority, path, "", None))
    return target


def _unusual(url: str) -> Target:
    found = _compiled(_URL).fullmatch(url)
    if found is None:
        raise ValueError(f"no URL with a scheme and a host: {redacted(url)!r}")
    scheme = found["scheme"].lower()
    if scheme not in _PORTS:
        raise ValueError(f"unsupported URL scheme {scheme!r}: {redacted(url)!r}")
    if " " in url or not url.isprintable():
        # What is not printable may be beyond ASCII.
        bad = _compiled(_FORBIDDEN).search(url)
        if bad is not None:
            raise ValueError(f"{bad[0]!r} in the URL {redacted(url)!r}: quote it first")
    try:
        host, port, credentials = parse_authority(found["authority"])
    except ValueError as error:
        raise ValueError(f"{error}: {redacted(url)!r}") from None
    shown = bracketed(host)
    return Target(
        scheme,
        host,
        _PORTS[scheme] if port is None else port,
        shown if port in (None, _PORTS[scheme]) else f"{shown}:{port}",
        _quoted((found["path"] or "/") + (found["query"] or "")),
        _quoted(found["fragment"] or ""),
        credentials,
    )


def parse_authority(authority: str) -> tuple[str, int | None, tuple[bytes, bytes] | None]:
    """Return host, port and credentials of ``user:password@host:port``; ValueError says why not.

    The host comes as it is resolved and compared: in lower case, without brackets. What is missing
    is None.
    """
    userinfo, at, hostport = authority.rpartition("@")
    if "@" in userinfo:
        raise ValueError("more than one @ before the path")
    host, port = _split(hostport)
    return host, port, _credentials(userinfo) if at else None


def bracketed(host: str) -> str:
    """Return a host as it stands before a port: an IPv6 address needs brackets."""
    return f"[{host}]" if ":" in host else host


def resolve_reference(base: Target, reference: str) -> str:
    """Return the URL that a Location stands for (RFC 3986 section 5, RFC 9110 section 10.2.2).

    ``reference`` is text as `protocol.headers` gives it, one character a byte. Servers write spaces
    and UTF-8 into it, which are quoted; credentials are dropped; a fragment is inherited.
    """
    quoted = "".join(
        char if "\x20" < char < "\x7f" else f"%{ord(char):02X}" for char in reference.strip(" \t")
    )
    # urljoin takes ``http:path`` for a relative reference, which it was before RFC 3986.
    joined = quoted if _compiled(_SCHEME).match(quoted) else urljoin(base.url, quoted)
    url = _compiled(_CREDENTIALS).sub(r"\1", joined)
    return url if "#" in url else url + base.fragment


def without_credentials(url: str) -> str:
    """Return a URL, whatever it looks like, without user name and password.

    Of one that can't be asked for, as with a slash in a password that was not quoted, more may go.
    """
    return _compiled(_BROKEN_CREDENTIALS).sub(r"\1", _compiled(_CREDENTIALS).sub(r"\1", url))


def redacted(url: str) -> str:
    """Return a URL for messages: without credentials, and not too long."""
    shown = without_credentials(url)
    return shown if len(shown) <= 200 else f"{shown[:200]}..."


@functools.lru_cache(256)
def _split(hostport: str) -> tuple[str, int | None]:
    """Take host and port apart; the host comes as it is resolved and compared."""
    if hostport.startswith("["):
        address, bracket, port = hostport[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise ValueError("an IPv6 address needs brackets")
        return _ipv6(address), _port(port[1:])
    host, _, port = hostport.partition(":")
    if _compiled(_IPV4).fullmatch(host):
        return host, _port(port)
    if not host.isascii():
        from waterspout.httpclient.hostnames import to_ascii  # for few URLs

        host = to_ascii(host)
    if not _compiled(_NAME).fullmatch(host) or len(host) > _MAX_NAME:
        raise ValueError("invalid host name")
    if _compiled(_NUMBER).search(host):
        from waterspout.httpclient.hostnames import ipv4_of

        host = ipv4_of(host)
    return host.lower(), _port(port)


def _ipv6(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise ValueError("invalid IPv6 address") from None
    if address.scope_id is not None:
        raise ValueError("an IPv6 address with a zone")
    return address.compressed


def _port(text: str) -> int | None:
    if not text:
        return None
    # isdigit alone would let digits of other scripts through.
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise ValueError("invalid port")
    return int(text)


def _quoted(text: str) -> str:
    """Quote what is not ASCII as UTF-8."""
    if text.isascii():
        return text
    return "".join(
        char
        if char < "\x80"
        else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))
        for char in text
    )


def _credentials(userinfo: str) -> tuple[bytes, bytes]:
    name, _, password = userinfo.partition(":")
    return unquote_to_bytes(name), unquote_to_bytes(password)
