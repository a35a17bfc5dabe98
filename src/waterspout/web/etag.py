"""Entity tags and the requests that are conditional on them (RFC 9110 sections 8.8.3 and 13)."""

import re
from hashlib import blake2b

__all__ = ["compute_etag", "matches", "names_exactly"]

# One tag of a list; the W/ of weak ones is left out, for the comparison is weak.
_TAG = r'"[^"]*"'
# The same, weak ones as they are.
_WHOLE_TAG = r'(?:W/)?"[^"]*"'


def compute_etag(chunks: list[bytes]) -> str:
    """Return a strong tag of a body, quoted: a hash, so equal bodies have equal tags."""
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    if len(body) > _MAX_KEPT_SIZE:
        return _tag(body)  # Also to look for a long one would be to hash it.
    tag = _TAGS.get(body)
    if tag is None:
        if len(_TAGS) >= _MAX_KEPT_TAGS:
            _TAGS.clear()
        tag = _TAGS[body] = _tag(body)
    return tag


def _tag(body: bytes) -> str:
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


# Small bodies are often the same ones again; to find their tag costs less than to make it.
_TAGS: dict[bytes, str] = {}
_MAX_KEPT_TAGS = 512
_MAX_KEPT_SIZE = 512


def matches(etag: str, if_none_match: str) -> bool:
    """Tell whether a tag is named by ``If-None-Match`` (weak comparison, RFC 9110 13.1.2)."""
    if if_none_match.strip() == "*":
        return True
    return etag.removeprefix("W/") in re.findall(_TAG, if_none_match)


def names_exactly(tags: str, etag: str) -> bool:
    """Tell whether a list of tags names a strong one (strong comparison, RFC 9110 8.8.3.2)."""
    return etag[:1] == '"' and etag in re.findall(_WHOLE_TAG, tags)
