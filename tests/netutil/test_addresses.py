"""What an IP address looks like."""

import pytest

from waterspout.netutil import is_valid_ip


@pytest.mark.parametrize(
    "ip", ["127.0.0.1", "4.4.4.4", "::1", "2620:0:1cfe:face:b00c::3", "fe80::1%lo"]
)
def test_an_address(ip):
    assert is_valid_ip(ip)


@pytest.mark.parametrize(
    "ip",
    [
        None,
        "",
        " ",
        "www.google.com",
        "localhost",
        "4.4.4.4<",
        " 127.0.0.1",
        "127.0.0.1\0",
        "127.1",
        "1.2.3.4.5",
        "256.1.1.1",
        "0x7f.0.0.1",
        "[::1]",
        "::1%",
        "::1%a\0",
        "1.2.3.4%lo",
        "\n",
        "\x00",
        "\ud800",
        "a" * 100,
    ],
)
def test_no_address(ip):
    assert not is_valid_ip(ip)
