"""The TLS context that the options describe."""

import ssl
from typing import Any

from waterspout.httpserver.tlscontext import server_context

__all__ = ["context_of"]


def context_of(settings: dict[str, Any]) -> ssl.SSLContext | None:
    """Return the context for ``certfile`` and ``keyfile``, None without them.

    ``OSError`` or ``ValueError``, in one line that names the file, where they are no good.
    """
    certfile, keyfile = settings["certfile"], settings["keyfile"]
    if certfile is None:
        return None
    try:
        return server_context({"certfile": certfile, "keyfile": keyfile})
    except ssl.SSLError as error:
        raise ValueError(str(error)) from None
    except OSError as error:
        raise OSError(f"certificate or key {error.filename}: {error.strerror}") from None
