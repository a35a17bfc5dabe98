"""From the options of the command line to a request and a client. Reads files, fetches nothing."""

import getpass
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from waterspout.cli.fetch.exits import READ_ERROR, USAGE
from waterspout.cli.fetch.form import content_of, fields_of
from waterspout.httpclient import HTTPRequest
from waterspout.httputil import HTTPHeaders

__all__ = ["Plan", "UsageError", "file_name", "plan_of", "with_scheme"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")
_USUAL = ("http://", "https://")
_VERSIONS = ("1.1",)
_NO_LIMIT = 2**63 - 1
_MAX_CONCURRENCY = 10_000

# What the client sends by itself, and cannot do without.
_ALWAYS_SENT = ("accept-encoding", "content-type", "host", "user-agent")

# What makes no sense together with a list, by the names of the options.
_WITHOUT_LIST = ("remote_name", "include", "verbose", "timing", "get")
_ONLY_WITH_LIST = ("concurrency", "per_host", "output_dir", "sha256")


class UsageError(Exception):
    """A mistake of the user's: a line, and the exit status."""

    def __init__(self, line: str, status: int = USAGE) -> None:
        super().__init__(line)
        self.status = status


@dataclass(frozen=True)
class Plan:
    """What was asked for: the URLs, what every request has, what the client has."""

    urls: Sequence[str]
    request: Mapping[str, Any] = field(repr=False)
    client: Mapping[str, Any] = field(repr=False)

    def new_request(self, url: str, **callbacks: Any) -> HTTPRequest:
        """Return the request for a URL."""
        return HTTPRequest(url, **self.request, **callbacks)


def plan_of(given: Mapping[str, Any]) -> Plan:
    """Return what options, by their names as attributes, ask for; `UsageError` where that fails."""
    _check_combinations(given)
    headers = _headers(given["header"])
    _add_cookies(headers, given["cookie"])
    if given["referer"]:
        try:
            _set_default(headers, "Referer", given["referer"])
        except ValueError as error:
            raise UsageError(f"-e: {error}") from None
    # What all requests have in common is the client's, so that one of them is made quickly.
    defaults: dict[str, Any] = {
        "follow_redirects": given["location"],
        "max_redirects": given["max_redirs"],
        "validate_cert": not given["insecure"],
        "ca_certs": given["cacert"],
        "client_cert": given["cert"],
        "client_key": given["key"],
        "connect_timeout": given["connect_timeout"],
        "request_timeout": _max_time(given),
        "user_agent": _as_bytes(given["user_agent"] or "") or None,
        "decompress_response": not given["raw"],
        "allow_nonstandard_methods": True,
    }
    request: dict[str, Any] = {}
    _add_body(request, headers, given)
    if headers:
        request["headers"] = headers
    if given["head"]:
        request["method"] = "HEAD"
    if given["request"] is not None:
        request["method"] = given["request"]
    if given["user"] is not None:
        name, colon, password = given["user"].partition(":")
        defaults["auth_username"] = name
        defaults["auth_password"] = password if colon else _ask_for_password(name)
    client: dict[str, Any] = {
        "max_body_size": given["max_filesize"] or _NO_LIMIT,
        "defaults": {name: value for name, value in defaults.items() if value is not None},
    }
    if given["proxy"] is not None:
        client["proxy"] = bool(given["proxy"]) and with_scheme(given["proxy"])
    if given["unix_socket"] is not None:
        client["unix_socket"] = given["unix_socket"]
    if given["interface"] is not None:
        client["local_address"] = given["interface"]
    if given["retries"]:
        client["retries"] = given["retries"]
    urls = [with_scheme(url) for url in given["urls"]]
    if given["get"] and given["data"]:
        query = _data(given).decode("utf-8", "surrogateescape")
        urls = [_with_query(url, query) for url in urls]
    return Plan(urls, request, client)


def with_scheme(url: str) -> str:
    """Return a URL as people type it with the scheme that they mean."""
    return url if url.startswith(_USUAL) or _SCHEME.match(url) else f"http://{url}"


def file_name(url: str) -> str:
    """Return what the file of a URL is called with -O; `UsageError` if it has no name."""
    path = re.split(r"[?#]", with_scheme(url).partition("://")[2], maxsplit=1)[0]
    name = path.rpartition("/")[2] if "/" in path else ""
    if name in ("", ".", "..") or "\\" in name or "\0" in name:
        raise UsageError("-O needs a URL whose path ends with a name: use -o FILE", 23)
    return name


def _check_combinations(given: Mapping[str, Any]) -> None:
    has_list = given["input"] is not None
    if has_list and given["urls"]:
        raise UsageError("URLs are given by -i FILE or on the command line, not both")
    if not has_list and not given["urls"]:
        raise UsageError("what to fetch? A URL, or -i FILE with a list (see waterspout fetch -h)")
    for name in _WITHOUT_LIST if has_list else _ONLY_WITH_LIST:
        if given[name]:
            word = "is not for lists" if has_list else "is for lists: it needs -i FILE"
            raise UsageError(f"--{name.replace('_', '-')} {word}")
    for name in ("concurrency", "per_host"):
        if given[name] == 0:
            raise UsageError(f"--{name.replace('_', '-')} must be at least 1")
    if (given["concurrency"] or 0) > _MAX_CONCURRENCY:
        raise UsageError(f"--concurrency must be at most {_MAX_CONCURRENCY}")
    if given["remote_name"] and given["output"]:
        raise UsageError("-O and -o both say where to write")
    if len(given["output"]) > (1 if has_list else len(given["urls"])):
        raise UsageError("there are more -o than URLs")
    version = given["http_version"]
    if version is not None and version not in _VERSIONS:
        raise UsageError(
            f"HTTP/{version} is not there: --http-version can be {', '.join(_VERSIONS)}", 1
        )
    bodies = [
        flag
        for flag, names in (
            ("-d", () if given["get"] else ("data",)),
            ("--json", ("json",)),
            ("-F", ("form",)),
            ("-I", ("head",)),
        )
        if any(given[name] for name in names)
    ]
    if len(bodies) > 1:
        raise UsageError(f"{' and '.join(bodies)} are two requests: choose one")


def _max_time(given: Mapping[str, Any]) -> float:
    if given["max_time"] is not None:
        return float(given["max_time"])
    return 0.0 if given["input"] is None else 60.0


def _headers(lines: Sequence[str]) -> HTTPHeaders:
    headers = HTTPHeaders()
    for line in _lines(lines):
        name, colon, value = line.partition(":")
        if not colon and line.endswith(";"):
            name, value = line[:-1], ""
        elif not colon:
            raise UsageError(f'-H needs "Name: value", not {name[:40]!r}')
        elif not value.strip():
            if name.strip().lower() in _ALWAYS_SENT:
                raise UsageError(f'-H "{name}:" has no value: "{name};" sends an empty one')
            continue  # To curl that means not to send it by itself, and here nobody does.
        try:
            headers.add(name.strip(), value.strip())
        except ValueError as error:
            raise UsageError(f"-H: {error}") from None
    return headers


def _lines(given: Sequence[str]) -> Iterator[str]:
    """Give the lines of headers, with those of files in the place of ``@FILE``."""
    for line in given:
        if line.startswith("@"):
            for found in _content(line, "-H").decode("latin-1").splitlines():
                if found.strip():
                    yield found
        else:
            yield _as_bytes(line)


def _as_bytes(text: str) -> str:
    """Return a header as the bytes that were typed, whatever they are in: a character for each."""
    return os.fsencode(text).decode("latin-1")


def _add_body(request: dict[str, Any], headers: HTTPHeaders, given: Mapping[str, Any]) -> None:
    """Add what -d, --json and -F ask for."""
    if given["data"] and not given["get"]:
        request.update(method="POST", body=_data(given))
        _set_default(headers, "Content-Type", "application/x-www-form-urlencoded")
    elif given["json"]:
        request.update(method="POST", body=b"".join(_content(t, "--json") for t in given["json"]))
        _set_default(headers, "Content-Type", "application/json")
        _set_default(headers, "Accept", "application/json")
    elif given["form"]:
        try:
            files = fields_of(given["form"])
        except ValueError as error:
            raise UsageError(f"-F: {error}") from None
        except OSError as error:
            raise _unreadable("-F", error) from None
        request.update(method="POST", files=files)


def _data(given: Mapping[str, Any]) -> bytes:
    """Return what -d, --data-binary and --data-raw say, in their order."""
    return b"&".join(
        text.encode("utf-8", "surrogateescape")
        if option == "--data-raw"
        else _content(text, option, lines=option != "-d")
        for option, text in given["data"]
    )


def _with_query(url: str, query: str) -> str:
    before, hash_sign, fragment = url.partition("#")
    return f"{before}{'&' if '?' in before else '?'}{query}{hash_sign}{fragment}"


def _add_cookies(headers: HTTPHeaders, cookies: Sequence[str]) -> None:
    for text in cookies:
        if "=" not in text:
            raise UsageError('-b needs "name=value": cookies are not read from files')
    if cookies:
        try:
            _set_default(headers, "Cookie", "; ".join(cookies))
        except ValueError as error:
            raise UsageError(f"-b: {error}") from None


def _set_default(headers: HTTPHeaders, name: str, value: str) -> None:
    if name not in headers:
        headers[name] = _as_bytes(value)


def _content(text: str, option: str, lines: bool = True) -> bytes:
    """Return the bytes of a DATA; without its line ends if it is a file and ``lines`` is false."""
    if not text.startswith("@"):
        return text.encode("utf-8", "surrogateescape")
    try:
        data = content_of(text[1:])
    except OSError as error:
        raise _unreadable(option, error) from None
    return data if lines else data.translate(None, b"\r\n\0")


def _unreadable(option: str, error: OSError) -> UsageError:
    return UsageError(f"{option}: cannot read {error.filename!r}: {error.strerror}", READ_ERROR)


def _ask_for_password(name: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError("-u needs NAME:PASSWORD where there is no terminal to ask for a password")
    return getpass.getpass(f"password of {name}: ")
