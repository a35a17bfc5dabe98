"""Templates of several files: blocks, what includes see, how large it may become."""

import pytest

from waterspout.template import DictLoader, ParseError, compiler

CASES = [
    ({"c": '{% extends "b" %}x{% block a %}C{% end %}', "b": "<{% block a %}B{% end %}>"}, b"<C>"),
    ({"c": '{% extends "b" %}', "b": "<{% block a %}B{% end %}>"}, b"<B>"),
    (
        {
            "c": '{% extends "b" %}{% block x %}C{% end %}',
            "b": '{% extends "a" %}{% block y %}[{% block x %}B{% end %}]{% end %}',
            "a": "{% block x %}A{% end %}{% block y %}{% end %}",
        },
        b"C[C]",
    ),
    ({"c": '{% include "d" %}{% block a %}C{% end %}', "d": "{% block a %}D{% end %}"}, b"CC"),
    (
        {
            "c": '{% extends "b" %}{% include "d" %}',
            "d": "{% if 0 %}{% apply f %}{% block a %}D{% end %}{% end %}{% end %}",
            "b": "{% block a %}B{% end %}",
        },
        b"D",
    ),
    ({"c": "{% block a %}1{% block a %}2{% end %}{% end %}"}, b"2"),
    (
        {
            "c": '{% for i in [1, 2] %}{% include "d" %}{% end %}{{ k }}',
            "d": "{{ i }}{% set k = i %}",
        },
        b"122",
    ),
    ({"c": '{% autoescape None %}{{ v }}{% include "d" %}', "d": "{{ v }}"}, b"<&lt;"),
    (
        {
            "c": '{% extends "b" %}{% autoescape None %}{% block a %}{{ v }}{% end %}',
            "b": "{{ v }}{% block a %}{% end %}{{ v }}",
        },
        b"&lt;<&lt;",
    ),
    ({"c": "{% extends 'b' %}", "b": "B"}, b"B"),
    ({"c": '{% for i in [1] %}{% include "d" %}{% end %}', "d": "{{ i }}{{ i }}"}, b"11"),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_output(files, expected):
    assert DictLoader(files).load("c").generate(v="<") == expected


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"c": '\n{% include "d" %}', "d": "\n\n{{"}, "Missing end expression }} at d:3"),
        ({"c": '{% extends "b" %}\n{{', "b": ""}, "Missing end expression }} at c:2"),
        ({"c": '{% for x in y %}{% include "d" %}{% end %}', "d": "{% break %}"}, "at d:1"),
        (
            {"c": '\n{% include "d" %}', "d": '{% extends "e" %}', "e": ""},
            "can't be included at c:2",
        ),
        (
            {
                "c": '{% extends "b" %}\n'
                "{% for x in y %}{% block a %}\n{% break %}{% end %}{% end %}",
                "b": "{% block a %}{% end %}",
            },
            "'break' outside loop at c:3",
        ),
    ],
)
def test_error_tells_the_file(files, message):
    with pytest.raises(ParseError) as caught:
        DictLoader(files).load("c")
    assert message in str(caught.value)


@pytest.fixture
def is_small(monkeypatch):
    monkeypatch.setattr(compiler, "MAX_SIZE", 100_000)


@pytest.mark.usefixtures("is_small")
def test_size_is_bounded():
    files = {str(n): f'{{% include "{n + 1}" %}}' * 2 for n in range(30)}
    files["30"] = "x"
    with pytest.raises(ParseError, match="too large"):
        DictLoader(files).load("0")


@pytest.mark.usefixtures("is_small")
def test_blocks_that_repeat_each_other_are_bounded():
    blocks = [
        f"{{% block b{n} %}}" + f"{{% block b{n + 1} %}}{{% end %}}" * 2 + "{% end %}"
        for n in range(30)
    ]
    with pytest.raises(ParseError, match="too large"):
        DictLoader({"c": "".join(blocks)}).load("c")
