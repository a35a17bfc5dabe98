"""What belongs to a library or a system of its own: asyncio's names, c-ares."""
