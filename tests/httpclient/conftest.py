"""Fixtures of the client's tests."""

from tests.httpclient.fixtures import authority, ca_certs, client, make_client, server_tls
from tests.httpclient.loops import client_of_no_loop, run, server

__all__ = [
    "authority",
    "ca_certs",
    "client",
    "client_of_no_loop",
    "make_client",
    "run",
    "server",
    "server_tls",
]
