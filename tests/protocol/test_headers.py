"""HTTPHeaders: Tornado's mapping, made strict and linear."""

import copy
import enum
import pickle
from collections.abc import Callable, MutableMapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.protocol import headers as headers_module
from waterspout.protocol.errors import HTTPInputError
from waterspout.protocol.grammar import FIELD_VALUE, TOKEN
from waterspout.protocol.headers import (
    HTTPHeaders,
    check_field_value,
    encode_fields,
    from_lines,
    normalize_name,
)

TOKENS = st.text(
    st.sampled_from([chr(byte) for byte in range(256) if TOKEN[byte]]), min_size=1, max_size=12
)
VALUES = st.text(st.sampled_from([chr(byte) for byte in range(256) if FIELD_VALUE[byte]]))
BAD_VALUES = ["\x00", "a\rb", "a\nb", "a\r\nb", "\x0b", "\x1f", "\x7f", "\r", "\n", "a\r\n b"]
BAD_NAMES = ["", " ", "a b", "a:", ":", "a\r\n", "a\n", "\x00", "\u00e9", "\u212aey", "a\t", "(a)"]


class Name(str):
    """Stands for the subclasses of str that a program may use."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return "Evil\r\nSet-Cookie: a=b"

    __str__ = __repr__ = lambda self: "Evil\r\nSet-Cookie: a=b"


class Member(str, enum.Enum):  # noqa: UP042 - this is the kind that formats itself as its name
    NAME = "x-name"
    VALUE = "value"


# Names


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("coNtent-TYPE", "Content-Type"),
        ("x", "X"),
        ("x-", "X-"),
        ("-x", "-X"),
        ("--", "--"),
        ("etag", "Etag"),
        ("www-authenticate", "Www-Authenticate"),
        ("sec-ch-ua", "Sec-Ch-Ua"),
        ("x_y", "X_y"),
        ("1a", "1a"),
        ("!#$%&'*+-.^_`|~", "!#$%&'*+-.^_`|~"),
    ],
)
def test_normalize_name(name, shown):
    assert normalize_name(name) == shown
    assert normalize_name(name) == shown
    assert normalize_name(shown) == shown


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_no_token_is_refused(name):
    headers = HTTPHeaders()
    for call in (
        lambda: normalize_name(name),
        lambda: headers.add(name, "a"),
        lambda: headers.__setitem__(name, "a"),
        lambda: HTTPHeaders({name: "a"}),
        lambda: headers.setdefault(name, "a"),
        lambda: headers.update({name: "a"}),
        lambda: encode_fields({name: "a"}),
    ):
        with pytest.raises(HTTPInputError):
            call()
    assert len(headers) == 0


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_no_token_is_not_there(name):
    headers = HTTPHeaders({"a": "b"})
    assert name not in headers
    assert headers.get(name) is None
    assert headers.get_list(name) == []
    with pytest.raises(KeyError):
        headers[name]
    with pytest.raises(KeyError):
        del headers[name]


def test_names_are_remembered_up_to_a_bound():
    for index in range(3000):
        assert normalize_name(f"x-bound-{index}") == f"X-Bound-{index}"
        raw = b"x-bound-%d: a\r\n" % index
        assert list(from_lines(raw, [0, len(raw)])) == [f"X-Bound-{index}"]
    long = "x" * 65536
    assert normalize_name(long) == "X" + "x" * 65535
    if hasattr(headers_module, "_NAMES"):  # interpreted: C keeps them to itself
        for known in (headers_module._NAMES, headers_module._RAW_NAMES):
            assert len(known) <= 1000
            assert max(map(len, known)) <= 64


def test_a_full_table_of_names_begins_anew():
    for index in range(1500):
        normalize_name(f"x-junk-{index}")
    assert normalize_name("x-wanted") == "X-Wanted"
    if hasattr(headers_module, "_NAMES"):
        assert "x-wanted" in headers_module._NAMES


# Values


@pytest.mark.parametrize("value", BAD_VALUES)
def test_a_value_with_a_control_is_refused(value):
    headers = HTTPHeaders()
    for call in (
        lambda: check_field_value(value),
        lambda: headers.add("a", value),
        lambda: headers.__setitem__("a", value),
        lambda: HTTPHeaders({"a": value}),
        lambda: HTTPHeaders(a=value),
        lambda: HTTPHeaders([("a", value)]),
        lambda: headers.setdefault("a", value),
        lambda: headers.update(a=value),
        lambda: headers.add("a", value, _chars_are_bytes=False),
        lambda: encode_fields({"a": value}),
    ):
        with pytest.raises(HTTPInputError, match="control character"):
            call()
    assert len(headers) == 0


def test_each_character_alone():
    for code in range(0x180):
        value = f"a{chr(code)}b"
        if code > 0xFF:
            with pytest.raises(HTTPInputError, match="encode it first"):
                check_field_value(value)
        elif FIELD_VALUE[code]:
            assert check_field_value(value) == value
        else:
            with pytest.raises(HTTPInputError, match="control character"):
                check_field_value(value)


def test_an_error_does_not_repeat_the_value():
    with pytest.raises(HTTPInputError) as caught:
        check_field_value("secret\r\nx")
    assert "secret" not in str(caught.value)
    with pytest.raises(HTTPInputError) as caught:
        check_field_value("secret\u20ac")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("wrong", [None, 5, b"a", ["a"], ("a", "b"), object()])
def test_what_is_no_str_is_a_type_error_each_time(wrong):
    headers = HTTPHeaders({"a": "b"})
    for _ in range(3):
        for call in (
            lambda: headers.__setitem__("a", wrong),
            lambda: headers.__setitem__(wrong, "a"),
            lambda: headers.add("a", wrong),
            lambda: headers.add(wrong, "a"),
            lambda: headers.add("a", wrong, _chars_are_bytes=False),
            lambda: check_field_value(wrong),
            lambda: normalize_name(wrong),
            lambda: headers[wrong],
        ):
            with pytest.raises(TypeError):
                call()
    assert wrong not in headers
    assert list(headers.get_all()) == [("A", "b")]


def test_a_subclass_of_str_goes_out_as_what_was_checked():
    headers = HTTPHeaders()
    headers[Name("x-a")] = Name("a")
    headers.add(Name("x-a"), Name("b"))
    headers[Member.NAME] = Member.VALUE
    assert headers["x-name"] == "value"
    assert headers[Name("X-A")] == "a,b"
    assert Name("x-a") in headers
    assert headers.get(Name("no name")) is None
    assert encode_fields(headers) == b"X-A: a\r\nX-A: b\r\nX-Name: value\r\n"
    assert all(type(text) is str for pair in headers.get_all() for text in pair)


def test_characters_beyond_latin_1_belong_to_forms():
    headers = HTTPHeaders()
    headers.add("a", "\u65e5\u672c", _chars_are_bytes=False)
    assert headers["a"] == "\u65e5\u672c"
    with pytest.raises(ValueError, match="latin-1"):
        encode_fields(headers)
    parsed = HTTPHeaders.parse("A: \u20ac\r\n", _chars_are_bytes=False)
    assert parsed["a"] == "\u20ac"
    with pytest.raises(HTTPInputError):
        HTTPHeaders.parse("A: \u20ac\r\n")


# The mapping


def test_it_is_a_mapping():
    headers = HTTPHeaders({"content-type": "text/html"})
    assert isinstance(headers, MutableMapping)
    assert list(headers.keys()) == ["Content-Type"]
    assert headers["CONTENT-TYPE"] == "text/html"
    assert "content-type" in headers
    assert "content" not in headers
    assert 5 not in headers  # type: ignore[comparison-overlap]
    assert len(headers) == 1
    assert headers.pop("Content-type") == "text/html"
    assert not headers
    with pytest.raises(KeyError):
        headers["content-type"]
    with pytest.raises(KeyError):
        del headers["content-type"]


@pytest.mark.parametrize(
    "headers",
    [
        HTTPHeaders({"A": "1", "b": "2"}),
        HTTPHeaders([("A", "1"), ("b", "2")]),
        HTTPHeaders(A="1", b="2"),
        HTTPHeaders({"A": "1"}, b="2"),
        HTTPHeaders(HTTPHeaders({"a": "1", "B": "2"})),
        HTTPHeaders(HTTPHeaders({"a": "1"}), B="2"),
        HTTPHeaders(zip("AB", "12", strict=True)),
        HTTPHeaders.parse("a: 1\r\nb: 2\r\n"),
    ],
)
def test_it_takes_what_dict_takes(headers):
    assert dict(headers) == {"A": "1", "B": "2"}
    assert headers == {"A": "1", "B": "2"}
    assert headers == HTTPHeaders({"B": "2", "a": "1"})
    assert headers != {"A": "1"}


def test_what_dict_refuses_is_refused():
    calls: list[Callable[[], object]] = [
        lambda: HTTPHeaders(None),
        lambda: HTTPHeaders(5),
        lambda: HTTPHeaders({}, {}),
        lambda: HTTPHeaders({"a": None}),
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()


def test_repeated_fields_are_kept_apart_and_joined_when_asked():
    headers = HTTPHeaders()
    headers.add("Set-Cookie", "A=B")
    headers.add("x", "1")
    headers.add("set-cookie", "C=D")
    headers.add("SET-COOKIE", "E=F")
    assert headers["set-cookie"] == "A=B,C=D,E=F"
    assert headers.get_list("set-cookie") == ["A=B", "C=D", "E=F"]
    assert headers.get_list("x") == ["1"]
    assert headers.get_list("y") == []
    assert list(headers.get_all()) == [
        ("Set-Cookie", "A=B"),
        ("Set-Cookie", "C=D"),
        ("Set-Cookie", "E=F"),
        ("X", "1"),
    ]
    headers["Set-Cookie"] = "G=H"
    assert headers.get_list("set-cookie") == ["G=H"]
    headers.add("set-cookie", "I=J")
    del headers["set-cookie"]
    assert "Set-Cookie" not in headers


def test_a_list_that_was_given_is_not_the_one_inside():
    headers = HTTPHeaders()
    headers.add("a", "1")
    headers.add("a", "2")
    headers.get_list("a").append("x\r\ny")
    assert headers.get_list("a") == ["1", "2"]


def test_get_all_may_be_gone_through_while_the_mapping_changes():
    headers = HTTPHeaders({"a": "1", "b": "2"})
    for name, value in headers.get_all():
        headers[f"x-{name}"] = value
    assert len(headers) == 4


@pytest.mark.parametrize(
    "duplicate",
    [
        lambda headers: headers.copy(),
        copy.copy,
        copy.deepcopy,
        HTTPHeaders,
        lambda headers: pickle.loads(pickle.dumps(headers)),
        lambda headers: HTTPHeaders.parse(str(headers)),
    ],
)
def test_a_copy_is_equal_and_apart(duplicate):
    headers = HTTPHeaders({"b": "3"})
    headers.add("a", "1")
    headers.add("a", "2")
    other = duplicate(headers)
    assert type(other) is HTTPHeaders
    assert list(other.get_all()) == list(headers.get_all())
    other.add("a", "4")
    other["b"] = "5"
    assert headers.get_list("a") == ["1", "2"]
    assert headers["b"] == "3"
    headers.add("a", "6")
    assert other.get_list("a") == ["1", "2", "4"]


def test_text():
    headers = HTTPHeaders({"a": "1"})
    headers.add("b", "2")
    headers.add("b", "3")
    assert str(headers) == "A: 1\nB: 2\nB: 3\n"
    assert repr(headers) == "<HTTPHeaders A, B>"
    assert str(HTTPHeaders()) == ""


def test_repr_shows_no_value():
    assert "secret" not in repr(HTTPHeaders({"Authorization": "secret"}))


# Lines


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("A: b", [("A", "b")]),
        ("A: b\n", [("A", "b")]),
        ("A: b\r\n", [("A", "b")]),
        ("a:b", [("A", "b")]),
        ("a:  b \t", [("A", "b")]),
        ("a:\tb", [("A", "b")]),
        ("a:", [("A", "")]),
        ("a: b: c", [("A", "b: c")]),
        ("a: b  c", [("A", "b  c")]),
        ("a: \xa0b\x85", [("A", "\xa0b\x85")]),
        ("", []),
        ("\n", []),
        ("\r\n", []),
    ],
)
def test_parse_line(line, fields):
    headers = HTTPHeaders()
    headers.parse_line(line)
    assert list(headers.get_all()) == fields


@pytest.mark.parametrize(
    "line",
    [
        "a",
        " a: b",
        "\ta: b",
        " ",
        "\t\r\n",
        ": b",
        "a : b",
        "a b: c",
        "a: b\r",
        "\r",
        "a: b\r\r\n",
        "a: b\n\n",
        "a: \x00",
        "a: b\x0b",
        "\u00e9: b",
        "a: \u20ac",
    ],
)
def test_parse_line_refuses(line):
    headers = HTTPHeaders()
    with pytest.raises(HTTPInputError):
        headers.parse_line(line)
    assert len(headers) == 0


def test_parse():
    headers = HTTPHeaders.parse("A: 1\r\nb: 2\na: 3\r\n\r\n")
    assert list(headers.get_all()) == [("A", "1"), ("A", "3"), ("B", "2")]
    assert len(HTTPHeaders.parse("")) == 0
    assert len(HTTPHeaders.parse("\r\n")) == 0


@pytest.mark.parametrize("text", ["A: 1\r\n b\r\n", "A: 1\rB: 2\r\n", "A: 1\r\nB", "A: 1\r"])
def test_parse_refuses(text):
    with pytest.raises(HTTPInputError):
        HTTPHeaders.parse(text)


def test_a_subclass_parses_to_itself():
    class Fields(HTTPHeaders):
        pass

    assert type(Fields.parse("a: b")) is Fields
    assert Fields({"a": "b"})["A"] == "b"


# The wire


def test_encode_fields():
    headers = HTTPHeaders({"content-type": "text/html"})
    headers.add("x", "\xe9")
    headers.add("x", "")
    assert encode_fields(headers) == b"Content-Type: text/html\r\nX: \xe9\r\nX: \r\n"
    assert encode_fields({"a": "b"}) == b"A: b\r\n"
    assert encode_fields({}) == b""
    assert encode_fields(HTTPHeaders()) == b""


def test_from_lines():
    data = b"XXa: 1\r\nB:\t2 \r\nA:3\r\n\r\nYY"
    headers = from_lines(data, [2, 8, 15, 20])
    assert list(headers.get_all()) == [("A", "1"), ("A", "3"), ("B", "2")]
    assert len(from_lines(data, [20])) == 0
    assert len(from_lines(b"", [])) == 0
    assert len(from_lines(None, [])) == 0  # type: ignore[arg-type]
    assert len(from_lines(None, [0, 1])) == 0  # type: ignore[arg-type]


@given(st.lists(st.tuples(TOKENS, VALUES), max_size=20))
def test_what_was_added_is_there(pairs):
    headers = HTTPHeaders()
    expected: dict[str, list[str]] = {}
    for name, value in pairs:
        headers.add(name, value)
        expected.setdefault(name.lower(), []).append(value)
    assert {name.lower(): headers.get_list(name) for name in headers} == expected
    for name, values in expected.items():
        assert headers[name] == ",".join(values)
        assert headers[name.upper()] == ",".join(values)
    encoded = encode_fields(headers)
    assert encoded.count(b"\r\n") == encoded.count(b"\n") == encoded.count(b"\r") == len(pairs)


@given(st.lists(st.tuples(TOKENS, VALUES.map(lambda value: value.strip(" \t"))), max_size=20))
def test_what_is_encoded_is_read_back(pairs):
    headers = HTTPHeaders()
    for name, value in pairs:
        headers.add(name, value)
    data = encode_fields(headers)
    lines = [0]
    while lines[-1] < len(data):
        lines.append(data.index(b"\n", lines[-1]) + 1)
    assert list(from_lines(data, lines).get_all()) == list(headers.get_all())


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_breaks_out_of_its_line(name, value):
    headers = HTTPHeaders()
    try:
        headers.add(name, value)
    except HTTPInputError:
        assert len(headers) == 0
        return
    encoded = encode_fields(headers)
    assert encoded.endswith(b"\r\n")
    line = encoded[:-2]
    assert not set(line) & {0, 10, 13}
    assert line.partition(b": ")[2] == value.encode("latin-1")


@given(st.text(max_size=60))
def test_parse_gives_fields_or_an_input_error(text):
    try:
        headers = HTTPHeaders.parse(text)
    except HTTPInputError:
        return
    encode_fields(headers)
