"""What a client is bound to instead of the network: an application, a server, or a function.

Connections are in memory (`net.memory`), and the engines at both ends are those of the wire.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from waterspout.net import AsyncNet, BlockingNet
from waterspout.net.memory import MemoryNet
from waterspout.net.private import PrivateNet

__all__ = ["async_net", "blocking_net", "check_app"]


def async_net(loop: asyncio.AbstractEventLoop, app: Any) -> AsyncNet:
    """Return the network for a client that awaits: all of it is ``app``."""
    return MemoryNet(loop, _protocols(app))


def blocking_net(app: Any) -> BlockingNet:
    """Return the network for a client that blocks: all of it is ``app``."""
    return PrivateNet(_protocols(app))


def check_app(app: Any) -> None:
    """Raise TypeError for what no client can be bound to."""
    if not isinstance(app, type) and (_is_server(app) or callable(app)):
        return
    kind = f"the class {app.__qualname__}" if isinstance(app, type) else repr(app)
    raise TypeError(
        "app is an Application, an HTTPServer, or a function of a request that returns a"
        f" response, not {kind}"
    )


def _is_server(app: Any) -> bool:
    return hasattr(app, "new_connection") or hasattr(app, "new_server")


def _protocols(app: Any) -> Callable[[], asyncio.BaseProtocol]:
    """Return what makes the server's end of a connection, called in the loop that serves."""
    servers: list[Any] = [app] if hasattr(app, "new_connection") else []

    def make() -> asyncio.BaseProtocol:
        if not servers:
            servers.append(app.new_server())
        protocol: asyncio.BaseProtocol = servers[0].new_connection()
        return protocol

    if _is_server(app):
        return make
    from waterspout.httpclient.inprocess.function import FunctionConnection

    return lambda: FunctionConnection(app)
