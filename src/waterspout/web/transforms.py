"""What happens to a response between the handler and the wire: output transforms.

A transform is made for each response of an application that has any. It sees the head once, with
the first piece of the body, and then the other pieces; the last piece may be empty.
"""

import zlib
from typing import Any, ClassVar

from waterspout.httputil import HTTPHeaders, HTTPServerRequest
from waterspout.web.contentcoding import choose_coding, vary_on_coding

__all__ = [
    "GZipContentEncoding",
    "OutputTransform",
    "chosen_transforms",
    "transform_first",
    "transform_next",
]


class OutputTransform:
    """Changes responses. This one changes nothing.

    Methods are called in the thread of the event loop, one piece after the other.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        pass

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Return what to send for a status, fields and the first piece of a body.

        ``finishing`` says that nothing follows. For a body that changes its size Content-Length
        must be changed too, or removed. The answer to HEAD is passed through here as well: with
        the body that GET would have, or without one and with Content-Length.
        """
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Return what to send for another piece of the body; ``finishing`` says it is the last."""
        return chunk


class GZipContentEncoding(OutputTransform):
    """Compresses what is worth it: text, for clients that take ``gzip``.

    A body is compressed if its type is ``text/*`` or one of ``CONTENT_TYPES`` or ends in ``+json``
    or ``+xml``, and if it has ``MIN_LENGTH`` bytes or its length is not known. A part of a body
    (206), what is coded already and what says ``Cache-Control: no-transform`` stay as they are. The
    entity tag of a compressed body becomes weak: it is no longer the same bytes.
    """

    CONTENT_TYPES: ClassVar[set[str]] = {
        "application/atom+xml",
        "application/javascript",
        "application/json",
        "application/wasm",
        "application/x-javascript",
        "application/xhtml+xml",
        "application/xml",
        "image/svg+xml",
    }
    #: From 1, fast, to 9, small.
    GZIP_LEVEL = 6
    #: Bytes; fewer are not worth it: the answer is in one packet all the same.
    MIN_LENGTH = 1024

    def __init__(self, request: HTTPServerRequest) -> None:
        self._request = request
        self._engine: Any = None

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Decide, and compress the first piece."""
        vary_on_coding(headers)
        if status_code == 304:
            self._weaken_as_asked(headers)
        elif self._is_accepted() and self._is_worth_it(status_code, headers, chunk, finishing):
            headers["Content-Encoding"] = "gzip"
            _weaken(headers)
            headers.pop("Content-Length", None)
            if finishing and not chunk:
                return status_code, headers, chunk  # to HEAD, made without its body
            self._engine = zlib.compressobj(self.GZIP_LEVEL, zlib.DEFLATED, _GZIP)
            chunk = self.transform_chunk(chunk, finishing)
            if finishing:
                headers["Content-Length"] = str(len(chunk))
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Compress a piece, so that the client can read all of it at once."""
        if self._engine is None:
            return chunk
        # A flush of nothing would still be some bytes.
        data: bytes = self._engine.compress(chunk) if chunk else b""
        if finishing:
            return data + self._engine.flush()  # type: ignore[no-any-return]
        return data + self._engine.flush(zlib.Z_SYNC_FLUSH) if chunk else b""

    def _is_accepted(self) -> bool:
        return choose_coding(self._request.headers.get("Accept-Encoding"), ("gzip",)) is not None

    def _is_worth_it(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> bool:
        if status_code in (204, 205, 206):
            return False
        if "Content-Encoding" in headers or "Content-Range" in headers:
            return False
        if "no-transform" in headers.get("Cache-Control", "").lower():
            return False
        if not self._is_compressible(headers.get("Content-Type", "")):
            return False
        # What is known of the length: all of the body, or what the handler says.
        length = headers.get("Content-Length")
        if length is not None:
            return int(length) >= self.MIN_LENGTH
        return len(chunk) >= self.MIN_LENGTH or not finishing

    def _is_compressible(self, content_type: str) -> bool:
        kind = content_type.partition(";")[0].strip().lower()
        return (
            kind.startswith("text/")
            or kind in self.CONTENT_TYPES
            or kind.endswith(("+json", "+xml"))
        )

    def _weaken_as_asked(self, headers: HTTPHeaders) -> None:
        # A client that names the weak tag has the compressed form, and updates that
        # (RFC 9111 section 4.3.4).
        asked = self._request.headers.get("If-None-Match", "")
        if f"W/{headers.get('Etag', '')}" in asked:
            _weaken(headers)


class RequestIdField(OutputTransform):
    """Names the request in the response: ``X-Request-Id``."""

    def __init__(self, request: HTTPServerRequest) -> None:
        self._request = request

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Set the field, unless the handler has."""
        if self._request.request_id:
            headers.setdefault("X-Request-Id", self._request.request_id)
        return status_code, headers, chunk


_GZIP = 16 + zlib.MAX_WBITS


def _weaken(headers: HTTPHeaders) -> None:
    tag = headers.get("Etag", "")
    if tag[:1] == '"':
        headers["Etag"] = f"W/{tag}"


def chosen_transforms(
    transforms: list[type[OutputTransform]] | None, settings: dict[str, Any]
) -> list[type[OutputTransform]]:
    """Return the transforms of an application: those given, else what its settings ask for.

    ``compress_response``, or ``gzip`` by its old name, asks for ``GZipContentEncoding``;
    ``request_id_header`` asks for ``RequestIdField`` in any case.
    """
    chosen: list[type[OutputTransform]] = []
    if transforms is not None:
        chosen += transforms
        for cls in chosen:
            if not callable(cls):
                raise TypeError(f"transforms: {cls!r:.80} is no OutputTransform class")
    elif settings.get("compress_response") or settings.get("gzip"):
        chosen.append(GZipContentEncoding)
    if settings.get("request_id_header"):
        chosen.append(RequestIdField)
    return chosen


def transform_first(handler: Any, chunk: bytes, is_last: bool) -> bytes:
    """Make the transforms of a response, and have them change its head and its first piece."""
    request = handler.request
    handler._transforms = [cls(request) for cls in handler.application.transforms]
    status, headers = handler._status_code, handler._headers
    for transform in handler._transforms:
        status, headers, chunk = transform.transform_first_chunk(status, headers, chunk, is_last)
    if status != handler._status_code:
        handler._status_code, handler._own_reason = status, None
    handler._own_headers = headers
    return chunk


def transform_next(handler: Any, chunk: bytes, is_last: bool) -> bytes:
    """Have the transforms of a response change another piece of its body."""
    for transform in handler._transforms:
        chunk = transform.transform_chunk(chunk, is_last)
    return chunk
