"""Which cookies are kept and sent: decisions, without any request."""

import os
import threading

import pytest

from waterspout.httpclient import Cookie, CookieJar
from waterspout.httpclient.cookies import jar as jar_module
from waterspout.httpclient.cookies import publicsuffix
from waterspout.httpclient.cookies.jar import domain_matches, path_matches
from waterspout.httpclient.target import parse_url

NOW = 1_000_000.0
HTTPS = "https://www.example.org/dir/page?q"
HTTP = "http://www.example.org/dir/page?q"


@pytest.fixture
def jar():
    """A jar with a list of its own."""
    return CookieJar({"org", "co.uk", "github.io"}.__contains__)


def take(jar, *fields, url=HTTPS, now=NOW):
    return jar.take(parse_url(url), fields, now)


def sent(jar, url=HTTPS, now=NOW):
    return jar.pairs_for(parse_url(url), now)


@pytest.mark.parametrize(
    ("host", "domain", "matches"),
    [
        ("example.org", "example.org", True),
        ("www.example.org", "example.org", True),
        ("a.b.example.org", "example.org", True),
        ("badexample.org", "example.org", False),
        ("example.org", "www.example.org", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "0.0.1", False),
        ("::1", "::1", True),
        ("example.org.", "example.org", False),
    ],
)
def test_domains(host, domain, matches):
    assert domain_matches(host, domain) is matches


@pytest.mark.parametrize(
    ("path", "of_cookie", "matches"),
    [
        ("/", "/", True),
        ("/a", "/", True),
        ("/a", "/a", True),
        ("/a/b", "/a", True),
        ("/a/b", "/a/", True),
        ("/ab", "/a", False),
        ("/a", "/a/", False),
        ("/b", "/a", False),
    ],
)
def test_paths(path, of_cookie, matches):
    assert path_matches(path, of_cookie) is matches


@pytest.mark.parametrize(
    ("url", "field", "where", "where_not"),
    [
        (
            HTTPS,
            "a=b",
            [HTTPS, HTTP, "https://www.example.org/dir/", "http://www.example.org:81/dir/x"],
            ["https://www.example.org/", "https://www.example.org/d", "https://example.org/dir/"],
        ),
        (
            HTTPS,
            "a=b; Path=/; Secure",
            [HTTPS, "https://www.example.org/", "https://www.example.org:444/"],
            [HTTP, "http://www.example.org:443/", "https://a.www.example.org/"],
        ),
        (
            HTTPS,
            "a=b; Domain=example.org; Path=/",
            ["https://example.org/", "https://a.b.example.org/", HTTP],
            ["https://example.org./", "https://badexample.org/", "https://example.com/"],
        ),
        (
            "https://foo.github.io/",
            "a=b",
            ["http://foo.github.io/x"],
            ["https://bar.github.io/", "https://github.io/", "https://a.foo.github.io/"],
        ),
        (
            "https://github.io/",
            "a=b; Domain=github.io",
            ["https://github.io/"],
            ["https://bar.github.io/"],
        ),
        (
            "http://127.0.0.1/",
            "a=b; Domain=127.0.0.1",
            ["http://127.0.0.1:8080/"],
            ["http://127.0.0.2/"],
        ),
        ("http://[::1]/", "a=b", ["http://[::1]/"], ["http://[::2]/"]),
        (
            "http://localhost/",
            "a=b; Domain=localhost",
            ["http://localhost/"],
            ["http://a.localhost/"],
        ),
    ],
)
def test_what_is_sent_where(jar, url, field, where, where_not):
    assert take(jar, field, url=url) == 1
    assert [other for other in [*where, *where_not] if sent(jar, other)] == where


@pytest.mark.parametrize(
    ("url", "field"),
    [
        (HTTPS, "a=b; Domain=example.com"),
        (HTTPS, "a=b; Domain=other.example.org"),
        (HTTPS, "a=b; Domain=org"),
        (HTTPS, "a=b; Domain=.org"),
        (HTTPS, "a=b; Domain=\xe9.org"),
        ("https://x.co.uk/", "a=b; Domain=co.uk"),
        ("https://x.github.io/", "a=b; Domain=github.io"),
        ("https://a.localhost/", "a=b; Domain=localhost"),
        ("http://127.0.0.1/", "a=b; Domain=0.0.1"),
        (HTTP, "a=b; Secure"),
        (HTTPS, "__Secure-a=b"),
        (HTTPS, "__SECURE-a=b"),
        (HTTPS, "__Host-a=b; Secure"),
        (HTTPS, "__Host-a=b; Path=/"),
        (HTTPS, "__Host-a=b; Path=/x; Secure"),
        (HTTPS, "__host-a=b; Path=/; Secure; Domain=www.example.org"),
        (HTTPS, "__Host-a; Path=/; Secure"),
        (HTTPS, "=__Secure-a=b; Secure"),
        ("https://x.org/" + "y" * 5000 + "/", "a=b"),
        (HTTPS, "a=b; Max-Age=0"),
    ],
)
def test_what_is_not_kept(jar, url, field):
    assert take(jar, field, url=url) == 0
    assert not list(jar)


def test_prefixes_that_hold(jar):
    assert take(jar, "__Secure-a=1; Secure", "__Host-b=2; Secure; Path=/") == 2
    assert sent(jar) == [("__Secure-a", "1"), ("__Host-b", "2")]


def test_one_that_is_not_secure_does_not_hide_one_that_is(jar):
    take(jar, "a=good; Secure; Path=/")
    assert take(jar, "a=bad; Path=/", url=HTTP) == 0
    assert take(jar, "a=bad; Path=/dir", url=HTTP) == 0
    assert take(jar, "a=bad; Path=/; Domain=example.org", url=HTTP) == 0
    assert take(jar, "b=other; Path=/", url=HTTP) == 1
    assert sent(jar) == [("a", "good"), ("b", "other")]
    assert take(jar, "a=new; Path=/") == 1
    assert sent(jar, HTTP) == [("a", "new"), ("b", "other")]


def test_the_order(jar):
    take(jar, "a=1; Path=/", "b=2; Path=/dir", "c=3; Path=/", "d=4; Path=/dir/page")
    assert "".join(name for name, _ in sent(jar)) == "dbac"
    # One that is replaced keeps its place.
    take(jar, "a=5; Path=/")
    assert sent(jar)[2:] == [("a", "5"), ("c", "3")]


def test_the_end_of_a_cookie(jar):
    take(jar, "a=1; Max-Age=10", "b=2")
    assert len(sent(jar, now=NOW + 9)) == 2
    assert sent(jar, now=NOW + 10) == [("b", "2")]
    take(jar, "b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
    assert sent(jar) == []
    assert not jar._domains
    assert not jar._order


def test_a_name_may_be_there_for_host_and_domain(jar):
    take(jar, "a=1; Path=/", "a=2; Path=/; Domain=www.example.org")
    assert sent(jar) == [("a", "1"), ("a", "2")]


def test_a_domain_has_a_bound(jar):
    take(jar, *[f"s{number}=x; Secure" for number in range(100)])
    take(jar, *[f"n{number}=x" for number in range(100)])
    kept = [name for name, _ in sent(jar)]
    assert len(kept) <= 180
    # Those that are not secure have gone first, the oldest of them.
    assert kept[:100] == [f"s{number}" for number in range(100)]
    assert kept[-1] == "n99"


def test_what_is_used_stays_longer(jar):
    take(jar, *[f"a{number}=x; Path=/a" for number in range(90)])
    take(jar, *[f"b{number}=x; Path=/b" for number in range(90)])
    assert len(sent(jar, "https://www.example.org/a/")) == 90
    take(jar, "c=x")
    assert len(sent(jar, "https://www.example.org/a/")) == 90
    assert len(sent(jar, "https://www.example.org/b/")) == 60


def test_the_jar_has_a_bound(jar):
    take(jar, "old=1; Max-Age=5", url="https://first.org/")
    for number in range(2999):
        take(jar, "a=b", url=f"https://h{number}.org/")
    take(jar, "a=b", url="https://one-more.org/", now=NOW + 6)
    assert len(jar._order) == 3000
    take(jar, "a=b", url="https://and-one.org/", now=NOW + 6)
    assert len(jar._order) == 2700
    assert sent(jar, "https://h0.org/") == []
    assert sent(jar, "https://and-one.org/") == [("a", "b")]
    assert sum(map(len, jar._domains.values())) == 2700


def test_without_a_list_every_cookie_is_for_its_host(monkeypatch):
    monkeypatch.setattr(jar_module, "public_suffixes", lambda: None)
    jar = CookieJar()
    assert take(jar, "a=b; Path=/; Domain=example.org") == 1
    assert sent(jar) == [("a", "b")]
    assert sent(jar, "https://example.org/") == []
    assert take(jar, "a=b; Domain=example.com") == 0


def test_the_list():
    is_public = publicsuffix.public_suffixes()
    assert is_public is not None
    public = ["com", "co.uk", "github.io", "unknown"]
    assert [name for name in [*public, "example.com", "a.co.uk"] if is_public(name)] == public


def test_a_library_that_is_not_there(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "publicsuffixlist", None)
    publicsuffix.public_suffixes.cache_clear()
    try:
        assert publicsuffix.public_suffixes() is None
    finally:
        publicsuffix.public_suffixes.cache_clear()


def test_by_hand(jar):
    assert jar.set(HTTPS, "a=b; Path=/; HttpOnly; SameSite=Lax")
    assert not jar.set(HTTPS, "a=b; Domain=org")
    (cookie,) = jar
    assert cookie._replace(created=0.0) == Cookie(
        "a", "b", "www.example.org", "/", True, False, True, "Lax"
    )
    assert jar.cookies_for(HTTPS) == [cookie]
    assert len(jar) == 1
    assert repr(jar) == "<CookieJar 1>"
    assert repr(cookie) == "<Cookie 'a' of www.example.org/>"
    jar.set("https://example.org/", "c=d")
    jar.clear("www.example.org")
    assert [one.name for one in jar] == ["c"]
    jar.clear("nowhere.org")
    jar.clear()
    assert len(jar) == 0
    assert jar


def test_many_threads_at_once(jar):
    def work(number):
        for count in range(200):
            take(jar, f"a{count}=x; Path=/", url=f"https://h{number}.org/")
            sent(jar, f"https://h{number}.org/")
            list(jar)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(jar._order) == sum(map(len, jar._domains.values()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_lock_that_another_thread_has_does_not_hold_up_a_child(jar):
    with jar._lock:
        jar_module._forget_locks()
        assert sent(jar) == []
