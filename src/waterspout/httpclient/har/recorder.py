"""`HARRecorder`: writes what a client sends and gets to a file, as HAR 1.2 has it.

HAR is the HTTP Archive format: a JSON document that browsers and many tools read and write.
"""

import base64
import datetime
import json
import os
import stat
import threading
from collections.abc import Collection
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from waterspout._version import __version__
from waterspout.httpclient.hooks import SentRequest
from waterspout.httpclient.request import SENSITIVE_HEADERS
from waterspout.httpclient.response import HTTPResponse
from waterspout.httpclient.target import without_credentials
from waterspout.protocol.headers import HTTPHeaders

__all__ = ["REDACTED", "HARRecorder"]

#: What stands in the place of a secret.
REDACTED = "[redacted]"

#: Headers whose values are not recorded: those that tell who asks, and the cookies of servers.
SECRET_HEADERS = SENSITIVE_HEADERS | {"Set-Cookie"}

# Headers that are a URL.
_OF_URLS = ("Content-Location", "Location", "Referer")

_MAX_BODY_SIZE = 1024 * 1024
_END = b"\n]}}\n"


class HARRecorder:
    """Writes an entry for each request that a client sends, one that is redirected included::

        with HARRecorder("exchanges.har") as recorder:
            client = HTTPClient(event_hooks=recorder.event_hooks)

    - ``path``: the file; one that is there is replaced. It is readable for its owner alone, and
      whole after each entry.
    - ``redact``: names of headers whose values are not written: `SECRET_HEADERS` unless given.
      Credentials in URLs are never written; what else is secret in URLs and bodies is not known.
    - ``max_body_size``: bodies that are longer are left out, as are those that are streamed, those
      of redirects, and request bodies that are produced while they are sent.

    Answers from a cache were not exchanged, and are left out. Keeps nothing in memory. For any
    number of clients and threads. Raises OSError where the file cannot be written, which is raised
    by `fetch`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        redact: Collection[str] = SECRET_HEADERS,
        max_body_size: int = _MAX_BODY_SIZE,
    ) -> None:
        if isinstance(redact, str):
            raise TypeError("redact must be a collection of names, not a str")
        self._secret = {name.lower() for name in redact}
        self._max_body_size = max_body_size
        self._lock = threading.Lock()
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        if stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            os.chmod(self._file.fileno(), 0o600)  # One that was there may have been for others too.
        log = {"version": "1.2", "creator": {"name": "waterspout", "version": __version__}}
        begin = json.dumps({"log": log})[:-2] + ', "entries": ['
        self._end = self._file.write(begin.encode())
        #: How many entries there are.
        self.count = 0
        self._file.write(_END)
        self._file.flush()

    @property
    def event_hooks(self) -> dict[str, Any]:
        """What a client is to be given as its ``event_hooks``."""
        return {
            "response": self._on_response,
            "redirect": self._on_response,
            "retry": self._on_retry,
            "error": self._on_error,
        }

    def close(self) -> None:
        """Write no more; what is told from now on is not recorded."""
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _on_response(self, response: HTTPResponse, sent: SentRequest, *url: str) -> None:
        if response.from_cache:
            return
        timings = _timings(response.time_info)
        begun = (response.start_time or 0.0) + response.time_info.get("redirect", 0.0)
        self._add(begun, sent, self._response(response, url[0] if url else ""), timings)

    def _on_retry(self, reason: HTTPResponse | BaseException, sent: SentRequest) -> None:
        if isinstance(reason, HTTPResponse):
            self._on_response(reason, sent)
        else:
            self._on_error(reason, sent)

    def _on_error(self, error: BaseException, sent: SentRequest) -> None:
        response = {
            "status": 0,
            "statusText": "",
            "httpVersion": "",
            "cookies": [],
            "headers": [],
            "content": {"size": 0, "mimeType": "x-unknown"},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
            "_error": f"{type(error).__name__}: {error}",
        }
        timings = {"send": 0.0, "wait": 0.0, "receive": 0.0}
        self._add(sent.request.start_time, sent, response, timings)

    def _add(
        self, begun: float, sent: SentRequest, response: dict[str, Any], timings: dict[str, float]
    ) -> None:
        moment = datetime.datetime.fromtimestamp(begun, datetime.UTC)
        entry = {
            "startedDateTime": moment.isoformat(timespec="milliseconds"),
            # What TLS took is in `connect` already.
            "time": sum(max(0, took) for part, took in timings.items() if part != "ssl"),
            "request": self._request(sent),
            "response": response,
            "cache": {},
            "timings": timings,
        }
        data = json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace")
        with self._lock:
            if self._file.closed:
                return
            self._file.seek(self._end)
            self._file.write((b",\n" if self.count else b"\n") + data)
            self._end = self._file.tell()
            self._file.write(_END)
            self._file.flush()
            self.count += 1

    def _request(self, sent: SentRequest) -> dict[str, Any]:
        query = parse_qsl(urlsplit(sent.url).query, keep_blank_values=True)
        found: dict[str, Any] = {
            "method": sent.method,
            "url": sent.url,
            "httpVersion": "HTTP/1.1",
            "cookies": self._cookies(sent.headers, "Cookie"),
            "headers": self._headers(sent.headers),
            "queryString": [{"name": name, "value": value} for name, value in query],
            "headersSize": -1,
            "bodySize": len(sent.body or b""),
        }
        if sent.headers.get("Transfer-Encoding") or (
            sent.body is None and sent.headers.get("Content-Length", "0") != "0"
        ):
            found["bodySize"] = -1
        elif sent.body:
            kind = sent.headers.get("Content-Type", "application/octet-stream")
            found["postData"] = {"mimeType": kind, "params": [], **self._text(sent.body, "_")}
        return found

    def _response(self, response: HTTPResponse, url: str) -> dict[str, Any]:
        headers = HTTPHeaders(response.headers)
        # The body is recorded decoded; what was said about it is recorded as it was said.
        if "X-Consumed-Content-Encoding" in headers:
            headers["Content-Encoding"] = headers.pop("X-Consumed-Content-Encoding")
        body = response.body
        request = response.request
        is_streamed = request.streaming_callback is not None or request.tap is not None
        is_left_out = bool(url) or is_streamed
        content: dict[str, Any] = {
            "size": len(body),
            "mimeType": headers.get("Content-Type", "x-unknown"),
        }
        if is_left_out:
            content["comment"] = "not recorded: streamed, or of a redirect"
        else:
            content.update(self._text(body, ""))
        return {
            "status": response.code,
            "statusText": response.reason,
            "httpVersion": response.http_version or "HTTP/1.1",
            "cookies": self._cookies(headers, "Set-Cookie"),
            "headers": self._headers(headers),
            "content": content,
            "redirectURL": url,
            "headersSize": -1,
            "bodySize": -1 if is_left_out or "Content-Encoding" in headers else len(body),
        }

    def _text(self, body: bytes, prefix: str) -> dict[str, str]:
        """Return a body as text, or in base64, which the format knows for responses alone."""
        if len(body) > self._max_body_size:
            return {"comment": f"not recorded: longer than {self._max_body_size} bytes"}
        try:
            return {"text": body.decode("utf-8")}
        except UnicodeDecodeError:
            text = base64.b64encode(body).decode("ascii")
            return {"text": text, f"{prefix}encoding": "base64"}

    def _headers(self, headers: HTTPHeaders) -> list[dict[str, str]]:
        found = []
        for name, value in headers.get_all():
            shown = value
            if name.lower() in self._secret:
                shown = REDACTED
            elif name in _OF_URLS:
                shown = without_credentials(value)
            found.append({"name": name, "value": shown})
        return found

    def _cookies(self, headers: HTTPHeaders, field: str) -> list[dict[str, str]]:
        lines = headers.get_list(field)
        if field == "Cookie":
            pairs = [pair for line in lines for pair in line.split(";")]
        else:
            pairs = [line.partition(";")[0] for line in lines]
        is_secret = field.lower() in self._secret
        found = []
        for pair in pairs:
            name, _, value = pair.strip().partition("=")
            found.append({"name": name, "value": REDACTED if is_secret else value})
        return found

    def __repr__(self) -> str:
        return f"<HARRecorder entries={self.count}>"


def _timings(info: dict[str, float]) -> dict[str, float]:
    """Return the parts of an exchange in milliseconds; -1 for what did not happen."""
    queue = info["queue"]

    def between(begin: str, end: str) -> float:
        return round(max(0.0, info[end] - info[begin]) * 1000, 3) if info[end] else -1

    found = {
        "blocked": round(max(0.0, queue) * 1000, 3),
        "dns": between("queue", "namelookup"),
        "connect": -1.0,
        "ssl": between("connect", "appconnect"),
        "send": 0.0,
        "wait": round(max(0.0, info["starttransfer"] - info["pretransfer"]) * 1000, 3),
        "receive": 0.0,
    }
    if info["connect"]:
        found["connect"] = between("namelookup", "appconnect" if info["appconnect"] else "connect")
    end = info["total"] - info["redirect"]
    found["receive"] = round(max(0.0, end - info["starttransfer"]) * 1000, 3)
    return found
