"""How a provider is asked: bounded, and with errors that hold no secrets."""

import io
import ipaddress
import json
import re
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from waterspout.auth.errors import AuthError, AuthHTTPError
from waterspout.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from waterspout.httpclient.target import parse_url

__all__ = [
    "FORM",
    "MAX_ANSWER",
    "ask",
    "ask_json",
    "error_name",
    "is_secure",
    "is_text",
    "is_token",
    "json_of",
    "shown",
]

#: The headers of a form.
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

#: Tokens, metadata and profiles are some kilobytes.
MAX_ANSWER = 1024 * 1024

# RFC 6749 section 5.2: the name of an error, from a list that only extensions add to.
_ERROR_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
# RFC 6749 appendix A: what codes and tokens are made of.
_TOKEN = re.compile(r"[\x20-\x7e]+")


async def ask(
    client: AsyncHTTPClient, request: HTTPRequest, max_size: int = MAX_ANSWER
) -> HTTPResponse:
    """Fetch and return a response whose code is 200 to 299.

    Raises `AuthHTTPError` for another one or none, `AuthError` for more than ``max_size`` bytes,
    ValueError for what can't be sent.
    """
    where = shown(request.url)
    pieces: list[bytes] = []
    size = 0

    def take(piece: bytes) -> None:
        nonlocal size
        size += len(piece)
        if size > max_size:
            raise AuthError(f"{where} answered with more than {max_size} bytes")
        pieces.append(piece)

    request.streaming_callback = take
    try:
        response = await client.fetch(request, raise_error=False)
    except HTTPClientError as error:
        # What the client says may quote the URL, and that may have secrets in its query.
        reason = type(error).__name__ if "?" in str(error) else str(error)
        raise AuthHTTPError(599, f"no answer from {where}: {reason}") from None
    except ValueError:
        # It may quote what is wrong, and that may be a secret.
        raise ValueError(f"can't ask {where}: its URL or a header is malformed") from None
    # A client that is not ours may have put the body into the response nonetheless.
    body = b"".join(pieces) or response.body or b""
    if len(body) > max_size:
        raise AuthError(f"{where} answered with more than {max_size} bytes")
    whole = HTTPResponse(request, response.code, headers=response.headers, buffer=io.BytesIO(body))
    if not 200 <= whole.code < 300:
        raise AuthHTTPError(whole.code, f"the answer of {where}{_error_of(body)}", whole)
    return whole


async def ask_json(
    client: AsyncHTTPClient, request: HTTPRequest, max_size: int = MAX_ANSWER
) -> dict[str, Any]:
    """Fetch and return a JSON object; see `ask`. `AuthError` if it is none."""
    value = json_of(await ask(client, request, max_size))
    if not isinstance(value, dict):
        raise AuthError(f"{shown(request.url)} answered with JSON that is no object")
    return value


def json_of(response: HTTPResponse) -> Any:
    """Return the JSON of a response. `AuthError` if it is none."""
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        message = f"{shown(response.request.url)} answered with what is no JSON"
    raise AuthError(message)


def is_secure(url: str) -> bool:
    """Tell whether nobody on the way to ``url`` can read or change anything.

    That is https, and http on this machine. False for what is no URL of these.
    """
    try:
        target = parse_url(url)
    except ValueError:
        return False
    return target.scheme == "https" or _is_loopback(target.host)


def shown(url: str) -> str:
    """Return a URL for messages: where it leads to, without credentials, query and fragment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"[:200]


def is_text(value: object) -> TypeGuard[str]:
    """Tell whether a member of a JSON object is a text that is not empty."""
    return isinstance(value, str) and value != ""


def is_token(value: object) -> TypeGuard[str]:
    """Tell whether a member of a JSON object may be a token: visible ASCII, not empty."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def error_name(value: object) -> str:
    """Return an error that OAuth 2 has a name for, for the end of a message; else nothing."""
    is_name = isinstance(value, str) and _ERROR_NAME.fullmatch(value)
    return f": {value}" if is_name else ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _error_of(body: bytes) -> str:
    """Return the error that OAuth 2 has a name for, if the answer tells one; nothing else of it."""
    try:
        return error_name(json.loads(body)["error"])
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        return ""
