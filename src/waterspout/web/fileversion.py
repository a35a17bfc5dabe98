"""Versions of static content: texts that change with it, remembered as long as they hold.

A version is remembered with the signature of its file (device, inode, size, time of the last
change) and made anew when that differs. A file that changed within the last two seconds could
change again without a trace, so nothing is remembered of it. Content that is no file is remembered
until `forget_all`.

``owner`` is the class that has the content, a ``StaticFileHandler``. May be called from any thread,
but for `of_file`.
"""

import asyncio
import os
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from threading import Lock
from time import time
from typing import Any

from waterspout.log import gen_log
from waterspout.web.openfile import OpenFile, is_contained

__all__ = ["forget_all", "hash_content", "of_file", "of_place"]

Signature = tuple[int, int, int, int]

# Two changes may come within one tick of a file system's clock; that of FAT is the slowest.
_TICK = 2.0
# What is hashed on the event loop: a tenth of a millisecond.
_MAX_HASHED_AT_ONCE = 64 * 1024

_versions: dict[tuple[type, str], tuple[Signature | None, str | None]] = {}
_lock = Lock()


def of_place(
    owner: Any, place: str, roots: Sequence[str] | None = None, is_known_used: bool = True
) -> str | None:
    """Return the version of what ``owner`` has at ``place``; None where it has none.

    One that is known and still holds is used, unless ``is_known_used`` says no. With ``roots`` a
    file that does not lie below one of them, links being followed, has none either. Why there is
    none is logged, once.
    """
    try:
        status = os.stat(place)
    except (OSError, ValueError):
        status = None
    signature = None if status is None else _signature(status)
    known = _versions.get((owner, place)) if is_known_used else None
    if known is not None and known[0] == signature:
        return known[1]
    version: str | None = None
    try:
        if status is None or roots is None or is_contained(place, roots):
            version = owner.get_content_version(place)
        else:
            gen_log.error("%r has no version: it leads outside of its directory", place)
    except Exception as error:
        gen_log.error("%r has no version: %s", place, error)
    if status is None or _is_settled(status):
        _remember(owner, place, signature, version)
    return version


async def of_file(owner: Any, file: OpenFile) -> str | None:
    """Return the version of an open file, as ``get_content_version`` by default makes it.

    A long one that has none yet is read in a thread. A file that is too large to be read has one
    made of its size and time, once that is old enough to tell the next change.
    """
    status = file.status
    signature = _signature(status)
    known = _versions.get((owner, file.path))
    if known is not None and known[0] == signature and known[1] is not None:
        return known[1]
    is_settled = _is_settled(status)
    if file.size > owner.MAX_VERSION_CONTENT_SIZE:
        return f"{status.st_mtime_ns:x}-{file.size:x}" if is_settled else None
    if file.size <= _MAX_HASHED_AT_ONCE and (content := file.read_now(file.size, 0)) is not None:
        version = hash_content(content)
    else:
        version = await _hash_elsewhere(owner, file, signature)
    if is_settled:
        _remember(owner, file.path, signature, version)
    return version


async def _hash_elsewhere(owner: Any, file: OpenFile, signature: Signature) -> str:
    """Hash a file in a thread; those who ask for the same meanwhile wait for the same."""
    loop = asyncio.get_running_loop()
    key = (loop, owner, file.path, signature)
    hashing = _hashing.get(key)
    if hashing is None:
        hashing = loop.run_in_executor(None, hash_content, file.pieces())
        _hashing[key] = hashing
        hashing.add_done_callback(lambda done: _hashing.pop(key))
    return await asyncio.shield(hashing)


_hashing: dict[Any, asyncio.Future[str]] = {}


def hash_content(content: Iterable[bytes] | bytes, max_size: int | None = None) -> str:
    """Return a hash of content, in hexadecimal digits; ``ValueError`` beyond ``max_size`` bytes."""
    found = blake2b(digest_size=16)
    size = 0
    for piece in [content] if isinstance(content, bytes) else content:
        size += len(piece)
        if max_size is not None and size > max_size:
            raise ValueError(f"it is larger than {max_size} bytes")
        found.update(piece)
    return found.hexdigest()


def forget_all() -> None:
    """Forget all versions."""
    with _lock:
        _versions.clear()


def _signature(status: os.stat_result) -> Signature:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _is_settled(status: os.stat_result) -> bool:
    return status.st_mtime + _TICK < time()


def _remember(owner: Any, place: str, signature: Signature | None, version: str | None) -> None:
    """Keep a version; the oldest ones make room for it."""
    with _lock:
        _versions.pop((owner, place), None)
        while _versions and len(_versions) >= owner.MAX_CACHED_VERSIONS:
            del _versions[next(iter(_versions))]
        _versions[owner, place] = (signature, version)
