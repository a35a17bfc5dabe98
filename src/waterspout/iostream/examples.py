"""The examples in the docstrings of iostream, to be run as tests."""

from typing import TYPE_CHECKING

from waterspout.iostream import base, stream, tls

if TYPE_CHECKING:
    import unittest

__all__ = ["doctests"]


def doctests() -> "unittest.TestSuite":
    """Return the examples as a suite, for a ``load_tests`` of ``unittest``."""
    import doctest
    import unittest

    return unittest.TestSuite(doctest.DocTestSuite(module) for module in (base, stream, tls))
