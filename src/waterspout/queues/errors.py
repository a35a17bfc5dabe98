"""Why a queue could not be used without waiting."""

__all__ = ["QueueEmpty", "QueueFull"]


class QueueEmpty(Exception):
    """There is nothing to get; raised by `Queue.get_nowait`."""


class QueueFull(Exception):
    """There is no room for more; raised by `Queue.put_nowait`."""
