"""Context managers in ``setUp``."""

from contextlib import AbstractContextManager
from typing import TypeVar
from unittest import TestCase

__all__ = ["setup_with_context_manager"]

T = TypeVar("T")


def setup_with_context_manager(testcase: TestCase, cm: AbstractContextManager[T]) -> T:
    """Enter `cm`, leave it when the test has ended, after ``tearDown``; return what it gives."""
    return testcase.enterContext(cm)
