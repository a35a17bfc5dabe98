"""Sockets to listen on, made here or handed over, and TLS contexts from options."""

import errno
import os
import socket
import ssl
import stat
import sys
from typing import Any

__all__ = ["bind_sockets", "bind_unix_socket", "ssl_options_to_context", "systemd_sockets"]

_DEFAULT_BACKLOG = 1024
# How often a port is picked anew that is free for the first family only.
_ATTEMPTS = 10
# The first descriptor that systemd hands over, and more than it ever does (sd_listen_fds(3)).
_FIRST_HANDED = 3
_MOST_HANDED = 1024


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
    names address and port, and ``ValueError`` for a port that is none or that cannot be shared.
    """
    if port not in range(65536):
        # getaddrinfo would take it modulo 65536.
        raise ValueError(f"a port is a number from 0 to 65535, not {port!r}")
    if reuse_port and not hasattr(socket, "SO_REUSEPORT"):
        raise ValueError("this system has no SO_REUSEPORT: a port cannot be shared")
    addresses = _addresses(port, address, family, flags)
    for _ in range(_ATTEMPTS if port == 0 else 0):
        try:
            sockets = _bind_all(addresses, port, backlog, reuse_port)
        except OSError as error:
            # A port that is free for one family may be taken for another one.
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            break
    else:
        sockets = _bind_all(addresses, port, backlog, reuse_port)
    if not sockets:
        raise OSError(errno.EADDRNOTAVAIL, f"no address to listen on for {address!r} port {port}")
    return sockets


def _addresses(
    port: int, address: str | None, family: int, flags: int | None
) -> list[tuple[int, tuple[Any, ...]]]:
    """Return family and address of each socket to make, IPv4 first."""
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
        raise OSError(
            error.errno, f"cannot listen on {address!r} port {port}: {error.strerror}"
        ) from None
    except UnicodeError as error:
        raise OSError(
            errno.EINVAL, f"cannot listen on {address!r:.80} port {port}: no host name"
        ) from error
    return sorted({(info[0], info[4]) for info in infos}, key=lambda found: found[0])


def _bind_all(
    addresses: list[tuple[int, tuple[Any, ...]]], port: int, backlog: int, reuse_port: bool
) -> list[socket.socket]:
    """Return a socket for each address; none is left open where one cannot be had."""
    sockets: list[socket.socket] = []
    try:
        for family, address in addresses:
            if family == socket.AF_INET6 and not socket.has_ipv6:
                continue
            listener = _bind(family, (address[0], port, *address[2:]), backlog, reuse_port)
            if listener is None:
                continue
            sockets.append(listener)
            port = port or listener.getsockname()[1]
    except BaseException:
        for listener in sockets:
            listener.close()
        raise
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
            error.errno, f"cannot listen on {address[0]} port {address[1]}: {_reason(error)}"
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
        os.chmod(file, mode)  # before it listens: nobody can connect in between
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {file}: {_reason(error)}") from None
    return listener


def _reason(error: OSError) -> str:
    """Return what the system says, without the number and the names that it knows."""
    return os.strerror(error.errno) if error.errno else str(error)


def systemd_sockets() -> list[socket.socket]:
    """Return the listening sockets that systemd has opened for this process, non-blocking.

    There are some where it is started by a socket unit, and none elsewhere. It tells them in
    ``LISTEN_FDS`` and ``LISTEN_PID``, which are taken out of the environment: a second call, and
    programs that are started from here, find none. Their names (``LISTEN_FDNAMES``) are ignored.
    Raises ``ValueError`` where these variables make no sense, and for a descriptor that is no
    listening stream socket.
    """
    names = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID")
    pid, count, *_ = [os.environ.pop(name, "") for name in names]
    if not pid or not count:
        return []
    for name, value, most in (("PID", pid, 10**9), ("FDS", count, _MOST_HANDED)):
        if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) <= most):
            raise ValueError(f"LISTEN_{name} must be a number, {most} at most, not {value!r:.80}")
    if int(pid) != os.getpid():
        return []  # they are somebody else's, who has started this process
    sockets: list[socket.socket] = []
    try:
        for number in range(_FIRST_HANDED, _FIRST_HANDED + int(count)):
            sockets.append(_handed_over(number))
    except BaseException:
        for listener in sockets:
            listener.close()
        raise
    return sockets


def _handed_over(number: int) -> socket.socket:
    """Return the listening socket of a descriptor."""
    reason = f"LISTEN_FDS names descriptor {number}, which is no listening stream socket"
    try:
        listener = socket.socket(fileno=number)
    except OSError as error:
        raise ValueError(f"{reason}: {_reason(error)}") from None
    kind = listener.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
    if kind != socket.SOCK_STREAM or not listener.getsockopt(
        socket.SOL_SOCKET, socket.SO_ACCEPTCONN
    ):
        listener.close()
        raise ValueError(reason)
    listener.set_inheritable(False)
    listener.setblocking(False)
    return listener


def ssl_options_to_context(
    ssl_options: dict[str, Any] | ssl.SSLContext, server_side: bool | None = None
) -> ssl.SSLContext:
    """Return the context that ``ssl_options`` describes; a context comes back as it is.

    The dictionary has the arguments of the former ``ssl.wrap_socket``: ``certfile keyfile
    cert_reqs ca_certs ciphers ssl_version``. An unknown one is a ``TypeError``, a server without
    ``certfile`` a ``ValueError``, and a file that cannot be read an ``OSError`` that names it. So
    does the ``ssl.SSLError`` for a certificate or key that is no good.
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


def _check_readable(file: Any) -> None:
    """Raise an ``OSError`` that names the file where ``ssl`` would raise one that does not."""
    if file is not None:
        with open(file, "rb"):
            pass


def _load_certificate(context: ssl.SSLContext, certfile: Any, keyfile: Any) -> None:
    """Load certificate and key; where they are no good the ``ssl.SSLError`` says which, and why."""
    try:
        context.load_cert_chain(certfile, keyfile)
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
