"""What clients fetch long bodies from: answers by the size in the path, understands no more.

bodies.py PORT [TLS_PORT CERTIFICATE KEY]

`/SIZE` has a Content-Length, `/chunked/SIZE` comes in chunks of 4 KiB. It listens on all of
127.0.0.0/8, so a client can take each address for an origin of its own.
"""

import asyncio
import ssl
import sys
from typing import cast

import uvloop

CHUNK = b"1000\r\n" + b"x" * 4096 + b"\r\n"
PIECE = b"x" * 262_144
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"


def pieces_of(path: bytes) -> list[bytes]:
    """What to send for a path, in order."""
    size = int(path.rpartition(b"/")[2])
    if path.startswith(b"/chunked/"):
        count, rest = divmod(size, 4096)
        last = b"%x\r\n%b\r\n" % (rest, b"x" * rest) if rest else b""
        chunks = [b"".join([CHUNK] * min(64, count - at)) for at in range(0, count, 64)]
        return [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *chunks, last + b"0\r\n\r\n"]
    whole, rest = divmod(size, len(PIECE))
    return [HEAD + b"Content-Length: %d\r\n\r\n" % size, *[PIECE] * whole, b"x" * rest]


class Bodies(asyncio.Protocol):
    """One read is one request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self.transport = cast(asyncio.Transport, transport)
        self.waiting: list[bytes] = []
        self.is_full = False

    def data_received(self, data: bytes) -> None:
        """Answer, as fast as the client reads."""
        self.waiting = pieces_of(data.split(b" ", 2)[1])[::-1]
        self.send()

    def pause_writing(self) -> None:
        """Hold the rest back."""
        self.is_full = True

    def resume_writing(self) -> None:
        """Go on."""
        self.is_full = False
        self.send()

    def send(self) -> None:
        """Send what the client takes."""
        while self.waiting and not self.is_full:
            self.transport.write(self.waiting.pop())


async def main() -> None:
    """Serve until killed."""
    port, *secure = sys.argv[1:]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Bodies, "0.0.0.0", int(port))
    if secure:
        tls_port, certificate, key = secure
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        await loop.create_server(Bodies, "0.0.0.0", int(tls_port), ssl=context)
    await server.serve_forever()


uvloop.run(main())
