"""Records as lines of JSON."""

import json
import logging
import os
import sys
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.log import JSONFormatter
from waterspout.log.json import timestamp


def record(msg: Any = "hello %s", *args: Any, exc_info: Any = None, **extra: Any):
    made = logging.LogRecord("some.logger", 30, "/a/place.py", 12, msg, args, exc_info)
    made.created = 1769861730.0625
    made.__dict__.update(extra)
    return made


def parsed(made: logging.LogRecord) -> dict[str, Any]:
    line = JSONFormatter().format(made)
    assert line.isascii()
    assert line.isprintable()

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(line, parse_constant=refuse)  # type: ignore[no-any-return]


def test_a_record():
    assert parsed(record("hello %s", "you")) == {
        "time": "2026-01-31T12:15:30.062Z",
        "level": "WARNING",
        "logger": "some.logger",
        "process": os.getpid(),
        "place": "place:12",
        "message": "hello you",
    }


def test_the_time_is_never_rounded_up():
    assert timestamp(0.9996) == "1970-01-01T00:00:00.999Z"


def test_a_message_that_is_a_mapping_gives_its_members():
    fields = parsed(record(MappingProxyType({"time": "now", "status": 200})))
    assert fields == {"time": "now", "level": "WARNING", "logger": "some.logger", "status": 200} | {
        "process": os.getpid()
    }


def test_a_message_that_cannot_be_made():
    fields = parsed(record("%d", "x"))
    assert fields["message"].startswith("Bad message (TypeError(")
    assert fields["message"].endswith("'%d' with ('x',)")


class Broken:
    def __repr__(self):
        raise RuntimeError("no")


class Loud(str):
    __slots__ = ()

    def __str__(self):
        return "another"


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (2**63, 2**63),
        (-(2**64), "-0x1" + "0" * 16),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (b"bytes", "b'bytes'"),
        ({1: {2}}, {"1": "{2}"}),
        ((1, [2.0]), [1, [2.0]]),
        (CYCLE, [[["[[...]]"]]]),
        (Broken(), "<Broken whose repr fails: RuntimeError>"),
        ({Broken(): 1}, {"<Broken whose repr fails: RuntimeError>": 1}),
        (Loud("itself"), "itself"),
        (object, "<class 'object'>"),
        ("\n\x1b\u2028\ud800", "\n\x1b\u2028\ud800"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_extras(value, shown):
    assert parsed(record("m", value=value))["value"] == shown


def test_extras_are_bounded():
    wide = parsed(record("m", wide={str(n): "x" * 10_000 for n in range(1000)}))["wide"]
    assert len(wide) == 64
    assert wide["0"] == "x" * 8192 + "... and 1808 more"
    assert len(parsed(record("m", many=list(range(1000))))["many"]) == 64
    huge = parsed(record("m", huge=10**100_000))["huge"]
    assert huge.startswith("0x")
    assert len(huge) < 8300


def test_an_extra_does_not_take_the_place_of_a_field():
    assert parsed(record("m", level="mine", time="mine"))["level"] == "WARNING"


def test_an_exception_is_a_text():
    try:
        raise ValueError("line\nanother")
    except ValueError:
        fields = parsed(record("m", exc_info=sys.exc_info()))
    assert fields["exception"].startswith("Traceback (most recent call last):\n")
    assert fields["exception"].endswith("ValueError: line\nanother")


def test_a_long_exception_is_cut_in_the_middle():
    try:
        raise ValueError("x" * 100_000 + "end")
    except ValueError:
        text = parsed(record("m", exc_info=sys.exc_info()))["exception"]
    assert text.startswith("Traceback")
    assert " characters left out ...\n" in text
    assert text.endswith("xend")
    assert len(text) < 33_000


def test_a_stack():
    assert parsed(record("m", stack_info="Stack\n  line"))["stack"] == "Stack\n  line"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(st.text(), st.dictionaries(st.text(min_size=1), values, max_size=5))
@pytest.mark.slow
def test_any_record_is_one_line_of_json(message, extra):
    made = record("%s", message)
    made.__dict__.update({f"x{name}": value for name, value in extra.items()})
    fields = parsed(made)
    assert fields["message"] == message or len(message) > 8192
