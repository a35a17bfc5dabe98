"""However a response is cut up on its way, it is the same response: over a scripted network."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.client.test_responses import LEGAL, REFUSED

from waterspout.httpclient import HTTPClientError
from waterspout.httpclient.flow import Flow
from waterspout.httpclient.settings import Settings
from waterspout.net import run_blocking
from waterspout.net.fake import FakeNet

SHORT = {name: data for name, data in REFUSED.items() if 0 < len(data) < 400}


def fragments(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted({cut % len(data) for cut in cuts}), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(places)]
    return [piece for piece in pieces if piece]


def fetch(steps: list[bytes]) -> tuple[Flow, bytes]:
    flow = Flow(FakeNet(steps), Settings())
    return flow, run_blocking(flow.fetch("http://example.org/", True)).body


@pytest.mark.parametrize("name", LEGAL)
@given(cuts=st.lists(st.integers(0, 1000), max_size=10))
@pytest.mark.slow
def test_legal(name, cuts):
    data, body = LEGAL[name]
    assert fetch([*fragments(data, cuts), b""])[1] == body


@pytest.mark.parametrize("name", SHORT)
@given(cuts=st.lists(st.integers(0, 1000), max_size=10))
@pytest.mark.slow
def test_refused(name, cuts):
    with pytest.raises(HTTPClientError) as caught:
        fetch([*fragments(SHORT[name], cuts), b""])
    assert caught.value.code == 599


@given(st.binary(max_size=200))
def test_whatever_comes(data):
    """It is a response or it is refused, and nothing else happens."""
    for prefix in (
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
    ):
        flow = Flow(FakeNet([prefix + data, b""]), Settings())
        try:
            run_blocking(flow.fetch("http://example.org/", False))
        except HTTPClientError:
            pass
        assert flow.pool.statistics["used"] == 0
