"""Slashes at the end of a path, and paths that would lead to another host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.server_under_test import Wire, request

from waterspout.web import RequestHandler, addslash, is_absolute, removeslash
from waterspout.web.slashes import local_uri


class Adds(RequestHandler):
    """Wants a slash."""

    @addslash
    def get(self):
        self.write("adds")

    head = post = options = get


class Removes(RequestHandler):
    """Wants none."""

    @removeslash
    async def get(self):
        self.write("removes")

    head = post = options = get


async def ask(wire: Wire, handler, target: str, method: str = "GET"):
    client = await wire.client([("/.*", handler)])
    await client.send(request(path=target, method=method))
    response = await client.response(method)
    return response.status, dict(response.fields).get("location")


@pytest.mark.parametrize(
    ("target", "status", "location"),
    [
        ("/a", 301, "/a/"),
        ("/a/", 200, None),
        ("/a//", 200, None),
        ("/", 200, None),
        ("/a?x=1&y=/", 301, "/a/?x=1&y=/"),
        ("/a?", 301, "/a/"),
        ("/a/?x=1", 200, None),
        ("/a/b", 301, "/a/b/"),
        ("/a//b", 301, "/a//b/"),
        ("/%2Fhost", 301, "/%2Fhost/"),
        ("//host", 403, None),
        ("//host/x", 403, None),
        ("///host", 403, None),
        ("/\\host", 403, None),
        ("/\\/host", 403, None),
        ("/\\", 403, None),
        ("//host/", 200, None),
        ("http://a/a", 301, "/a/"),
        ("http://a//host", 403, None),
    ],
)
async def test_addslash(wire, target, status, location):
    for method in ("GET", "HEAD"):
        assert await ask(wire, Adds, target, method) == (status, location)
    for method in ("POST", "OPTIONS"):
        expected = 200 if status == 200 else 404
        assert await ask(wire, Adds, target, method) == (expected, None)


@pytest.mark.parametrize(
    ("target", "status", "location"),
    [
        ("/a/", 301, "/a"),
        ("/a", 200, None),
        ("/a//", 301, "/a"),
        ("/", 200, None),
        ("//", 200, None),
        ("/a/?x=1&y=/", 301, "/a?x=1&y=/"),
        ("/a/?", 301, "/a"),
        ("/a?x=1", 200, None),
        ("/%2Fhost/", 301, "/%2Fhost"),
        ("//host/", 403, None),
        ("///host//", 403, None),
        ("/\\host/", 403, None),
        ("/\\/", 403, None),
        ("//host", 200, None),
        ("http://a/a/", 301, "/a"),
        ("http://a//host/", 403, None),
    ],
)
async def test_removeslash(wire, target, status, location):
    for method in ("GET", "HEAD"):
        assert await ask(wire, Removes, target, method) == (status, location)
    for method in ("POST", "OPTIONS"):
        expected = 200 if status == 200 else 404
        assert await ask(wire, Removes, target, method) == (expected, None)


async def test_groups_reach_the_method(wire):
    class Groups(RequestHandler):
        @addslash
        def get(self, *args, **kwargs):
            self.write({"args": args, "kwargs": kwargs})

    client = await wire.client([("/(.)/?", Groups), ("/./(?P<last>.)/?", Groups)])
    assert (await client.ask(path="/a/")).body == b'{"args": ["a"], "kwargs": {}}'
    assert (await client.ask(path="/a/b/")).body == b'{"args": [], "kwargs": {"last": "b"}}'


def test_the_decorated_method_looks_like_the_one_inside():
    for handler in (Adds, Removes):
        assert handler.get.__name__ == "get"
        assert handler.get.__wrapped__  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "query", "local"),
    [
        ("/a", "", "/a"),
        ("/a//b", "x=//c", "/a//b?x=//c"),
        ("/", "", "/"),
        ("//host/x", "", "/host/x"),
        ("/\\host", "q", "/host?q"),
        ("\\\\host", "", "/host"),
        ("\\/\\/host", "", "/host"),
        ("//", "", "/"),
        ("*", "", "*"),
    ],
)
def test_local_uri(path, query, local):
    assert local_uri(path, query) == local


@given(st.text(st.sampled_from("/\\a.:@?"), max_size=8))
def test_a_local_uri_never_begins_with_two_slashes(tail):
    uri = local_uri(f"/{tail}", "//x")
    assert uri.replace("\\", "/")[:2] != "//"
    assert uri.endswith("?//x")


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/a", True),
        ("//host/a", True),
        ("http://host", True),
        ("https://host", True),
        ("a/b", False),
        ("", False),
        ("ftp://host", False),
        ("http", False),
    ],
)
def test_is_absolute(path, is_one):
    assert is_absolute(path) is is_one
