"""Templates that are wrong: what is said, of which file and line."""

import pytest

from waterspout.template import ParseError, Template
from waterspout.template.parser import MAX_CLAUSES, MAX_DEPTH

CASES = [
    ("a\n{{", "Missing end expression }}", 2),
    ("a\n{% if x", "Missing end block %}", 2),
    ("{# a\n\n", "Missing end comment #}", 1),
    ("a\n{{ }}", "Empty expression", 2),
    ("{% %}", "Empty block tag ({% %})", 1),
    ("{% end %}", "Extra {% end %} block", 1),
    ("\n{% if 1 %}\n{{ 1 }}\n", "Missing {% end %} block for if", 2),
    ("\n{% if 1 %}\n{% else %}\n", "Missing {% end %} block for if", 2),
    ("{% block a %}", "Missing {% end %} block for block", 1),
    ("\n{% foo %}", "unknown operator: 'foo'", 2),
    ("{% super %}", "unknown operator: 'super'", 1),
    ("{% else %}", "else outside if or for or while or try block", 1),
    ("{% except %}", "except outside try block", 1),
    ("{% if 1 %}{% except %}{% end %}", "except block cannot be attached to if block", 1),
    ("{% for x in y %}\n{% elif 1 %}{% end %}", "elif block cannot be attached to for block", 2),
    ("{% block a %}{% else %}{% end %}", "else block cannot be attached to block block", 1),
    ("{% if 1 %}{% else x %}{% end %}", "nothing may follow else, but 'x' does", 1),
    ("{% if 1 %}{% else %}{% else %}{% end %}", "else cannot follow else", 1),
    ("{% if 1 %}{% else %}{% elif 1 %}{% end %}", "elif cannot follow else", 1),
    ("{% try %}{% else %}{% end %}", "else cannot follow try", 1),
    ("{% try %}{% finally %}{% except %}{% end %}", "except cannot follow finally", 1),
    ("{% try %}{% end %}", "try has neither except nor finally", 1),
    ("{% break %}", "break outside for or while block", 1),
    ("{% if 1 %}{% continue %}{% end %}", "continue outside for or while block", 1),
    ("{% for x in y %}{% break 2 %}{% end %}", "nothing may follow break, but '2' does", 1),
    (
        "{% for x in y %}{% apply f %}{% break %}{% end %}{% end %}",
        "break outside for or while block",
        1,
    ),
    ("{% extends %}", "extends missing file path", 1),
    ('{% include "" %}', "include missing file path", 1),
    ("{% block %}{% end %}", "block missing name", 1),
    ("{% apply %}{% end %}", "apply missing method name", 1),
    ("{% set %}", "set missing statement", 1),
    ("{% import %}", "import missing statement", 1),
    ("{% raw %}", "raw missing expression", 1),
    ("{% module %}", "module missing expression", 1),
    ("{% autoescape %}", "autoescape missing function or None", 1),
    ("{% whitespace x %}", "whitespace is one of all, single, oneline, not 'x'", 1),
    ('{% if 1 %}{% extends "a" %}{% end %}', "extends stands inside if", 1),
    ('{% extends "a" %}\n{% extends "b" %}', "extends 'a' already", 2),
]


@pytest.mark.parametrize(("text", "message", "line"), CASES)
def test_error(text, message, line):
    with pytest.raises(ParseError) as caught:
        Template(text, name="t.html")
    assert (caught.value.message, caught.value.filename) == (message, "t.html")
    assert caught.value.lineno == line
    assert str(caught.value) == f"{message} at t.html:{line}"


def test_error_without_a_place():
    error = ParseError("wrong")
    assert (error.message, error.filename, error.lineno) == ("wrong", None, 0)
    assert str(error) == "wrong at None:0"


def test_depth_is_bounded():
    def nested(depth):
        return "{% if 1 %}" * depth + "a" + "{% end %}" * depth

    assert Template(nested(MAX_DEPTH)).generate() == b"a"
    with pytest.raises(ParseError, match="more than 100 blocks inside each other"):
        Template(nested(MAX_DEPTH + 1))


def test_clauses_are_bounded():
    def chain(count):
        return "{% if x == 0 %}" + "{% elif x == 1 %}a" * count + "{% end %}"

    assert Template(chain(MAX_CLAUSES)).generate(x=1) == b"a"
    with pytest.raises(ParseError, match="more than 500 clauses of one if"):
        Template(chain(MAX_CLAUSES + 1))


def test_what_follows_end_is_for_the_reader():
    assert Template("{% if 1 %}a{% end if %}").generate() == b"a"
