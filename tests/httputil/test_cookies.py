"""What ``Cookie`` holds, and the one encoder of ``Set-Cookie``."""

import datetime
import doctest
import enum
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import waterspout.httputil.cookies
from waterspout.httputil import parse_cookie
from waterspout.httputil.cookies import encode_cookie, is_cookie_name


def test_examples_in_docstrings():
    assert doctest.testmod(waterspout.httputil.cookies).failed == 0


@pytest.mark.parametrize(
    ("cookie", "values"),
    [
        ("", {}),
        (";; ;", {}),
        ("a=b", {"a": "b"}),
        (" a = b ; c=d;e=f", {"a": "b", "c": "d", "e": "f"}),
        ("a=1; a=2", {"a": "2"}),
        ("a=1; A=2", {"a": "1", "A": "2"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=b,c=d", {"a": "b,c=d"}),
        ("a=", {"a": ""}),
        ("=", {}),
        ("=a", {"": "a"}),
        ("a", {"": "a"}),
        ("a;b", {"": "b"}),
        ("[x]=1", {"[x]": "1"}),
        ('"a"=b', {'"a"': "b"}),
        ('a=""', {"a": ""}),
        ('a="', {"a": '"'}),
        ('a="b c"', {"a": "b c"}),
        ('a="b"c', {"a": '"b"c'}),
        ('a="b;c"', {"a": '"b', "": 'c"'}),
        (r'a="\"\\"', {"a": '"\\'}),
        (r'a="\054\377\400"', {"a": ",\xff400"}),
        (r'a="\0123\12\1x"', {"a": "\n3121x"}),
        (r'a="\\054"', {"a": r"\054"}),
        ('a="\\"', {"a": "\\"}),
        (r"a=\054", {"a": r"\054"}),
        ("a=\xe9", {"a": "\xe9"}),
    ],
)
def test_parse_cookie(cookie, values):
    assert parse_cookie(cookie) == values


@given(st.text(st.sampled_from('ab=;, "\\01347\n\x00\xa0\u20ac'), max_size=40))
def test_parse_cookie_never_raises_and_makes_nothing_up(cookie):
    values = parse_cookie(cookie)
    assert len(values) <= cookie.count(";") + 1
    assert sum(map(len, values)) + sum(map(len, values.values())) <= len(cookie)


@pytest.mark.parametrize("piece", ['"', "\\", '"\\0', ";", "=", ' ="', '\\"'])
@pytest.mark.slow
def test_parse_cookie_takes_linear_time(piece):
    # Where it were quadratic, this would take hours.
    parse_cookie('a="' + piece * 1_000_000 + '"')


@pytest.mark.parametrize(
    ("attributes", "sent"),
    [
        ({}, "a=b"),
        ({"path": "/", "domain": "example.com"}, "a=b; Domain=example.com; Path=/"),
        ({"path": None, "domain": "", "samesite": None, "max_age": None}, "a=b"),
        (
            {"httponly": True, "secure": 1, "partitioned": True},
            "a=b; HttpOnly; Partitioned; Secure",
        ),
        ({"httponly": False, "secure": None, "partitioned": 0}, "a=b"),
        ({"samesite": "Strict"}, "a=b; SameSite=Strict"),
        ({"samesite": "none"}, "a=b; SameSite=none"),
        ({"max_age": 60}, "a=b; Max-Age=60"),
        ({"max_age": 0}, "a=b; Max-Age=0"),
        ({"max_age": -1}, "a=b; Max-Age=-1"),
        ({"max_age": 5.9}, "a=b; Max-Age=5"),
        ({"max_age": "60"}, "a=b; Max-Age=60"),
        ({"expires": 0}, "a=b; expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ({"expires": 1359312200.7}, "a=b; expires=Sun, 27 Jan 2013 18:43:20 GMT"),
        ({"expires": time.gmtime(1359312200)}, "a=b; expires=Sun, 27 Jan 2013 18:43:20 GMT"),
        (
            {"expires": datetime.datetime(2013, 1, 27, 18, 43, 20)},
            "a=b; expires=Sun, 27 Jan 2013 18:43:20 GMT",
        ),
        ({"comment": "c", "version": 1}, "a=b; Comment=c; Version=1"),
        (
            {
                "version": "1",
                "secure": True,
                "samesite": "Lax",
                "path": "/p",
                "partitioned": True,
                "max_age": 3,
                "httponly": True,
                "expires": 5,
                "domain": "d",
                "comment": "c",
            },
            "a=b; Comment=c; Domain=d; expires=Thu, 01 Jan 1970 00:00:05 GMT; HttpOnly; Max-Age=3;"
            " Partitioned; Path=/p; SameSite=Lax; Secure; Version=1",
        ),
    ],
)
def test_attributes(attributes, sent):
    assert encode_cookie("a", "b", attributes) == sent


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("", '""'),
        ("a-Z_0.9~!#$%&'*+^`|:", "a-Z_0.9~!#$%&'*+^`|:"),
        ("a=", '"a="'),
        ("()/<>?@[]{}", '"()/<>?@[]{}"'),
        ('"\\', r'"\"\\"'),
        (",;", r'"\054\073"'),
        ("\x80\xe9\xff", r'"\200\351\377"'),
    ],
)
def test_values(value, sent):
    assert encode_cookie("a", value, {}) == f"a={sent}"
    assert parse_cookie(f"a={sent}") == {"a": value}


SENDABLE = st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f")


@given(st.text(SENDABLE))
def test_what_is_sent_comes_back(value):
    sent = encode_cookie("a", value, {"path": "/", "secure": True})
    assert sent.isascii()
    assert sent.isprintable()
    pair, *attributes = sent.split("; ")
    assert attributes == ["Path=/", "Secure"]
    assert parse_cookie(pair) == {"a": value}


BAD = ["\r", "\n", "\0", "\t", " ", "\x1f", "\x7f"]


@pytest.mark.parametrize("bad", [*BAD, "\u20ac", "\U0001f36a"])
def test_values_that_could_not_be_sent(bad):
    with pytest.raises(
        ValueError, match=r"cookie 'a': its value must not hold .*at index 6"
    ) as got:
        encode_cookie("a", f"secret{bad}x", {})
    assert "secret" not in str(got.value)


@pytest.mark.parametrize("bad", [*BAD, ";", "=", ",", '"', "\xe9", "/", "[", "\n"])
def test_names_that_could_not_be_sent(bad):
    for name in (bad, f"a{bad}b", f"a{bad}", f"{bad}a"):
        assert not is_cookie_name(name)
        with pytest.raises(ValueError, match="invalid cookie name"):
            encode_cookie(name, "b", {})


@pytest.mark.parametrize("name", ["", "path", "Domain", "MAX-AGE", "secure", "partitioned"])
def test_names_that_could_not_be_read(name):
    assert not is_cookie_name(name)
    with pytest.raises(ValueError, match="invalid cookie name"):
        encode_cookie(name, "b", {})


@pytest.mark.parametrize("name", ["a", "__Host-a", "a:b", "$x", "!#$%&'*+-.^_`|~09"])
def test_names(name):
    assert is_cookie_name(name)
    assert encode_cookie(name, "b", {}) == f"{name}=b"


@pytest.mark.parametrize("bad", [*BAD, ";", "\xe9", "\u20ac"])
@pytest.mark.parametrize("attribute", ["comment", "domain", "path", "samesite", "version"])
def test_texts_that_would_end_early(attribute, bad):
    for text in (bad, f"x{bad}y", f"x{bad}", f"{bad}x"):
        with pytest.raises(ValueError, match=f"cookie 'a': invalid {attribute}: it must not hold"):
            encode_cookie("a", "b", {attribute: text})


@pytest.mark.parametrize(
    "max_age", ["", "5; Domain=evil", "5\r\nX: y", "+5", "1_0", "5.0", "\u0665", " 5", "5\n"]
)
def test_a_max_age_that_is_no_number_of_seconds(max_age):
    with pytest.raises(ValueError, match="cookie 'a': invalid max_age: it is a whole number"):
        encode_cookie("a", "b", {"max_age": max_age})


@pytest.mark.parametrize("max_age", [float("inf"), float("nan")])
def test_a_max_age_that_is_no_number(max_age):
    with pytest.raises(ValueError, match="cookie 'a': invalid max_age"):
        encode_cookie("a", "b", {"max_age": max_age})


def test_an_unknown_same_site():
    with pytest.raises(ValueError, match="invalid samesite: it is one of strict, lax, none, not"):
        encode_cookie("a", "b", {"samesite": "sometimes"})


@pytest.mark.parametrize("expires", [float("inf"), float("nan"), 1e30])
def test_a_time_that_is_none(expires):
    with pytest.raises(ValueError, match="cookie 'a': invalid expires"):
        encode_cookie("a", "b", {"expires": expires})


@pytest.mark.parametrize("name", ["bogus", "Path", "max-age", "a; b", "x\r\ny"])
def test_an_unknown_attribute(name):
    with pytest.raises(ValueError, match="cookie 'a': there is no attribute"):
        encode_cookie("a", "b", {name: "x"})


@pytest.mark.parametrize(
    "attributes",
    [{"domain": b"x"}, {"path": 1}, {"samesite": True}, {"max_age": b"5"}, {"expires": "now"}],
)
def test_attributes_of_another_type(attributes):
    with pytest.raises(TypeError):
        encode_cookie("a", "b", attributes)


@pytest.mark.parametrize(("name", "value"), [(b"a", "b"), ("a", b"b"), (1, "b"), ("a", None)])
def test_names_and_values_of_another_type(name, value):
    with pytest.raises(TypeError, match="is text, not"):
        encode_cookie(name, value, {})


class Text(str):
    """Looks harmless until it is formatted."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return "x; Domain=evil"

    __str__ = __repr__ = lambda self: "x; Domain=evil"


class Colour(str, enum.Enum):  # noqa: UP042 - formatted by its name, which StrEnum is not
    RED = "red"


def test_text_that_formats_itself_as_something_else():
    text = Text("5")
    sent = encode_cookie(text, text, {"path": text, "max_age": text})
    assert sent == "5=5; Max-Age=5; Path=5"
    assert encode_cookie(Colour.RED, Colour.RED, {"path": Colour.RED}) == "red=red; Path=red"
