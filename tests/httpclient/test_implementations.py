"""Which client an `AsyncHTTPClient` is: configured ones, those of others."""

import asyncio
import sys

import pytest
from tests.httpclient.loops import settled

from waterspout.httpclient import (
    AsyncHTTPClient,
    HTTPClient,
    HTTPClientError,
    HTTPRequest,
    HTTPResponse,
)


@pytest.fixture
def configure():
    yield AsyncHTTPClient.configure
    AsyncHTTPClient.configure(None)


def test_configured_arguments(run, server, configure):
    configure(None, defaults={"user_agent": "mine"}, max_clients=3)

    async def main():
        client = AsyncHTTPClient(force_instance=True)
        await client.fetch(server.url)
        client.close()

    run(main())
    assert server.last.headers["user-agent"] == "mine"
    with HTTPClient() as client:
        client.fetch(server.url)
        assert server.last.headers["user-agent"] == "mine"
        assert client._flow.pool.slots == 3


class Canned(AsyncHTTPClient):
    """An implementation of somebody else's."""

    def initialize(self, prefix="", defaults=None):  # type: ignore[override]
        super().initialize(defaults=defaults)
        self.prefix = prefix

    def fetch_impl(self, request, callback):
        if "broken" in request.url:
            error = ConnectionRefusedError(111, "refused")
            callback(HTTPResponse(request, 599, error=error))
            return
        self.io_loop.add_callback(
            callback,
            HTTPResponse(
                request, 404 if "missing" in request.url else 200, reason=request.user_agent
            ),
        )


@pytest.mark.parametrize("name", [Canned, f"{__name__}.Canned"])
def test_another_implementation(run, configure, monkeypatch, name):
    monkeypatch.setitem(sys.modules, __name__, sys.modules[Canned.__module__])
    configure(name, prefix="x", defaults={"user_agent": "mine"})
    called: list[HTTPResponse] = []

    async def main():
        client = AsyncHTTPClient()
        assert isinstance(client, Canned)
        assert client.prefix == "x"
        request = HTTPRequest("http://x/")
        response = await client.fetch(request)
        assert response.reason == "mine"
        assert request.user_agent is None
        with pytest.raises(HTTPClientError):
            await client.fetch("http://x/missing")
        assert (await client.fetch("http://x/missing", raise_error=False)).code == 404
        with pytest.raises(ConnectionRefusedError):
            await client.fetch("http://x/broken", raise_error=False)
        await client.fetch("http://x/broken", called.append)
        await settled()
        assert called[0].code == 599
        client.close()

    run(main())
    with pytest.raises(TypeError, match="fetch_impl"):
        HTTPClient()


def test_fetch_impl_of_our_own(run, server):
    async def main():
        client = AsyncHTTPClient(force_instance=True)
        heard = asyncio.get_running_loop().create_future()
        client.fetch_impl(HTTPRequest(server.url), heard.set_result)
        assert (await heard).code == 200
        client.close()

    run(main())


def test_an_implementation_that_is_none(run):
    class Unfinished(AsyncHTTPClient):
        pass

    async def main():
        with pytest.raises(NotImplementedError):
            Unfinished(force_instance=True).fetch("http://x/")

    run(main())
