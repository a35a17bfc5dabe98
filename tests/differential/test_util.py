"""Arguments, gzip and patterns beside Tornado's."""

import gzip
import re
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout import util

theirs = pytest.importorskip("tornado.util", reason="Tornado is not installed")


def function(x, y, callback=None, *args, only=None, **kwargs):
    """Has an argument of each kind."""


class Holder:
    def method(self, x, callback=None):
        """Has one more in front."""


def outcome(call: Any, *arguments: Any) -> Any:
    """Return what a function gave, or the kind of its error."""
    try:
        return call(*arguments)
    except (ValueError, TypeError, zlib.error) as error:
        return type(error)


@pytest.mark.parametrize("func", [function, Holder.method, Holder().method])
@pytest.mark.parametrize("name", ["x", "callback", "only", "args", "none"])
@given(
    args=st.lists(st.integers(), max_size=5),
    kwargs=st.dictionaries(st.sampled_from(["x", "callback", "only", "none"]), st.integers()),
)
def test_arguments(func, name, args, kwargs):
    ours, other = util.ArgReplacer(func, name), theirs.ArgReplacer(func, name)
    assert ours.get_old_value(args, kwargs, "default") == other.get_old_value(
        args, kwargs, "default"
    )
    expected = other.replace("new", tuple(args), dict(kwargs))
    found = ours.replace("new", tuple(args), dict(kwargs))
    assert [found[0], list(found[1]), found[2]] == [expected[0], list(expected[1]), expected[2]]


@pytest.mark.filterwarnings("ignore:GzipDecompressor:DeprecationWarning")
@given(st.binary(max_size=2000), st.integers(1, 300), st.integers(0, 50))
def test_gzip(data, size, max_length):
    packed = gzip.compress(data)  # with more behind it, Tornado's tail never ends
    results = []
    for engine in (util.GzipDecompressor(), theirs.GzipDecompressor()):
        found = []
        for at in range(0, len(packed), size):
            rest = packed[at : at + size]
            while rest:
                found.append(engine.decompress(rest, max_length))
                rest = engine.unconsumed_tail
        results.append([*found, engine.flush()])
    assert results[0] == results[1]


@given(st.text(st.sampled_from("\\dwa1.*- \n\u00e9")) | st.text().map(re.escape))
def test_patterns(text):
    assert outcome(util.re_unescape, text) == outcome(theirs.re_unescape, text)


def test_code():
    for module in (util, theirs):
        names: dict[str, Any] = {}
        module.exec_in("a = 1", names)
        assert names["a"] == 1
