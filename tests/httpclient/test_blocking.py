"""What only the blocking client does: it works everywhere, and in many threads at once."""

import asyncio
import gc
import threading
import weakref

import pytest
from tests.httpclient.scripted_server import OK, always, eventually, response, serve

from waterspout.httpclient import AsyncHTTPClient, HTTPClient, HTTPRequest
from waterspout.httpclient.asynchronous import SimpleAsyncHTTPClient
from waterspout.httpclient.errors import HTTPTimeoutError


@pytest.fixture
def server():
    with serve(always()) as server:
        yield server


def test_inside_of_a_running_loop(server):
    async def main():
        with HTTPClient() as client:
            return client.fetch(server.url).body

    assert asyncio.run(main()) == b"ok"


@pytest.mark.parametrize(("per_origin", "most"), [(None, 3), (2, 2)])
def test_in_many_threads_at_once(server, per_origin, most):
    bodies = []
    with HTTPClient(max_clients=3, max_clients_per_origin=per_origin) as client:

        def work():
            for _ in range(50):
                bodies.append(client.fetch(server.url).body)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client._flow.pool.statistics["used"] == 0
    assert bodies == [b"ok"] * 400
    assert server.connections <= most


def test_the_queue_has_a_deadline(server):
    release = threading.Event()

    def hold(peer):
        peer.read_request()
        release.wait(10)
        peer.send(OK)

    with serve(hold) as server, HTTPClient(max_clients=1) as client:
        thread = threading.Thread(target=client.fetch, args=(server.url,))
        thread.start()
        eventually(lambda: server.requests)
        with pytest.raises(HTTPTimeoutError, match="waiting in the queue"):
            client.fetch(server.url, request_timeout=0.05)
        release.set()
        thread.join()
        assert client._flow.pool.statistics["waiting"] == 0


def test_a_waiter_is_woken_by_another_thread():
    release = threading.Event()

    def hold(peer):
        peer.read_request()
        release.wait(10)
        peer.send(OK)
        peer.answer(response(b"second"))

    with serve(hold) as server, HTTPClient(max_clients=1) as client:
        first = threading.Thread(target=client.fetch, args=(server.url,))
        first.start()
        eventually(lambda: server.requests)
        bodies = []
        second = threading.Thread(target=lambda: bodies.append(client.fetch(server.url).body))
        second.start()
        eventually(lambda: client._flow.pool.statistics["waiting"])
        release.set()
        first.join()
        second.join()
        assert bodies == [b"second"]
        assert server.connections == 1


def test_a_closed_client_takes_nothing(server):
    client = HTTPClient()
    client.fetch(server.url)
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.fetch(server.url)


def test_a_client_that_is_forgotten_closes_its_connections():
    ended = threading.Event()

    def script(peer):
        peer.answer()
        peer.wait_for_end()
        ended.set()

    with serve(script) as server:
        client = HTTPClient()
        client.fetch(server.url)
        gone = weakref.ref(client)
        del client
        gc.collect()
        assert gone() is None
        assert ended.wait(10)


def test_the_class_that_it_is_to_be_like(server):
    for chosen in (AsyncHTTPClient, SimpleAsyncHTTPClient, None):
        with HTTPClient(chosen, max_clients=2) as client:
            assert client.fetch(server.url).body == b"ok"
            assert repr(client) == "<HTTPClient <Pool used=0/2 idle=1 waiting=0>>"

    class Other(SimpleAsyncHTTPClient):
        def fetch_impl(self, request, callback):
            raise AssertionError

    with pytest.raises(TypeError, match=r"Other\.fetch_impl"):
        HTTPClient(Other)


def test_arguments():
    with pytest.raises(ValueError, match="max_clients"):
        HTTPClient(max_clients=0)
    with pytest.raises(TypeError, match="resolver must be a function"):
        HTTPClient(resolver=object())
    with pytest.raises(TypeError):
        HTTPClient(max_client=1)
    with HTTPClient() as client, pytest.raises(TypeError):
        client.fetch("http://127.0.0.1:1/", metod="GET")


def test_a_request_of_ones_own(server):
    class MyRequest(HTTPRequest):
        pass

    with HTTPClient() as client:
        request = MyRequest(server.url)
        request.__dict__["note"] = "mine"
        assert vars(client.fetch(request).request)["note"] == "mine"
