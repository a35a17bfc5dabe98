"""Tests that are coroutines, on each kind of loop."""

from tests.wire.server_under_test import pytest_pyfunc_call, wire

__all__ = ["pytest_pyfunc_call", "wire"]
