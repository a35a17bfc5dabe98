"""The TLS context of a server: from its options, with the protocol that it speaks."""

import ssl
from typing import Any

from waterspout.netutil import ssl_options_to_context

__all__ = ["server_context"]

# What clients are told by ALPN (RFC 7301) that is spoken here.
_PROTOCOLS = ["http/1.1"]


def server_context(ssl_options: dict[str, Any] | ssl.SSLContext) -> ssl.SSLContext:
    """Return the context of a server for ``ssl_options``; raises as ``ssl_options_to_context``.

    One that is made here agrees on HTTP/1.1 with clients that ask; a context that is given is left
    as it is.
    """
    context = ssl_options_to_context(ssl_options, server_side=True)
    if context is not ssl_options:
        context.set_alpn_protocols(_PROTOCOLS)
    return context
