"""How long a test may wait."""

import math
import os

__all__ = ["get_async_test_timeout"]

_DEFAULT = 5.0


def get_async_test_timeout() -> float:
    """Return for how many seconds a test waits at most, where it says nothing itself.

    It is 5, or what the environment has as ``ASYNC_TEST_TIMEOUT``, if that is a positive number.
    """
    try:
        timeout = float(os.environ.get("ASYNC_TEST_TIMEOUT", ""))
    except ValueError:
        return _DEFAULT
    return timeout if timeout > 0 and math.isfinite(timeout) else _DEFAULT
