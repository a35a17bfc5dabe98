"""The language, tag by tag: what a template outputs."""

import enum

import pytest

from waterspout.template import DictLoader, ParseError, Template

CASES = [
    ("", {}, b""),
    ("plain", {}, b"plain"),
    ("{{ x }}", {"x": "<&>\"'"}, b"&lt;&amp;&gt;&quot;&#x27;"),
    ("{{ x }}", {"x": None}, b"None"),
    ("{{ x }}", {"x": b"\xc3\xa9<"}, b"\xc3\xa9&lt;"),
    ("{{x}}{{ x }}", {"x": 1}, b"11"),
    ("{{ x, 1 }}", {"x": 2}, b"(2, 1)"),
    ("{% raw x %}", {"x": "<b>"}, b"<b>"),
    ("{{!x}} {%!y%} {#!z#}", {}, b"{{x}} {%y%} {#z#}"),
    ("{{{ x }}}", {"x": 1}, b"{1}"),
    ("a{# x {{ y }} #}b{% comment {{ y %}c", {}, b"abc"),
    ("{ {a} }} %} #}", {}, b"{ {a} }} %} #}"),
    ("{% if x %}a{% elif y %}b{% else %}c{% end %}", {"x": 0, "y": 1}, b"b"),
    ("{% if x %}a{% elif y %}b{% else %}c{% end %}", {"x": 0, "y": 0}, b"c"),
    ("{% if x %}{% end %}", {"x": 1}, b""),
    ("{% for i in x %}{{ i }},{% end %}", {"x": [1, 2]}, b"1,2,"),
    ("{% for i in x %}{{ i }}{% else %}none{% end %}", {"x": []}, b"none"),
    ("{% for i, (j, k) in x %}{{ i }}{{ j }}{{ k }}{% end %}", {"x": [(1, (2, 3))]}, b"123"),
    (
        "{% for i in x %}{% if i == 1 %}{% continue %}{% end %}{{ i }}"
        "{% if i == 2 %}{% break %}{% end %}{% end %}",
        {"x": range(9)},
        b"02",
    ),
    ("{% set n = 3 %}{% while n %}{{ n }}{% set n -= 1 %}{% else %}!{% end %}", {}, b"321!"),
    ("{% try %}a{{ 1 / 0 }}b{% except ZeroDivisionError as e %}c{% end %}", {}, b"ac"),
    ("{% try %}a{% except %}b{% else %}c{% finally %}d{% end %}", {}, b"acd"),
    ("{% try %}a{% finally %}b{% end %}", {}, b"ab"),
    ("{% try %}{% if 1 %}a{{ 1 / 0 }}{% end %}{% except %}b{% end %}", {}, b"ab"),
    ("{% set a, b = 1, 2 %}{% set b += a; c = b %}{{ c }}", {}, b"3"),
    ("{% import os.path %}{% from os import sep as s %}{{ os.path.sep == s }}", {}, b"True"),
    ("{% apply upper %}a{{ x }}{% end %}b", {"x": "<", "upper": bytes.upper}, b"A&LT;b"),
    ("{% apply f %}{% apply f %}a{% end %}{% end %}", {"f": lambda b: b + b"!"}, b"a!!"),
    ("{% set q = 1 %}{% apply f %}{{ q }}{% end %}", {"f": lambda b: b.decode()}, b"1"),
    ("{{ x }}{% autoescape None %}{{ x }}", {"x": "<"}, b"<<"),
    ("{% autoescape f %}{{ x }}", {"x": "a", "f": lambda b: b + b"!"}, b"a!"),
    ("{{ x }}", {"x": "<", "xhtml_escape": lambda b: b + b"!"}, b"<!"),
    ("{% set xhtml_escape = f %}{{ x }}", {"x": "<", "f": lambda b: "own"}, b"own"),
    ("{% module A(1)[0] %}", {"_tt_modules": type("M", (), {"A": lambda _, x: ["<"]})()}, b"<"),
    ("{% for x in [1] %}{% set y = lambda: x %}{{ y() }}{% end %}", {}, b"1"),
    ("{% set a = 2 %}{{ [i * a for i in range(3)] }}", {}, b"[0, 2, 4]"),
    ("{{ 1 # why\n }}{{ f(1,\n 2) }}", {"f": max}, b"12"),
    ("{%raw 1%}{%if 1%}2{%end%}", {}, b"12"),
    ("{% block a %}x{% end %}{% block a %}y{% end %}", {}, b"yy"),
    ("{{ '\\u00e9' }}é", {}, "éé".encode()),
    ("{{ escape('<') }}{% raw xhtml_escape('<') %}", {}, b"&amp;lt;&lt;"),
    ("{{ url_escape('a b') }}{{ squeeze(' a  b ') }}{{ json_encode(1) }}", {}, b"a+ba b1"),
    ("{{ datetime.date(2020, 1, 2) }}", {}, b"2020-01-02"),
    ("{% raw linkify('http://a.b') %}", {}, b'<a href="http://a.b">http://a.b</a>'),
    ("{{ self }}{{ kwargs }}{{ parts }}", {"self": 1, "kwargs": 2, "parts": 3}, b"123"),
]


@pytest.mark.parametrize(("text", "variables", "expected"), CASES)
def test_output(text, variables, expected):
    assert Template(text).generate(**variables) == expected


def test_source_as_bytes_is_utf_8():
    assert Template(b"\xc3\xa9").generate() == b"\xc3\xa9"
    with pytest.raises(UnicodeDecodeError):
        Template(b"\xff")


def test_text_of_subclasses_is_their_value():
    class Colour(enum.StrEnum):
        RED = "r<"

        def __str__(self):
            return "not this"

    class Shouting(str):
        def __format__(self, spec):
            return "not this"

    made = Template("{{ x }}{% raw x %}").generate
    assert made(x=Colour.RED) == b"r&lt;r<"
    assert made(x=Shouting("a")) == b"aa"


def test_bytes_that_are_no_utf_8_are_refused():
    with pytest.raises(UnicodeDecodeError):
        Template("{% raw x %}").generate(x=b"\xff")


def test_html_of_an_object_is_not_trusted():
    class Html:
        def __html__(self):
            return "<b>"

        def __str__(self):
            return "<i>"

    assert Template("{{ x }}").generate(x=Html()) == b"&lt;i&gt;"


@pytest.mark.parametrize("tag", ["{% apply f %}{% end %}", "{% autoescape f %}{{ 1 }}"])
def test_functions_have_to_return_text(tag):
    with pytest.raises(TypeError, match="apply and autoescape need functions that return text"):
        Template(tag).generate(f=lambda b: None)


def test_names_are_looked_up_when_they_are_reached():
    template = Template("{% if x %}{{ y }}{% end %}")
    assert template.generate(x=False) == b""
    with pytest.raises(NameError, match="'y'"):
        template.generate(x=True)


def test_variables_of_one_call_are_not_seen_by_the_next():
    template = Template("{% set a = x %}{{ a }}{% if 0 %}{% set b = 1 %}{% end %}")
    assert template.generate(x=1, b=2) == b"1"
    with pytest.raises(NameError):
        template.generate()


def test_more_values_than_an_f_string_takes_at_once():
    text = "".join(f"{i}={{{{ x + {i} }}}}," for i in range(1000))
    expected = "".join(f"{i}={i + 5}," for i in range(1000))
    assert Template(text).generate(x=5) == expected.encode()


def test_namespace_of_the_loader_gives_way_to_variables():
    loader = DictLoader({"a": "{{ n }}"}, namespace={"n": 1})
    assert loader.load("a").generate() == b"1"
    assert loader.load("a").generate(n=2) == b"2"


def test_settings_come_from_the_loader_unless_given():
    loader = DictLoader({}, autoescape=None, whitespace="oneline")
    assert Template("{{ x }}\n\n", loader=loader).generate(x="<") == b"< "
    own = Template("{{ x }}\n\n", loader=loader, autoescape="xhtml_escape", whitespace="all")
    assert own.generate(x="<") == b"&lt;\n\n"


def test_old_word_for_white_space():
    assert Template("a  b", compress_whitespace=True).generate() == b"a b"
    assert Template("a  b", "x.html", compress_whitespace=False).generate() == b"a  b"
    with pytest.raises(TypeError, match="two words for one thing"):
        Template("", compress_whitespace=True, whitespace="all")


def test_white_space_of_a_template_that_is_not_a_mode():
    with pytest.raises(ValueError, match="'bogus'"):
        Template(" a", whitespace="bogus")


def test_attributes():
    loader = DictLoader({"x.html": ""}, namespace={"a": 1})
    template = loader.load("x.html")
    assert (template.name, template.loader) == ("x.html", loader)
    assert (template.autoescape, template.namespace) == ("xhtml_escape", {"a": 1})
    assert repr(template) == "<Template x.html>"


def test_without_a_loader_there_is_nothing_to_include():
    with pytest.raises(ParseError, match=r"include .* no template loader at <string>:2"):
        Template('\n{% include "a" %}')
