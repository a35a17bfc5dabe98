"""Files that are found below a root and read without waiting."""

import errno
import os
import socket
from contextlib import closing

import pytest

from waterspout.web import openfile
from waterspout.web.openfile import (
    OutsideError,
    file_content,
    is_contained,
    open_below,
    open_file,
)


@pytest.fixture
def root(tmp_path):
    """A directory beside a secret."""
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_bytes(b"other")
    found = tmp_path / "root"
    (found / "dir").mkdir(parents=True)
    (found / "file").write_bytes(b"0123456789")
    (found / "dir" / "file").write_bytes(b"inner")
    return found


@pytest.fixture(params=["by the kernel", "by its name"])
def way(request, monkeypatch):
    """Either way to learn where a file lies."""
    if request.param == "by its name":
        monkeypatch.setattr(openfile, "_real_name", lambda file: None)


def open_and_close(path, *roots):
    file = open_below(str(path), [str(root) for root in roots])
    file.close()
    return file


def test_a_file_and_what_is_known_of_it(root):
    file = open_file(str(root / "file"))
    assert file.size == 10
    assert file.read(4, 2) == b"2345"
    assert file.read(100, 8) == b"89"
    assert file.read(1, 100) == b""
    assert b"".join(file.pieces()) == b"0123456789"
    assert "10 bytes" in repr(file)
    file.close()
    file.close()
    assert "closed" in repr(file)


def test_it_closes_when_nobody_has_it_any_more(root):
    file = open_file(str(root / "file"))
    descriptor = file._descriptor
    del file
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_what_is_at_hand_is_read_at_once(root):
    file = open_file(str(root / "file"))
    assert file.read(10, 0) == b"0123456789"
    assert file.read_now(4, 2) == b"2345"
    # There is less than was asked for, and only who waits learns why.
    assert file.read_now(100, 0) in (None, b"0123456789")
    file.close()


@pytest.mark.skipif(not openfile._NO_WAIT, reason="this system cannot read without waiting")
def test_what_is_not_at_hand_is_not_read(root, monkeypatch):
    def wait(*args):
        raise BlockingIOError(errno.EAGAIN, "not in the cache")

    file = open_file(str(root / "file"))
    monkeypatch.setattr(openfile, "_always_read", set())
    monkeypatch.setattr(os, "preadv", wait)
    assert file.read_now(4, 0) is None
    file.close()


@pytest.mark.skipif(not openfile._NO_WAIT, reason="this system cannot read without waiting")
def test_a_file_system_that_cannot_tell_is_asked_once(root, monkeypatch):
    calls = []

    def refuse(*args):
        calls.append(args)
        raise OSError(errno.EOPNOTSUPP, "not supported")

    file = open_file(str(root / "file"))
    monkeypatch.setattr(openfile, "_always_read", set())
    monkeypatch.setattr(os, "preadv", refuse)
    assert file.read_now(4, 0) == b"0123"
    assert file.read_now(4, 4) == b"4567"
    assert file.read_now(1024 * 1024, 0) is None
    assert len(calls) == 1
    file.close()


@pytest.mark.skipif(not openfile._NO_WAIT, reason="this system cannot read without waiting")
def test_a_disk_that_fails_is_told(root, monkeypatch):
    def fail(*args):
        raise OSError(errno.EIO, "failed")

    file = open_file(str(root / "file"))
    monkeypatch.setattr(openfile, "_always_read", set())
    monkeypatch.setattr(os, "preadv", fail)
    with pytest.raises(OSError, match="failed"):
        file.read_now(4, 0)
    file.close()


def test_only_regular_files_are_opened(root):
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))
        with pytest.raises(IsADirectoryError):
            open_file(str(root / "dir"))
        for name in ("fifo", "socket", "/dev/zero"):
            with pytest.raises(PermissionError, match="not a regular file"):
                open_file(str(root / name))
    with pytest.raises(FileNotFoundError):
        open_file(str(root / "none"))
    with pytest.raises(NotADirectoryError):
        open_file(str(root / "file" / "x"))


def test_what_became_something_else_meanwhile_is_closed(root, monkeypatch):
    regular = os.stat(root / "file")
    monkeypatch.setattr(os, "stat", lambda path: regular)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    with pytest.raises(IsADirectoryError):
        open_file(str(root / "dir"))
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert before == after


@pytest.mark.usefixtures("way")
def test_links_inside_are_followed(root):
    (root / "link").symlink_to("file")
    (root / "dir" / "up").symlink_to("../file")
    (root / "absolute").symlink_to(root / "dir")
    for name in ("file", "link", "dir/up", "absolute/file", "dir/../file"):
        open_and_close(root / name, root)


@pytest.mark.usefixtures("way")
def test_links_that_lead_outside_are_not(root):
    (root / "link").symlink_to("../secret")
    (root / "dangling").symlink_to("../nothing")
    (root / "dir" / "other").symlink_to("../../other")
    for name in ("link", "dangling", "dangling/x", "dir/other", "dir/other/file", "dir/other/no"):
        with pytest.raises(OutsideError):
            open_and_close(root / name, root)


@pytest.mark.usefixtures("way")
def test_other_roots_are_allowed(root):
    (root / "other").symlink_to("../other")
    open_and_close(root / "other" / "file", root, root.parent / "other")
    open_and_close(root / "file", root, root.parent / "other")
    with pytest.raises(FileNotFoundError):
        open_and_close(root / "other" / "no", root, root.parent / "other")


@pytest.mark.usefixtures("way")
def test_a_root_that_is_a_link_itself(root):
    current = root.parent / "current"
    current.symlink_to("root")
    (root / "link").symlink_to("../secret")
    open_and_close(current / "file", current)
    with pytest.raises(OutsideError):
        open_and_close(current / "link", current)
    # The link leads elsewhere from now on.
    current.unlink()
    current.symlink_to("other")
    open_and_close(current / "file", current)
    with pytest.raises(FileNotFoundError):
        open_and_close(current / "dir", current)


@pytest.mark.usefixtures("way")
def test_links_in_a_circle_are_nothing(root):
    (root / "self").symlink_to("self")
    with pytest.raises(OSError, match="symbolic links") as caught:
        open_and_close(root / "self", root)
    assert caught.value.errno == errno.ELOOP


def test_a_link_that_is_set_between_two_looks_is_noticed(root, monkeypatch):
    monkeypatch.setattr(openfile, "_real_name", lambda file: None)
    (root / "link").symlink_to("../secret")
    # The name is said to be harmless, but not what has been opened.
    monkeypatch.setattr(openfile, "is_contained", lambda path, roots: True)
    monkeypatch.setattr(os.path, "realpath", lambda path: str(root / "file"))
    with pytest.raises(OutsideError):
        open_and_close(root / "link", root)


def test_contained(root):
    assert is_contained(str(root / "file"), [str(root)])
    assert is_contained(str(root / "none"), [str(root)])
    assert not is_contained(str(root.parent / "secret"), [str(root)])


def test_content(root):
    path = str(root / "file")
    assert b"".join(file_content(path)) == b"0123456789"
    assert b"".join(file_content(path, 3, 5)) == b"34"
    assert b"".join(file_content(path, 3)) == b"3456789"
    assert b"".join(file_content(path, 3, 100)) == b"3456789"
    assert b"".join(file_content(path, 3, 3)) == b""


def test_long_content_comes_in_pieces(root):
    (root / "long").write_bytes(bytes(200_000))
    sizes = [len(piece) for piece in file_content(str(root / "long"))]
    assert sum(sizes) == 200_000
    assert max(sizes) <= 64 * 1024


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(root):
    (root / "file").chmod(0)
    with pytest.raises(PermissionError):
        open_and_close(root / "file", root)


def test_what_is_at_hand_and_what_is_fetched(root):
    (root / "long").write_bytes(bytes(1_000_000))
    with closing(open_file(str(root / "long"))) as file:
        file.fetch(1_000_000, 0)
        file.fetch(100, 999_999)  # no more than there is
        if openfile._NO_WAIT and file.status.st_dev not in openfile._always_read:
            assert file.is_at_hand(1_000_000, 0)
            assert not file.is_at_hand(1, 1_000_000)


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EOPNOTSUPP])
def test_what_nobody_knows_is_not_at_hand(root, monkeypatch, number):
    def refuse(*args):
        raise OSError(number, "no")

    monkeypatch.setattr(openfile, "_always_read", set())
    monkeypatch.setattr(os, "preadv", refuse)
    with closing(open_file(str(root / "file"))) as file:
        assert not file.is_at_hand(10, 0)
        assert bool(openfile._always_read) is (number == errno.EOPNOTSUPP)


def test_a_disk_that_fails_is_told_before_it_is_fetched(root, monkeypatch):
    def fail(*args):
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(openfile, "_always_read", set())
    monkeypatch.setattr(openfile, "_NO_WAIT", 8)
    monkeypatch.setattr(os, "preadv", fail)
    with closing(open_file(str(root / "file"))) as file, pytest.raises(OSError, match="no"):
        file.is_at_hand(10, 0)
