"""`Form`: a body of ``multipart/form-data`` (RFC 7578); files are read while it is sent."""

import mimetypes
import os
import re
import secrets
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence

__all__ = ["Form"]

_PIECE_SIZE = 64 * 1024
_OPTION = re.compile(r";\s*(type|filename)=(\"[^\"]*\"|[^;]*)")


class Form:
    """The fields of -F, in order. ValueError for what is none, OSError for files not there.

    ``length`` is the size of the body in bytes; a file must not change it meanwhile.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        self._boundary = secrets.token_hex(16)
        self._parts = [self._part(field) for field in fields]
        self._end = f"--{self._boundary}--\r\n".encode()
        #: What the Content-Type field says.
        self.content_type = f"multipart/form-data; boundary={self._boundary}"
        self.length = len(self._end) + sum(len(head) + size + 2 for head, _, size in self._parts)

    async def produce(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Write the body, as a ``body_producer`` does."""
        for piece in self._pieces():
            await write(piece)

    def _pieces(self) -> Iterator[bytes]:
        for head, content, size in self._parts:
            yield head
            if isinstance(content, bytes):
                yield content
            else:
                yield from _read(content, size)
            yield b"\r\n"
        yield self._end

    def _part(self, field: str) -> tuple[bytes, bytes | str, int]:
        """Return the head, the content or the path of it, and its size."""
        name, equals, value = field.partition("=")
        if not equals or not name:
            raise ValueError(f"a field is name=value, not {field[:40]!r}")
        options: dict[str, str] = {}
        if value.startswith(("@", "<")):
            options = {key: text.strip('"') for key, text in _OPTION.findall(value)}
            value = _OPTION.sub("", value)
        elif found := _OPTION.search(value):
            options = {found[1]: found[2].strip('"')} if found[1] == "type" else {}
            value = value[: found.start()] if options else value
        disposition = f'form-data; name="{_quoted(name)}"'
        content: bytes | str
        if value.startswith(("@", "<")):
            content, size = _file(value[1:])
            if value[0] == "@":
                shown = options.get("filename", os.path.basename(value[1:]))
                disposition += f'; filename="{_quoted(shown)}"'
                kind = mimetypes.guess_type(shown)[0] or "application/octet-stream"
                options.setdefault("type", kind)
        else:
            content = value.encode("utf-8", "surrogateescape")
            size = len(content)
        head = f"--{self._boundary}\r\nContent-Disposition: {disposition}\r\n"
        if "type" in options:
            kind = options["type"]
            if not kind.isprintable():
                raise ValueError(f"no content type: {kind!r}")
            head += f"Content-Type: {kind}\r\n"
        return f"{head}\r\n".encode("utf-8", "surrogateescape"), content, size


def _file(path: str) -> tuple[bytes | str, int]:
    """Return what to read later and its size; or the content, where that is not known before."""
    if path == "-":
        data = sys.stdin.buffer.read()
        return data, len(data)
    if os.path.isfile(path):
        with open(path, "rb"):  # It can be read, which is better known now.
            return path, os.stat(path).st_size
    with open(path, "rb") as file:
        data = file.read()
    return data, len(data)


def _read(path: str, size: int) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while size and (piece := file.read(min(size, _PIECE_SIZE))):
            size -= len(piece)
            yield piece
    if size:
        raise OSError(0, "the file has become shorter while it was sent", path)


def _quoted(text: str) -> str:
    """Return a name as HTML forms write it, where quotes and line ends would end it."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
