"""Names, classes and exceptions."""

import datetime
import os
import sys
import xml.etree.ElementTree
from typing import Any

import pytest

from waterspout.util import (
    Configurable,
    ObjectDict,
    errno_from_exception,
    import_object,
    raise_exc_info,
    timedelta_to_seconds,
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
