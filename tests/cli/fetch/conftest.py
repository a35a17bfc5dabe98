"""Fixtures of these tests."""

from tests.httpclient.fixtures import authority, ca_certs, server_tls

__all__ = ["authority", "ca_certs", "server_tls"]
