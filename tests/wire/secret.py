"""A client of TLS that ends as it is told to, or says nothing."""

import ssl

from tests.wire.server_under_test import Client

__all__ = ["Secret"]


class Secret:
    """TLS on top of a client."""

    def __init__(self, client: Client, context: ssl.SSLContext) -> None:
        self._client = client
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._engine = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")

    async def shake_hands(self) -> None:
        """Agree on keys; all that a server says before it is asked is read."""
        while True:
            try:
                self._engine.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self._flush()
                self._incoming.write(await self._client.receive())
        await self._flush()

    async def send(self, data: bytes) -> None:
        """Send it, encrypted."""
        if data:
            self._engine.write(data)
            await self._flush()

    async def end(self) -> None:
        """Tell that nothing more will be sent."""
        try:
            self._engine.unwrap()
        except ssl.SSLError:
            pass  # it wants to read the other's end, or finds an answer in its place
        await self._flush()

    async def _flush(self) -> None:
        await self._client.send(self._outgoing.read())
