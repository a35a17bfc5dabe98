"""Proxies for tests, as scripts of `scripted_server`: they connect, and note what they heard."""

import select
import socket
import ssl
from collections.abc import Callable

from tests.httpclient.scripted_server import PATIENCE, Peer, Script


def connecting(answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> Script:
    """A proxy that does what CONNECT asks for, and says ``answer``."""

    def script(peer: Peer) -> None:
        request = peer.read_request()
        assert request.method == "CONNECT"
        host, _, port = request.target.rpartition(":")
        relay(peer, host.strip("[]"), int(port), lambda: peer.send(answer))

    return script


def socks5(*, method: int = 0, reply: int = 0, heard: list[bytes], piece: int = 0) -> Script:
    """A proxy of SOCKS 5 that chooses ``method``, and refuses with ``reply`` if that is not 0.

    It notes what it was sent in ``heard``, and sends its replies in pieces if ``piece`` is set.
    """

    def script(peer: Peer) -> None:
        def send(data: bytes) -> None:
            for start in range(0, len(data), piece or len(data)):
                peer.send(data[start : start + (piece or len(data))])

        greeting = exactly(peer, 2)
        heard.append(greeting + exactly(peer, greeting[1]))
        send(bytes((5, method)))
        if method == 2:
            name = exactly(peer, 2)
            name += exactly(peer, name[1] + 1)
            heard.append(name + exactly(peer, name[-1]))
            send(bytes((1, 0)))
        if method == 0xFF:
            return
        request = exactly(peer, 5)
        size = {1: 4, 3: 1 + request[4], 4: 16}[request[3]] - 1 + 2
        request += exactly(peer, size)
        heard.append(request)
        if reply:
            send(bytes((5, reply)))
            return
        raw, port = request[4:-2], int.from_bytes(request[-2:], "big")
        if request[3] == 3:
            host = raw[1:].decode("ascii")
        else:
            host = socket.inet_ntop(socket.AF_INET if request[3] == 1 else socket.AF_INET6, raw)
        relay(peer, host, port, lambda: send(bytes((5, 0, 0, 3, 4)) + b"here" + bytes(2)))

    return script


def socks4(*, reply: int = 90, heard: list[bytes]) -> Script:
    """A proxy of SOCKS 4 and 4a."""

    def script(peer: Peer) -> None:
        request = exactly(peer, 8)
        heard.append(request + until_nul(peer))
        host = socket.inet_ntoa(request[4:8])
        if request[4:7] == bytes(3):
            name = until_nul(peer)
            heard.append(name)
            host = name[:-1].decode("ascii")
        if reply != 90:
            peer.send(bytes((0, reply)) + bytes(6))
            return
        port = int.from_bytes(request[2:4], "big")
        relay(peer, host, port, lambda: peer.send(bytes((0, 90)) + bytes(6)))

    return script


def relay(peer: Peer, host: str, port: int, on_connected: Callable[[], object]) -> None:
    """Connect to a host, say so, and carry bytes there and back until one side ends."""
    with socket.create_connection((host, port), PATIENCE) as other:
        on_connected()
        one = peer.socket
        while True:
            ready: list[socket.socket] = [one]
            if not (isinstance(one, ssl.SSLSocket) and one.pending()):
                ready, _, _ = select.select([one, other], [], [], PATIENCE)
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                (other if source is one else one).sendall(data)


def exactly(peer: Peer, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = peer.socket.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def until_nul(peer: Peer) -> bytes:
    data = b""
    while not data.endswith(b"\0"):
        data += exactly(peer, 1)
    return data
