"""Redirects by rule."""

import logging

import pytest
from tests.wire.server_under_test import Wire

from waterspout.web import RedirectHandler


def rule(pattern: str, url: str, **kwargs):
    return [(pattern, RedirectHandler, {"url": url, **kwargs})]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_permanent_or_not(wire: Wire, method):
    client = await wire.client(rule("/a", "/b"))
    answer = await client.ask(path="/a", method=method)
    assert (answer.status, answer["Location"], answer.body) == (301, "/b", b"")
    client = await wire.client(rule("/a", "/b", permanent=False))
    assert (await client.ask(path="/a", method=method)).status == 302


async def test_other_methods_are_not_redirected(wire: Wire):
    client = await wire.client(rule("/a", "/b"))
    answer = await client.ask(path="/a", method="POST")
    assert (answer.status, answer["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("pattern", "url", "path", "location"),
    [
        ("/(.*?)/(.*?)/(.*)", "/{1}/{0}/{2}", "/a/b/c", "/b/a/c"),
        ("/(?P<x>.*)", "http://other/{x}", "/a/b", "http://other/a/b"),
        ("/a(/.*)?", "/b{0}", "/a", "/b"),
        ("/a(/.*)?", "/b{0}", "/a/c", "/b/c"),
        ("/x/(.*)", "/y/{0}", "/x/a//b", "/y/a//b"),
        # What has been unquoted is quoted again, and stays in the path.
        ("/x/(.*)", "/y/{0}", "/x/a%20b%3fc%23d%25", "/y/a%20b%3Fc%23d%25"),
        ("/x/(.*)", "/y/{0}", "/x/%c3%a9", "/y/%C3%A9"),
        ("/x/(.*)", "/y/{0}", "/x/%0d%0aSet-Cookie:a", "/y/%0D%0ASet-Cookie:a"),
        ("/x/(.*)", "/{0}", "/x/%5cevil", "/%5Cevil"),
        ("/x/(.*)", "{0}", "/x/a", "a"),
        ("/x/(.*)", "/y?from={0}#f", "/x/a&b=c", "/y?from=a&b=c#f"),
    ],
)
async def test_groups_go_into_the_url(wire: Wire, pattern, url, path, location):
    client = await wire.client(rule(pattern, url))
    answer = await client.ask(path=path)
    assert (answer.status, answer["Location"]) == (301, location)


@pytest.mark.parametrize(
    ("url", "query", "location"),
    [
        ("/b", "?a=1&a=2", "/b?a=1&a=2"),
        ("/b?x=1", "?a=1", "/b?x=1&a=1"),
        ("/b?x=1#f", "?a=1", "/b?x=1&a=1#f"),
        ("/b#f", "?a=1", "/b?a=1#f"),
        ("/b?", "?a=1", "/b?a=1"),
        ("/b", "?a=%ff&b&c=+%20", "/b?a=%ff&b&c=+%20"),
        ("/b", "?", "/b"),
    ],
)
async def test_the_query_goes_behind(wire: Wire, url, query, location):
    client = await wire.client(rule("/a", url))
    assert (await client.ask(path=f"/a{query}"))["Location"] == location


@pytest.mark.parametrize(
    ("pattern", "url", "path"),
    [
        ("/x/(.*)", "/{0}", "/x//evil.example"),
        ("/x(.*)", "/{0}", "/x/evil.example"),
        ("/x(.*)", "/{0}", "/x//evil.example"),
        ("/x(.*)", "/{0}", "/x%2f%2f/evil.example"),
        ("/x/(.*)", "{0}", "/x/http://evil.example/"),
        ("/x/(.*)", "{0}", "/x///evil.example/"),
        ("/x/(.*)", "{0}", "/x/javascript:alert(1)"),
        ("/x/(.*)", "http://host{0}/", "/x/.evil.example"),
        ("/x/(.*)", "http://host{0}/", "/x/@evil.example"),
        ("/x/(.*)", "http://{0}/", "/x/evil.example"),
    ],
)
async def test_no_request_decides_on_the_site(wire: Wire, pattern, url, path):
    client = await wire.client(rule(pattern, url))
    answer = await client.ask(path=path)
    assert answer.status == 400
    assert "Location" not in answer


async def test_a_group_that_is_not_there_is_told(wire: Wire, caplog):
    client = await wire.client(rule("/a", "/{0}"))
    with caplog.at_level(logging.ERROR):
        assert (await client.ask(path="/a")).status == 500
    assert "url '/{0}': the rule's pattern has no group" in caplog.text
