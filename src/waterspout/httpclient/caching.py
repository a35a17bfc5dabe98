"""`HTTPCache`: responses that are kept and used again (RFC 9111).

What may be kept, used, or has to be asked about is decided by hishel, which needs no network for
that. Here it is told what is asked and what came, and its decisions are carried out: a response
that it has is read as if a server sent it, so that it takes the way of all others.

This module needs hishel, and is imported where a client has a cache.
"""

import hashlib
import sys
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from waterspout.httpclient.connection import Connection
from waterspout.httpclient.cookies.setcookie import parse_date
from waterspout.httpclient.delivery import Copy
from waterspout.httpclient.exchange import Exchange
from waterspout.httpclient.hop import Hop
from waterspout.httputil import format_timestamp
from waterspout.log import gen_log
from waterspout.net import Net
from waterspout.protocol.headers import HTTPHeaders, encode_fields
from waterspout.protocol.http1.client import ClientConnection
from waterspout.protocol.http1.limits import Limits
from waterspout.protocol.http1.messages import ResponseHead
from waterspout.protocol.http1.writer import reason_phrase

try:
    import hishel
except ImportError:
    raise ImportError("cache= needs hishel: pip install 'waterspout[cache]'") from None

__all__ = ["HTTPCache", "Lookup", "MemoryStorage"]

_MAX_SIZE = 64 * 1024 * 1024
_MAX_BODY_SIZE = 16 * 1024 * 1024
_MAX_ENTRIES = 10_000
_MAX_PER_KEY = 20
# What an entry takes beside its body and its fields, about.
_OVERHEAD = 1000
# Bytes of fields up to which those of a 304 are added to what is kept: each may bring others.
_MAX_FIELDS = 256 * 1024

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# Digits of an age in seconds that says something.
_MAX_DIGITS = 10

# The length that is told is that of the body as it was decoded.
_FRAMING = frozenset({"content-length", "transfer-encoding"})


class MemoryStorage(hishel.BaseStorage):
    """Keeps entries in memory, ``max_size`` bytes of them; what was not used for longest goes.

    Any thread may call.
    """

    def __init__(self, max_size: int = _MAX_SIZE) -> None:
        super().__init__(max_stream_size=max_size // 4)
        self.max_size = max_size
        self._lock = threading.Lock()
        # By key; and all of them in the order of their use, with what they take.
        self._entries: dict[str, dict[uuid.UUID, tuple[hishel.Entry, bytes]]] = {}
        self._order: dict[uuid.UUID, tuple[str, int]] = {}
        self._size = 0

    def create_entry(
        self,
        request: hishel.Request,
        response: hishel.Response,
        key: str,
        *,
        ttl: float | None = None,
        tti: float | None = None,
    ) -> hishel.Entry:
        """Return an entry that is kept when its body was read."""
        body: Any = response.stream or ()
        entry = hishel.Entry(uuid.uuid4(), request, response)
        return replace(entry, response=replace(response, stream=self._saved(entry, key, body)))

    def get_entries(self, key: str) -> list[hishel.Entry]:
        """Return the entries of a key."""
        with self._lock:
            found = list(self._entries.get(key, {}).values())
            for entry, _ in found:
                self._order[entry.id] = self._order.pop(entry.id)
        return [
            replace(entry, response=replace(entry.response, stream=iter([body])))
            for entry, body in found
        ]

    def update_headers(self, id: uuid.UUID, headers: hishel.Headers) -> None:
        """Replace the fields of an entry, if it is there."""
        with self._lock:
            if id in self._order:
                key = self._order[id][0]
                entry, body = self._entries[key][id]
                self._remove(id)
                entry = replace(entry, response=replace(entry.response, headers=headers))
                self._keep(entry, key, body)

    def remove_entry(self, id: uuid.UUID) -> None:
        """Remove an entry, if it is there."""
        with self._lock:
            self._remove(id)

    def _saved(self, entry: hishel.Entry, key: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        kept: list[bytes] = []
        size = 0
        for piece in pieces:
            size += len(piece)
            if self.max_stream_size is None or size <= self.max_stream_size:
                kept.append(piece)
            yield piece
        if self.max_stream_size is None or size <= self.max_stream_size:
            with self._lock:
                self._keep(entry, key, b"".join(kept))

    # Under the lock

    def _keep(self, entry: hishel.Entry, key: str, body: bytes) -> None:
        size = _OVERHEAD + len(body)
        size += _size_of(entry.request.headers) + _size_of(entry.response.headers)
        of_key = self._entries.setdefault(key, {})
        of_key[entry.id] = entry, body
        self._order[entry.id] = key, size
        self._size += size
        if len(of_key) > _MAX_PER_KEY:
            self._remove(next(iter(of_key)))
        while self._size > self.max_size or len(self._order) > _MAX_ENTRIES:
            self._remove(next(iter(self._order)))

    def _remove(self, id: uuid.UUID) -> None:
        key, size = self._order.pop(id, ("", 0))
        if key:
            self._size -= size
            of_key = self._entries[key]
            del of_key[id]
            if not of_key:
                del self._entries[key]

    def __repr__(self) -> str:
        return f"<MemoryStorage {len(self._order)} entries, {self._size} bytes>"


class HTTPCache:
    """What a client keeps of responses, by the rules of RFC 9111.

    - ``storage``: where; one of hishel's (``hishel.SqliteStorage``), or None: in memory, 64 MiB
    - ``shared``: whether it serves several users. Then what was asked for with credentials is kept
      only where the server allows that; what is private, never.
    - ``allow_stale``: whether what is too old may be used where the server does not forbid it
    - ``max_body_size``: a body that has more bytes, decoded, is not kept

    Redirects are kept as well, and bodies that are streamed, if they are read to their end: until
    then they are in memory. A request that has conditions of its own, or says ``Cache-Control:
    no-store``, passes by. Several clients and threads may share a cache; a storage that writes to a
    disk does so without holding a loop up. One that fails is logged, and the fetch goes on as if
    there was no cache.

    Raises TypeError and ValueError for arguments that can't be used, ImportError where hishel is
    not there.
    """

    def __init__(
        self,
        storage: hishel.BaseStorage | None = None,
        shared: bool = True,
        allow_stale: bool = False,
        max_body_size: int = _MAX_BODY_SIZE,
    ) -> None:
        if storage is not None and not isinstance(storage, hishel.BaseStorage):
            raise TypeError(
                "the storage of a cache must be a hishel.BaseStorage (and not one of its"
                f" asynchronous ones), not {type(storage).__name__}"
            )
        self.storage: hishel.BaseStorage = MemoryStorage() if storage is None else storage
        self.max_body_size = _checked_size(max_body_size)
        self.options = hishel.CacheOptions(shared=shared, allow_stale=allow_stale)

    @classmethod
    def of(cls, cache: Any) -> "HTTPCache":
        """Return the cache that an argument stands for: True, a storage, or a cache."""
        if isinstance(cache, HTTPCache):
            return cache
        return cls(None if cache is True else cache)

    async def look_up(self, hop: Hop, net: Net) -> "Lookup | None":
        """Return what the cache has for a request; None if the request passes by."""
        is_safe = hop.method in _SAFE
        fields = HTTPHeaders.parse(hop.encoded.data.partition(b"\r\n")[2].decode("latin-1"))
        if "no-store" in fields.get("Cache-Control", "").lower():
            return None
        if is_safe and any(name.startswith("If-") for name in fields):
            return None
        wishes = fields.get("Cache-Control", fields.get("Pragma", "")).lower()
        if any(wish in wishes for wish in ("max-age", "min-fresh", "no-cache")):
            # hishel knows but the last of these. What was just asked about is new enough for all.
            fields["Cache-Control"] = "no-cache"
        # For a proxy alone, and nothing to write down.
        fields.pop("Proxy-Authorization", None)
        road = hop.key.road
        # The same URL on two unix sockets is two servers, as is another name in Host; and who has a
        # certificate may see more.
        unix_socket = None if road is None else road.unix_socket
        place = (unix_socket, fields.get("Host", ""), hop.files)
        target = hop.target
        url = f"{target.scheme}://{target.authority}{target.path}"
        lookup = Lookup(self, hishel.Request(hop.method, url, _told(fields)), place)
        return lookup if await self.call(net, lookup.begin) else None

    async def call(self, net: Net, function: Any) -> bool:
        """Call what talks to the storage; False if it failed, which is logged."""
        try:
            if isinstance(self.storage, MemoryStorage):
                function()
            else:
                await net.aside(function)
        except Exception:
            gen_log.warning("a cache does without its storage, which failed", exc_info=True)
            return False
        return True

    def __repr__(self) -> str:
        return f"<HTTPCache {self.storage!r}>"


class Lookup:
    """One request of a fetch before the cache, and its response behind it.

    ``place`` tells servers apart that have the same URLs.
    """

    def __init__(
        self, cache: HTTPCache, request: hishel.Request, place: tuple[object, ...]
    ) -> None:
        self._cache = cache
        self._request = request
        self._state: Any = hishel.IdleClient(options=cache.options)
        #: Fields that make the request a question about what is kept.
        self.conditions: dict[str, str] = {}
        #: The response to use: status, fields and body.
        self.stored: tuple[int, HTTPHeaders, bytes] | None = None
        self._key = hashlib.sha256(f"waterspout {request.url} {place}".encode()).hexdigest()

    def begin(self) -> None:
        """Look for what is kept."""
        # What came last is first: of two with the same date it counts.
        entries = [*reversed(self._cache.storage.get_entries(self._key))]
        if self._request.method in _SAFE:
            entries = [entry for entry in entries if _may_be_meant(entry, self._request)]
        self._go_on(self._state.next(self._request, entries), None)

    async def settle(self, exchange: Exchange, net: Net) -> None:
        """Take the response of the server. With 304 there may be one to use now, in `stored`."""
        assert exchange.head is not None
        response = _response(exchange, exchange.head)
        body = exchange.kept_body()
        if body is not None and len(body) > self._cache.max_body_size:
            body = None
        # They are answered, even if what came can't be used.
        self.conditions = {}
        await self._cache.call(net, lambda: self._go_on(self._state.next(response), body))

    def copy_for(self, exchange: Exchange, head: ResponseHead) -> Copy | None:
        """Return what a body is to be written to that is not gathered; None if it is not kept."""
        most = self._cache.max_body_size
        if head.content_length > most:
            return None
        state = self._state.next(_response(exchange, head))
        while isinstance(state, hishel.InvalidateEntries | hishel.NeedToBeUpdated):
            state = state.next()
        return Copy(most) if isinstance(state, hishel.StoreAndUse) else None

    def connection(self, hop: Hop, limits: Limits) -> Connection:
        """Return what the response can be read from.

        Of its head, which was within limits when it came, there may be more than the client allows
        servers: fields are added here and by a 304.
        """
        assert self.stored is not None
        limits = limits._replace(max_header_size=sys.maxsize, max_header_count=sys.maxsize)
        status, headers, body = self.stored
        line = f"HTTP/1.1 {status} {reason_phrase(status)}\r\n".encode("latin-1")
        data = line + encode_fields(headers) + b"\r\n" + body
        return Connection(hop.key, _StoredStream(data), ClientConnection(limits))

    def _go_on(self, state: Any, body: bytes | None) -> None:
        """Do what one state after the other asks for."""
        storage = self._cache.storage
        self.conditions = {}
        while True:
            if isinstance(state, hishel.InvalidateEntries):
                for id in state.entry_ids:
                    storage.remove_entry(id)
            elif isinstance(state, hishel.NeedToBeUpdated):
                for entry in state.updating_entries:
                    if _size_of(entry.response.headers) <= _MAX_FIELDS:
                        storage.update_headers(entry.id, entry.response.headers)
                    else:
                        storage.remove_entry(entry.id)
            else:
                break
            state = state.next()
        self._state = state
        if isinstance(state, hishel.FromCache):
            self.stored = self._read(state.entry)
        elif isinstance(state, hishel.NeedRevalidation):
            changed = _changes(self._request.headers, state.request.headers)
            self.conditions = changed
        elif isinstance(state, hishel.StoreAndUse) and body is not None:
            response = replace(state.response, stream=iter([body]))
            stream: Any = storage.create_entry(self._request, response, self._key).response.stream
            for _ in stream:
                pass  # Reading is what keeps it.

    def _read(self, entry: hishel.Entry) -> tuple[int, HTTPHeaders, bytes]:
        headers = HTTPHeaders()
        for name in entry.response.headers:
            if name not in _FRAMING:
                for value in entry.response.headers.get_list(name) or ():
                    headers.add(name, value)
        stream: Any = entry.response.stream or ()
        body = b"".join(stream)
        if entry.response.status_code not in (204, 304) and entry.request.method != "HEAD":
            headers["Content-Length"] = str(len(body))
        return entry.response.status_code, headers, body


class _StoredStream:
    """Brings a response that is there already; see `net.Stream`."""

    ask_after = 1.0

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, deadline: float) -> bytes:
        data, self._data = self._data, b""
        return data

    def read_now(self) -> None:
        return None

    def is_quiet(self, ask: bool) -> bool:
        return True

    def write(self, data: bytes, deadline: float) -> None:
        """Nobody is there to read it."""

    def close(self, farewell: bytes = b"") -> None:
        """There is nothing to close."""

    def drop(self) -> None:
        """There is nothing to let go of."""


def _checked_size(size: object) -> int:
    if not isinstance(size, int) or isinstance(size, bool):
        raise TypeError(f"max_body_size must be an int, not {size!r}")
    if size < 0:
        raise ValueError(f"max_body_size must be at least 0, not {size}")
    return size


def _response(exchange: Exchange, head: ResponseHead) -> hishel.Response:
    headers = HTTPHeaders(head.headers if exchange.headers is None else exchange.headers)
    headers["Date"] = _date(headers, time.time())
    return hishel.Response(head.status, _told(headers))


def _date(headers: HTTPHeaders, now: float) -> str:
    """Return when a response that came now was made: hishel reckons by that, and by no Age.

    Where it is not said, or is yet to come, that is now (RFC 9110 section 6.6.1).
    """
    made = parse_date(headers.get("Date", ""))
    age = headers.get("Age", "").strip(" \t")
    if not (age.isascii() and age.isdigit()):
        age = "0"
    # More digits are no time, but more than any that it may be kept for.
    seconds = int(age[:_MAX_DIGITS]) if len(age) <= _MAX_DIGITS else now
    return format_timestamp(max(0.0, min(now if made is None else made, now - seconds)))


def _may_be_meant(entry: hishel.Entry, request: hishel.Request) -> bool:
    """Whether a 304 could mean an entry: it was asked for alike, or has a tag.

    RFC 9111 section 4.1. A date may be that of any variant: hishel would ask by that of another,
    and use that one then.
    """
    headers = entry.response.headers
    if "etag" in headers:
        return True
    names = (headers.get("vary") or "").replace(",", " ").split()
    before, now = entry.request.headers, request.headers
    return all(name != "*" and before.get(name) == now.get(name) for name in names)


def _size_of(headers: hishel.Headers) -> int:
    return sum(len(name) + len(headers[name]) for name in headers)


def _told(fields: HTTPHeaders) -> hishel.Headers:
    return hishel.Headers({name: fields.get_list(name) for name in fields})


def _changes(before: hishel.Headers, after: hishel.Headers) -> dict[str, str]:
    return {name: after[name] for name in after if before.get(name) != after[name]}
