"""The command behind proxies and under a supervisor: its options, and what it is handed over."""

import gzip
import json
import os
import signal
import socket
import ssl
import time
from typing import Any

import pytest
from tests.cli.serve.served import PATIENCE, ask, wait_until

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/stat"), reason="processes are looked at in /proc"
)

PROGRAM = """
import os
from waterspout.web import Application, ReadyHandler, RequestHandler

class Who(RequestHandler):
    def get(self):
        request = self.request
        self.write({
            "ip": request.remote_ip,
            "protocol": request.protocol,
            "environment": sorted({"LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET"} & set(os.environ)),
        })

    def post(self):
        self.write(self.request.body)

app = Application([("/", Who), ("/ready", ReadyHandler)])
"""

HEADER = b"PROXY TCP4 203.0.113.7 192.0.2.1 50000 443\r\n"


@pytest.fixture
def program(tmp_path):
    """The directory of a program, main.py."""
    (tmp_path / "main.py").write_text(PROGRAM)
    return tmp_path


def talk(address, raw: bytes) -> bytes:
    """Return all that is answered; nothing where the connection is reset."""
    with socket.create_connection(address, timeout=PATIENCE) as sock:
        sock.sendall(raw)
        try:
            return b"".join(iter(lambda: sock.recv(65536), b""))
        except ConnectionResetError:
            return b""


def question(*lines: str, body: bytes = b"") -> bytes:
    method = "POST" if body else "GET"
    fields = [f"{method} / HTTP/1.1", "Host: a", "Connection: close", *lines]
    if body:
        fields.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*fields, "", ""]).encode() + body


def who(address, raw: bytes) -> tuple[str, str]:
    found = json.loads(talk(address, raw).partition(b"\r\n\r\n")[2])
    return found["ip"], found["protocol"]


FIELDS = ("X-Forwarded-For: 9.9.9.9, 1.2.3.4", "X-Forwarded-Proto: https")


def test_fields_of_proxies(serve):
    served = serve("--port", "0", "--xheaders")
    assert who(served.address, question(*FIELDS)) == ("1.2.3.4", "https")
    assert "200 GET / (1.2.3.4)" in served.wait_for("200 GET /")


def test_nobody_is_believed_by_default(serve):
    served = serve("--port", "0", "--protocol", "https")
    assert who(served.address, question(*FIELDS)) == ("127.0.0.1", "https")


def test_all_of_it_from_a_file(serve, program):
    (program / "serve.toml").write_text(
        'port = 0\nxheaders = true\ntrusted-downstream = ["127.0.0.1", "203.0.113.0/24"]\n'
        'proxy-protocol = true\nprotocol = "https"\ndecompress-request = true\n'
        'readiness-delay = "0s"\n'
    )
    served = serve("--config", "serve.toml")
    assert who(served.address, HEADER + question(FIELDS[0])) == ("1.2.3.4", "https")
    assert talk(served.address, question()) == b""
    served.wait_for("no PROXY header begins with b'GET / HTTP/1.1")
    coded = question("Content-Encoding: gzip", body=gzip.compress(b"hello" * 1000))
    assert talk(served.address, HEADER + coded).endswith(b"\r\n\r\n" + b"hello" * 1000)
    assert served.end() == 0


def test_a_header_of_a_proxy(serve):
    served = serve("--port", "0", "--proxy-protocol", "--trusted-downstream", "127.0.0.0/8,unix")
    assert who(served.address, HEADER + question()) == ("203.0.113.7", "http")


# Certificates


def test_sighup_brings_new_certificates(serve, program):
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    file = program / "server.pem"
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.check_hostname = False

    def issue(name: str) -> None:
        file.write_bytes(authority.issue_cert(name).private_key_and_cert_chain_pem.bytes())

    def shown() -> str:
        with (
            socket.create_connection(served.address, timeout=PATIENCE) as sock,
            context.wrap_socket(sock) as tls,
        ):
            certificate: Any = tls.getpeercert()
            [(_, name)] = certificate["subjectAltName"]
            return str(name)

    issue("one.example")
    served = serve("--port", "0", "--certfile", "server.pem")
    before = served.wait_for_workers(1)
    assert shown() == "one.example"
    issue("two.example")
    served.send(signal.SIGHUP)
    between = served.wait_for_workers(1, without=before)
    assert shown() == "two.example"
    file.write_text("no certificate")
    served.send(signal.SIGHUP)
    served.wait_for("certificate and key in server.pem: no PEM file, or not both are in it")
    served.wait_for("go on")
    assert served.wait_for_workers(1) == between
    assert shown() == "two.example"


# Sockets that are handed over


def hand_over(listener: socket.socket):
    """Return how to start a process as systemd does, with a socket that listens."""

    def prepare() -> None:
        os.dup2(listener.fileno(), 3)
        os.environ["LISTEN_FDS"] = "1"
        os.environ["LISTEN_PID"] = str(os.getpid())

    return {"preexec_fn": prepare, "pass_fds": (3,)}


def test_a_socket_that_is_handed_over(serve):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        for _ in range(2):  # it is there for the next start too
            with socket.create_connection(address, timeout=PATIENCE) as early:
                early.sendall(question(*FIELDS))
                served = serve("--port", "1", "--workers", "2", **hand_over(listener))
                answer = early.makefile("rb").read()
            found = json.loads(answer.partition(b"\r\n\r\n")[2])
            assert found["environment"] == []
            assert f"at http://127.0.0.1:{address[1]}/" in served.wait_for("serving ")
            assert ask(address, "/")[0] == 200
            assert served.end() == 0


def test_a_unix_socket_that_is_handed_over(serve, program):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(program / "app.sock"))
        listener.listen()
        served = serve("--unix", "other.sock", **hand_over(listener))
        served.wait_for(f"serving main:app at unix:{program}/app.sock")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(program / "app.sock"))
            client.sendall(question())
            assert client.makefile("rb").read().startswith(b"HTTP/1.1 200 ")
        assert served.end() == 0
    assert (program / "app.sock").exists()
    assert not (program / "other.sock").exists()


# The service manager


def test_a_service_manager_is_told(serve, program):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(program / "notify"))
        manager.settimeout(PATIENCE)
        environment = {**os.environ, "NOTIFY_SOCKET": str(program / "notify")}
        served = serve("--port", "0", env=environment)
        assert manager.recv(1024) == b"READY=1"
        found = json.loads(served.get())
        assert found["environment"] == []
        assert served.end() == 0
        assert manager.recv(1024) == b"STOPPING=1"


@pytest.mark.parametrize("is_good", [True, False])
def test_a_service_manager_is_told_of_a_reload(serve, program, is_good):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(program / "notify"))
        manager.settimeout(PATIENCE)
        environment = {**os.environ, "NOTIFY_SOCKET": str(program / "notify")}
        served = serve("--port", "0", "--workers", "2", env=environment)
        assert manager.recv(1024) == b"READY=1"
        served.wait_for_workers(2)
        if not is_good:
            (program / "main.py").write_text("nonsense")
        before = time.monotonic_ns() // 1000
        served.send(signal.SIGHUP)
        said, _, when = manager.recv(1024).decode().partition("\nMONOTONIC_USEC=")
        assert said == "RELOADING=1"
        assert before <= int(when) <= time.monotonic_ns() // 1000
        assert manager.recv(1024) == b"READY=1"
        served.wait_for(
            "is ready" if is_good else "the new code cannot be started", 4 * is_good or 1
        )
        assert served.end() == 0
        assert manager.recv(1024) == b"STOPPING=1"


def test_a_service_manager_that_is_not_there(serve, program):
    served = serve("--port", "0", env={**os.environ, "NOTIFY_SOCKET": "@nobody is here"})
    served.wait_for("cannot tell READY=1 to NOTIFY_SOCKET @nobody is here: Connection refused")
    assert served.end() == 0


# Readiness


def ready(served):
    return ask(served.address, "/ready")[0]


def test_the_end_is_told_before_it_begins(serve):
    served = serve("--port", "0", "--readiness-delay", "1h")
    served.wait_for_workers(1)
    assert ready(served) == 200
    served.send(signal.SIGTERM)
    served.wait_for("SIGTERM: ending, within 3625 s")
    wait_until(lambda: ready(served) == 503, "it is no longer ready")
    assert ask(served.address, "/")[0] == 200  # new connections are served all the same
    assert served.end(signal.SIGQUIT) == 0


def test_the_end_comes_after_the_delay(serve):
    served = serve("--port", "0", "--readiness-delay", "200ms")
    served.wait_for_workers(1)
    assert served.end() == 0
    with pytest.raises(OSError, match="refused"):
        ask(served.address, "/")


def test_a_worker_that_is_replaced_ends_without_a_delay(serve):
    served = serve("--port", "0", "--readiness-delay", "1h")
    before = served.wait_for_workers(1)
    served.send(signal.SIGHUP)
    served.wait_for_workers(1, without=before)
    assert ready(served) == 200
    assert served.end(signal.SIGQUIT) == 0
