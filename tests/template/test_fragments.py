"""The Python in tags that is wrong, and where exactly what is right stands."""

import pytest

from waterspout.template import ParseError, Template
from waterspout.template.fragments import At, clause, expression, module_call, statements
from waterspout.template.nodes import Clause, Fragment

CASES = [
    ("\n{{ 1 + }}", "invalid syntax in '1 +'", 2),
    ("{{ a = 1 }}", "invalid syntax in 'a = 1'", 1),
    ("{{ 1) + (2 }}", "unmatched ')' in '1) + (2'", 1),
    ("{{ x\n y }}", "unexpected indent in 'x\\n y'", 2),
    ("{% raw \n\n 1 + %}", "invalid syntax in '1 +'", 3),
    ("{% if 1: pass\nif 2 %}{% end %}", "more than a condition in 'if 1: pass\\nif 2'", 1),
    ("{% if %}{% end %}", "invalid syntax in 'if'", 1),
    ("{% if 1 %}{% elif %}{% end %}", "invalid syntax in 'elif'", 1),
    ("{% for x %}{% end %}", "invalid syntax in 'for x'", 1),
    ("{% from os %}", "invalid syntax in 'from os'", 1),
    ("{% set return %}", "a template can't return", 1),
    ("{{ (yield) }}", "a template can't yield", 1),
    ("\n{{ await x }}", "'await' outside async function", 2),
    ("{% autoescape 1 + %}\n{{ x }}", "invalid syntax in '1 +'", 2),
    (
        "{% try %}\n{% except %}\n{% except OSError %}\n{% end %}",
        "default 'except:' must be last",
        2,
    ),
    ("{% for x in y %}{% else %}\n{% break %}{% end %}", "'break' outside loop", 2),
    (
        "{{ '}}' }}",
        'unterminated string literal (detected at line 1) in "\'", '
        "where the tag ends at the first closing braces",
        1,
    ),
]


@pytest.mark.parametrize(("text", "message", "line"), CASES)
def test_error(text, message, line):
    with pytest.raises(ParseError) as caught:
        Template(text, name="t.html")
    assert caught.value.filename == "t.html"
    assert (caught.value.message, caught.value.lineno) == (message, line)


@pytest.mark.parametrize("text", ["-" * 100_000 + "1", "(" * 10_000, "a\0", "9" * 10_000])
def test_what_python_cannot_take_is_an_error_of_the_template(text):
    with pytest.raises(ParseError, match=r" at t:1$") as caught:
        Template(f"{{{{ {text} }}}}", name="t")
    assert len(str(caught.value)) < 400


AT = At("t", base=100)


def test_expression_stands_where_it_stands():
    tree = expression(Fragment("f(a,\n  b)", 7, 20), AT)
    assert (tree.lineno, tree.col_offset, tree.end_lineno, tree.end_col_offset) == (107, 20, 108, 4)


def test_module_is_an_attribute_at_its_place():
    tree = module_call(Fragment("Name(x)", 7, 20), "_tt_modules", AT)
    assert (tree.lineno, tree.end_col_offset) == (107, 27)
    assert tree.args[0].col_offset == 25  # type: ignore[attr-defined]


def test_statements_stand_where_they_stand():
    first, second = statements(Fragment("a = 1; b = 2", 7, 20), AT)
    assert (first.lineno, first.col_offset) == (107, 20)
    assert (second.lineno, second.col_offset) == (107, 27)


@pytest.mark.parametrize(
    ("keyword", "head", "column"),
    [("elif", "elif x", 5), ("if", "if x", 3), ("while", "while x", 6)],
)
def test_condition_stands_where_it_stands(keyword, head, column):
    tree = clause(Clause(keyword, Fragment(head, 7, 20), []), AT)
    assert tree.test.lineno == 107  # type: ignore[attr-defined]
    assert tree.test.col_offset == 20 + column  # type: ignore[attr-defined]


def test_exception_stands_where_it_stands():
    tree = clause(Clause("except", Fragment("except OSError", 7, 20), []), AT)
    handler = tree.handlers[0]  # type: ignore[attr-defined]
    assert (handler.lineno, handler.type.lineno, handler.type.col_offset) == (107, 107, 27)
