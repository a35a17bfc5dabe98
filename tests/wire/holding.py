"""Clients in a process of their own, which has descriptors of its own: they hold connections.

``python holding.py HOST PORT COUNT FIRST`` opens so many from 127.0.FIRST.1 on, has one answer on
each, and prints ``open``. For each line that it is given it asks again on all of them at once, and
prints ``answered``. Ends with its stdin.
"""

import resource
import socket
import sys

#: Connections from one address that leave its ports to others too.
FROM_ONE_ADDRESS = 5000
_ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 "


def _take_answer(client: socket.socket) -> None:
    answer = client.recv(4096)
    if not answer.startswith(_ANSWER):
        raise SystemExit(f"not answered: {answer!r}")


def main(host: str, port: int, count: int, first: int) -> None:
    """Hold the connections."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    clients = []
    for index in range(count):
        source = f"127.0.{first}.{1 + index // FROM_ONE_ADDRESS}"
        client = socket.create_connection((host, port), timeout=60, source_address=(source, 0))
        clients.append(client)
        client.sendall(_ASK)
        _take_answer(client)
    print("open", flush=True)
    for _ in sys.stdin:
        for client in clients:
            client.sendall(_ASK)
        for client in clients:
            _take_answer(client)
        print("answered", flush=True)
    for client in clients:
        client.close()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
