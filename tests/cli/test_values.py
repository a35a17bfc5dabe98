"""What values look like, as text and in TOML."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.cli.values import (
    COUNT,
    FLAG,
    MODE,
    PATH,
    PEERS,
    PORT,
    RATE,
    SECONDS,
    SIZE,
    TEXT,
    WORKERS,
    choice,
    or_off,
)

GOOD = [
    (PEERS, "10.0.0.0/8, ::1,unix", ["10.0.0.0/8", "::1", "unix"]),
    (PEERS, "*", ["*"]),
    (PEERS, ["127.0.0.1"], ["127.0.0.1"]),
    (COUNT, "0", 0),
    (COUNT, 12, 12),
    (PORT, "0", 0),
    (PORT, 65535, 65535),
    (WORKERS, "auto", None),
    (WORKERS, "8", 8),
    (SIZE, "0", 0),
    (SIZE, 10, 10),
    (SIZE, "64k", 65536),
    (SIZE, "64 KiB", 65536),
    (SIZE, "10M", 10 * 2**20),
    (SIZE, "10mb", 10 * 2**20),
    (SIZE, "2G", 2**31),
    (SIZE, "5b", 5),
    (SECONDS, "0", 0.0),
    (SECONDS, 5, 5.0),
    (SECONDS, 0.5, 0.5),
    (SECONDS, "1.5", 1.5),
    (SECONDS, "500ms", 0.5),
    (SECONDS, "2 m", 120.0),
    (SECONDS, "1h", 3600.0),
    (SECONDS, "1d", 86400.0),
    (RATE, "0.5", 0.5),
    (RATE, 3, 3.0),
    (TEXT, "::", "::"),
    (PATH, "a b", "a b"),
    (MODE, "660", 0o660),
    (MODE, "0600", 0o600),
    (FLAG, True, True),
    (choice("a", "b"), "b", "b"),
    (or_off(SECONDS), "off", None),
    (or_off(SECONDS), "5", 5.0),
]

BAD = [
    (COUNT, ["-1", "x", "", "1.0", "\u0661", -1, 1.0, True, None, [], "9" * 19]),
    (PORT, ["65536", "-1", "http", -1, 1 << 70, True]),
    (WORKERS, ["0", "1025", "many", 0, -1, False]),
    (SIZE, ["-1", "3q", "k", "1.5M", "", -1, 1.0, True, 1 << 63, "9" * 18 + "T", "9" * 19]),
    (SECONDS, ["-1", "soon", "", "nan", "inf", "1e9", -1, -0.1, math.nan, math.inf, True, "5 w"]),
    (RATE, ["-1", "x", "nan", "inf", -1, True, None]),
    (TEXT, ["", 5, None, "a\0b"]),
    (PEERS, ["", ",", "proxy", "10.0.0.1,proxy", "10.0.0.1/8", 5, None, [], [5], {"a": 1}]),
    (MODE, ["rw", "8", "888", "77777", 660, 0o660]),
    (FLAG, ["true", 1, None]),
    (choice("a", "b"), ["c", "", 1]),
    (or_off(SECONDS), ["on", False]),
]


@pytest.mark.parametrize(("kind", "value", "meant"), GOOD)
def test_good(kind, value, meant):
    found = kind.read(value)
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, found in BAD for value in found]
)
def test_bad(kind, value):
    with pytest.raises(ValueError, match=r"^must be .*, not ") as info:
        kind.read(value)
    assert "\n" not in str(info.value)


@given(st.integers(0, 2**50))
def test_a_size_that_is_shown_can_be_read(size):
    assert SIZE.read(SIZE.show(size)) == size


@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.none()))
def test_anything_is_read_or_refused(value):
    for kind, _ in BAD:
        with suppress(ValueError):
            kind.read(value)
