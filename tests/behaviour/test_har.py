"""Exchanges that are recorded as HAR 1.2 and replayed, in all styles."""

import datetime
import gzip
import json
import os
import stat

import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve

from waterspout.httpclient import HARMissError, HARRecorder, HARReplayer, HTTPClientError
from waterspout.httpclient.errors import HTTPStreamClosedError
from waterspout.httpclient.har import replayer

URL = "http://example.org/"

# What the format asks for (http://www.softwareishard.com/blog/har-12-spec/): names and kinds.
LOG = {"version": str, "creator": dict, "entries": list}
ENTRY = {
    "startedDateTime": str,
    "time": (int, float),
    "request": dict,
    "response": dict,
    "cache": dict,
    "timings": dict,
}
REQUEST = {
    "method": str,
    "url": str,
    "httpVersion": str,
    "cookies": list,
    "headers": list,
    "queryString": list,
    "headersSize": int,
    "bodySize": int,
}
RESPONSE = {
    "status": int,
    "statusText": str,
    "httpVersion": str,
    "cookies": list,
    "headers": list,
    "content": dict,
    "redirectURL": str,
    "headersSize": int,
    "bodySize": int,
}
TIMINGS = {"send", "wait", "receive"}


def check(value, kinds):
    for name, kind in kinds.items():
        assert isinstance(value[name], kind), name


def read(path):
    """Return the entries of a file that is a HAR 1.2."""
    with open(path, encoding="utf-8") as file:
        log = json.load(file)["log"]
    check(log, LOG)
    assert log["version"] == "1.2"
    check(log["creator"], {"name": str, "version": str})
    for entry in log["entries"]:
        check(entry, ENTRY)
        assert datetime.datetime.fromisoformat(entry["startedDateTime"]).tzinfo is not None
        check(entry["request"], REQUEST)
        check(entry["response"], RESPONSE)
        check(entry["response"]["content"], {"size": int, "mimeType": str})
        for pair in entry["request"]["headers"] + entry["response"]["headers"]:
            check(pair, {"name": str, "value": str})
        if "postData" in entry["request"]:
            check(entry["request"]["postData"], {"mimeType": str, "text": str})
        timings = entry["timings"]
        assert timings.keys() >= TIMINGS
        assert all(took >= 0 for name, took in timings.items() if name in TIMINGS)
        assert all(took >= 0 or took == -1 for took in timings.values())
        total = sum(took for name, took in timings.items() if took > 0 and name != "ssl")
        assert entry["time"] == pytest.approx(total)
    return log["entries"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "exchanges.har"


def test_an_exchange_is_recorded_and_replayed(make_client, path):
    answer = response("ü".encode(), Content_Type="text/plain; charset=utf-8", X_A="b")
    with HARRecorder(path) as recorder, serve(always(answer)) as server:
        client = make_client(event_hooks=recorder.event_hooks)
        url = f"{server.url}a?b=c&d"
        client.fetch(url, method="POST", body=b"question", headers={"X-B": "c"})
    (entry,) = read(path)
    assert entry["request"]["queryString"] == [
        {"name": "b", "value": "c"},
        {"name": "d", "value": ""},
    ]
    assert entry["request"]["postData"]["text"] == "question"
    assert entry["request"]["bodySize"] == 8
    assert entry["response"]["content"]["text"] == "ü"
    assert {"name": "X-B", "value": "c"} in entry["request"]["headers"]
    replayer = HARReplayer(path)
    replayed = make_client(app=replayer).fetch(url, method="POST", body=b"question")
    assert (replayed.code, replayed.body, replayed.headers["X-A"]) == (200, "ü".encode(), "b")
    assert replayer.unused == []


def test_secrets_are_not_recorded(make_client, path):
    elsewhere = "http://me:sesame@example.org/"
    answer = response(b"", "201 Created", Set_Cookie="session=sesame; Path=/", Location=elsewhere)
    with HARRecorder(path) as recorder, serve(always(answer)) as server:
        client = make_client(event_hooks=recorder.event_hooks)
        url = server.url.replace("://", "://me:sesame@")
        client.fetch(url, headers={"Cookie": "a=sesame; b=sesame", "X-Api-Key": "sesame"})
        client.fetch(server.url, headers={"Proxy-Authorization": "Basic sesame"})
    text = path.read_text()
    assert "sesame" not in text
    assert "bWU6c2VzYW1l" not in text
    assert '"Location", "value": "http://example.org/"' in text
    first, _ = read(path)
    assert [cookie["name"] for cookie in first["request"]["cookies"]] == ["a", "b"]
    assert {"name": "Authorization", "value": "[redacted]"} in first["request"]["headers"]
    assert first["response"]["cookies"] == [{"name": "session", "value": "[redacted]"}]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_who_wants_them_gets_them(make_client, path):
    with HARRecorder(path, redact=()) as recorder, serve(always()) as server:
        client = make_client(event_hooks=recorder.event_hooks)
        client.fetch(server.url, headers={"Cookie": "a=b"})
    (entry,) = read(path)
    assert entry["request"]["cookies"] == [{"name": "a", "value": "b"}]


def test_the_file_is_whole_after_each_exchange(make_client, path):
    recorder = HARRecorder(path)
    assert read(path) == []
    with serve(always()) as server:
        client = make_client(event_hooks=recorder.event_hooks)
        for count in range(1, 4):
            client.fetch(server.url)
            assert len(read(path)) == recorder.count == count
        recorder.close()
        client.fetch(server.url)
    assert len(read(path)) == 3


def test_redirects_retries_and_failures(make_client, path):
    away = response(b"away", "302 Found", Location="/b")
    busy = response(b"", "503 Service Unavailable", Retry_After="0")
    with HARRecorder(path) as recorder, serve(answering(away, busy, OK)) as server:
        client = make_client(event_hooks=recorder.event_hooks, retries=1)
        client.fetch(server.url)
        port = server.port
    with HARRecorder(path.with_suffix(".2")) as recorder:
        client = make_client(event_hooks=recorder.event_hooks)
        with pytest.raises(HTTPClientError):
            client.fetch("http://127.0.0.1:1/")
    first, second, third = read(path)
    assert first["response"]["redirectURL"] == second["request"]["url"]
    assert [entry["response"]["status"] for entry in (first, second, third)] == [302, 503, 200]
    replayed = make_client(app=HARReplayer(path), retries=1).fetch(f"http://127.0.0.1:{port}/")
    assert (replayed.body, replayed.effective_url) == (b"ok", f"http://127.0.0.1:{port}/b")
    (failure,) = read(path.with_suffix(".2"))
    assert failure["response"]["status"] == 0
    assert "HTTPConnectionRefusedError" in failure["response"]["_error"]
    with pytest.raises(HTTPStreamClosedError, match=r"recorded: HTTPConnectionRefused"):
        make_client(app=HARReplayer(path.with_suffix(".2"))).fetch("http://127.0.0.1:1/")


def test_bodies_of_all_kinds(make_client, path):
    packed = response(gzip.compress(b"text"), Content_Encoding="gzip")
    answers = answering(packed, response(b"\xff\x00"), response(b"x" * 101), OK)
    with HARRecorder(path, max_body_size=100) as recorder, serve(answers) as server:
        client = make_client(event_hooks=recorder.event_hooks)
        for name in "abc":
            client.fetch(server.url + name)
        client.fetch(server.url, method="PUT", body=b"\xff", streaming_callback=lambda data: None)
    a, b, c, d = read(path)
    assert a["response"]["content"]["text"] == "text"
    assert {"name": "Content-Encoding", "value": "gzip"} in a["response"]["headers"]
    assert b["response"]["content"]["encoding"] == "base64"
    assert "longer than 100 bytes" in c["response"]["content"]["comment"]
    assert "text" not in d["response"]["content"]
    replaying = make_client(app=HARReplayer(path))
    assert replaying.fetch(server.url + "a").body == b"text"
    assert replaying.fetch(server.url + "b").body == b"\xff\x00"
    assert replaying.fetch(server.url, method="PUT", body=b"\xff").code == 200


# Replaying what others have recorded


def entry(method="GET", url=URL, text="", status=200, post=None, **more):
    request = {"method": method, "url": url, "headers": []}
    if post is not None:
        request["postData"] = {"mimeType": "text/plain", "text": post}
    answer = {"status": status, "headers": [], "content": {"text": text}, **more}
    return {"request": request, "response": answer}


def har(*entries):
    return {"log": {"version": "1.2", "entries": list(entries)}}


def test_what_is_alike_comes_in_its_order_and_once(make_client):
    replayer = HARReplayer(
        har(entry(text="one"), entry(text="other", url=URL + "b"), entry(text="two"))
    )
    client = make_client(app=replayer)
    assert [client.fetch(URL).body for _ in range(2)] == [b"one", b"two"]
    assert replayer.unused == [f"GET {URL}b"]
    with pytest.raises(HARMissError, match=r"all for this URL were used \(2 of 3 used\)"):
        client.fetch(URL)


def test_bodies_tell_requests_apart(make_client):
    replayer = HARReplayer(
        har(entry("POST", post="a", text="for a"), entry("POST", post="b", text="for b"))
    )
    client = make_client(app=replayer)
    assert client.fetch(URL, method="POST", body="b").body == b"for b"
    with pytest.raises(HARMissError, match="those for this URL have other bodies"):
        client.fetch(URL, method="POST", body="c")
    assert client.fetch(URL, method="POST", body="a").body == b"for a"


def test_a_miss_says_what_there_is(make_client):
    client = make_client(app=HARReplayer(har(entry("PUT", post="a"))))
    with pytest.raises(HARMissError, match=r"no exchange for GET http://example.org/ in the HAR"):
        client.fetch("http://me:sesame@example.org/")
    with pytest.raises(HARMissError, match=r"for this URL there is PUT"):
        client.fetch(URL)
    with pytest.raises(HARMissError, match=r"none for this URL"):
        client.fetch("https://example.org/")


def test_what_browsers_write(make_client):
    headers = [
        {"name": ":status", "value": "200"},
        {"name": "content-encoding", "value": "br"},
        {"name": "set-cookie", "value": "a=b\nc=d"},
    ]
    url = "https://example.org:443/#part"
    client = make_client(app=HARReplayer(har(entry(url=url, text="text", headers=headers))))
    answer = client.fetch("https://example.org/")
    assert answer.body == b"text"
    assert answer.headers.get_list("Set-Cookie") == ["a=b", "c=d"]


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        ({}, "is no HAR: it has no log with entries"),
        ({"log": {"entries": 7}}, "is no HAR"),
        (har({}), "entry 0 of the HAR is no exchange"),
        (har(entry(), entry(status="many")), "entry 1 of the HAR is no exchange"),
        (har(entry(headers=[{"name": "a"}])), "entry 0"),
        (har(entry(status=float("inf"))), "entry 0"),
        (har(entry(status=1000)), "entry 0 .*three digits"),
        (har(entry(content="ok")), "entry 0"),
        (har(entry(content={"text": 5})), "entry 0 .*must be text"),
        (har(entry(content={"text": "!", "encoding": "base64"})), "entry 0 .*no base64"),
        (har(entry(statusText=5)), "entry 0"),
        (har(entry(statusText="OK\r\nSet-Cookie: a")), "entry 0 .*control characters"),
        (har(entry(statusText="\u20ac")), "entry 0"),
    ],
)
def test_what_is_no_har_is_told(archive, words):
    with pytest.raises(ValueError, match=words):
        HARReplayer(archive)


def test_a_file_that_is_no_har_is_told(tmp_path):
    file = tmp_path / "letter.har"
    for text in ("dear", "[" * 100_000):
        file.write_text(text)
        with pytest.raises(ValueError, match=r"letter.har' is no HAR"):
            HARReplayer(file)


def test_a_file_without_an_end_is_told(monkeypatch):
    monkeypatch.setattr(replayer, "_MAX_SIZE", 1000)
    with pytest.raises(ValueError, match="'/dev/zero' has more than 1000 bytes"):
        HARReplayer("/dev/zero")


@pytest.mark.parametrize("content", [None, {"text": None}])
def test_no_content_is_an_empty_body(make_client, content):
    client = make_client(app=HARReplayer(har(entry(content=content))))
    assert client.fetch(URL).body == b""


def test_a_file_that_was_for_others_is_for_its_owner_then(tmp_path):
    path = tmp_path / "old.har"
    path.touch(0o666)
    path.chmod(0o666)
    HARRecorder(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_name_is_no_collection(tmp_path):
    with pytest.raises(TypeError, match="a collection of names"):
        HARRecorder(tmp_path / "x.har", redact="Cookie")


def test_the_version_is_that_of_the_server(make_client, path):
    old = b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"
    with HARRecorder(path) as recorder, serve(always(old)) as server:
        answer = make_client(event_hooks=recorder.event_hooks).fetch(server.url)
    assert answer.http_version == "HTTP/1.0"
    assert read(path)[0]["response"]["httpVersion"] == "HTTP/1.0"


def test_answers_of_a_cache_are_left_out(make_client, tmp_path):
    pytest.importorskip("hishel")
    path = tmp_path / "exchanges.har"
    fresh = response(b"kept", Cache_Control="max-age=1000")
    with serve(always(fresh)) as server, HARRecorder(path) as recorder:
        client = make_client(cache=True, event_hooks=recorder.event_hooks)
        found = [client.fetch(server.url).from_cache for _ in range(3)]
    assert found == [False, True, True]
    assert len(read(path)) == 1
