"""Tests that are coroutines, and the server they talk to."""

from tests.wire.server_under_test import pytest_pyfunc_call, wire

__all__ = ["pytest_pyfunc_call", "wire"]
