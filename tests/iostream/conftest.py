"""Tests that are coroutines, the server they talk to, and certificates."""

from tests.httpclient.fixtures import authority, ca_certs, server_tls
from tests.tcp.servers import client_tls
from tests.wire.server_under_test import pytest_pyfunc_call, wire

__all__ = ["authority", "ca_certs", "client_tls", "pytest_pyfunc_call", "server_tls", "wire"]
