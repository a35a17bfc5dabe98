"""Static files: what is served, in which form, and what it costs in memory and in others' time."""

import asyncio
import datetime
import gzip
import os
import resource
import socket
import threading
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.web import Application, HTTPError, StaticFileHandler, filebody
from waterspout.web.openfile import OpenFile

LONG_AGO = 1_000_000_000
DATE = "Sun, 09 Sep 2001 01:46:40 GMT"
LONG = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def root(tmp_path):
    """A directory of files that were last changed long ago, beside a secret."""
    root = tmp_path / "root"
    (root / "dir").mkdir(parents=True)
    script = b"function f() {}\n" * 100
    files = {
        "a.txt": b"hello world",
        "long.bin": LONG,
        "dir/index.html": b"<p>index",
        "a.js": script,
        "a.js.gz": gzip.compress(script),
        "a.js.br": b"pretends to be br",
    }
    for name, content in files.items():
        (root / name).write_bytes(content)
        os.utime(root / name, (LONG_AGO, LONG_AGO))
    (tmp_path / "secret").write_bytes(b"secret")
    return root


def rules(root, cls: Any = StaticFileHandler, **kwargs: Any):
    return [("/static/(.*)", cls, {"path": str(root), **kwargs})]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def is_open(path) -> bool:
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}") == str(path):
                return True
        except FileNotFoundError:
            pass  # that of the list itself
    return False


# Conditions


async def test_conditions(wire: Wire, root):
    client = await wire.client(rules(root))
    tag = (await client.ask(path="/static/a.txt"))["Etag"]
    for lines, status in (
        ([f"If-None-Match: {tag}"], 304),
        ([f"If-None-Match: W/{tag}"], 304),
        ([f'If-None-Match: "x", {tag}'], 304),
        (['If-None-Match: "x"'], 200),
        (['If-None-Match: "x"', f"If-Modified-Since: {DATE}"], 200),
        ([f"If-Modified-Since: {DATE}"], 304),
        ([f"If-Match: {tag}"], 200),
        (["If-Match: *"], 200),
        ([f"If-Match: W/{tag}"], 412),
        (['If-Match: "x"', "If-None-Match: *"], 412),
        ([f"If-Match: {tag}", "If-None-Match: *"], 304),
        ([f"If-Unmodified-Since: {DATE}"], 200),
        (["If-Unmodified-Since: Sun, 09 Sep 2001 01:46:39 GMT"], 412),
        ([f"If-None-Match: {tag}", "Range: bytes=0-1"], 304),
        (["Range: bytes=0-1", f"If-Range: {tag}"], 206),
        (["Range: bytes=0-1", f"If-Range: W/{tag}"], 200),
        (["Range: bytes=0-1", 'If-Range: "x"'], 200),
        (["Range: bytes=0-1", f"If-Range: {DATE}"], 206),
        (["Range: bytes=0-1", "If-Range: Sun, 09 Sep 2001 01:46:41 GMT"], 200),
        (["Range: bytes=11-", 'If-Range: "x"'], 200),
        (["Range: bytes=11-"], 416),
    ):
        answer = await client.ask(*lines, path="/static/a.txt")
        assert (lines, answer.status) == (lines, status)
        if status in (200, 206, 304, 416):
            assert answer["Etag"] == tag
            assert answer["Last-Modified"] == DATE
            assert answer["Accept-Ranges"] == "bytes"
        if status == 206:
            assert (answer["Content-Range"], answer.body) == ("bytes 0-1/11", b"he")
        if status == 416:
            assert (answer["Content-Range"], answer.body) == ("bytes */11", b"")


async def test_the_tag_follows_the_content(wire: Wire, root):
    client = await wire.client(rules(root))
    first = await client.ask(path="/static/a.txt")
    (root / "a.txt").write_bytes(b"HELLO WORLD")
    second = await client.ask(f"If-None-Match: {first['Etag']}", path="/static/a.txt")
    assert (second.status, second.body) == (200, b"HELLO WORLD")
    # Once more within the same second, with the same size.
    (root / "a.txt").write_bytes(b"Hello World")
    third = await client.ask(f"If-None-Match: {second['Etag']}", path="/static/a.txt")
    assert (third.status, third.body) == (200, b"Hello World")


async def test_a_very_large_file_has_a_tag_too(wire: Wire, root):
    class Small(StaticFileHandler):
        MAX_VERSION_CONTENT_SIZE = 10

    client = await wire.client(rules(root, Small))
    answer = await client.ask(path="/static/a.txt")
    assert answer["Etag"] == f'"{LONG_AGO * 10**9:x}-b"'
    assert (
        await client.ask(f"If-None-Match: {answer['Etag']}", path="/static/a.txt")
    ).status == 304


# Directories


async def test_a_directory_gets_its_slash_and_the_query_stays(wire: Wire, root):
    client = await wire.client(rules(root, default_filename="index.html"))
    answer = await client.ask(path="/static/dir?a=1")
    assert (answer.status, answer["Location"]) == (301, "/static/dir/?a=1")
    assert (await client.ask(path="/static/dir/")).body == b"<p>index"
    assert (await client.ask(path="/static/")).status == 404


async def test_directories_may_be_given_as_paths(wire: Wire, root):
    (root / "link").symlink_to("../secret")
    kwargs = {"path": root, "allowed_symlink_directory": [root.parent]}
    client = await wire.client([("/static/(.*)", StaticFileHandler, kwargs)])
    assert (await client.ask(path="/static/a.txt")).body == b"hello world"
    assert (await client.ask(path="/static/link")).body == b"secret"


async def test_a_relative_directory_is_below_the_working_directory(wire: Wire, root, monkeypatch):
    monkeypatch.chdir(root.parent)
    client = await wire.client(rules("root"))
    assert (await client.ask(path="/static/a.txt")).body == b"hello world"
    assert (await client.ask(path="/static/../secret")).status == 403


# Precompressed files


async def test_the_neighbour_is_sent(wire: Wire, root):
    client = await wire.client(rules(root, precompressed=True))
    plain = await client.ask(path="/static/a.js")
    for accepted, coding, name in (("gzip", "gzip", "a.js.gz"), ("gzip, br", "br", "a.js.br")):
        answer = await client.ask(f"Accept-Encoding: {accepted}", path="/static/a.js")
        content = (root / name).read_bytes()
        assert (answer.status, answer.body) == (200, content)
        assert answer["Content-Encoding"] == coding
        assert answer["Content-Length"] == str(len(content))
        assert answer["Content-Type"] == plain["Content-Type"] == "text/javascript"
        assert answer["Vary"] == plain["Vary"] == "Accept-Encoding"
        # Other bytes, another tag, and ranges of these bytes.
        assert answer["Etag"] != plain["Etag"]
        part = await client.ask(
            f"Accept-Encoding: {accepted}", "Range: bytes=2-5", path="/static/a.js"
        )
        assert (part.status, part.body) == (206, content[2:6])
        assert part["Content-Encoding"] == coding
        assert part["Etag"] == answer["Etag"]
        known = await client.ask(
            f"Accept-Encoding: {accepted}", f"If-None-Match: {answer['Etag']}", path="/static/a.js"
        )
        assert (known.status, known["Vary"]) == (304, "Accept-Encoding")
    assert "Content-Encoding" not in plain


async def test_without_the_keyword_neighbours_are_files_like_others(wire: Wire, root):
    client = await wire.client(rules(root))
    answer = await client.ask("Accept-Encoding: gzip", path="/static/a.js")
    assert "Content-Encoding" not in answer
    assert "Vary" not in answer
    answer = await client.ask("Accept-Encoding: gzip", path="/static/a.js.gz")
    assert answer["Content-Type"] == "application/gzip"
    assert "Content-Encoding" not in answer


async def test_what_is_coded_already_is_not_coded_again(wire: Wire, root):
    application = Application(
        rules(root, precompressed=["gzip"]),
        compress_response=True,
        log_function=lambda handler: None,
    )
    client = await wire.client(application)
    answer = await client.ask("Accept-Encoding: gzip", path="/static/a.js")
    assert gzip.decompress(answer.body) == (root / "a.js").read_bytes()
    assert answer["Etag"].startswith('"')
    os.unlink(root / "a.js.gz")
    answer = await client.ask("Accept-Encoding: gzip", path="/static/a.js")
    assert gzip.decompress(answer.body) == (root / "a.js").read_bytes()
    assert answer["Etag"].startswith('W/"')


# Long files


@pytest.mark.parametrize("is_at_hand", [True, False])
async def test_a_long_file(wire: Wire, root, monkeypatch, is_at_hand):
    if not is_at_hand:
        monkeypatch.setattr(OpenFile, "read_now", lambda self, size, offset: None)
    client = await wire.client(rules(root))
    answer = await client.ask(path="/static/long.bin")
    assert answer["Content-Length"] == str(len(LONG))
    assert answer.body == LONG
    answer = await client.ask("Range: bytes=1000-900000", path="/static/long.bin")
    assert answer.body == LONG[1000:900_001]
    assert (await client.ask(path="/static/a.txt")).body == b"hello world"


async def test_what_is_not_at_hand_is_read_in_a_thread(wire: Wire, root, monkeypatch):
    threads = set()
    read = OpenFile.read

    def note(self, size, offset):
        threads.add(threading.current_thread())
        return read(self, size, offset)

    monkeypatch.setattr(OpenFile, "read_now", lambda self, size, offset: None)
    monkeypatch.setattr(OpenFile, "read", note)
    client = await wire.client(rules(root))
    for name in ("a.txt", "long.bin"):
        assert (await client.ask(path=f"/static/{name}")).status == 200
    assert threads
    assert threading.main_thread() not in threads


async def test_head_reads_nothing(wire: Wire, root, monkeypatch):
    class Tagged(StaticFileHandler):
        @classmethod
        def get_content_version(cls, abspath):
            return "version"

    monkeypatch.setattr(OpenFile, "read", None)
    monkeypatch.setattr(OpenFile, "read_now", None)
    client = await wire.client(rules(root, Tagged))
    for name in ("a.txt", "long.bin"):
        answer = await client.ask(path=f"/static/{name}", method="HEAD")
        assert answer["Content-Length"] == str((root / name).stat().st_size)
        assert answer["Etag"] == '"version"'


async def test_a_slow_reader_holds_the_file_back_and_nobody_else(wire: Wire, root, monkeypatch):
    offsets = []
    is_at_hand = OpenFile.is_at_hand

    def note(self, size, offset):
        offsets.append(offset)
        return is_at_hand(self, size, offset)

    monkeypatch.setattr(OpenFile, "is_at_hand", note)
    with (root / "large.bin").open("wb") as file:
        file.truncate(8 * 1024 * 1024)
    os.utime(root / "large.bin", (LONG_AGO, LONG_AGO))

    class Tagged(StaticFileHandler):
        @classmethod
        def get_content_version(cls, abspath):
            return "version"

    server = wire.serve(rules(root, Tagged), send_buffer=64 * 1024)
    slow = await wire.connect(server, receive_buffer=64 * 1024)
    await slow.send(request(path="/static/large.bin"))
    await slow.until(b"\r\n\r\n")
    other = await wire.connect(server)
    for _ in range(20):
        assert (await other.ask(path="/static/a.txt")).status == 200
    assert max(offsets) < 4 * 1024 * 1024
    slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    assert await slow.read(8 * 1024 * 1024) == bytes(8 * 1024 * 1024)


async def test_a_client_that_goes_ends_it_and_the_file_is_closed(wire: Wire, root):
    with (root / "large.bin").open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    server = wire.serve(rules(root), send_buffer=64 * 1024)
    client = await wire.connect(server, receive_buffer=64 * 1024)
    before = open_files()
    await client.send(request(path="/static/large.bin"))
    await client.until(b"\r\n\r\n")
    assert is_open(root / "large.bin")
    client.reset()
    await wire.closed(server)
    while open_files() >= before or is_open(root / "large.bin"):
        await turns(1)


@pytest.mark.slow
async def test_two_gibibytes_in_forty_mebibytes(wire: Wire, root):
    size = 2 * 1024**3
    with (root / "huge.bin").open("wb") as file:
        file.truncate(size)
    os.utime(root / "huge.bin", (LONG_AGO, LONG_AGO))
    server = wire.serve(rules(root))
    client = await wire.connect(server)
    other = await wire.connect(server)
    assert (await client.ask(path="/static/a.txt")).status == 200
    loop = asyncio.get_running_loop()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await client.send(request(path="/static/huge.bin"))
    left = size - len(await client.read(0))
    await client.until(b"\r\n\r\n")
    left -= len(client._received)
    buffer = bytearray(256 * 1024)
    for tenths in range(9, -1, -1):
        while left > size * tenths // 10:
            left -= await loop.sock_recv_into(client.socket, buffer)
        assert (await other.ask(path="/static/a.txt")).body == b"hello world"
    assert left == 0
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 40 * 1024  # KiB, the client's share included


# What goes wrong


async def test_a_file_that_is_cut_short_is_never_framed_wrongly(wire: Wire, root, caplog):
    with (root / "large.bin").open("wb") as file:
        file.truncate(16 * 1024 * 1024)
    server = wire.serve(rules(root), send_buffer=64 * 1024)
    client = await wire.connect(server, receive_buffer=64 * 1024)
    await client.send(request(path="/static/large.bin"))
    await client.until(b"\r\n\r\n")
    os.truncate(root / "large.bin", 1000)
    received = await client.rest_or_reset()
    assert len(received) < 16 * 1024 * 1024
    assert b"HTTP/1.1" not in received
    assert "was cut short" in caplog.text


async def test_a_file_that_is_cut_short_before_it_is_sent_is_an_error(
    wire: Wire, root, monkeypatch
):
    async def cut(*args):
        os.truncate(root / "a.txt", 3)
        return await send(*args)

    send = filebody.send_file
    monkeypatch.setattr("waterspout.web.staticfilehandler.send_file", cut)
    client = await wire.client(rules(root))
    assert (await client.ask(path="/static/a.txt")).status == 500


async def test_a_file_that_vanishes(wire: Wire, root):
    client = await wire.client(rules(root))
    assert (await client.ask(path="/static/a.txt")).status == 200
    os.unlink(root / "a.txt")
    assert (await client.ask(path="/static/a.txt")).status == 404


async def test_a_file_that_vanishes_while_it_is_sent_is_sent(wire: Wire, root, monkeypatch):
    async def unlink(*args):
        os.unlink(root / "a.txt")
        return await send(*args)

    send = filebody.send_file
    monkeypatch.setattr("waterspout.web.staticfilehandler.send_file", unlink)
    client = await wire.client(rules(root))
    assert (await client.ask(path="/static/a.txt")).body == b"hello world"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PermissionError(13, "denied"), 403),
        (FileNotFoundError(2, "gone"), 404),
        (OSError(24, "too many open files"), 500),
        (OSError(5, "the disk has failed"), 500),
    ],
)
async def test_a_file_that_cannot_be_opened(wire: Wire, root, monkeypatch, error, status):
    def fail(*args):
        raise error

    client = await wire.client(rules(root))
    monkeypatch.setattr(os, "open", fail)
    assert (await client.ask(path="/static/a.txt")).status == status


# Subclasses


class Memory(StaticFileHandler):
    """Serves what is no file."""

    content = b"in memory"

    @classmethod
    def get_absolute_path(cls, root, path):
        return f"memory:{path}"

    def validate_absolute_path(self, root, absolute_path):
        if absolute_path != "memory:a":
            raise HTTPError(404)
        return absolute_path

    @classmethod
    def get_content(cls, abspath, start=None, end=None):
        return cls.content[start:end]

    def get_content_size(self):
        return len(self.content)

    def get_modified_time(self):
        return datetime.datetime(2001, 9, 9, 1, 46, 40)


async def test_content_that_is_no_file(wire: Wire, root):
    client = await wire.client(rules(root, Memory, precompressed=True))
    answer = await client.ask("Accept-Encoding: gzip", path="/static/a")
    assert (answer.body, answer["Last-Modified"]) == (b"in memory", DATE)
    part = await client.ask("Range: bytes=3-", path="/static/a")
    assert (part.status, part.body, part["Etag"]) == (206, b"memory", answer["Etag"])
    assert (await client.ask(f"If-None-Match: {answer['Etag']}", path="/static/a")).status == 304
    assert (await client.ask(path="/static/b")).status == 404


async def test_a_size_that_is_wrong_is_an_error(wire: Wire, root, caplog):
    class Wrong(Memory):
        def get_content_size(self):
            return 100

    client = await wire.client(rules(root, Wrong))
    assert (await client.ask(path="/static/a")).status == 500
    assert "the body has 9 bytes, but Content-Length says 100" in caplog.text


async def test_another_file_may_be_chosen(wire: Wire, root):
    class Other(StaticFileHandler):
        def validate_absolute_path(self, root, absolute_path):
            found = super().validate_absolute_path(root, absolute_path)
            return None if found is None else found.replace("a.txt", "a.js")

    before = open_files()
    client = await wire.client(rules(root, Other))
    answer = await client.ask(path="/static/a.txt")
    assert answer.body == (root / "a.js").read_bytes()
    assert answer["Content-Length"] == str(len(answer.body))
    assert open_files() <= before + 4  # the listener, two ends of a connection


async def test_one_more_try_may_be_made(wire: Wire, root):
    class Spa(StaticFileHandler):
        def validate_absolute_path(self, root, absolute_path):
            try:
                return super().validate_absolute_path(root, absolute_path)
            except HTTPError as error:
                if error.status_code != 404:
                    raise
                return super().validate_absolute_path(root, os.path.join(root, "dir/index.html"))

    client = await wire.client(rules(root, Spa))
    for path in ("/static/some/page", "/static/dir/index.html"):
        assert (await client.ask(path=path)).body == b"<p>index"
    assert (await client.ask(path="/static/../secret")).status == 403


async def test_get_content_may_be_called_by_a_subclass(wire: Wire, root):
    class Shouting(StaticFileHandler):
        @classmethod
        def get_content(cls, abspath, start=None, end=None):
            for piece in super().get_content(abspath, start, end):
                yield piece.upper()

    client = await wire.client(rules(root, Shouting))
    answer = await client.ask(path="/static/a.txt")
    assert answer.body == b"HELLO WORLD"
    assert (await client.ask("Range: bytes=1-3", path="/static/a.txt")).body == b"ELL"
    plain = await wire.client(rules(root))
    assert (await plain.ask(path="/static/a.txt"))["Etag"] != answer["Etag"]


def test_the_content_of_what_is_no_file_is_refused(root):
    with pytest.raises(IsADirectoryError):
        list(StaticFileHandler.get_content(str(root)))
