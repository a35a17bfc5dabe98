"""Signed values: text that a client keeps for us and cannot change, forge or keep for ever.

A value of version 2 is ``2|len:key version|len:seconds|len:name|len:value|signature``, where
each ``len`` counts the bytes behind its colon, the value is in base64, and the signature is
HMAC-SHA-256 of all before it, in hexadecimal. Version 1 is ``value|seconds|signature``, where the
signature is HMAC-SHA-1 of name, value and seconds without anything between them. Both are
Tornado's, so that a program that moves over goes on reading what it signed.

A value is not hidden from the client, only signed.
"""

import base64
import binascii
import hmac
import re
import time
from collections.abc import Callable
from functools import lru_cache

from waterspout.escape import utf8

__all__ = [
    "DEFAULT_SIGNED_VALUE_MIN_VERSION",
    "DEFAULT_SIGNED_VALUE_VERSION",
    "MAX_SUPPORTED_SIGNED_VALUE_VERSION",
    "MIN_SUPPORTED_SIGNED_VALUE_VERSION",
    "create_signed_value",
    "decode_signed_value",
    "get_signature_key_version",
]

#: What is signed where nothing else is asked for.
DEFAULT_SIGNED_VALUE_VERSION = 2
#: The oldest that is accepted where nothing else is asked for.
DEFAULT_SIGNED_VALUE_MIN_VERSION = 1
MIN_SUPPORTED_SIGNED_VALUE_VERSION = 1
MAX_SUPPORTED_SIGNED_VALUE_VERSION = 2

Secret = str | bytes | dict[int, str] | dict[int, bytes]

_DAY = 24 * 60 * 60
# A value signed this far in the future comes from a clock that is wrong, or, in version 1, from
# digits that were moved from the value to the seconds; and it would not expire in time.
_MOST_FUTURE = 31 * _DAY

# int() of a long text takes quadratic time.
_MOST_DIGITS = 18

# In version 1 nothing stands between the value and the seconds, so that neither may begin or end
# with what could be the other's: base64 in full groups, and digits without a leading zero.
_VERSION_1 = (
    rb"((?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)"
    rb"\|([1-9]\d{0,17})\|([0-9a-f]{40})"
)


def create_signed_value(
    secret: Secret,
    name: str,
    value: str | bytes,
    version: int | None = None,
    clock: Callable[[], float] | None = None,
    key_version: int | None = None,
) -> bytes:
    """Sign a value under a name, with the time that ``clock`` tells (``time.time``).

    ``secret`` is one secret, or a mapping of key versions to secrets of which ``key_version``
    names the one to sign with. The name is part of the signature: what is signed under one is no
    good under another. Raises ``ValueError`` for an unknown version, a key version that is not
    there, and an empty secret.
    """
    if version is None:
        version = DEFAULT_SIGNED_VALUE_VERSION
    seconds = b"%d" % int((clock or time.time)())
    name_bytes = utf8(name)
    coded = base64.b64encode(utf8(value))
    if version == 1:
        if isinstance(secret, dict):
            raise ValueError("a signed value of version 1 has one secret, not one a key version")
        return b"|".join((coded, seconds, _signature_1(secret, name_bytes, coded, seconds)))
    if version != 2:
        raise ValueError(f"there is no version {version!r} of signed values, only 1 and 2")
    if isinstance(secret, dict):
        secret = _signing_secret(secret, key_version)
    fields = (b"%d" % (key_version or 0), seconds, name_bytes, coded)
    signed = b"2|" + b"".join([b"%d:%b|" % (len(field), field) for field in fields])
    return signed + _signature_2(secret, signed)


def decode_signed_value(
    secret: Secret,
    name: str,
    value: str | bytes | None,
    max_age_days: float = 31,
    clock: Callable[[], float] | None = None,
    min_version: int | None = None,
) -> bytes | None:
    """Return the value that was signed under a name; None where the signature is not ours.

    None also where it is older than ``max_age_days``, more than 31 days in the future, of a
    version below ``min_version`` (1), or of a key version that is no longer in ``secret``.
    Signatures are compared in constant time. Raises ``ValueError`` for a ``min_version`` that is
    not supported, and for an empty secret.
    """
    if min_version is None:
        min_version = DEFAULT_SIGNED_VALUE_MIN_VERSION
    if min_version > MAX_SUPPORTED_SIGNED_VALUE_VERSION:
        raise ValueError(f"there is no version {min_version!r} of signed values, only 1 and 2")
    if not value:
        return None
    value = utf8(value)
    if value[:2] == b"2|":
        found = _verified_2(secret, utf8(name), value)
    elif min_version <= 1:
        found = _verified_1(secret, utf8(name), value)
    else:
        return None
    if found is None:
        return None
    coded, seconds = found
    now = (clock or time.time)()
    if seconds < now - max_age_days * _DAY or seconds > now + _MOST_FUTURE:
        return None
    try:
        return binascii.a2b_base64(coded, strict_mode=True)
    except binascii.Error:
        return None


def get_signature_key_version(value: str | bytes) -> int | None:
    """Return the key version that a value says it is signed with; None before version 2.

    The signature is not looked at.
    """
    fields = _fields(utf8(value))
    return None if fields is None else _key_version(fields[0])


def _verified_2(secret: Secret, name: bytes, value: bytes) -> tuple[bytes, int] | None:
    """Return the value, in base64, and the seconds; None where it is not ours."""
    fields = _fields(value)
    if fields is None:
        return None
    key, stamp, named, coded, signature = fields
    key_version = _key_version(key)
    seconds = _number(stamp)
    if key_version is None or seconds is None:
        return None
    one: str | bytes
    if isinstance(secret, dict):
        if key_version not in secret:
            return None
        one = secret[key_version]
    else:
        one = secret
    expected = _signature_2(one, value[: len(value) - len(signature)])
    if not hmac.compare_digest(expected, signature):
        return None
    return (coded, seconds) if named == name else None


def _fields(value: bytes) -> list[bytes] | None:
    """Return key version, seconds, name, value, and the signature; None where a length is wrong."""
    if value[:2] != b"2|":
        return None
    fields = []
    start = 2
    for _ in range(4):
        colon = value.find(b":", start, start + _MOST_DIGITS)
        length = _number(value[start:colon]) if colon > 0 else None
        if length is None:
            return None
        end = colon + 1 + length
        if value[end : end + 1] != b"|":
            return None
        fields.append(value[colon + 1 : end])
        start = end + 1
    fields.append(value[start:])
    return fields


def _key_version(text: bytes) -> int | None:
    if text[:1] != b"-":
        return _number(text)
    number = _number(text[1:])
    return None if number is None else -number


def _number(digits: bytes) -> int | None:
    """Return a number where it is all digits: int() would take spaces and underscores too."""
    return int(digits) if digits.isdigit() and len(digits) <= _MOST_DIGITS else None


def _verified_1(secret: Secret, name: bytes, value: bytes) -> tuple[bytes, int] | None:
    """Return the value, in base64, and the seconds; None where it is not ours."""
    found = re.fullmatch(_VERSION_1, value)
    if found is None or isinstance(secret, dict):
        return None
    coded, seconds, signature = found.groups()
    if not hmac.compare_digest(_signature_1(secret, name, coded, seconds), signature):
        return None
    return coded, int(seconds)


def _signing_secret(
    secrets: dict[int, str] | dict[int, bytes], key_version: int | None
) -> str | bytes:
    if key_version is None:
        raise ValueError("which secret to sign with? there are several, and no key_version")
    if key_version not in secrets:
        raise ValueError(f"there is no secret of the key version {key_version!r}")
    return secrets[key_version]


def _signature_2(secret: str | bytes, signed: bytes) -> bytes:
    started = _keyed(_checked(secret), "sha256").copy()
    started.update(signed)
    return started.hexdigest().encode("ascii")


def _signature_1(secret: str | bytes, name: bytes, coded: bytes, seconds: bytes) -> bytes:
    started = _keyed(_checked(secret), "sha1").copy()
    started.update(name + coded + seconds)
    return started.hexdigest().encode("ascii")


# To key a hash costs more than to hash a cookie, and a program has few secrets.
@lru_cache(maxsize=32)
def _keyed(secret: bytes, digest: str) -> hmac.HMAC:
    return hmac.new(secret, digestmod=digest)


def _checked(secret: str | bytes) -> bytes:
    if isinstance(secret, str):
        secret = secret.encode("utf-8")
    elif not isinstance(secret, bytes):
        raise TypeError(f"the secret of signed values is text, not {type(secret).__name__}")
    if not secret:
        raise ValueError("the secret of signed values is empty")
    return secret
