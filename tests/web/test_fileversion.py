"""Versions of contents, and how long they are remembered."""

import asyncio
import os
from hashlib import blake2b

import pytest

from waterspout.web import fileversion
from waterspout.web.fileversion import forget_all, hash_content, of_file, of_place
from waterspout.web.openfile import OpenFile, open_file

LONG_AGO = 1_000_000_000


@pytest.fixture(autouse=True)
def _nothing_is_known():
    forget_all()
    yield
    forget_all()


class Owner:
    """Counts how often it is asked."""

    MAX_VERSION_CONTENT_SIZE = 1024 * 1024
    MAX_CACHED_VERSIONS = 3

    def __init__(self):
        self.asked = []

    def get_content_version(self, place):
        self.asked.append(place)
        if place == "fails":
            raise ValueError("no version of that")
        return f"version {len(self.asked)}"


@pytest.fixture
def owner():
    """Who has the contents."""
    return Owner()


@pytest.fixture
def path(tmp_path):
    """A file that was last changed long ago."""
    found = tmp_path / "file"
    found.write_bytes(b"content")
    os.utime(found, (LONG_AGO, LONG_AGO))
    return found


def opened(path, read=None) -> OpenFile:
    return open_file(str(path))


def expected(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def version_of(owner, path):
    async def find():
        file = open_file(str(path))
        try:
            return await of_file(owner, file)
        finally:
            file.close()

    return asyncio.run(find())


def test_hash():
    assert (
        hash_content(b"content")
        == hash_content(iter([b"con", b"", b"tent"]))
        == expected(b"content")
    )
    assert hash_content(b"1234", 4) == expected(b"1234")
    with pytest.raises(ValueError, match="larger than 4 bytes"):
        hash_content([b"123", b"45"], 4)


def test_what_is_no_file_is_remembered_until_all_is_forgotten(owner):
    assert of_place(owner, "a") == of_place(owner, "a") == "version 1"
    forget_all()
    assert of_place(owner, "a") == "version 2"


def test_what_is_known_need_not_be_used(owner):
    assert of_place(owner, "a") == "version 1"
    assert of_place(owner, "a", None, False) == "version 2"
    assert of_place(owner, "a") == "version 2"


def test_owners_are_kept_apart(owner):
    other = Owner()
    other.get_content_version("x")
    assert of_place(owner, "a") == "version 1"
    assert of_place(other, "a") == "version 2"


def test_a_version_holds_until_the_file_changes(owner, path):
    assert of_place(owner, str(path)) == of_place(owner, str(path)) == "version 1"
    path.write_bytes(b"changed")
    os.utime(path, (LONG_AGO + 1, LONG_AGO + 1))
    assert of_place(owner, str(path)) == of_place(owner, str(path)) == "version 2"


def test_nothing_is_remembered_of_a_file_that_has_just_changed(owner, path):
    path.write_bytes(b"changed")
    assert of_place(owner, str(path)) == "version 1"
    assert of_place(owner, str(path)) == "version 2"


def test_no_version_is_remembered_too_and_told_once(owner, caplog):
    assert of_place(owner, "fails") is None
    assert of_place(owner, "fails") is None
    assert owner.asked == ["fails"]
    assert caplog.text.count("'fails' has no version: no version of that") == 1


def test_a_place_without_a_name_has_none(owner):
    assert of_place(owner, "a\0") == "version 1"


def test_files_outside_have_no_version(owner, path, tmp_path, caplog):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(path)
    assert of_place(owner, str(root / "link"), [str(root)]) is None
    assert "leads outside" in caplog.text
    assert of_place(owner, str(path), [str(tmp_path)]) == "version 1"


def test_the_oldest_make_room(owner):
    for place in "abcd":
        of_place(owner, place)
    assert [key[1] for key in fileversion._versions] == ["b", "c", "d"]
    of_place(owner, "a")
    assert owner.asked == ["a", "b", "c", "d", "a"]


def test_an_open_file_is_hashed_once(owner, path, monkeypatch):
    assert version_of(owner, path) == expected(b"content")
    monkeypatch.setattr(fileversion, "hash_content", None)
    assert version_of(owner, path) == expected(b"content")


def test_an_open_file_that_has_just_changed_is_hashed_again(owner, path):
    path.write_bytes(b"one")
    assert version_of(owner, path) == expected(b"one")
    path.write_bytes(b"two")
    assert version_of(owner, path) == expected(b"two")


def test_a_long_file_is_hashed_in_a_thread(owner, path, monkeypatch):
    threads = []

    def hashed(content):
        threads.append(asyncio._get_running_loop() is None)
        return hash_content(content)

    monkeypatch.setattr(fileversion, "hash_content", hashed)
    content = b"x" * 200_000
    path.write_bytes(content)
    assert version_of(owner, path) == expected(content)
    assert threads == [True]


def test_who_asks_meanwhile_waits_for_the_same(owner, path, monkeypatch):
    hashed = []

    def note(content):
        hashed.append(1)
        return hash_content(content)

    async def ask():
        files = [open_file(str(path)) for _ in range(10)]
        found = await asyncio.gather(*[of_file(owner, file) for file in files])
        for file in files:
            file.close()
        return found

    path.write_bytes(b"x" * 200_000)  # just now, so it is not remembered
    monkeypatch.setattr(fileversion, "hash_content", note)
    assert asyncio.run(ask()) == [expected(b"x" * 200_000)] * 10
    assert len(hashed) == 1
    assert asyncio.run(ask()) == [expected(b"x" * 200_000)] * 10
    assert len(hashed) == 2
    assert not fileversion._hashing


def test_who_goes_does_not_take_it_from_the_others(owner, path):
    path.write_bytes(b"x" * 200_000)

    async def ask():
        first, second = open_file(str(path)), open_file(str(path))
        going = asyncio.ensure_future(of_file(owner, first))
        staying = asyncio.ensure_future(of_file(owner, second))
        await asyncio.sleep(0)
        going.cancel()
        del first
        found = await staying
        second.close()
        return found

    assert asyncio.run(ask()) == expected(b"x" * 200_000)


def test_a_file_that_is_too_large_has_one_of_its_size_and_time(owner, path):
    with path.open("wb") as file:
        file.truncate(owner.MAX_VERSION_CONTENT_SIZE + 1)
    # It could change again within the same tick.
    assert version_of(owner, path) is None
    os.utime(path, (LONG_AGO, LONG_AGO))
    first = version_of(owner, path)
    assert first == f"{LONG_AGO * 10**9:x}-{owner.MAX_VERSION_CONTENT_SIZE + 1:x}"
    os.utime(path, (LONG_AGO, LONG_AGO + 1))
    assert version_of(owner, path) != first
