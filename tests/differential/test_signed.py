"""Signed values and tokens beside Tornado's: what the one signs the other reads."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout import web

tornado_web = pytest.importorskip("tornado.web", reason="Tornado is not installed")

NOW = 1_700_000_000
DAY = 24 * 60 * 60
SECRETS = {0: "zero", 1: b"one", -3: "\xe9"}

# Tornado does not read back names with line ends, nor others than ASCII, whose characters it
# counts for bytes.
NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
VALUES = st.binary(max_size=40) | st.text(max_size=20)
AGES = st.integers(-31 * DAY, 70 * DAY)
DAYS = st.sampled_from([0, 0.5, 1, 31, 60])


def read(module: Any, *args: Any, now: float, **options: Any) -> Any:
    return module.decode_signed_value(*args, clock=lambda: now, **options)


@given(NAMES, VALUES, st.sampled_from([1, 2, None]))
def test_the_same_is_signed(name, value, version):
    ours, theirs = (
        module.create_signed_value("secret", name, value, version, clock=lambda: NOW + 0.7)
        for module in (web, tornado_web)
    )
    assert ours == theirs


@given(NAMES, VALUES, st.sampled_from([1, 2]), AGES, DAYS, st.sampled_from([None, 1, 2]))
def test_each_reads_what_the_other_has_signed(name, value, version, age, days, min_version):
    options: dict[str, Any] = {"now": NOW + age, "max_age_days": days, "min_version": min_version}
    for signer in (web, tornado_web):
        signed = signer.create_signed_value("s", name, value, version, clock=lambda: NOW)
        ours, theirs = (read(module, "s", name, signed, **options) for module in (web, tornado_web))
        assert ours == theirs


@given(VALUES, st.sampled_from(sorted(SECRETS)))
def test_key_versions(value, key_version):
    for signer in (web, tornado_web):
        signed = signer.create_signed_value(SECRETS, "n", value, key_version=key_version)
        for reader in (web, tornado_web):
            assert reader.get_signature_key_version(signed) == key_version
            expected = value if isinstance(value, bytes) else value.encode()
            assert reader.decode_signed_value(SECRETS, "n", signed) == expected
            assert reader.decode_signed_value({9: "x"}, "n", signed) is None


@given(
    st.sampled_from([1, 2]),
    st.lists(
        st.tuples(st.integers(0, 110), st.sampled_from([b"", b"0", b"|", b":", b"a", b"\xff"])),
        min_size=1,
        max_size=3,
    ),
)
def test_both_refuse_what_was_changed(version, changes):
    signed = tornado_web.create_signed_value("s", "name", "value", version, clock=lambda: NOW)
    changed = signed
    for index, byte in changes:
        changed = changed[:index] + byte + changed[index + 1 :]
    for module in (web, tornado_web):
        found = read(module, "s", "name", changed, now=NOW)
        assert found == (b"value" if changed == signed else None)


def test_a_value_of_the_future_is_refused_in_both_versions():
    # Tornado holds only version 1 to it, where it takes no secret to make one.
    for version, theirs in ((1, None), (2, b"v")):
        signed = web.create_signed_value("s", "n", "v", version, clock=lambda: NOW)
        assert read(web, "s", "n", signed, now=NOW - 32 * DAY) is None
        assert read(tornado_web, "s", "n", signed, now=NOW - 32 * DAY) == theirs


def test_a_value_of_version_1_where_secrets_have_key_versions():
    # In Tornado anybody who sends one gets a 500.
    signed = web.create_signed_value("s", "n", "v", 1, clock=lambda: NOW)
    assert read(web, {0: "s"}, "n", signed, now=NOW) is None
    with pytest.raises(AssertionError):
        read(tornado_web, {0: "s"}, "n", signed, now=NOW)


def test_the_constants():
    names = [name for name in dir(tornado_web) if "SIGNED_VALUE" in name]
    assert len(names) == 4
    for name in names:
        assert getattr(web, name) == getattr(tornado_web, name)
