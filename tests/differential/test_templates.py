"""The same templates, here and in Tornado: the same bytes, or an error at the same place.

Where they differ on purpose the case stands in ``DIFFERENCES`` with its reason, and must differ.
"""

import logging
from typing import Any

import pytest

from waterspout import template

tornado_template = pytest.importorskip("tornado.template", reason="Tornado is not installed")

VARIABLES: dict[str, Any] = {
    "v": "<&>\"' é",
    "b": b"<\xc3\xa9>",
    "items": ["a", "<b>", 3],
    "pairs": [(1, "x"), (2, "y")],
    "upper": lambda text: text.upper(),
    "wrap": lambda text: b"[" + text + b"]",
    "none": None,
    "zero": 0,
    "_tt_modules": type("Modules", (), {"Entry": lambda self, x: f"<{x}>"})(),
}

SAME = [
    "",
    "plain { text } }} %}",
    "{{ v }}{{v}}{% raw v %}{{ b }}{% raw b %}",
    "{{ none }}{{ zero }}{{ items }}{{ 1.5 }}{{ (1, 2) }}{{ 1, 2 }}",
    "{{!a}} {%!b%} {#!c#} {{! {{ v }}",
    "{{{ v }}} {{{{ zero }}}}",
    "{# c {{ v }} #}a{% comment b } %}c{##}d",
    "{% for i in items %}{{ i }},{% end %}{{ i }}",
    "{% for i in items %}{{ i }}{% else %}E{% end %}",
    "{% for n, s in pairs %}{% if n == 2 %}{% break %}{% end %}{{ s }}{% else %}E{% end %}",
    "{% for n, s in pairs %}{% if n == 1 %}{% continue %}{% end %}{{ s }}{% end %}",
    "{% if zero %}a{% elif none %}b{% elif v %}c{% else %}d{% end %}",
    "{% set n = 3 %}{% while n %}{{ n }}{% set n -= 1 %}{% end %}",
    "{% try %}a{{ 1 / zero }}b{% except ZeroDivisionError as e %}{{ e }}{% finally %}f{% end %}",
    "{% try %}a{% except %}b{% else %}c{% finally %}d{% end %}",
    "{% try %}{% for i in items %}{{ i }}{{ 1 / zero }}{% end %}{% except %}!{% end %}",
    "{% set x, y = 1, 2; z = 3 %}{{ x }}{{ y }}{{ z }}",
    "{% set x = lambda: v %}{{ x() }}{{ [i for i in range(3)] }}",
    "{% import os.path %}{% from os import sep as s %}{{ os.path.sep == s }}",
    "{% apply upper %}a{{ v }}{% apply wrap %}b{% end %}{% end %}",
    "{{ v }}{% autoescape None %}{{ v }}",
    "{% autoescape wrap %}{{ v }}{{ b }}{{ zero }}",
    "{% set xhtml_escape = wrap %}{{ v }}",
    "{% module Entry(v) %}{% module Entry(x=1) %}",
    "{% block a %}x{% end %}{% block a %}{{ v }}{% end %}{% block b c %}y{% end %}",
    "{% whitespace all %} a  b\n\n c{% whitespace oneline %} a \n b{% whitespace single %}\n\n ",
    "<pre>a  b\n\n c{{ zero }}d  e</pre>  f",
    "a\r\nb\r\n\tc  {# x #} d",
    "{{ datetime.date(2020, 1, 1) }}{{ squeeze(' a  b ') }}{{ url_escape('a b') }}",
    "{{ json_encode({'a': '</'}) }}{{ escape(v) }}{{ xhtml_escape(v) }}{{ linkify('http://a.b') }}",
    "{% if 1 %}a{% end if %}{%if 1%}{%end%}",
    "{{ 1 # c }}{{ f'{v}' }}{{ __name__ }}",
]


@pytest.mark.parametrize("name", ["t.html", "t.txt"])
@pytest.mark.parametrize("text", SAME)
def test_same_output(text, name):
    expected = tornado_template.Template(text, name=name).generate(**VARIABLES)
    assert template.Template(text, name=name).generate(**VARIABLES) == expected


@pytest.mark.parametrize("mode", ["all", "single", "oneline"])
@pytest.mark.parametrize(
    "text", [" \t ", "a\n\n\n b", "\r\r", " \r\n ", "a\x0bb\x0c c", "a\u00a0\u00a0b", "\x1c\x1c a"]
)
def test_same_white_space(mode, text):
    expected = tornado_template.filter_whitespace(mode, text)
    assert template.filter_whitespace(mode, text) == expected


FILES = {
    "base.html": "<{% block title %}Base  {{ v }}{% end %}|{% block body %}{% end %}>",
    "page.html": '{% extends "base.html" %}x{% block body %}{{ v }}{% include "part.txt" %}{%end%}',
    "raw.html": '{% extends "base.html" %}{% autoescape None %}{% block body %}{{ v }}{% end %}',
    "third.html": '{% extends "page.html" %}{% block title %}3{% block body %}4{% end %}{% end %}',
    "part.txt": "a  b {{ v }}{% set seen = 1 %}",
    "loop.html": '{% for i in items %}{% include "row.html" %}{% end %}{{ k }}',
    "row.html": "{{ i }}{% set k = i %}",
    "twice.html": '{% include "defines.html" %}{% block a %}C{% end %}',
    "defines.html": "{% block a %}D{% end %}",
    "inner.html": "{% block a %}1{% block a %}2{% end %}{% end %}",
    "sub/up.html": '{% include "../part.txt" %}{% include "down.html" %}',
    "sub/down.html": "down",
    "child.html": '{% extends "base.html" %}{% include "bodies.html" %}',
    "bodies.html": "{% if 0 %}{% block body %}from include{% end %}{% end %}",
    "ns.html": "{{ n }}",
}


@pytest.mark.parametrize(
    "settings", [{}, {"autoescape": None}, {"whitespace": "all"}, {"whitespace": "oneline"}]
)
@pytest.mark.parametrize("name", sorted(FILES))
def test_same_files(name, settings):
    def output(library):
        loader = library.DictLoader(FILES, namespace={"n": "<n>"}, **settings)
        return loader.load(name).generate(**{**VARIABLES, "i": 0})

    assert output(template) == output(tornado_template)


ERRORS = [
    "a\n{{",
    "a\n{% if x",
    "\n{# a",
    "a\n{{ }}",
    "\n{% %}",
    "\n{% end %}",
    "\n\n{% if 1 %}\n",
    "\n{% foo %}",
    "\n{% else %}",
    "\n{% if 1 %}{% except %}{% end %}",
    "{% for x in y %}\n{% elif 1 %}{% end %}",
    "\n{% break %}",
    "\n{% for x in y %}{% apply f %}{% break %}{% end %}{% end %}",
    "\n{% extends %}",
    "\n{% include %}",
    "\n{% block %}{% end %}",
    "\n{% apply %}{% end %}",
    "\n{% set %}",
    "\n{% import %}",
]


@pytest.mark.parametrize("text", ERRORS)
def test_same_error(text):
    with pytest.raises(tornado_template.ParseError) as theirs:
        tornado_template.Template(text, name="t.html")
    with pytest.raises(template.ParseError) as ours:
        template.Template(text, name="t.html")
    assert (ours.value.filename, ours.value.lineno) == (theirs.value.filename, theirs.value.lineno)


@pytest.mark.parametrize("text", ["{{ missing }}", "{% raw 1 / 0 %}", "{% set x += 1 %}{{ x }}"])
def test_same_exception(text):
    def error(library):
        with pytest.raises((NameError, ZeroDivisionError)) as caught:
            library.Template(text).generate()
        return caught.type, str(caught.value)

    assert error(template) == error(tornado_template)


DIFFERENCES = {
    # Told as an error of the template, with its line, not as one of generated Python.
    "{{ 1 + }}": "SyntaxError",
    "{% try %}a{% end %}": "SyntaxError",
    "{% raw %}": "SyntaxError",
    "{% whitespace x %}": "Exception",
    "{{ (yield) }}": None,
    # An escape that is switched off by leaving its name out.
    "{% autoescape %}{{ v }}": None,
    # An assignment is no expression.
    "{{ x = 1 }}": None,
}


@pytest.mark.parametrize("text", DIFFERENCES)
def test_difference(text, caplog):
    caplog.set_level(logging.CRITICAL)  # It logs the Python that it made.
    theirs = None
    try:
        tornado_template.Template(text).generate(**VARIABLES)
    except Exception as error:
        theirs = type(error).__name__
    assert theirs == DIFFERENCES[text]
    with pytest.raises(template.ParseError):
        template.Template(text)
