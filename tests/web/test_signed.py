"""Signed values: what is accepted, what is refused, and why nothing in between."""

import base64
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.web import (
    create_signed_value,
    decode_signed_value,
    get_signature_key_version,
)

NOW = 1_700_000_000
DAY = 24 * 60 * 60
SECRET = "secret"


def at(seconds: float):
    return lambda: seconds


def sign(value: str | bytes, name: str = "n", **options) -> bytes:
    return create_signed_value(SECRET, name, value, clock=at(NOW), **options)


def read(value: str | bytes | None, name: str = "n", *, now: float = NOW, **options):
    return decode_signed_value(SECRET, name, value, clock=at(now), **options)


def forge(signed: bytes) -> bytes:
    """Put the right signature of version 2 behind what is no proper value."""
    return signed + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest().encode()


def forge_1(value: bytes, seconds: bytes, name: bytes = b"n") -> bytes:
    signature = hmac.new(SECRET.encode(), name + value + seconds, hashlib.sha1).hexdigest()
    return b"|".join((value, seconds, signature.encode()))


def test_known_values():
    assert sign("v") == (
        b"2|1:0|10:1700000000|1:n|4:dg==|"
        b"1fbb2be3bc038a14ea79c4fd2492c0ab436a80e44ae0922ba2f65d438f5f44a4"
    )
    assert sign("v", version=1) == b"dg==|1700000000|08a93dfc39987c918dce86773aa18769c7438908"


@given(st.binary(max_size=50), st.text(max_size=10), st.sampled_from([1, 2]))
def test_what_is_signed_can_be_read(value, name, version):
    signed = create_signed_value(SECRET, name, value, version, clock=at(NOW))
    assert read(signed, name) == value
    assert read(signed.decode(), name) == value


@pytest.mark.parametrize("version", [1, 2])
def test_any_other_byte_is_refused(version):
    signed = sign("a value", version=version)
    for index in range(len(signed)):
        for byte in (b"0", b"9", b"a", b"|", b":", b"=", b"\xff", b""):
            changed = signed[:index] + byte + signed[index + 1 :]
            assert changed == signed or read(changed) is None
        assert read(signed[:index]) is None
    for byte in (b"0", b"\n", b"|", b" "):
        assert read(signed + byte) is None
        assert read(byte + signed) is None


@pytest.mark.parametrize("version", [1, 2])
def test_another_name_and_another_secret(version):
    signed = sign("v", version=version)
    assert read(signed, "m") is None
    assert read(signed, "") is None
    assert decode_signed_value("other", "n", signed, clock=at(NOW)) is None


def test_a_name_with_the_separators_in_it():
    signed = sign("v", "a|4:dg==")
    assert read(signed, "a|4:dg==") == b"v"
    assert read(signed, "a") is None


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("age", "days", "is_read"),
    [
        (0, 31, True),
        (31 * DAY, 31, True),
        (31 * DAY + 1, 31, False),
        (1, 0, False),
        (0, 0, True),
        (DAY / 2, 0.5, True),
        (DAY / 2 + 1, 0.5, False),
        (400 * DAY, 500, True),
        (-1, 31, True),
        (-31 * DAY, 31, True),
        (-31 * DAY - 1, 31, False),
        (-31 * DAY - 1, 10_000, False),
    ],
)
def test_age(version, age, days, is_read):
    signed = sign("v", version=version)
    assert read(signed, now=NOW + age, max_age_days=days) == (b"v" if is_read else None)


def test_the_clock_is_that_of_the_system_unless_another_is_given():
    assert decode_signed_value(SECRET, "n", create_signed_value(SECRET, "n", "v")) == b"v"
    assert decode_signed_value(SECRET, "n", sign("v"), max_age_days=1) is None


def test_versions():
    assert sign("v") == sign("v", version=2)
    assert read(sign("v", version=1), min_version=1) == b"v"
    assert read(sign("v", version=1), min_version=2) is None
    assert read(sign("v"), min_version=2) == b"v"
    for version in (0, 3, -1):
        with pytest.raises(ValueError, match="only 1 and 2"):
            sign("v", version=version)
    with pytest.raises(ValueError, match="only 1 and 2"):
        read(sign("v"), min_version=3)


def test_key_versions():
    secrets: dict[int, Any] = {0: "a", 1: b"b", -7: "c"}
    for key_version, secret in secrets.items():
        signed = create_signed_value(secrets, "n", "v", key_version=key_version)
        assert get_signature_key_version(signed) == key_version
        assert get_signature_key_version(signed.decode()) == key_version
        assert decode_signed_value(secrets, "n", signed) == b"v"
        assert decode_signed_value({key_version: secret}, "n", signed) == b"v"
        assert decode_signed_value({5: "a"}, "n", signed) is None
        assert decode_signed_value({}, "n", signed) is None
        assert decode_signed_value(secret, "n", signed) == b"v"


def test_key_versions_that_are_not_there():
    with pytest.raises(ValueError, match="which secret to sign with"):
        create_signed_value({0: "a"}, "n", "v")
    with pytest.raises(ValueError, match="no secret of the key version 1"):
        create_signed_value({0: "a"}, "n", "v", key_version=1)
    with pytest.raises(ValueError, match="version 1 has one secret"):
        create_signed_value({0: "a"}, "n", "v", version=1, key_version=0)
    # Anybody can send this.
    assert decode_signed_value({0: SECRET}, "n", sign("v", version=1), clock=at(NOW)) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "2|1:7",
        "2|1:x|",
        "2|2:7|10:1700000000|",
        "3|1:7|10:1700000000|",
        "dg==|17|ab",
    ],
)
def test_there_is_no_key_version(value):
    assert get_signature_key_version(value) is None
    assert get_signature_key_version(value.encode()) is None


def test_the_key_version_is_told_without_a_look_at_the_signature():
    signed = create_signed_value("other", "n", "v", key_version=7)
    for value in (signed, signed[:-64] + b"0", signed[:-64].decode() + "x" * 64):
        assert get_signature_key_version(value) == 7


@pytest.mark.parametrize(
    "signed",
    [
        b"2|1:0|10:1700000000|1:n|4:dg==",  # no separator at the end
        b"2|1:0|10:1700000000|1:n|4:dg==|x|",  # one field too many
        b"2|1:0|10:1700000000|1:n|",  # one too few
        b"2|1:0|10:1700000000|1:n|3:dg==|",  # lengths that are not those
        b"2|1:0|10:1700000000|1:n|5:dg==|",
        b"2|1:0|9:1700000000|1:n|4:dg==|",
        b"2|2:0|10:1700000000|1:n|4:dg==|",
        b"2|1:0|10:1700000000|2:n|4:dg==|",
        b"2|1:0|10:1700000000|1:m|4:dg==|",
        b"2|+1:0|10:1700000000|1:n|4:dg==|",  # numbers that int() would take
        b"2|1:0|11:+1700000000|1:n|4:dg==|",
        b"2|1:0|12: 1700000000 |1:n|4:dg==|",
        b"2|1:0|10:170000_000|1:n|4:dg==|",
        b"2|1:0|10:1700000000|1:n|5:dg==a|",  # no base64
        b"2|1:0|10:1700000000|1:n|1:d|",
        b"02|1:0|10:1700000000|1:n|4:dg==|",
        b"1|1:0|10:1700000000|1:n|4:dg==|",
        b"2|",
        b"",
    ],
)
def test_what_is_signed_but_is_no_value(signed):
    assert forge(b"2|1:0|10:1700000000|1:n|4:dg==|") == sign("v")
    assert read(forge(signed)) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        # Digits that were moved between the value and the seconds keep the signature good.
        (b"", b"12341700000000"),
        (b"123417000000", b"00"),
        (b"1234170", b"0000000"),
        (b"123", b"41700000000"),
        (b"12341700000000", b""),
        (b"1234", b"+1700000000"),
        (b"12 34", b"1700000000"),
        (b"1=23", b"1700000000"),
        (b"1234=", b"1700000000"),
    ],
)
def test_version_1_with_its_parts_moved(value, seconds):
    assert read(forge_1(b"1234", b"1700000000")) == base64.b64decode("1234")
    assert read(forge_1(value, seconds)) is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        b"",
        "x",
        "||",
        "|||",
        "2|",
        "2|||",
        "1|2|3",
        "\u20ac",
        b"\xff\xff",
        "999|2|",
        "-1|1:0|",
    ],
)
def test_what_was_never_signed(value):
    assert read(value) is None


@given(st.binary(max_size=80) | st.text(st.sampled_from("012|:=a-+"), max_size=60))
def test_nothing_raises_and_nothing_is_accepted(value):
    assert read(value) is None
    get_signature_key_version(value)


@pytest.mark.parametrize("piece", [b"2|1:0|", b"1" * 50, b"2|", b"|", b":", b"=", b"A", b"2|9:"])
def test_long_values_take_linear_time(piece):
    # Where it were quadratic, this would take hours.
    for value in (piece * 100_000, b"2|1:0|10:1700000000|1:n|" + piece * 100_000):
        assert read(value) is None
        get_signature_key_version(value)
    assert read(b"2|" + b"9" * 1_000_000 + b":0|10:1700000000|1:n|") is None


@pytest.mark.parametrize("secret", ["", b"", {0: ""}])
def test_an_empty_secret(secret):
    with pytest.raises(ValueError, match="the secret of signed values is empty"):
        create_signed_value(secret, "n", "v", key_version=0)
    with pytest.raises(ValueError, match="the secret of signed values is empty"):
        decode_signed_value(secret, "n", sign("v"))


@pytest.mark.parametrize("secret", [None, 5, ["secret"], bytearray(b"secret"), {0: None}])
def test_a_secret_of_another_type(secret):
    with pytest.raises(TypeError, match="the secret of signed values is text, not"):
        create_signed_value(secret, "n", "v", key_version=0)
    with pytest.raises(TypeError, match="the secret of signed values is text, not"):
        decode_signed_value(secret, "n", sign("v"))


def test_text_and_bytes_are_the_same():
    assert create_signed_value(b"secret", b"n", b"v", clock=at(NOW)) == sign("v")  # type: ignore[arg-type]
    assert decode_signed_value(b"secret", "n", sign("v"), clock=at(NOW)) == b"v"
