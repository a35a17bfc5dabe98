"""The floor in Python: a uvloop protocol that answers whatever it reads, unread.

hello_uvloop_raw.py ANSWER PORT
"""

import asyncio
import sys
from typing import cast

import uvloop

ANSWER = sys.argv[1].encode()


class Raw(asyncio.Protocol):
    """One read is one request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what data_received writes to."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer."""
        self.transport.write(ANSWER)


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Raw, "127.0.0.1", int(sys.argv[2]))
    await server.serve_forever()


uvloop.run(main())
