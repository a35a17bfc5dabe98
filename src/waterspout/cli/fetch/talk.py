"""What -v shows: the heads that go out and come in, on standard error, without their secrets; and
what of a text may be shown.
"""

import sys
from typing import Any

from waterspout.httpclient import SENSITIVE_HEADERS, HTTPResponse, SentRequest
from waterspout.httpclient.target import without_credentials

__all__ = ["printable", "show_line", "talk_hooks"]

_SECRET = {name.lower() for name in SENSITIVE_HEADERS} | {
    "authentication-info",
    "proxy-authentication-info",
    "set-cookie",
}

_OF_URLS = ("content-location", "location", "referer")


def talk_hooks() -> dict[str, Any]:
    """Return the ``event_hooks`` that show all heads but that of the final response."""
    return {"request": _on_request, "redirect": _on_redirect, "retry": _on_retry}


def show_line(mark: str, line: str) -> None:
    """Show a line of a head, as a ``header_callback`` gets it."""
    line = line.rstrip("\r\n")
    name, colon, _ = line.partition(":")
    if colon and name.lower() in _SECRET:
        line = f"{name}: [not shown]"
    elif colon and name.lower() in _OF_URLS:
        line = f"{name}: {without_credentials(line[len(name) + 1 :].strip())}"
    print(f"{mark} {printable(line)}".rstrip(), file=sys.stderr)


def printable(text: str) -> str:
    """Return a text with what is none escaped: a terminal would obey it."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _on_request(sent: SentRequest) -> None:
    show_line(">", f"{sent.method} {sent.url}")
    for name, value in sent.headers.get_all():
        show_line(">", f"{name}: {value}")
    show_line(">", "")


def _on_redirect(response: HTTPResponse, sent: SentRequest, url: str) -> None:
    _show_head(response)


def _on_retry(reason: HTTPResponse | Exception, sent: SentRequest) -> None:
    if isinstance(reason, HTTPResponse):
        _show_head(reason)
    else:
        show_line("*", f"once more, after this: {reason}")


def _show_head(response: HTTPResponse) -> None:
    show_line("<", f"HTTP/1.1 {response.code} {response.reason}")
    for name, value in response.headers.get_all():
        show_line("<", f"{name}: {value}")
    show_line("<", "")
