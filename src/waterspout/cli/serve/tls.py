"""The TLS context that the options describe."""

import ssl
from typing import Any

from waterspout.netutil import ssl_options_to_context

__all__ = ["context_of"]


def context_of(settings: dict[str, Any]) -> ssl.SSLContext | None:
    """Return the context for ``certfile`` and ``keyfile``, None without them.

    ``OSError`` or ``ValueError``, in one line that names the file, where they are no good.
    """
    certfile, keyfile = settings["certfile"], settings["keyfile"]
    if certfile is None:
        return None
    try:
        return ssl_options_to_context(
            {"certfile": certfile, "keyfile": keyfile or certfile}, server_side=True
        )
    except ssl.SSLError as error:
        files = certfile if keyfile is None else f"{certfile} and {keyfile}"
        raise ValueError(f"certificate and key in {files}: {_reason(error)}") from None
    except OSError as error:
        raise OSError(f"certificate or key {error.filename}: {error.strerror}") from None


def _reason(error: ssl.SSLError) -> str:
    match error.reason:
        case "KEY_VALUES_MISMATCH":
            return "the key is not that of the certificate"
        case None | "NO_START_LINE" | "BAD_BASE64_DECODE":
            return "no PEM file, or not both are in it"
        case reason:
            return reason.lower().replace("_", " ")
