"""What a traceback shows of a template."""

import traceback

import pytest

from waterspout.template import DictLoader, Loader, Template


def shown(template, **variables):
    """Return the entries of the traceback that are of templates: file, line, text."""
    with pytest.raises(ZeroDivisionError) as caught:
        template.generate(**variables)
    entries = traceback.extract_tb(caught.value.__traceback__)
    return [(e.filename, e.lineno, e.line) for e in entries if e.name == "<template>"]


def test_line_of_a_template():
    template = Template("a\n{% if 1 %}\n  <b>{{ 1 / 0 }}</b>{% end %}")
    assert shown(template) == [("template <string>", 3, "<b>{{ 1 / 0 }}</b>{% end %}")]


@pytest.mark.parametrize(
    "text",
    [
        "\n{% for x in 1 / 0 %}{% end %}",
        "\n{% if 0 %}{% elif 1 / 0 %}{% end %}",
        "\n{% set x = 1 / 0 %}",
        "\n{% raw 1 / 0 %}",
        "{{ 'a' }}{{ 'b'\n+ str(1 / 0) }}".replace("\n+", " +\\\n"),
        "{% autoescape f %}\n{{ 1 }}",
        "{% apply f %}a{% end %}".join(["\n", ""]),
        "a{{ f(\n1 / 0) }}",
    ],
)
def test_lines_of_tags(text):
    (entry,) = shown(Template(text), f=lambda value: 1 / 0)
    assert entry[1] == 2


def test_columns_are_those_of_the_file():
    with pytest.raises(ZeroDivisionError) as caught:
        Template("é {{ 1 / 0 }}").generate()
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.colno, last.end_colno) == (len("é {{ ".encode()), len("é {{ 1 / 0".encode()))


def test_extended_and_included_files_are_shown_outermost_first():
    loader = DictLoader(
        {
            "base": "a\n{% block b %}{% end %}",
            "page": '{% extends "base" %}\n\n{% block b %}\n{% include "part" %}{% end %}',
            "part": "\n\n{{ 1 / 0 }}",
        }
    )
    assert shown(loader.load("page")) == [
        ("base", 2, "{% block b %}{% end %}"),
        ("page", 4, '{% include "part" %}{% end %}'),
        ("part", 3, "{{ 1 / 0 }}"),
    ]


def test_file_is_named_by_its_path(tmp_path):
    (tmp_path / "a.html").write_text('{% include "b.html" %}')
    (tmp_path / "b.html").write_text("\n{{ 1 / 0 }}")
    assert shown(Loader(str(tmp_path)).load("a.html")) == [
        (str(tmp_path / "a.html"), 1, '{% include "b.html" %}'),
        (str(tmp_path / "b.html"), 2, "{{ 1 / 0 }}"),
    ]


def test_functions_in_templates_and_frames_of_others_stay():
    loader = DictLoader({"a": '{% include "b" %}', "b": "\n{% set f = lambda: g() %}\n{{ f() }}"})
    with pytest.raises(ZeroDivisionError) as caught:
        loader.load("a").generate(g=lambda: 1 / 0)
    names = [
        (e.filename, e.lineno, e.name) for e in traceback.extract_tb(caught.value.__traceback__)
    ]
    assert names[2:] == [
        ("a", 1, "<template>"),
        ("b", 3, "<template>"),
        ("a", 1, "<lambda>"),
        ("b", 2, "<lambda>"),
        (__file__, names[-1][1], "<lambda>"),
    ]


def test_text_is_not_that_of_another_template_of_the_same_name():
    assert shown(Template("{{ 1 / 0 }}"))[0][2] == "{{ 1 / 0 }}"
    assert shown(Template("a{{ 1 / 0 }}"))[0][2] == "a{{ 1 / 0 }}"
