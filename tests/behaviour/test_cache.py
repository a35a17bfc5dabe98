"""A cache, each case in three styles."""

import gzip
import sys
import time
from typing import Any

import hishel
import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve

from waterspout.httpclient import CookieJar, DigestAuth, HTTPCache, HTTPClient, RetryPolicy
from waterspout.httpclient.caching import MemoryStorage

KEPT = response(b"kept", Cache_Control="max-age=1000", ETag='"1"')
STALE = response(b"kept", Cache_Control="max-age=0", ETag='"1"')
SAME = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nCache-Control: max-age=1000\r\nX-New: 1\r\n\r\n'
PRIVATE = response(b"mine", Cache_Control="private, max-age=1000")


@pytest.fixture(params=["memory", "sqlite"])
def storage(request, tmp_path):
    """A storage of each kind."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    made = hishel.SqliteStorage(database_path=tmp_path / "cache.db")
    yield made
    if made.connection is not None:
        made.connection.close()


def test_nothing_is_kept_by_default(client):
    with serve(answering(KEPT, OK)) as server:
        assert client.fetch(server.url).body == b"kept"
        assert client.fetch(server.url).body == b"ok"


def test_what_is_fresh_is_not_asked_for(make_client, storage, monkeypatch):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    with serve(answering(KEPT, OK)) as server:
        client = make_client(cache=storage)
        first = client.fetch(server.url)
        second = client.fetch(server.url)
        assert first.body == second.body == b"kept"
        assert (first.from_cache, second.from_cache) == (False, True)
        assert second.code == 200
        assert second.headers["ETag"] == '"1"'
        assert second.headers["Age"] == "0"
        assert second.headers["Content-Length"] == "4"
        assert second.effective_url == server.url
        assert second.request_time >= 0
        assert client.fetch(server.url + "#there").from_cache
        assert client.fetch(server.url + "other").body == b"ok"
        assert len(server.requests) == 2


def test_what_is_stale_is_asked_about(make_client, storage):
    with serve(answering(STALE, SAME)) as server:
        client = make_client(cache=storage)
        client.fetch(server.url)
        heard: list[str] = []
        answer = client.fetch(server.url, header_callback=heard.append)
        assert server.last.headers["if-none-match"] == '"1"'
        assert answer.body == b"kept"
        assert answer.code == 200
        assert answer.from_cache
        assert answer.headers["X-New"] == "1"
        assert [one.code for one in answer.history] == [304]
        assert heard[0] == "HTTP/1.1 200 OK\r\n"
        assert "HTTP/1.1 304" not in "".join(heard)
        # It is fresh again.
        assert client.fetch(server.url).history == []
        assert len(server.requests) == 2
        assert server.connections == 1


def test_what_has_changed(make_client, storage):
    with serve(answering(STALE, response(b"new", Cache_Control="max-age=9"))) as server:
        client = make_client(cache=storage)
        bodies = [client.fetch(server.url).body for _ in range(3)]
        assert bodies == [b"kept", b"new", b"new"]
        assert len(server.requests) == 2


def test_a_304_that_is_of_something_else(make_client):
    other = SAME.replace(b'"1"', b'"2"')
    with serve(answering(STALE, other, OK)) as server:
        client = make_client(cache=True)
        client.fetch(server.url)
        assert client.fetch(server.url).body == b"ok"
        assert "if-none-match" not in server.last.headers


def test_what_was_coded_is_kept_as_it_was_decoded(make_client):
    coded = response(
        gzip.compress(b"plain" * 100), Content_Encoding="gzip", Cache_Control="max-age=9"
    )
    with serve(answering(coded)) as server:
        client = make_client(cache=True)
        client.fetch(server.url)
        answer = client.fetch(server.url)
        assert answer.from_cache
        assert answer.body == b"plain" * 100


def test_chunks_and_no_body(make_client):
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: max-age=9\r\n\r\n"
        b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    )
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nCache-Control: max-age=9\r\n\r\n"
    with serve(answering(chunked, head)) as server:
        client = make_client(cache=True)
        for _ in range(2):
            assert client.fetch(server.url).body == b"abc"
            assert client.fetch(server.url, method="HEAD").body == b""
        assert len(server.requests) == 2


def test_callbacks_hear_what_is_kept(make_client):
    with serve(answering(KEPT, KEPT, OK)) as server:
        client = make_client(cache=True)
        pieces: list[bytes] = []
        client.fetch(server.url)
        client.fetch(server.url, streaming_callback=pieces.append)
        assert b"".join(pieces) == b"kept"
        # What a callback got is kept as well.
        client.fetch(server.url + "x", streaming_callback=pieces.append)
        answer = client.fetch(server.url + "x")
        assert (answer.body, answer.from_cache) == (b"kept", True)
        assert b"".join(pieces) == b"keptkept"
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        {"headers": {"Cache-Control": "no-store"}},
        {"headers": {"If-None-Match": '"2"'}},
        {"headers": {"Range": "bytes=0-1"}},
        {"headers": {"Cache-Control": "no-cache"}},
    ],
)
def test_who_passes_by(make_client, arguments):
    with serve(answering(KEPT, OK)) as server:
        client = make_client(cache=True)
        client.fetch(server.url)
        assert client.fetch(server.url, **arguments).body == b"ok"


def test_a_change_of_what_is_kept(make_client, storage):
    with serve(answering(KEPT, OK, KEPT)) as server:
        client = make_client(cache=storage)
        client.fetch(server.url)
        client.fetch(server.url, method="POST", body=b"x")
        assert not client.fetch(server.url).from_cache


def test_what_one_is_shown_is_not_shown_to_others(make_client):
    secret = response(b"secret", Cache_Control="max-age=1000")
    with serve(answering(secret, OK, PRIVATE, OK)) as server:
        client = make_client(cache=True)
        client.fetch(server.url, auth=("me", "pw"))
        assert client.fetch(server.url).body == b"ok"
        client.fetch(server.url + "p")
        assert client.fetch(server.url + "p").body == b"ok"


def test_what_was_asked_for_after_a_challenge_is_not_shown_to_others(make_client):
    who = response(b"", "401 No", WWW_Authenticate='Digest realm="r", qop="auth", nonce="1"')
    secret = response(b"secret", Cache_Control="max-age=1000")
    with serve(answering(who, secret, OK)) as server:
        client = make_client(cache=True)
        assert client.fetch(server.url, auth=DigestAuth("me", "pw")).body == b"secret"
        assert client.fetch(server.url).body == b"ok"


def test_a_cookie_that_came_before_the_answer_counts(make_client):
    busy = response(b"", "503 Busy", Set_Cookie="sid=1")
    mine = response(b"mine", Cache_Control="max-age=1000", Vary="Cookie")
    with serve(answering(busy, mine), answering(OK)) as server:
        client = make_client(cache=True, cookie_jar=CookieJar(), retries=RetryPolicy(backoff=0.001))
        assert client.fetch(server.url).body == b"mine"
        assert client.fetch(server.url).from_cache
        other = make_client(cache=client.flow.settings.cache)
        assert other.fetch(server.url).body == b"ok"


def test_cookies_that_come_with_each_304_lead_nowhere_else(make_client):
    def unlike(number):
        return response(b"", "304 Same", ETag='"2"', Set_Cookie=f"n={number}")

    with serve(answering(STALE, unlike(1), OK)) as server:
        client = make_client(cache=True, cookie_jar=CookieJar())
        client.fetch(server.url)
        assert client.fetch(server.url).body == b"ok"
        asked = [request.headers.get("if-none-match") for request in server.requests]
        assert asked == [None, '"1"', None]


def test_a_cache_of_ones_own(make_client):
    with serve(answering(PRIVATE)) as server:
        client = make_client(cache=HTTPCache(shared=False))
        client.fetch(server.url)
        assert client.fetch(server.url).body == b"mine"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"Date": "yesterday"},
        {"Age": "x", "Date": "Fri, 31 Dec 9999 23:59:59 GMT"},
    ],
)
def test_what_has_no_date_grows_old_too(make_client, storage, monkeypatch, fields):
    kept = response(b"kept", Cache_Control="max-age=1000", **fields)
    with serve(answering(kept, OK)) as server:
        client = make_client(cache=storage)
        client.fetch(server.url)
        assert client.fetch(server.url).from_cache
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 2000)
        assert client.fetch(server.url).body == b"ok"


@pytest.mark.parametrize("age", ["1001", "9" * 400])
def test_what_was_old_when_it_came(make_client, storage, age):
    kept = response(b"kept", Cache_Control="max-age=1000", Age=age)
    with serve(answering(kept, OK)) as server:
        client = make_client(cache=storage)
        client.fetch(server.url)
        assert client.fetch(server.url).body == b"ok"


@pytest.mark.parametrize(
    "wish",
    [
        {"Cache-Control": "no-cache"},
        {"Cache-Control": "max-age=0"},
        {"Cache-Control": "Min-Fresh=2000"},
        {"Pragma": "no-cache"},
    ],
)
def test_who_wants_a_new_one_gets_it_and_so_do_all_then(make_client, storage, wish):
    other = response(b"new", Cache_Control="max-age=1000")
    with serve(answering(KEPT, other)) as server:
        client = make_client(cache=storage)
        client.fetch(server.url)
        assert client.fetch(server.url, headers=wish).body == b"new"
        assert server.last.headers["if-none-match"] == '"1"'
        answer = client.fetch(server.url)
        assert answer.from_cache
        assert answer.body == b"new"


def test_vary(make_client):
    def kept(body):
        return response(body, Cache_Control="max-age=1000", Vary="X-Lang, Accept-Encoding")

    with serve(answering(kept(b"de"), kept(b"en"))) as server:
        client = make_client(cache=True)
        for _ in range(2):
            for lang in ("de", "en"):
                answer = client.fetch(server.url, headers={"X-Lang": lang})
                assert answer.body == lang.encode()
        assert len(server.requests) == 2


@pytest.mark.parametrize("vary", ["Cookie", "Accept, cookie", "*"])
def test_no_date_tells_that_another_variant_is_meant(make_client, storage, vary):
    def answer(peer):
        while True:
            request = peer.read_request()
            if "if-modified-since" in request.headers:
                peer.send(response(b"", "304 Same"))
            else:
                peer.send(
                    response(
                        request.headers["cookie"].encode(),
                        Cache_Control="max-age=1000",
                        Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT",
                        Vary=vary,
                    )
                )

    with serve(answer) as server:
        client = make_client(cache=storage)
        for user in ("me", "you"):
            shown = client.fetch(server.url, cookies={"user": user})
            assert shown.body == f"user={user}".encode()
        kept = client.fetch(server.url, cookies={"user": "me"})
        assert kept.body == b"user=me"
        assert kept.from_cache == (vary != "*")


def test_redirects_are_followed_from_what_is_kept(make_client):
    moved = response(b"", "301 Moved", Location="/there", Cache_Control="max-age=1000")
    with serve(answering(moved, KEPT)) as server:
        client = make_client(cache=True)
        client.fetch(server.url, follow_redirects=False, raise_error=False)
        answers = [client.fetch(server.url) for _ in range(2)]
        assert [answer.body for answer in answers] == [b"kept", b"kept"]
        assert answers[1].effective_url == server.url + "there"
        assert answers[1].history[0].from_cache
        assert len(server.requests) == 2


def test_redirects_that_are_followed_are_kept(make_client, storage):
    moved = response(b"this way", "302 Found", Location="/there", Cache_Control="max-age=1000")
    with serve(answering(moved, KEPT)) as server:
        client = make_client(cache=storage)
        answers = [client.fetch(server.url) for _ in range(2)]
        assert [answer.body for answer in answers] == [b"kept", b"kept"]
        assert [answer.history[0].from_cache for answer in answers] == [False, True]
        answer = client.fetch(server.url, follow_redirects=False, raise_error=False)
        assert (answer.code, answer.body, answer.from_cache) == (302, b"this way", True)
        assert len(server.requests) == 2


def test_a_redirect_that_is_coded_is_kept(make_client):
    body = gzip.compress(b"this way")
    fields = {"Content_Encoding": "gzip", "Cache_Control": "max-age=1000"}
    moved = response(body, "301 Moved", Location="/there", **fields)
    with serve(answering(moved, OK)) as server:
        client = make_client(cache=True)
        client.fetch(server.url)
        answer = client.fetch(server.url, follow_redirects=False, raise_error=False)
        assert (answer.code, answer.body, answer.from_cache) == (301, b"this way", True)


def test_redirects_that_are_not_to_be_kept(make_client):
    moved = response(b"", "302 Found", Location="/there")
    large = response(b"x" * 65537, "301 Moved", Location="/there", Cache_Control="max-age=1000")
    with serve(answering(moved, OK, moved, OK), answering(large), answering(OK)) as server:
        client = make_client(cache=True)
        for _ in range(2):
            assert not client.fetch(server.url).history[0].from_cache
        client.fetch(server.url + "large")
        assert not client.fetch(server.url + "large").history


def test_cookies_are_taken_once(make_client):
    jar = CookieJar()
    setting = response(b"x", Set_Cookie="a=1; Path=/", Cache_Control="max-age=1000")
    with serve(answering(setting)) as server:
        client = make_client(cache=True, cookie_jar=jar)
        client.fetch(server.url)
        jar.set(server.url, "a=2; Path=/")
        assert client.fetch(server.url).from_cache
        assert [cookie.value for cookie in jar] == ["2"]


def test_together_with_retries_and_challenges(make_client):
    busy = response(b"", "503 Busy")
    who = response(b"", "401 No", WWW_Authenticate='Digest realm="r", qop="auth", nonce="1"')
    public = response(b"kept", Cache_Control="public, max-age=0", ETag='"1"')
    with serve(answering(busy, who, public, busy, SAME)) as server:
        client = make_client(cache=True, retries=RetryPolicy(backoff=0.001))
        auth = DigestAuth("me", "pw")
        assert client.fetch(server.url, auth=auth).body == b"kept"
        answer = client.fetch(server.url, auth=auth)
        assert answer.body == b"kept"
        assert [one.code for one in answer.history] == [503, 304]


def test_several_clients_share_a_cache(make_client, storage):
    cache = HTTPCache(storage)
    with serve(answering(KEPT)) as server:
        make_client(cache=cache).fetch(server.url)
        assert make_client(cache=cache).fetch(server.url).from_cache


def test_wrong_ones():
    with pytest.raises(TypeError, match=r"must be a hishel.BaseStorage .* not dict"):
        HTTPClient(cache={})
    HTTPClient(cache=False).close()
    wrong: Any
    for wrong, kind in (("1", TypeError), (True, TypeError), (-1, ValueError)):
        with pytest.raises(kind, match="max_body_size must be"):
            HTTPCache(max_body_size=wrong)


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "hishel", None)
    monkeypatch.delitem(sys.modules, "waterspout.httpclient.caching", raising=False)
    with pytest.raises(ImportError, match=r"waterspout\[cache\]"):
        HTTPClient(cache=True)


def test_memory_has_a_bound():
    storage = MemoryStorage(max_size=10_000)

    def keep(key, size):
        made = hishel.Response(200, hishel.Headers({}), stream=iter([b"x" * size]))
        stream: Any = storage.create_entry(hishel.Request("GET", key), made, key).response.stream
        assert len(b"".join(stream)) == size

    for number in range(20):
        keep(f"k{number}", 500)
        storage.get_entries("k0")
    assert storage._size <= 10_000
    assert storage.get_entries("k0")
    assert not storage.get_entries("k1")
    keep("large", 5000)
    assert not storage.get_entries("large")
    for _ in range(50):
        keep("same", 1)
    assert len(storage.get_entries("same")) <= 20
    for entry in storage.get_entries("same"):
        storage.remove_entry(entry.id)
        storage.remove_entry(entry.id)
        storage.update_headers(entry.id, hishel.Headers({}))
    assert "entries" in repr(HTTPCache(storage))


def test_as_many_fields_as_a_head_may_have(make_client, storage):
    fields = {f"H{number}": "v" for number in range(97)}
    others = "".join(f"I{number}: v\r\n" for number in range(90))
    kept = response(gzip.compress(b"kept"), Content_Encoding="gzip", ETag='"1"', **fields)
    same = f'HTTP/1.1 304 Same\r\nETag: "1"\r\nCache-Control: max-age=1000\r\n{others}\r\n'
    with serve(answering(kept, same.encode())) as server:
        client = make_client(cache=storage)
        client.fetch(server.url)
        for _ in range(2):
            answer = client.fetch(server.url)
            assert answer.from_cache
            assert answer.headers["H96"] == answer.headers["I89"] == "v"


def test_many_at_once(make_client):
    with serve(always(KEPT)) as server:
        client = make_client(cache=True)
        assert all(client.fetch(server.url).body == b"kept" for _ in range(20))
        assert len(server.requests) == 1


def test_two_unix_sockets_are_two_servers(make_client, storage, tmp_path):
    client = make_client(cache=storage)
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    answer = response(b"other", Cache_Control="max-age=1000")
    with serve(always(KEPT), path=one), serve(always(answer), path=other):
        for _ in range(2):
            assert client.fetch("http://a.test/", unix_socket=one).body == b"kept"
            assert client.fetch("http://a.test/", unix_socket=other).body == b"other"


def test_two_names_in_host_are_two_servers(make_client, storage):
    def answer(peer):
        while True:
            host = peer.read_request().headers["host"]
            peer.send(response(host.encode(), Cache_Control="max-age=1000"))

    with serve(answer) as server:
        client = make_client(cache=storage)
        for _ in range(2):
            for host in ("a.example", "b.example"):
                assert client.fetch(server.url, headers={"Host": host}).body == host.encode()
        assert len(server.requests) == 2
        assert not client.fetch(server.url).from_cache


def test_what_a_certificate_showed_is_not_shown_without(
    make_client, server_tls, ca_certs, authority, tmp_path
):
    pem = tmp_path / "client.pem"
    authority.issue_cert("client@example.org").private_key_and_cert_chain_pem.write_to_path(pem)
    with serve(always(KEPT), tls=server_tls) as server:
        client = make_client(cache=True, ca_certs=ca_certs)
        found = [
            client.fetch(server.url, client_cert=certificate).from_cache
            for certificate in (str(pem), None, str(pem), None)
        ]
        assert found == [False, False, True, True]


def test_the_credentials_of_a_proxy_are_not_kept(make_client):
    storage = MemoryStorage()
    client = make_client(cache=storage)
    with serve(always(KEPT)) as proxy:
        url = f"http://me:s3cret@127.0.0.1:{proxy.port}"
        found = [client.fetch("http://a.test/", proxy=url).from_cache for _ in range(2)]
        assert found == [False, True]
        assert "proxy-authorization" in proxy.last.headers
    kept = [entry for of_key in storage._entries.values() for entry, _ in of_key.values()]
    assert len(kept) == 1
    assert "roxy" not in repr(kept)


def test_streams_come_from_it_and_are_kept(make_client, storage):
    with serve(answering(KEPT, STALE, SAME)) as server:
        client = make_client(cache=storage)
        for is_kept in (False, True):
            with client.stream(server.url + "a") as answer:
                assert answer.read() == b"kept"
                assert answer.from_cache == is_kept
        with client.stream(server.url + "b") as answer:
            assert not answer.from_cache
            assert answer.read() == b"kept"
        with client.stream(server.url + "b") as answer:
            assert answer.from_cache
            assert b"".join(answer.iter_bytes()) == b"kept"
            assert [one.code for one in answer.history] == [304]
        assert len(server.requests) == 3


def test_a_stream_that_is_coded_is_kept_as_it_was_decoded(make_client):
    coded = response(
        gzip.compress(b"plain" * 100), Content_Encoding="gzip", Cache_Control="max-age=9"
    )
    with serve(answering(coded, coded)) as server:
        client = make_client(cache=True)
        with client.stream(server.url) as answer:
            assert answer.read() == b"plain" * 100
        client.fetch(server.url + "b", streaming_callback=lambda piece: None)
        for url in (server.url, server.url + "b"):
            answer = client.fetch(url)
            assert (answer.body, answer.from_cache) == (b"plain" * 100, True)


def test_half_a_stream_is_not_kept(make_client):
    large = response(b"x" * 300_000, Cache_Control="max-age=1000")
    with serve(always(large)) as server:
        client = make_client(cache=True)
        with client.stream(server.url) as answer:
            assert next(iter(answer.iter_bytes()))
        assert not client.fetch(server.url).from_cache


@pytest.mark.parametrize("size", [100, 101])
def test_what_is_too_large_is_not_kept(make_client, size):
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: max-age=9\r\n\r\n"
        b"%x\r\n%b\r\n0\r\n\r\n" % (size, b"x" * size)
    )
    framed = response(b"x" * size, Cache_Control="max-age=9")
    with serve(answering(framed, framed, chunked, framed, framed, framed)) as server:
        client = make_client(cache=HTTPCache(max_body_size=100))
        for path in ("gathered", "called", "streamed"):
            url = server.url + path
            if path == "gathered":
                client.fetch(url)
            elif path == "called":
                client.fetch(url, streaming_callback=lambda piece: None)
            else:
                with client.stream(url) as answer:
                    answer.read()
        for path in ("gathered", "called", "streamed"):
            assert client.fetch(server.url + path).from_cache == (size == 100)


def test_what_must_not_be_kept_is_not_copied(make_client):
    never = response(b"x", Cache_Control="no-store")
    with serve(answering(never, never)) as server:
        client = make_client(cache=True)
        for _ in range(2):
            with client.stream(server.url) as answer:
                assert not answer.from_cache
                assert answer.read() == b"x"
