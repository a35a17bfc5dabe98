"""The character classes and checks of the grammar."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.protocol import grammar
from waterspout.protocol.grammar import (
    FIELD_VALUE,
    TARGET,
    TOKEN,
    excerpt,
    is_authority,
    is_field_value,
    is_host,
    is_token,
    parse_content_length,
)

TOKEN_CHARS = (string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode()


def members(table: bytes) -> bytes:
    return bytes(byte for byte in range(256) if table[byte])


@pytest.mark.parametrize("table", [FIELD_VALUE, TARGET, TOKEN])
def test_a_table_has_a_flag_for_each_byte(table):
    assert len(table) == 256
    assert set(table) == {0, 1}


def test_token_is_tchar():
    assert members(TOKEN) == bytes(sorted(TOKEN_CHARS))


def test_field_value_is_all_but_controls():
    controls = [*range(0x20), 0x7F]
    controls.remove(0x09)
    assert members(FIELD_VALUE) == bytes(byte for byte in range(256) if byte not in controls)


def test_target_is_visible_ascii_without_the_mark_of_a_fragment():
    assert members(TARGET) == bytes(byte for byte in range(0x21, 0x7F) if byte != ord("#"))


@given(st.binary(max_size=20))
def test_is_token_agrees_with_its_table(value):
    assert is_token(value) is (bool(value) and all(TOKEN[byte] for byte in value))


@given(st.binary(max_size=20))
def test_is_field_value_agrees_with_its_table(value):
    assert is_field_value(value) is all(FIELD_VALUE[byte] for byte in value)


def test_each_byte_alone():
    for byte in range(256):
        assert is_token(bytes([byte])) is bool(TOKEN[byte])
        assert is_field_value(bytes([byte])) is bool(FIELD_VALUE[byte])


@pytest.mark.parametrize(
    "host",
    [
        b"a",
        b"example.com",
        b"EXAMPLE.com.",
        b"example.com:80",
        b"example.com:",
        b"example.com:00080",
        b"localhost:8888",
        b"127.0.0.1",
        b"127.0.0.1:65535",
        b"[::1]",
        b"[::1]:8888",
        b"[2001:DB8::7]:443",
        b"[::ffff:192.0.2.1]",
        b"[v1.fe80::a]",
        b"a_b",
        b"xn--bcher-kva.example",
        b"b%C3%BCcher.example",
        b"%41",
        b"a!$&'()*+,;=b",
        b"-",
        b"~",
    ],
)
def test_is_host(host):
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b":",
        b":80",
        b"a:80:80",
        b"a:123456",
        b"a:8x",
        b"a:-1",
        b"a: 80",
        b" a",
        b"a ",
        b"a\n",
        b"a:80\n",
        b"a b",
        b"user@a",
        b"a/b",
        b"a\\b",
        b"a?b",
        b"a#b",
        b"http://a",
        b"%",
        b"a%4",
        b"%4g",
        b"[",
        b"[]",
        b"[::1",
        b"::1]",
        b"::1",
        b"[::1]a",
        b"[::1]:a",
        b"[a]",
        b"[1.2.3.4]",
        b"[::g]",
        b"[fe80::1%eth0]",
        b"[fe80::1%25eth0]",
        b"[v.a]",
        b"[v1]",
        b"[v1.]",
        b"\xc3\xa9",
        b"a\x00",
    ],
)
def test_is_no_host(host):
    assert not is_host(host)
    assert not is_authority(host)


@pytest.mark.parametrize("port", [b"1", b"80", b"443", b"65535", b"00080"])
def test_is_authority(port):
    assert is_authority(b"a:" + port)
    assert is_authority(b"[::1]:" + port)


@pytest.mark.parametrize("port", [b"", b":", b":0", b":00000", b":65536", b":99999", b":a", b":+1"])
def test_is_no_authority_without_a_port(port):
    assert not is_authority(b"a" + port)
    assert not is_authority(b"[::1]" + port)


@given(st.binary(max_size=30))
def test_a_host_holds_nothing_that_ends_one(value):
    if is_host(value):
        assert not set(value) & set(b' \t\r\n\x00@/\\?#"<>')
        assert value.isascii()


@pytest.mark.parametrize(
    ("value", "length"),
    [
        (b"0", 0),
        (b"5", 5),
        (b"005", 5),
        (b"9" * 18, 10**18 - 1),
        (b"0" * 18, 0),
        (b"0" * 19, -1),
        (b"1" * 19, -1),
        (b"", -1),
        (b"+1", -1),
        (b"-1", -1),
        (b"1_0", -1),
        (b"0x10", -1),
        (b" 5 ", -1),
        (b"5\n", -1),
        (b"5,5", -1),
        ("\u0665".encode(), -1),
        (b"\xb2", -1),
    ],
)
def test_parse_content_length(value, length):
    assert parse_content_length(value) == length


@given(st.binary(max_size=25))
def test_parse_content_length_takes_digits_only(value):
    is_digits = bool(value) and all(byte in b"0123456789" for byte in value) and len(value) < 19
    assert parse_content_length(value) == (int(value) if is_digits else -1)


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_parse_content_length_reads_any_length(length):
    assert parse_content_length(b"%d" % length) == length


def test_excerpt_is_short_and_printable():
    assert excerpt(b"abc") == "'abc'"
    assert excerpt(b"a\r\n\x00\xff") == r"'a\r\n\x00\xff'"
    assert excerpt(b"x" * 41) == "'" + "x" * 40 + "'..."
    assert excerpt(bytes(256), limit=2) == r"'\x00\x00'..."


def test_all_names_the_public_names():
    for name in grammar.__all__:
        assert hasattr(grammar, name)
