"""Parameters of a field value."""

import doctest

import pytest

import waterspout.httputil.parameters
from waterspout.httputil import HTTPInputError
from waterspout.httputil.parameters import decode_extended, parse_parameters


@pytest.mark.parametrize(
    ("value", "main", "parameters"),
    [
        ("", "", {}),
        ("a", "a", {}),
        (" A/B \t", "a/b", {}),
        ("a;", "a", {}),
        ("a ; ;; ", "a", {}),
        ("a;b=c", "a", {"b": "c"}),
        ("a; B = C ;d=e ", "a", {"b": "C", "d": "e"}),
        ('a;b="c;d=e"; f=g', "a", {"b": "c;d=e", "f": "g"}),
        ('a; b=""', "a", {"b": ""}),
        ("a; b=c'd,e=/f", "a", {"b": "c'd,e=/f"}),
        ("a; b='c'", "a", {"b": "'c'"}),
        ('a; b="é"; c=é', "a", {"b": "é", "c": "é"}),
        ("a; b*=UTF-8''c", "a", {"b*": "UTF-8''c"}),
        # escapes, and what only looks like one
        (r'a; b="c\"d\\e"', "a", {"b": r'c"d\e'}),
        (r'a; b="\\\""', "a", {"b": r"\""}),
        (r'a; b="C:\dir\name.txt"', "a", {"b": r"C:\dir\name.txt"}),
        (r'a; b="c\"', "a", {"b": "c\\"}),
        (r'a; b="c\" ', "a", {"b": "c\\"}),
        (r'a; b="\"', "a", {"b": "\\"}),
    ],
)
def test_parameters(value, main, parameters):
    assert parse_parameters(value) == (main, parameters)


@pytest.mark.parametrize(
    "value",
    [
        "a; b",
        "a; b=",
        "a; =c",
        "a; b c=d",
        "a; b=c d",
        'a; b="c',
        'a; b="c"d',
        'a; b="c"d; e="f"',
        'a; b=c"d"',
        r'a; b="c\"; d="e"',
        "a; b=c\x00",
        "a; b\xe9=c",
        "a; b=c; =",
        "a; b(c)=d",
    ],
)
def test_what_is_malformed(value):
    with pytest.raises(HTTPInputError, match="malformed parameter in a field value, at index "):
        parse_parameters(value)


@pytest.mark.parametrize("value", ["a; b=c; b=c", 'a; b=c; B="d"', "a; b=c;; b=d"])
def test_a_name_that_comes_twice(value):
    with pytest.raises(HTTPInputError, match="'b' comes twice"):
        parse_parameters(value)


@pytest.mark.parametrize(
    "unit", ["; ", ";", ';a="', r';a="\"', '"', "\\", " ", "; a=", "=", "; a=b", r"\""]
)
def test_what_is_long_takes_linear_time(unit):
    # At 400,000 bytes, what is not linear would take minutes.
    try:
        parse_parameters("a;" + unit * (400_000 // len(unit)))
    except HTTPInputError:
        pass


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("UTF-8''", ""),
        ("utf-8'en'%E2%82%AC%20rates", "€ rates"),
        ("ISO-8859-1'de'%A3", "£"),
        ("UTF-8''a!#$&+-.^_`|~0", "a!#$&+-.^_`|~0"),
    ],
)
def test_an_extended_value(value, expected):
    assert decode_extended(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a",
        "UTF-8'a",
        "''a",
        "UTF-8''%FF",
        "UTF-8''%",
        "UTF-8''%4",
        "UTF-8''%zz",
        "UTF-8''é",
        "UTF-8''a b",
        "UTF-8''a'b",
        "UTF-16''%00a",
        "utf_8''a",
        '"UTF-8' + "''a\"",
        "UTF-8''a\n",
    ],
)
def test_what_is_no_extended_value(value):
    with pytest.raises(HTTPInputError, match="an extended parameter must"):
        decode_extended(value)


def test_an_extended_value_takes_linear_time():
    for unit in ("%41", "a", "%", "'", "-"):
        try:
            decode_extended("UTF-8''" + unit * 400_000)
        except HTTPInputError:
            pass


def test_examples():
    found = doctest.testmod(waterspout.httputil.parameters)
    assert found.attempted
    assert not found.failed
