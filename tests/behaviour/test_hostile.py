"""A client among hostile servers: the right error within its time limit, and nothing left."""

import pickle

import pytest
from tests.hostile import LIMIT, MISDEEDS, MOST, Misdeed
from tests.httpclient.scripted_server import always, response, serve


@pytest.fixture
def client(make_client):
    return make_client(max_body_size=MOST, defaults={"request_timeout": LIMIT})


def url_of(server, misdeed: Misdeed) -> str:
    url: str = server.url
    return url.replace("http:", "https:") if misdeed.is_tls else url


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=lambda misdeed: misdeed.name)
def test_a_misdeed(client, misdeed):
    with serve(misdeed.script) as server:
        url = url_of(server, misdeed)
        with pytest.raises(misdeed.kind, match=misdeed.message) as caught:
            client.fetch(url)
        error = caught.value
        statistics = client.flow.pool.statistics
        assert (statistics["used"], statistics["waiting"]) == (0, 0)
        if error.response is None:
            assert error.code == 599
            # A redirect is read to its end.
            assert statistics["idle"] == (misdeed.error == "HTTPRedirectError")
            assert error.url == url
            assert error.phase is not None
        if misdeed.phase is not None:
            assert error.phase == misdeed.phase
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), again.url) == (type(error), str(error), error.url)


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=lambda misdeed: misdeed.name)
def test_a_misdeed_while_it_is_streamed(client, misdeed):
    """The same, but for the bound of a body, which the reader has himself."""

    def read():
        with client.stream(url) as answer:
            size = 0
            for piece in answer.iter_bytes():
                size += len(piece)
                if size > MOST:
                    return "enough"
        return "whole"

    with serve(misdeed.script) as server:
        url = url_of(server, misdeed)
        if misdeed.is_of_the_body:
            assert read() == "enough"
        else:
            with pytest.raises(misdeed.kind, match=misdeed.message):
                read()
        assert client.flow.pool.statistics["used"] == 0


def test_the_next_one_is_served(client):
    """After all of them the client is as good as new."""
    for misdeed in MISDEEDS[::5]:
        with serve(misdeed.script) as server, pytest.raises(misdeed.kind):
            client.fetch(url_of(server, misdeed))
    with serve(always(response(b"good"))) as server:
        for _ in range(3):
            assert client.fetch(server.url).body == b"good"
        assert server.connections == 1
