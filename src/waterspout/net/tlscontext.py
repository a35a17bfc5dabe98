"""TLS contexts for clients: what is trusted, what is shown, and which versions are spoken.

A context costs 25 to 100 ms, for it reads the certificates of the system. So one is made for each
set of options, and kept.

What the system trusts is asked from the system. Where OpenSSL has no files of its own to look into,
on macOS and Windows, that is done through truststore, which has the system itself judge.
"""

import importlib
import os
import ssl
import sys
import threading
from collections.abc import Callable
from typing import Any

__all__ = [
    "context_from_options",
    "file_identities",
    "files_of_options",
    "have_changed",
    "shared_context",
    "tls_version",
]

_HTTP = ("http/1.1",)

_FILES = ("certfile", "keyfile", "ca_certs")
_WRAP_SOCKET = {*_FILES, "cert_reqs", "ciphers", "ssl_version"}

_VERSIONS = {
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_DEFAULT_VERSION = ssl.TLSVersion.TLSv1_2

# Where distributions keep what they trust, for an OpenSSL that was built to look elsewhere.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

_contexts: dict[tuple[Any, ...], ssl.SSLContext] = {}
_contexts_lock = threading.Lock()
_MAX_CONTEXTS = 64


def tls_version(value: Any) -> ssl.TLSVersion:
    """Return the version that ``minimum_tls_version`` names: "1.2", "1.3" or a `ssl.TLSVersion`."""
    version = value
    if isinstance(value, str):
        version = _VERSIONS.get(value.lower().removeprefix("tlsv"))
    if version not in _VERSIONS.values():
        raise ValueError(
            f"minimum_tls_version must be '1.2', '1.3' or such a ssl.TLSVersion, not {value!r}; "
            "for older ones give a context of your own as ssl_options"
        )
    return ssl.TLSVersion(version)


def shared_context(
    is_verified: bool = True,
    ca_certs: str | None = None,
    client_cert: str | None = None,
    client_key: str | None = None,
    minimum: Any = None,
    protocols: tuple[str, ...] = _HTTP,
) -> ssl.SSLContext:
    """Return the context for clients with these options, always the same one for the same options.

    ``ca_certs`` is a file, or a directory as OpenSSL has them, that replaces what the system
    trusts; ``minimum`` see `tls_version`; ``protocols`` are offered (ALPN). A file that has changed
    counts as another one. Raises OSError (FileNotFoundError, `ssl.SSLError`), with the name of the
    option, where one can't be used.
    """
    version = _DEFAULT_VERSION if minimum is None else tls_version(minimum)
    if client_key is not None and client_cert is None:
        raise ValueError("client_key needs a client_cert")
    key = (
        is_verified,
        version,
        protocols,
        *file_identities(ca_certs=ca_certs, client_cert=client_cert, client_key=client_key),
    )

    def make() -> ssl.SSLContext:
        context = _new_context(is_verified, ca_certs, version)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        if client_cert is not None:
            _load_certificate(context, "client_cert", client_cert, client_key)
        return context

    return _shared(key, make)


def context_from_options(options: dict[str, Any]) -> ssl.SSLContext:
    """Return the context made of the arguments of the former ``ssl.wrap_socket``; shared as well.

    They are ``certfile keyfile cert_reqs ca_certs ciphers ssl_version``; others are a TypeError.
    The server's certificate is verified, and is for its name, unless ``cert_reqs`` says otherwise.
    """
    unknown = options.keys() - _WRAP_SOCKET
    if unknown:
        raise TypeError(f"unknown ssl_options: {', '.join(sorted(unknown))}")
    key = (tuple(sorted(options.items())), files_of_options(options))
    return _shared(key, lambda: _context_of(options))


def files_of_options(options: dict[str, Any]) -> tuple[tuple[Any, ...], ...]:
    """Return the `file_identities` of such arguments."""
    return file_identities(**{name: options.get(name) for name in _FILES})


def _shared(key: tuple[Any, ...], make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    context = _contexts.get(key)
    if context is not None:
        return context
    with _contexts_lock:
        context = _contexts.get(key)
        if context is None:
            context = make()
            if len(_contexts) >= _MAX_CONTEXTS:
                del _contexts[next(iter(_contexts))]
            _contexts[key] = context
    return context


def _renew_lock() -> None:
    # Another thread may have held it when this child was forked.
    global _contexts_lock
    _contexts_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def file_identities(**paths: Any) -> tuple[tuple[Any, ...], ...]:
    """Return what `have_changed` can tell by; files and directories, by the names of options."""
    return tuple(_identity(name, path) for name, path in paths.items() if path is not None)


def have_changed(identities: tuple[tuple[Any, ...], ...]) -> bool:
    """Whether one of these files is not what it was, or is there no more."""
    try:
        for known in identities:
            if _identity(known[0], known[1]) != known:
                return True
    except OSError:
        return True
    return False


def _identity(name: str, path: Any) -> tuple[Any, ...]:
    try:
        status = os.stat(path)
    except OSError as error:
        raise type(error)(error.errno, f"{name}: {error.strerror}", path) from None
    return (name, os.fspath(path), status.st_mtime_ns, status.st_size, status.st_ino)


def _new_context(
    is_verified: bool, ca_certs: str | None, version: ssl.TLSVersion
) -> ssl.SSLContext:
    if not is_verified:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca_certs is None and sys.platform in ("darwin", "win32"):
        context = importlib.import_module("truststore").SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _load_authorities(context, ca_certs)
    context.minimum_version = version
    return context


def _load_authorities(context: ssl.SSLContext, ca_certs: str | None) -> None:
    if ca_certs is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        paths = ssl.get_default_verify_paths()
        if paths.cafile is None and paths.capath is None:
            found = next(filter(os.path.exists, _BUNDLES), None)
            if found is not None:
                context.load_verify_locations(found)
        return
    try:
        if os.path.isdir(ca_certs):
            context.load_verify_locations(capath=ca_certs)
        else:
            context.load_verify_locations(ca_certs)
    except ssl.SSLError as error:
        reason = f"ca_certs: no certificates in PEM format in {os.fspath(ca_certs)!r}"
        raise ssl.SSLError(error.errno, reason) from None


def _load_certificate(context: ssl.SSLContext, name: str, cert: Any, key: Any) -> None:
    files = repr(os.fspath(cert)) if key is None else f"{os.fspath(cert)!r}, {os.fspath(key)!r}"

    def refuse() -> str:
        # Without this OpenSSL would ask for it at the terminal, and wait.
        raise ValueError(
            f"{name}: the key in {files} is encrypted: decrypt it, or give a context that has "
            "loaded it as ssl_options"
        )

    try:
        context.load_cert_chain(cert, key, password=refuse)
    except ssl.SSLError as error:
        match error.reason:
            case "KEY_VALUES_MISMATCH":
                reason = "the key is not that of the certificate"
            case None | "NO_START_LINE" | "BAD_BASE64_DECODE" | "PEM_LIB":
                reason = "no certificate and key in PEM format"
            case other:
                reason = other.lower().replace("_", " ")
        raise ssl.SSLError(error.errno, f"{name}: {reason} in {files}") from None


def _context_of(options: dict[str, Any]) -> ssl.SSLContext:
    version = options.get("ssl_version")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if version is None else version)
    if version is None:
        context.minimum_version = _DEFAULT_VERSION
    mode = options.get("cert_reqs", ssl.CERT_REQUIRED)
    # Not every ``ssl_version`` has this on.
    context.check_hostname = mode != ssl.CERT_NONE
    context.verify_mode = mode
    if mode != ssl.CERT_NONE or options.get("ca_certs"):
        _load_authorities(context, options.get("ca_certs"))
    if options.get("certfile"):
        _load_certificate(context, "certfile", options["certfile"], options.get("keyfile"))
    if options.get("ciphers"):
        context.set_ciphers(options["ciphers"])
    context.set_alpn_protocols(list(_HTTP))
    return context
