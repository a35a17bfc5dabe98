"""A server that says what a script says, byte by byte, each connection in a thread of its own."""

import contextlib
import errno
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# Long enough for a busy machine, and short enough for a test that hangs.
PATIENCE = 20.0

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def response(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A response with a Content-Length; an underscore in a name is a hyphen."""
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{''.join(lines)}\r\n"
    return head.encode("latin-1") + body


@dataclass
class Request:
    """What a client has sent."""

    line: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


class Peer:
    """The server's side of one connection."""

    def __init__(self, server: "ScriptedServer", connection: socket.socket, number: int) -> None:
        self.server = server
        self.socket = connection
        self.number = number  # of the connection, from 0
        self._unread = b""

    def read_request(self) -> Request:
        """Wait for a whole request, or raise EOFError."""
        head = self.read_head()
        line, *fields = head[:-4].decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)
        }
        request = Request(line, headers, b"")
        self.server.requests.append(request)
        request.body = self.read_body(headers)
        return request

    def read_head(self) -> bytes:
        while b"\r\n\r\n" not in self._unread:
            self._fill()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def read_body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._line(), 16):
                body += self._exactly(size)
                assert self._line() == b""
            assert self._line() == b""
            return body
        return self._exactly(int(headers.get("content-length", "0")))

    def wait_for_end(self) -> bytes:
        """Read until the client closes; return what it sent."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                self._fill()
        return self._unread

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, data: bytes = OK) -> Request:
        """Read a request and send ``data``."""
        request = self.read_request()
        self.send(data)
        return request

    def answer_all(self, data: bytes = OK) -> None:
        """Answer requests until the client closes."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                self.answer(data)

    def reset(self) -> object:
        """End the connection the hard way."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        return None

    def _line(self) -> bytes:
        while b"\r\n" not in self._unread:
            self._fill()
        line, _, self._unread = self._unread.partition(b"\r\n")
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._unread) < size:
            self._fill()
        data, self._unread = self._unread[:size], self._unread[size:]
        return data

    def _fill(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self._unread += data


Script = Callable[[Peer], object]


@dataclass
class ScriptedServer:
    """``scripts`` are for one connection after the other; the last one serves all that follow.

    A script that gets EOFError or ConnectionError is over: the client has gone. Whatever else one
    raises is raised by ``__exit__``.
    """

    scripts: tuple[Script, ...]
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    path: str | None = None  # of a unix socket
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> "ScriptedServer":
        self._errors: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        if self.path is not None:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(self.path)
            self._listener.listen()
            self.port = 0
        else:
            self._listener = socket.create_server(
                (self.host, 0), family=socket.AF_INET6 if ":" in self.host else socket.AF_INET
            )
            self.port = self._listener.getsockname()[1]
        self._stop, self._stopped = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.close()
        self._acceptor.join(PATIENCE)
        self._stopped.close()
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self._threads)
        if self._errors and exc_info[0] is None:
            raise self._errors[0]

    @property
    def url(self) -> str:
        """The URL of ``/``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}/"

    @property
    def last(self) -> Request:
        """The request that came last."""
        return self.requests[-1]

    def _accept(self) -> None:
        while True:
            ready, _, _ = select.select([self._listener, self._stopped], [], [])
            if self._stopped in ready:
                return
            connection, _ = self._listener.accept()
            # What a script sends goes out now, not when what it sent before is acknowledged.
            if self.path is None:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(connection, self.connections))
            self.connections += 1
            self._threads.append(thread)
            self._open.add(connection)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        connection.settimeout(PATIENCE)
        try:
            if self.tls is not None:
                self._open.discard(connection)
                connection = self.tls.wrap_socket(
                    connection, server_side=True, suppress_ragged_eofs=False
                )
                self._open.add(connection)
            self.scripts[min(number, len(self.scripts) - 1)](Peer(self, connection, number))
        except (EOFError, ConnectionError, ssl.SSLError):
            pass
        except BaseException as error:
            # ENOTCONN, of a shutdown(), tells that the client has gone too, but is no
            # ConnectionError.
            if not (isinstance(error, OSError) and error.errno == errno.ENOTCONN):
                self._errors.append(error)
        finally:
            connection.close()
            self._open.discard(connection)


def eventually(condition: Callable[[], object]) -> None:
    """Wait until another thread has made ``condition`` true."""
    for _ in range(int(PATIENCE * 1000)):
        if condition():
            return
        time.sleep(0.001)
    raise AssertionError("it did not come true")


def serve(
    *scripts: Script, tls: ssl.SSLContext | None = None, path: str | None = None
) -> ScriptedServer:
    """A server for a ``with`` statement, on a unix socket if there is a ``path``."""
    return ScriptedServer(scripts, tls, path=path)


def answering(*answers: bytes) -> Script:
    """A script that gives these answers to the requests of a connection, and then closes it."""

    def script(peer: Peer) -> None:
        for data in answers:
            peer.answer(data)

    return script


def always(data: bytes = OK) -> Script:
    """A script that gives one answer to all requests."""
    return lambda peer: peer.answer_all(data)
