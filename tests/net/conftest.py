"""Fixtures of the client's tests."""

from tests.httpclient.fixtures import authority, ca_certs, client, make_client, server_tls
from tests.net.loops import run

__all__ = ["authority", "ca_certs", "client", "make_client", "run", "server_tls"]
