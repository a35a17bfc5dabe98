"""`HARReplayer`: answers requests with the exchanges of a HAR file instead of the network."""

import base64
import binascii
import io
import json
import os
from collections import deque
from typing import Any, NamedTuple

from waterspout.httpclient.errors import HTTPStreamClosedError
from waterspout.httpclient.request import HTTPRequest
from waterspout.httpclient.response import HTTPResponse
from waterspout.httpclient.target import parse_url, redacted
from waterspout.protocol.headers import HTTPHeaders

__all__ = ["HARMissError", "HARReplayer"]

_MAX_SIZE = 256 * 1024 * 1024

# About a body as it was on the wire, which is not what was recorded; and what is of HTTP/2.
_NOT_REPLAYED = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})


class HARMissError(LookupError):
    """A request for which there is no recorded exchange, or none any more."""


class _Entry(NamedTuple):
    """A recorded exchange."""

    number: int
    body: bytes | None  #: of the request, None where it was not recorded
    status: int  #: below 200 where there was no response
    reason: str | None
    headers: HTTPHeaders
    content: dict[str, Any]
    error: str  #: why there was no response


class HARReplayer:
    """What a client is bound to, to get the recorded responses::

        replayer = HARReplayer("exchanges.har")
        client = HTTPClient(app=replayer)

    A request gets the first response that was recorded for its method, its URL and, where one was
    recorded, its body, and that no other has had yet. Where there is none, `fetch` raises
    `HARMissError`. What was recorded as a failure is one again: `HTTPStreamClosedError`. A body
    that was not recorded, as that of a response that was streamed, is empty.

    ``file`` is the path of a file (of at most 256 MB), or what is in one, as a dict. ValueError
    where that is no HAR; OSError. Belongs to one client at a time.
    """

    def __init__(self, file: str | os.PathLike[str] | dict[str, Any]) -> None:
        self._name = "the HAR" if isinstance(file, dict) else repr(os.fspath(file))
        archive = file if isinstance(file, dict) else _load(file)
        self._entries: dict[tuple[str, str], deque[_Entry]] = {}
        #: How many exchanges there are, and how many of them were used.
        self.count = self.used = 0
        try:
            entries = archive["log"]["entries"]
            if not isinstance(entries, list):
                raise TypeError
        except (KeyError, TypeError):
            raise ValueError(f"{self._name} is no HAR: it has no log with entries") from None
        for number, entry in enumerate(entries):
            try:
                self._add(number, entry)
            except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
                why = f"{type(error).__name__}: {error}"
                raise ValueError(f"entry {number} of {self._name} is no exchange ({why})") from None

    @property
    def unused(self) -> list[str]:
        """The exchanges that nobody has asked for yet, as texts, in their order."""
        left = [
            (entry.number, f"{method} {redacted(url)}")
            for (method, url), entries in self._entries.items()
            for entry in entries
        ]
        return [text for _, text in sorted(left)]

    def __call__(self, request: HTTPRequest) -> HTTPResponse:
        """Return the response for a request; this is what the client calls."""
        key = (request.method, _normal(request.url))
        entries = self._entries.get(key, deque())
        for index, entry in enumerate(entries):
            if entry.body is None or entry.body == (request.body or b""):
                del entries[index]
                self.used += 1
                return _response(request, entry)
        raise HARMissError(self._miss(key, bool(entries)))

    def _miss(self, key: tuple[str, str], has_others: bool) -> str:
        method, url = key
        asked = f"{method} {redacted(url)}"
        if has_others:
            why = "those for this URL have other bodies"
        elif key in self._entries:
            why = "all for this URL were used"
        else:
            others = sorted(other for other, where in self._entries if where == url)
            why = f"for this URL there is {', '.join(others)}" if others else "none for this URL"
        return f"no exchange for {asked} in {self._name}: {why} ({self.used} of {self.count} used)"

    def _add(self, number: int, entry: Any) -> None:
        request, response = entry["request"], entry["response"]
        key = (request["method"], _normal(request["url"]))
        body: bytes | None = b""
        post = request.get("postData")
        if post is not None:
            body = _body(post, "_encoding") if "text" in post else None
        elif request.get("bodySize", 0):
            body = None
        status = int(response["status"])
        if status > 999:
            raise ValueError(f"a status has three digits, not {status}")
        content = response.get("content") or {}
        _body(content, "encoding")  # It is checked now, and decoded when it is asked for.
        error = str(response.get("_error", "no answer"))
        found = _Entry(number, body, status, _reason(response), _headers(response), content, error)
        self._entries.setdefault(key, deque()).append(found)
        self.count += 1

    def __repr__(self) -> str:
        return f"<HARReplayer {self.used} of {self.count} used>"


def _load(path: str | os.PathLike[str]) -> Any:
    with open(path, "rb") as file:
        data = file.read(_MAX_SIZE + 1)
    if len(data) > _MAX_SIZE:
        raise ValueError(f"{os.fspath(path)!r} has more than {_MAX_SIZE} bytes")
    try:
        return json.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{os.fspath(path)!r} is no HAR: {error}") from None


def _normal(url: str) -> str:
    """Return a URL as it is compared: without credentials and fragment."""
    try:
        return parse_url(url).url.partition("#")[0]
    except ValueError:
        return url


def _headers(response: dict[str, Any]) -> HTTPHeaders:
    headers = HTTPHeaders()
    for field in response["headers"]:
        name = field["name"]
        if name.lower() not in _NOT_REPLAYED and not name.startswith(":"):
            # A browser joins the cookies of a response with line ends.
            for value in field["value"].split("\n"):
                headers.add(name, value.strip())
    return headers


def _reason(response: dict[str, Any]) -> str | None:
    reason: str = response.get("statusText") or ""
    if not reason.isprintable():
        raise ValueError("a statusText with control characters")
    return reason.encode("latin-1").decode("latin-1") or None


def _body(content: dict[str, Any], encoding: str) -> bytes:
    text = content.get("text") or ""
    if not isinstance(text, str):
        raise TypeError(f"a body must be text, not {type(text).__name__}")
    if content.get(encoding) != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"a body that is no base64: {error}") from None


def _response(request: HTTPRequest, entry: _Entry) -> HTTPResponse:
    if entry.status < 200:
        asked = f"{request.method} {redacted(request.url)}"
        raise HTTPStreamClosedError(f"recorded: {entry.error}: {asked}")
    body = io.BytesIO(_body(entry.content, "encoding"))
    return HTTPResponse(request, entry.status, entry.headers, body, reason=entry.reason)
