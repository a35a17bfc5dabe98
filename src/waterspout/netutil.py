"""Sockets to listen on, and TLS contexts from options."""

import errno
import os
import socket
import ssl
import stat
import sys
from typing import Any

__all__ = ["bind_sockets", "bind_unix_socket", "ssl_options_to_context"]

_DEFAULT_BACKLOG = 1024


def bind_sockets(
    port: int,
    address: str | None = None,
    family: socket.AddressFamily = socket.AF_UNSPEC,
    backlog: int = _DEFAULT_BACKLOG,
    flags: int | None = None,
    reuse_port: bool = False,
) -> list[socket.socket]:
    """Return non-blocking sockets that listen on ``port``, one for each address found.

    ``address`` is a name or an IP address; None and ``""`` mean all interfaces. Port 0 picks a
    free one, the same for all sockets. ``flags`` go to ``getaddrinfo``. Raises ``OSError`` that
    names address and port.
    """
    try:
        infos = socket.getaddrinfo(
            address or None,
            port,
            family,
            socket.SOCK_STREAM,
            0,
            socket.AI_PASSIVE if flags is None else flags,
        )
    except socket.gaierror as error:
        raise OSError(error.errno, f"cannot listen on {address!r}: {error.strerror}") from None
    sockets: list[socket.socket] = []
    bound_port = port
    try:
        for found_family, _, _, _, found in sorted(set(infos), key=lambda info: info[0]):
            if found_family == socket.AF_INET6 and not socket.has_ipv6:
                continue
            listener = _bind(found_family, (found[0], bound_port, *found[2:]), backlog, reuse_port)
            if listener is None:
                continue
            sockets.append(listener)
            if bound_port == 0:
                bound_port = listener.getsockname()[1]
    except BaseException:
        for listener in sockets:
            listener.close()
        raise
    if not sockets:
        raise OSError(errno.EADDRNOTAVAIL, f"no address to listen on for {address!r} port {port}")
    return sockets


def _bind(
    family: int, address: tuple[Any, ...], backlog: int, reuse_port: bool
) -> socket.socket | None:
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno == errno.EAFNOSUPPORT:
            return None
        raise
    try:
        listener.setblocking(False)
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            # IPv4 has its own socket; one of both kinds would take its port away.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRNOTAVAIL and address[0] == "::1":
            return None  # localhost names ::1 also where the machine has no IPv6
        raise OSError(
            error.errno,
            f"cannot listen on {address[0]} port {address[1]}: {os.strerror(error.errno or 0)}",
        ) from None
    return listener


def bind_unix_socket(
    file: str, mode: int = 0o600, backlog: int = _DEFAULT_BACKLOG
) -> socket.socket:
    """Return a non-blocking unix socket that listens at ``file``, with permissions ``mode``.

    A socket that a dead server left there is replaced; anything else there is an ``OSError``.
    """
    try:
        if stat.S_ISSOCK(os.stat(file).st_mode):
            os.unlink(file)
        else:
            raise OSError(errno.EEXIST, f"cannot listen on {file}: it exists and is no socket")
    except FileNotFoundError:
        pass
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        listener.bind(file)
        os.chmod(file, mode)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise OSError(
            error.errno, f"cannot listen on {file}: {os.strerror(error.errno or 0)}"
        ) from None
    return listener


def ssl_options_to_context(
    ssl_options: dict[str, Any] | ssl.SSLContext, server_side: bool | None = None
) -> ssl.SSLContext:
    """Return the context that ``ssl_options`` describes; a context comes back as it is.

    The dictionary has the arguments of the former ``ssl.wrap_socket``: ``certfile keyfile
    cert_reqs ca_certs ciphers ssl_version``. An unknown one is a ``TypeError``.
    """
    if isinstance(ssl_options, ssl.SSLContext):
        return ssl_options
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
    default = ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT
    context = ssl.SSLContext(ssl_options.get("ssl_version", default))
    if "certfile" in ssl_options:
        context.load_cert_chain(ssl_options["certfile"], ssl_options.get("keyfile"))
    if "cert_reqs" in ssl_options:
        if ssl_options["cert_reqs"] == ssl.CERT_NONE:
            context.check_hostname = False
        context.verify_mode = ssl_options["cert_reqs"]
    if "ca_certs" in ssl_options:
        context.load_verify_locations(ssl_options["ca_certs"])
    if "ciphers" in ssl_options:
        context.set_ciphers(ssl_options["ciphers"])
    return context
