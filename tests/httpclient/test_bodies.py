"""Bodies that are not bytes: what is known of them before, and what they give."""

import io
import os
from pathlib import Path

import pytest

from waterspout.httpclient import HTTPRequest
from waterspout.httpclient.bodies.source import AsyncSource, JoinedSource, Source, source_of
from waterspout.net import run_blocking


def sent(source: Source) -> bytes:
    """Return what a source writes, all in all."""
    pieces: list[bytes] = []

    async def write(piece: bytes) -> None:
        pieces.append(piece)

    run_blocking(source.produce(write))
    return b"".join(pieces)


def at(position: int, data: bytes = b"0123456789") -> io.BytesIO:
    file = io.BytesIO(data)
    file.seek(position)
    return file


async def pieces_of(*pieces):
    for piece in pieces:
        yield piece


class Pieces:
    """Can be iterated over any number of times, either way."""

    def __iter__(self):
        return iter([b"a", b"b"])


class AsyncPieces:
    def __aiter__(self):
        return pieces_of(b"a", b"b")


class Unseekable(io.RawIOBase):
    """A pipe, for instance."""

    def __init__(self):
        self.data = [b"a", b"b"]

    def readable(self):
        return True

    def read(self, size=-1):
        return self.data.pop(0) if self.data else b""


@pytest.mark.parametrize(
    ("body", "length", "is_repeatable", "whole"),
    [
        (at(0), 10, True, b"0123456789"),
        (at(3), 7, True, b"3456789"),
        (at(10), 0, True, b""),
        (at(99), 0, True, b""),
        (at(0, bytes(200_000)), 200_000, True, bytes(200_000)),
        (Unseekable(), -1, False, b"ab"),
        ([b"a", b"", bytearray(b"b"), memoryview(b"c")], -1, True, b"abc"),
        ((b"a",), -1, True, b"a"),
        (iter([b"a", b"b"]), -1, False, b"ab"),
        ((piece for piece in (b"a", b"b")), -1, False, b"ab"),
        (Pieces(), -1, True, b"ab"),
        (AsyncPieces(), -1, True, b"ab"),
        (pieces_of(b"a", b"b"), -1, False, b"ab"),
    ],
)
def test_sources(body, length, is_repeatable, whole):
    source = source_of(body)
    assert source.body is body
    assert (source.length, source.is_repeatable) == (length, is_repeatable)
    assert source.is_asynchronous == isinstance(source, AsyncSource)
    assert not source.is_used_up
    assert sent(source) == whole
    assert source.is_used_up is not is_repeatable
    if is_repeatable:
        assert sent(source) == whole


def test_a_file_on_disk(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    with path.open("rb", buffering=0) as file:
        source = source_of(file)
        assert source.length == 7
        path.write_bytes(b"content and more")
        assert sent(source) == b"content"  # what was announced
        os.truncate(path, 3)
        assert sent(source) == b"con"


def test_a_path_serves_any_number_of_requests(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"y" * 100_000)
    source = source_of(path)
    assert (source.length, source.is_repeatable) == (100_000, True)
    assert sent(source) == sent(source) == b"y" * 100_000
    path.write_bytes(b"y" * 100_001)
    assert sent(source) == b"y" * 100_000


def test_a_path_that_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        source_of(tmp_path / "none")
    with pytest.raises(ValueError, match="no regular file"):
        source_of(Path(os.devnull))


def test_joined():
    source = JoinedSource(None, [b"<", source_of(at(8)), b">"])
    assert (source.length, source.is_repeatable, source.is_asynchronous) == (4, True, False)
    assert sent(source) == b"<89>"
    assert sent(source) == b"<89>"
    source = JoinedSource(None, [source_of(at(8)), source_of(iter([b"x"]))])
    assert (source.length, source.is_repeatable) == (-1, False)
    assert JoinedSource(None, [source_of(AsyncPieces())]).is_asynchronous


def test_a_joined_file_that_has_shrunk():
    file = at(0)
    source = JoinedSource(None, [source_of(file)])
    file.truncate(4)
    with pytest.raises(ValueError, match="10 bytes had only 4"):
        sent(source)


def test_a_generator_that_is_left_is_closed():
    is_closed = False

    def generate():
        nonlocal is_closed
        try:
            while True:
                yield b"x"
        finally:
            is_closed = True

    async def fail(piece):
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        run_blocking(source_of(generate()).produce(fail))
    assert is_closed


@pytest.mark.parametrize("piece", ["text", 5, None])
def test_pieces_are_bytes(piece):
    for body in ([piece], pieces_of(piece)):
        with pytest.raises(TypeError, match="must be bytes, not"):
            sent(source_of(body))


@pytest.mark.parametrize("body", [5, {"a": "b"}, object(), io.StringIO("text")])
def test_what_is_no_body(body):
    with pytest.raises(TypeError, match=r"body must be|binary mode"):
        HTTPRequest("http://x/", body=body)


def test_of_a_request():
    request = HTTPRequest("http://x/", body="ü")
    assert request.body == "ü".encode()
    file = at(0)
    request.body = file
    assert request.body is file
    request.body = bytearray(b"x")
    assert request.body == b"x"
    assert request.source is None
