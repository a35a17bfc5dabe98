"""WSGI applications that do one thing each, and those that look at what they do."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["Body", "answer", "in_pieces", "returning"]

PLAIN = [("Content-Type", "text/plain")]


class Body:
    """The body of a response, which counts how often it was closed."""

    def __init__(self, pieces: Iterable[Any], error: Exception | None = None) -> None:
        self._pieces = iter(pieces)
        self._error = error
        self.taken = 0
        self.closed = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            piece = next(self._pieces)
        except StopIteration:
            if self._error is not None:
                raise self._error from None
            raise
        self.taken += 1
        return piece

    def close(self) -> None:
        self.closed += 1


def answer(body: Any, status: str = "200 OK", headers: Any = PLAIN) -> Callable[[Any, Any], Any]:
    """Return an application that answers so."""

    def application(environ: Any, start_response: Any) -> Any:
        start_response(status, list(headers))
        return body

    return application


def in_pieces(*pieces: bytes, headers: Any = PLAIN) -> Callable[[Any, Any], Any]:
    """Return an application that yields ``pieces``, and begins to answer with the first one."""

    def application(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", list(headers))
        yield from pieces

    return application


def returning(function: Callable[[dict[str, Any]], bytes]) -> Callable[[Any, Any], Any]:
    """Return an application whose body is what ``function`` makes of the environ."""

    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(PLAIN))
        return [function(environ)]

    return application
