"""Sockets to listen on and to accept from, the addresses of hosts, TLS from options."""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names
from waterspout.netutil.listening import bind_sockets, bind_unix_socket

if TYPE_CHECKING:
    from waterspout.netutil.accepting import add_accept_handler
    from waterspout.netutil.addresses import is_valid_ip
    from waterspout.netutil.resolvers import (
        BlockingResolver,
        DefaultExecutorResolver,
        DefaultLoopResolver,
        ExecutorResolver,
        OverrideResolver,
        Resolver,
        ThreadedResolver,
    )
    from waterspout.netutil.systemd import systemd_sockets
    from waterspout.netutil.tls import ssl_options_to_context, ssl_wrap_socket

__all__ = [
    "BlockingResolver",
    "DefaultExecutorResolver",
    "DefaultLoopResolver",
    "ExecutorResolver",
    "OverrideResolver",
    "Resolver",
    "ThreadedResolver",
    "add_accept_handler",
    "bind_sockets",
    "bind_unix_socket",
    "is_valid_ip",
    "ssl_options_to_context",
    "ssl_wrap_socket",
    "systemd_sockets",
]

# What a server of HTTP does without is imported where it is asked for.
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "BlockingResolver": "resolvers",
        "DefaultExecutorResolver": "resolvers",
        "DefaultLoopResolver": "resolvers",
        "ExecutorResolver": "resolvers",
        "OverrideResolver": "resolvers",
        "Resolver": "resolvers",
        "ThreadedResolver": "resolvers",
        "add_accept_handler": "accepting",
        "is_valid_ip": "addresses",
        "ssl_options_to_context": "tls",
        "ssl_wrap_socket": "tls",
        "systemd_sockets": "systemd",
    },
)
