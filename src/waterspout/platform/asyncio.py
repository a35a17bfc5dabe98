"""Names between Tornado's loops and futures and asyncio's, which are the same here."""

import asyncio
from typing import TYPE_CHECKING, Any

from waterspout.gen import convert_yielded
from waterspout.ioloop import AsyncIOLoop, AsyncIOMainLoop, BaseAsyncIOLoop
from waterspout.platform.selectorthread import AddThreadSelectorEventLoop, SelectorThread

if TYPE_CHECKING:
    from waterspout.platform.policy import AnyThreadEventLoopPolicy

__all__ = [
    "AddThreadSelectorEventLoop",
    "AnyThreadEventLoopPolicy",
    "AsyncIOLoop",
    "AsyncIOMainLoop",
    "BaseAsyncIOLoop",
    "SelectorThread",
    "to_asyncio_future",
    "to_tornado_future",
]


def to_tornado_future(asyncio_future: "asyncio.Future[Any]") -> "asyncio.Future[Any]":
    """Return a future of asyncio's as it is: there is one kind."""
    return convert_yielded(asyncio_future)


def to_asyncio_future(tornado_future: Any) -> "asyncio.Future[Any]":
    """Return the future of what a coroutine may yield: awaitables, lists and dicts of them.

    `gen.BadYieldError` for anything else.
    """
    return convert_yielded(tornado_future)


def __getattr__(name: str) -> Any:
    # Python 3.14 warns of policies when they are looked at.
    if name == "AnyThreadEventLoopPolicy":
        from waterspout.platform.policy import AnyThreadEventLoopPolicy

        return AnyThreadEventLoopPolicy
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
