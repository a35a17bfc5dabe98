"""What a cache keeps responses in: that it has a bound, and may fail; in three styles."""

from typing import Any

import hishel
import pytest
from tests.httpclient.scripted_server import OK, answering, response, serve

from waterspout.httpclient.caching import MemoryStorage

STALE = response(b"kept", Cache_Control="max-age=0", ETag='"1"')
SAME = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nCache-Control: max-age=1000\r\nX-New: 1\r\n\r\n'


def test_fields_that_grow_and_grow_have_a_bound(make_client):
    storage = MemoryStorage()
    kept = [STALE]
    kept += [
        response(b"", "304 Same", ETag='"1"', Cache_Control="max-age=0", **{f"H{n}": "v" * 60_000})
        for n in range(5)
    ]
    with serve(answering(*kept, OK)) as server:
        client = make_client(cache=storage)
        client.fetch(server.url)
        for number in range(4):
            assert client.fetch(server.url).from_cache
            assert storage._size > 60_000 * (number + 1)
        assert client.fetch(server.url).from_cache
        assert "0 entries, 0 bytes" in repr(storage)
        assert client.fetch(server.url).body == b"ok"


def test_an_answer_that_is_not_understood_is_not_asked_for_again_and_again(
    make_client, monkeypatch, caplog
):
    def fail(*arguments):
        raise IndexError

    with serve(answering(STALE, SAME, OK)) as server:
        client = make_client(cache=True)
        client.fetch(server.url)
        monkeypatch.setattr(hishel.NeedRevalidation, "next", fail)
        assert client.fetch(server.url).body == b"ok"
        assert "if-none-match" not in server.last.headers
    assert "IndexError" in caplog.text


class Broken(hishel.BaseStorage):
    """A storage one of whose methods fails."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self._works = MemoryStorage()
        self._method = method

    def _call(self, method: str, *arguments: Any, **others: Any) -> Any:
        if method == self._method:
            raise OSError("the disk is full")
        return getattr(self._works, method)(*arguments, **others)

    def create_entry(self, *arguments: Any, **others: Any) -> Any:
        return self._call("create_entry", *arguments, **others)

    def get_entries(self, key: str) -> Any:
        return self._call("get_entries", key)

    def update_headers(self, *arguments: Any) -> None:
        self._call("update_headers", *arguments)

    def remove_entry(self, *arguments: Any) -> None:
        self._call("remove_entry", *arguments)


@pytest.mark.parametrize(
    ("method", "bodies"),
    [
        ("get_entries", [b"kept", b"new", b"done"]),
        ("create_entry", [b"kept", b"new", b"done"]),
        ("update_headers", [b"kept", b"new", b"done"]),
        ("remove_entry", [b"kept", b"kept", b"done"]),
    ],
)
def test_a_storage_that_fails_costs_no_answer(make_client, caplog, method, bodies):
    def answer(peer):
        while True:
            request = peer.read_request()
            if request.method == "POST":
                peer.send(response(b"done"))
            elif "if-none-match" in request.headers:
                peer.send(SAME)
            else:
                peer.send(STALE if len(server.requests) == 1 else response(b"new"))

    with serve(answer) as server:
        client = make_client(cache=Broken(method))
        found = [client.fetch(server.url).body for _ in range(2)]
        found.append(client.fetch(server.url, method="POST", body=b"").body)
        assert found == bodies
        assert client.flow.pool.statistics == {"used": 0, "idle": 1, "waiting": 0}
    assert "a cache does without its storage, which failed" in caplog.text
    assert "the disk is full" in caplog.text
