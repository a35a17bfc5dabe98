"""Tests that are coroutines, and providers that nobody remembers."""

import pytest
from tests.wire.server_under_test import pytest_pyfunc_call, wire

from waterspout.auth.discovery import forget_providers

__all__ = ["pytest_pyfunc_call", "wire"]


@pytest.fixture(autouse=True)
def _nobody_is_known():
    forget_providers()
