"""The examples in the documentation, as the suite that ``doctests`` gives."""

import unittest

import waterspout.httputil
from waterspout.httputil import doctests


def test_the_examples_are_right():
    suite = doctests()
    assert isinstance(suite, unittest.TestSuite)
    assert suite.countTestCases() >= 8
    result = unittest.TestResult()
    suite.run(result)
    assert result.testsRun >= 8
    assert result.errors == result.failures == []


def test_every_name_of_the_room_is_there():
    for name in waterspout.httputil.__all__:
        assert getattr(waterspout.httputil, name).__doc__
