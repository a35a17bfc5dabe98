"""Requests that a server must refuse and responses that a client must refuse, as raw bytes.

Plain data, so that the engine's tests and those on a running server go through the same lists.
Bounds are those of ``Limits()``.
"""

from tests.wire.case import Case, head
from tests.wire.request_cases import BAD_REQUESTS, CUT_REQUESTS
from tests.wire.response_cases import BAD_RESPONSES, CUT_RESPONSES

__all__ = ["BAD_REQUESTS", "BAD_RESPONSES", "CUT_REQUESTS", "CUT_RESPONSES", "Case", "head"]
