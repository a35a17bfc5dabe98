"""Names, classes and exceptions."""

import datetime
import gzip
import os
import re
import sys
import unittest
import xml.etree.ElementTree
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout import util
from waterspout.util import (
    ArgReplacer,
    Configurable,
    GzipDecompressor,
    ObjectDict,
    basestring_type,
    bytes_type,
    doctests,
    errno_from_exception,
    exec_in,
    import_object,
    raise_exc_info,
    re_unescape,
    timedelta_to_seconds,
    unicode_type,
)


class Base(Configurable):
    @classmethod
    def configurable_base(cls):
        return Base

    @classmethod
    def configurable_default(cls):
        return First

    def initialize(self, position=None, **kwargs):
        self.position = position
        self.kwargs = kwargs


class First(Base):
    pass


class Second(Base):
    pass


class Family(Base):
    """An implementation that is the base of a family of its own."""

    @classmethod
    def configurable_base(cls):
        return Family

    @classmethod
    def configurable_default(cls):
        return Member


class Member(Family):
    pass


@pytest.fixture(autouse=True)
def unconfigured():
    yield
    Base.configure(None)
    Family.configure(None)


def test_the_default_is_made():
    instance = Base(1, a=2)
    assert type(instance) is First
    assert (instance.position, instance.kwargs) == (1, {"a": 2})
    assert Base.configured_class() is First


@pytest.mark.parametrize("name", [Second, f"{__name__}.Second"])
def test_another_class_can_be_configured(name):
    Base.configure(name)
    assert type(Base()) is Second
    assert Base.configured_class() is Second
    assert type(First()) is First
    Base.configure(None)
    assert type(Base()) is First


def test_configured_arguments_are_defaults():
    Base.configure(None, a=1, b=2)
    assert Base(b=3).kwargs == {"a": 1, "b": 3}
    assert Base().kwargs == {"a": 1, "b": 2}
    Base.configure(Second, c=1)
    assert Base().kwargs == {"c": 1}


def test_an_implementation_called_by_its_name_gets_no_configured_arguments():
    Base.configure(Second, a=1)
    assert Second(b=2).kwargs == {"b": 2}
    assert First().kwargs == {}


def test_configuring_an_implementation_configures_its_base():
    First.configure(First, a=1)
    assert Base().kwargs == {"a": 1}
    with pytest.raises(ValueError, match=r"Invalid subclass of .*First"):
        First.configure(Second)


@pytest.mark.parametrize("impl", [dict, 3, "os.path.join"])
def test_only_a_subclass_can_be_configured(impl):
    with pytest.raises(ValueError, match=r"Invalid subclass of .*Base"):
        Base.configure(impl)
    assert type(Base()) is First


def test_a_class_that_is_not_there_can_not_be_configured():
    with pytest.raises(ImportError):
        Base.configure("os.nothing")


def test_families_in_families():
    Base.configure(Family, a=1)
    Family.configure(None, b=2)
    instance = Base(c=3)
    assert type(instance) is Member
    assert instance.kwargs == {"a": 1, "b": 2, "c": 3}
    assert Family().kwargs == {"b": 2}


def test_a_family_says_what_its_base_is():
    class Nothing(Configurable):
        pass

    with pytest.raises(NotImplementedError):
        Nothing()

    class NoDefault(Configurable):
        @classmethod
        def configurable_base(cls):
            return NoDefault

    with pytest.raises(NotImplementedError):
        NoDefault()


def test_initialize_may_be_left_out():
    class Plain(Configurable):
        @classmethod
        def configurable_base(cls):
            return Plain

        @classmethod
        def configurable_default(cls):
            return Plain

    assert type(Plain()) is Plain
    with pytest.raises(TypeError):
        Plain(1)


def test_import_object():
    assert import_object("os") is os
    assert import_object("os.path") is os.path
    assert import_object("os.path.join") is os.path.join
    assert import_object("xml.etree.ElementTree") is xml.etree.ElementTree


def test_import_object_imports_a_submodule():
    assert import_object("wsgiref.headers").__name__ == "wsgiref.headers"


@pytest.mark.parametrize("name", ["nothing_of_that_name", "nothing.of.that.name", "os.nothing"])
def test_import_object_fails_with_an_import_error(name):
    with pytest.raises(ImportError, match="No module named"):
        import_object(name)


def test_object_dict():
    made = ObjectDict(a=1)
    made.b = 2
    assert made.a == made["a"] == 1
    assert made == {"a": 1, "b": 2}
    with pytest.raises(AttributeError, match="c"):
        made.c  # noqa: B018
    assert not hasattr(made, "c")


@pytest.mark.parametrize(
    ("error", "errno"),
    [
        (OSError(3, "text"), 3),
        (OSError("text"), None),
        (Exception(4), 4),
        (Exception(), None),
    ],
)
def test_errno_from_exception(error, errno):
    assert errno_from_exception(error) == errno


def test_raise_exc_info():
    def fail() -> Any:
        try:
            raise ValueError("no")
        except ValueError:
            return sys.exc_info()

    exc_info = fail()
    with pytest.raises(ValueError, match="no") as caught:
        raise_exc_info(exc_info)
    assert caught.value is exc_info[1]
    assert caught.traceback[-1].name == "fail"


def test_raise_exc_info_without_an_exception():
    with pytest.raises(TypeError, match="called with no exception"):
        raise_exc_info((None, None, None))


def test_timedelta_to_seconds():
    assert timedelta_to_seconds(datetime.timedelta(minutes=1, milliseconds=500)) == 60.5


# Arguments


def function(x, y, callback=None, z=None, *, only=None):
    """Has an argument of each kind."""


def test_an_argument_that_is_not_given():
    replacer = ArgReplacer(function, "callback")
    assert replacer.get_old_value((1, 2), {"z": 3}) is None
    assert replacer.get_old_value((1, 2), {}, "default") == "default"
    given_names = {"z": 3}
    assert replacer.replace("new", (1, 2), given_names) == (
        None,
        (1, 2),
        {"z": 3, "callback": "new"},
    )
    assert given_names == {"z": 3}


def test_an_argument_by_position_and_by_name():
    replacer = ArgReplacer(function, "callback")
    positions = (1, 2, "old", 3)
    assert replacer.get_old_value(positions, {}) == "old"
    old, args, kwargs = replacer.replace("new", positions, {})
    assert (old, list(args), kwargs) == ("old", [1, 2, "new", 3], {})
    assert positions == (1, 2, "old", 3)
    names = {"callback": "old"}
    assert replacer.replace("new", (1, 2), names) == ("old", (1, 2), {"callback": "new"})
    assert names == {"callback": "old"}


def test_an_argument_that_has_no_position():
    replacer = ArgReplacer(function, "only")
    assert replacer.replace(1, (1, 2, 3, 4), {}) == (None, (1, 2, 3, 4), {"only": 1})
    assert replacer.get_old_value((1, 2), {"only": 5}) == 5


def test_what_has_no_signature():
    with pytest.raises(TypeError):
        ArgReplacer(type, "a")


# Gzip


def test_gzip_piece_by_piece():
    data = os.urandom(1000) * 100
    packed = gzip.compress(data)
    for size in (1, 7, 1000, len(packed)):
        engine = GzipDecompressor()
        pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
        assert b"".join([engine.decompress(piece) for piece in pieces] + [engine.flush()]) == data
        assert engine.unconsumed_tail == b""


def test_gzip_within_a_bound():
    data = bytes(1_000_000)
    engine = GzipDecompressor()
    rest = gzip.compress(data)
    size = 0
    while rest:
        piece = engine.decompress(rest, 1000)
        assert len(piece) <= 1000
        size += len(piece)
        rest = engine.unconsumed_tail
    assert size + len(engine.flush()) == len(data)


def test_no_gzip():
    for data in (b"hello", zlib.compress(b"hello"), gzip.compress(b"hello")[:-8] + bytes(8)):
        with pytest.raises(zlib.error):
            GzipDecompressor().decompress(data)


def test_gzip_that_ends_too_early():
    packed = gzip.compress(b"hello")
    for size in range(1, len(packed)):
        engine = GzipDecompressor()
        engine.decompress(packed[:size])
        with pytest.raises(zlib.error, match="ended inside"):
            engine.flush()
    assert GzipDecompressor().flush() == b""


def test_what_stands_behind_a_member_is_dropped():
    engine = GzipDecompressor()
    assert engine.decompress(gzip.compress(b"a") + b"junk") == b"a"
    assert engine.decompress(b"more") == b""
    assert engine.flush() == b""


@pytest.mark.parametrize("max_length", [1, 3, 100])
def test_what_stands_behind_a_member_is_given_back_to_nobody(max_length):
    engine = GzipDecompressor()
    rest = gzip.compress(b"hello") + b"junk"
    pieces = []
    for _ in range(20):
        pieces.append(engine.decompress(rest, max_length))
        rest = engine.unconsumed_tail
    assert (b"".join(pieces), rest) == (b"hello", b"")


# Code and patterns


def test_exec_in():
    names: dict[str, Any] = {"a": 1}
    exec_in("b = a + 1", names)
    assert names["b"] == 2
    exec_in(compile("c = b + 1", "code", "exec"), names)
    assert names["c"] == 3
    local: dict[str, Any] = {}
    exec_in("d = a", names, local)
    assert (local, "d" in names) == ({"d": 1}, False)
    with pytest.raises(SyntaxError):
        exec_in("a b", {})


@given(st.text())
def test_re_unescape_undoes_re_escape(text):
    assert re_unescape(re.escape(text)) == text


@pytest.mark.parametrize("pattern", [r"\d", r"a\b", r"\1", r"\\\w"])
def test_what_re_escape_never_makes(pattern):
    with pytest.raises(ValueError, match="cannot unescape"):
        re_unescape(pattern)


def test_types_by_their_older_names():
    assert unicode_type is basestring_type is str
    assert bytes_type is bytes


def test_there_is_one_timeout_error():
    assert util.TimeoutError is TimeoutError


def test_examples():
    suite = doctests()
    result = unittest.TestResult()
    suite.run(result)
    assert result.testsRun > 0
    assert result.wasSuccessful()
