"""All that a fetch can be busy with: servers, proxies and roads to them, each by its name."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.httpclient.proxies import connecting, socks4, socks5
from tests.httpclient.scripted_server import OK, Peer, response, serve

from waterspout.httpclient import DigestAuth, RetryPolicy

__all__ = ["ENDLESS", "Way", "everywhere", "full_backlog", "resolve", "resolve_at_once"]

#: A URL and the arguments for it.
Way = tuple[str, dict[str, Any]]

#: What the name of a way begins with that leads to no answer in time, not even to an error.
ENDLESS = ("no ", "half ")

_LARGE = b"x" * 300_000
_CHUNK = b"2000\r\n" + bytes(8192) + b"\r\n"
_CHALLENGE = response(
    b"", "401 Who", WWW_Authenticate='Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256'
)


@contextmanager
def everywhere(server_tls: ssl.SSLContext, directory: Path) -> Iterator[dict[str, Way]]:
    """Give all ways; those that need an event loop have a name with "awaited" in it."""
    path = str(directory / "socket")
    with ExitStack() as stack:
        start = stack.enter_context
        plain, secure = start(serve(_answer)), start(serve(_answer, tls=server_tls))
        start(serve(_answer, path=path))
        proxy, tunnel = start(serve(_answer)), start(serve(connecting()))
        secret = start(serve(connecting(), tls=server_tls))
        socks, older = start(serve(socks5(heard=[], piece=1))), start(serve(socks4(heard=[])))
        mute = start(serve(lambda peer: peer.wait_for_end()))
        full = start(full_backlog())
        url, mute_by_tls = plain.url, mute.url.replace("http:", "https:")
        named = f"http://some.test:{plain.port}/"
        soon = RetryPolicy(2, backoff=0.005, budget=None)
        unverified: dict[str, Any] = {"proxy_ssl_options": {"cert_reqs": ssl.CERT_NONE}}
        yield {
            "plain": (url, {}),
            "resolving": (named, {"headers": {"Connection": "close"}}),
            "unix": ("http://local.test/", {"unix_socket": path}),
            "tls": (secure.url, {"headers": {"Connection": "close"}}),
            "kept tls": (secure.url, {}),
            "sending": (url, {"method": "POST", "body": _LARGE}),
            "sending by tls": (secure.url, {"method": "POST", "body": _LARGE}),
            "sending pieces": (url, {"method": "PUT", "body": [_LARGE[:70_000]] * 5}),
            "chunks": (f"{url}chunks", {}),
            "chunks by tls": (f"{secure.url}chunks", {}),
            "redirect": (f"{url}redirect", {}),
            "redirect by tls": (f"{secure.url}redirect", {"cookies": {"a": "b"}}),
            "retry": (f"{url}busy", {"retries": soon}),
            "reset and retry": (f"{url}resets", {"retries": soon}),
            "digest": (f"{url}secret", {"auth": DigestAuth("me", "s3cret")}),
            "by a proxy": (f"{named}chunks", {"proxy": proxy.url}),
            "tunnel": (f"{secure.url}redirect", {"proxy": tunnel.url}),
            "tls in tls": (f"{secure.url}chunks", {"proxy": secret.url, **unverified}),
            "socks 5": (f"{url}chunks", {"proxy": f"socks5h://127.0.0.1:{socks.port}"}),
            "socks 4": (f"{url}chunks", {"proxy": f"socks4a://127.0.0.1:{older.port}"}),
            "no answer": (f"{url}silent", {}),
            "half an answer": (f"{secure.url}half", {}),
            "no leave to send": (
                url,
                {"method": "POST", "body": b"x", "expect_100_continue": True},
            ),
            "no connection": (f"http://127.0.0.1:{full}/", {}),
            "no handshake": (mute_by_tls, {}),
            "no tunnel": (secure.url, {"proxy": mute.url}),
            "no socks": (url, {"proxy": f"socks5://127.0.0.1:{mute.port}"}),
            "no handshake with a proxy": (url, {"proxy": mute_by_tls, **unverified}),
            "no address, awaited": ("http://nowhere.test/", {}),
            "no body, awaited": (url, {"method": "POST", "body_producer": _hang}),
        }


@contextmanager
def full_backlog() -> Iterator[int]:
    """Give the port of a server that accepts nobody, and whose queue is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            connection = stack.enter_context(socket.socket())
            connection.setblocking(False)
            connection.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def resolve(host: str, port: int, family: int) -> list[str]:
    """A resolver that takes a while, or for ever; the last address of each host is good."""
    if host.startswith("nowhere"):
        await asyncio.get_running_loop().create_future()
    for _ in range(5):
        await asyncio.sleep(0)
    return resolve_at_once(host, port, family)


def resolve_at_once(host: str, port: int, family: int) -> list[str]:
    """The same for who can't wait."""
    return ["127.0.0.2", "127.0.0.3", "127.0.0.1"]


def _answer(peer: Peer) -> None:
    """A server that answers by what the path says."""
    while True:
        request = peer.read_request()
        answer = _ANSWERS.get(request.target.rpartition("/")[2])
        if answer is not None and "authorization" not in request.headers:
            answer(peer)
        else:
            peer.send(OK)


def _reset(peer: Peer) -> None:
    peer.reset()
    raise EOFError


def _send_chunks(peer: Peer) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(20):
        peer.send(_CHUNK)
    peer.send(b"0\r\n\r\n")


def _send_half(peer: Peer) -> None:
    peer.send(OK[:-1])
    peer.wait_for_end()


_ANSWERS: dict[str, Callable[[Peer], object]] = {
    "silent": lambda peer: peer.wait_for_end(),
    "half": _send_half,
    "chunks": _send_chunks,
    "resets": _reset,
    "redirect": lambda peer: peer.send(
        response(b"gone", "302 Found", Location="/chunks", Set_Cookie="c=d")
    ),
    "busy": lambda peer: peer.send(response(b"later", "503 Busy")),
    "secret": lambda peer: peer.send(_CHALLENGE),
}


async def _hang(write: Callable[[bytes], Any]) -> None:
    await write(b"x")
    await asyncio.get_running_loop().create_future()
