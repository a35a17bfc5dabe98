"""The examples in the documentation of this room, as tests."""

from typing import TYPE_CHECKING

from waterspout.httputil import bounds, cookies, parameters, startline, text
from waterspout.protocol import headers

if TYPE_CHECKING:
    import unittest

__all__ = ["doctests"]


def doctests() -> "unittest.TestSuite":
    """Return the examples as a suite, for a ``load_tests`` of ``unittest``."""
    # Ten milliseconds, which no server should need to start.
    import doctest
    import unittest

    modules = (bounds, cookies, headers, parameters, startline, text)
    return unittest.TestSuite(doctest.DocTestSuite(module) for module in modules)
