"""A forked child never uses what its parent has open."""

import asyncio
import os
import threading
import warnings

import pytest
from tests.httpclient.scripted_server import OK, always, eventually, serve

from waterspout.httpclient import AsyncHTTPClient, HTTPClient

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def in_child(work) -> int:
    """Call ``work`` in a forked child; return its exit code, 0 if nothing was raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the servers of a test are threads
        pid = os.fork()
    if not pid:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("is_secure", [False, True])
def test_each_has_connections_of_its_own(make_client, server_tls, is_secure):
    with serve(always(), tls=server_tls if is_secure else None) as server:
        client = make_client(defaults={"validate_cert": False})
        assert client.fetch(server.url).body == b"ok"
        (connection,) = client.flow.pool.idle

        def child() -> None:
            if hasattr(client, "loop"):
                # Loops don't live on in a child. The client does.
                async def fetch() -> None:
                    assert (await client.client.fetch(server.url)).body == b"ok"

                asyncio.set_event_loop(None)
                asyncio.run(fetch())
            else:
                assert client.fetch(server.url).body == b"ok"

        assert in_child(child) == 0
        assert server.connections == 2
        # That of the parent was not touched.
        assert client.fetch(server.url).body == b"ok"
        assert client.flow.pool.idle == [connection]
        assert server.connections == 2


@pytest.mark.parametrize("is_secure", [False, True])
def test_a_child_does_not_keep_connections_open(make_client, server_tls, is_secure):
    """The server hears when the parent closes one, however long the child lives."""
    ended = threading.Event()

    def answer(peer):
        peer.answer()
        peer.wait_for_end()
        ended.set()

    with serve(answer, tls=server_tls if is_secure else None) as server:
        client = make_client(defaults={"validate_cert": False})
        assert client.fetch(server.url).body == b"ok"
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if not pid:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        os.close(reading)
        client.client.close()
        client.let_notice()
        # Only now may the child end.
        assert ended.wait(10)
        os.close(writing)
        assert os.waitpid(pid, 0)[1] == 0


def test_while_another_thread_fetches():
    """It may hold the lock, and all slots."""
    release = threading.Event()

    def hold(peer):
        peer.read_request()
        release.wait(10)
        peer.send(OK)
        peer.wait_for_end()

    with serve(hold, always()) as server, HTTPClient(max_clients=1) as client:
        bodies: list[bytes] = []
        thread = threading.Thread(target=lambda: bodies.append(client.fetch(server.url).body))
        thread.start()
        eventually(lambda: server.requests)

        def child() -> None:
            assert client.fetch(server.url).body == b"ok"
            client.close()

        # Compiled, the lock can't be reached.
        with getattr(client._flow.pool, "_lock", threading.Lock()):
            assert in_child(child) == 0
        release.set()
        thread.join()
        assert bodies == [b"ok"]


def test_in_the_middle_of_a_response():
    """The child reads on, for that is what it was told, but says nothing and keeps nothing."""
    codes: list[int] = []

    def fork_here(data: bytes) -> None:
        pid = os.fork()
        if pid:
            codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        else:
            children.append(True)

    children: list[bool] = []
    with serve(always()) as server, HTTPClient() as client:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            client.fetch(server.url, streaming_callback=fork_here)
        if children:
            pool = client._flow.pool.statistics
            os._exit(0 if pool == {"used": 0, "idle": 0, "waiting": 0} else 1)
        assert codes == [0]
        assert client._flow.pool.statistics == {"used": 0, "idle": 1, "waiting": 0}
        assert client.fetch(server.url).body == b"ok"
        assert server.connections == 1


def test_a_client_of_a_loop_that_runs():
    """A child of a running loop, as `os.fork` in a handler makes it, runs another one."""
    with serve(always()) as server:

        async def main() -> None:
            client = AsyncHTTPClient(force_instance=True)
            await client.fetch(server.url)

            def child() -> None:
                async def fetch() -> None:
                    assert (await client.fetch(server.url)).body == b"ok"

                asyncio._set_running_loop(None)
                asyncio.run(fetch())

            assert in_child(child) == 0
            assert (await client.fetch(server.url)).body == b"ok"
            client.close()

        asyncio.run(main())
        assert server.connections == 2
