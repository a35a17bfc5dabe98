"""What a generator raises to return a value, and what is raised in it."""

from typing import Any

__all__ = ["BadYieldError", "KeyReuseError", "LeakedCallbackError", "Return", "UnknownKeyError"]


class Return(Exception):
    """Raised in a coroutine to return `value`; a plain ``return`` does the same."""

    def __init__(self, value: Any = None) -> None:
        super().__init__(value)
        self.value = value


class BadYieldError(Exception):
    """A coroutine yielded what nobody can wait for."""


class KeyReuseError(Exception):
    """Kept for programs that name it; nothing raises it."""


class UnknownKeyError(Exception):
    """Kept for programs that name it; nothing raises it."""


class LeakedCallbackError(Exception):
    """Kept for programs that name it; nothing raises it."""
