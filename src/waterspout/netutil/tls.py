"""TLS by options: contexts, and sockets that speak it."""

import socket
import ssl
from typing import Any

__all__ = ["ssl_options_to_context", "ssl_wrap_socket"]


def ssl_options_to_context(
    ssl_options: dict[str, Any] | ssl.SSLContext, server_side: bool | None = None
) -> ssl.SSLContext:
    """Return the context that ``ssl_options`` describes; a context comes back as it is.

    The dictionary has the arguments of the former ``ssl.wrap_socket``: ``certfile keyfile
    cert_reqs ca_certs ciphers ssl_version``. An unknown one is a ``TypeError``, a server without
    ``certfile`` a ``ValueError``, and a file that cannot be read an ``OSError`` that names it. So
    does the ``ssl.SSLError`` for a certificate or key that is no good, and the ``ValueError`` for a
    key that is encrypted.
    """
    if isinstance(ssl_options, ssl.SSLContext):
        return ssl_options
    if not isinstance(ssl_options, dict):
        raise TypeError(
            f"ssl_options are a dictionary or an ssl.SSLContext, not {ssl_options!r:.80}"
        )
    unknown = ssl_options.keys() - {
        "certfile",
        "keyfile",
        "cert_reqs",
        "ca_certs",
        "ciphers",
        "ssl_version",
    }
    if unknown:
        raise TypeError(f"unknown ssl_options: {', '.join(sorted(unknown))}")
    if server_side and "certfile" not in ssl_options:
        raise ValueError("ssl_options of a server need a certfile")
    for name in ("certfile", "keyfile", "ca_certs"):
        _check_readable(ssl_options.get(name))
    default = ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT
    context = ssl.SSLContext(ssl_options.get("ssl_version", default))
    if "certfile" in ssl_options:
        _load_certificate(context, ssl_options["certfile"], ssl_options.get("keyfile"))
    if "cert_reqs" in ssl_options:
        if ssl_options["cert_reqs"] == ssl.CERT_NONE:
            context.check_hostname = False
        context.verify_mode = ssl_options["cert_reqs"]
    if "ca_certs" in ssl_options:
        context.load_verify_locations(ssl_options["ca_certs"])
    if "ciphers" in ssl_options:
        context.set_ciphers(ssl_options["ciphers"])
    return context


def ssl_wrap_socket(
    socket: socket.socket,
    ssl_options: dict[str, Any] | ssl.SSLContext,
    server_hostname: str | None = None,
    server_side: bool | None = None,
    **kwargs: Any,
) -> ssl.SSLSocket:
    """Return a socket that speaks TLS over ``socket``, which is of no use by itself any more.

    ``ssl_options`` are those of `ssl_options_to_context`; ``server_side`` None is a client.
    ``kwargs`` go to ``ssl.SSLContext.wrap_socket``, whose errors are raised: ``ValueError`` where a
    client that verifies names has no ``server_hostname``.
    """
    context = ssl_options_to_context(ssl_options, server_side=server_side)
    return context.wrap_socket(
        socket, server_hostname=server_hostname, server_side=bool(server_side), **kwargs
    )


def _check_readable(file: Any) -> None:
    """Raise an ``OSError`` that names the file where ``ssl`` would raise one that does not."""
    if file is not None:
        with open(file, "rb"):
            pass


def _load_certificate(context: ssl.SSLContext, certfile: Any, keyfile: Any) -> None:
    """Load certificate and key; where they are no good the ``ssl.SSLError`` says which, and why."""

    def refuse() -> str:
        # OpenSSL would ask at the terminal, and hold up everything until somebody answers.
        raise ValueError(
            f"the key in {keyfile or certfile} is encrypted: decrypt the file, or give an"
            " ssl.SSLContext that has loaded it"
        )

    try:
        context.load_cert_chain(certfile, keyfile, password=refuse)
    except ssl.SSLError as error:
        files = certfile if keyfile is None else f"{certfile} and {keyfile}"
        reason = f"certificate and key in {files}: {_tls_reason(error)}"
        raise ssl.SSLError(error.errno, reason) from None


def _tls_reason(error: ssl.SSLError) -> str:
    match error.reason:
        case "KEY_VALUES_MISMATCH":
            return "the key is not that of the certificate"
        case None | "NO_START_LINE" | "BAD_BASE64_DECODE":
            return "no PEM file, or not both are in it"
        case reason:
            return reason.lower().replace("_", " ")
