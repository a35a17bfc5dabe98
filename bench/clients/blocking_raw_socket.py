"""The floor of the blocking clients: a socket, a send and a recv, nothing parsed.

blocking_raw_socket.py URL WARMUP FETCHES SECONDS TASKS
"""

import socket

from measure import Run

run = Run.from_arguments()
connection = socket.create_connection(("127.0.0.1", run.port))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
REQUEST = run.request


def fetch() -> bytes:
    """One answer is one recv, and its body the last twelve bytes."""
    connection.sendall(REQUEST)
    return connection.recv(65536)[-12:]


run.blocking(fetch)
