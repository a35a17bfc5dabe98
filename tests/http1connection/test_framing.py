import doctest

import pytest

from waterspout.http1connection import (
    framing,
    is_transfer_encoding_chunked,
    parse_hex_int,
    parse_int,
)
from waterspout.httputil import HTTPHeaders, HTTPInputError


def test_examples():
    assert doctest.testmod(framing).failed == 0


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "-1", "1_0", "0x1", "1\n", "\u0661", "\uff11", "1" * 65, "f.", "g"],
)
def test_no_number(text):
    with pytest.raises(ValueError, match="not a"):
        parse_int(text)
    with pytest.raises(ValueError, match="not a"):
        parse_hex_int(text)


def test_numbers():
    assert parse_int("0042") == 42
    assert parse_int("9" * 64) == 10**64 - 1
    assert parse_hex_int("00aF") == 0xAF


def test_chunked():
    assert not is_transfer_encoding_chunked(HTTPHeaders())
    assert not is_transfer_encoding_chunked(HTTPHeaders({"Content-Length": "1"}))
    assert is_transfer_encoding_chunked(HTTPHeaders({"Transfer-Encoding": "Chunked"}))
    for fields in (
        {"Transfer-Encoding": "gzip, chunked"},
        {"Transfer-Encoding": "chunked", "Content-Length": "1"},
    ):
        with pytest.raises(HTTPInputError):
            is_transfer_encoding_chunked(HTTPHeaders(fields))
