"""What comes with a response: text, JSON, trailers, and what was said before it."""

import pickle

import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve

TRAILED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Digest\r\n\r\n"
    b"3\r\nabc\r\n0\r\nDigest: x\r\nDigest: y\r\n\r\n"
)
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


def test_text_and_json(client):
    body = '{"a": "ü"}'.encode("latin-1")
    with serve(always(response(body, Content_Type="text/x; charset=latin-1"))) as server:
        assert client.fetch(server.url).text == '{"a": "ü"}'
    with serve(always(response('{"a": "ü"}'.encode()))) as server:
        assert client.fetch(server.url).json() == {"a": "ü"}


LONG = 1024 * 1024


@pytest.mark.parametrize("size", [128 * 1024, LONG, 4 * LONG - 1, 4 * LONG, 20 * LONG])
def test_long_bodies(client, size):
    body = bytes(range(256)) * (size // 256 + 1)
    with serve(always(response(body[:size]))) as server:
        for _ in range(2):
            assert client.fetch(server.url).body == body[:size]


def test_no_body_with_a_length(client):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LONG
    with serve(always(head)) as server:
        assert client.fetch(server.url, method="HEAD").body == b""
    with serve(always(head.replace(b"200 OK", b"304 Not Modified"))) as server:
        assert client.fetch(server.url, False).body == b""


def test_trailers(client):
    pieces: list[bytes] = []
    with serve(always(TRAILED)) as server:
        answer = client.fetch(server.url)
        assert answer.trailers.get_list("Digest") == ["x", "y"]
        assert "Digest" not in answer.headers
        streamed = client.fetch(server.url, streaming_callback=pieces.append)
        assert streamed.trailers["Digest"] == "x,y"
        assert pickle.loads(pickle.dumps(streamed)).trailers == streamed.trailers
        assert server.connections == 1


def test_trailers_are_those_of_this_response(client):
    with serve(answering(TRAILED, OK)) as server:
        first = client.fetch(server.url)
        second = client.fetch(server.url)
        assert server.connections == 1
    assert second.trailers == {}
    assert first.trailers["Digest"] == "x,y"


def test_what_is_said_before(client):
    with serve(answering(b"HTTP/1.1 102 Wait\r\n\r\n" + HINTS * 9 + OK, OK)) as server:
        answer = client.fetch(server.url)
        assert answer.code == 200
        assert answer.body == b"ok"
        assert [early.code for early in answer.informational] == [102] + [103] * 9
        assert answer.informational[1].reason == "Early Hints"
        assert answer.informational[1].headers["Link"] == "</a>"
        assert pickle.loads(pickle.dumps(answer)).informational == answer.informational
        assert client.fetch(server.url).informational == []
