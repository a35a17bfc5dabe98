"""Forms with files: what is understood, what is refused, and what that may cost."""

import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.httputil.form_writer import BOUNDARY, file, form, part, value

from waterspout.httputil import (
    HTTPFile,
    HTTPInputError,
    ParseMultipartConfig,
    parse_multipart_form_data,
)
from waterspout.util import ObjectDict

MIB = 1024 * 1024


def parsed(
    data: bytes, boundary: bytes = BOUNDARY, config: ParseMultipartConfig | None = None
) -> tuple[dict[str, list[bytes]], dict[str, list[HTTPFile]]]:
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    parse_multipart_form_data(boundary, data, arguments, files, config=config)
    return arguments, files


def only_file(data: bytes) -> HTTPFile:
    arguments, files = parsed(data)
    assert not arguments
    [[found]] = files.values()
    return found


def refused(data: bytes, message: str, **kwargs: Any) -> None:
    arguments: dict[str, list[bytes]] = {"a": [b"kept"]}
    files: dict[str, list[HTTPFile]] = {}
    boundary = kwargs.pop("boundary", BOUNDARY)
    with pytest.raises(HTTPInputError, match=message):
        parse_multipart_form_data(boundary, data, arguments, files, **kwargs)
    assert (arguments, files) == ({"a": [b"kept"]}, {})


# What is understood


def test_fields_and_files_in_their_order():
    data = form(
        value("a", b"1"),
        file("f", "x.txt", b"one", "text/plain; charset=latin-1"),
        value("b", b"\xff\x00\r\n--not the boundary"),
        value("a", b""),
        file("f", "y", b"two"),
        file("g", "z", b"", "text/css;\tcharset=utf-8 "),
    )
    arguments, files = parsed(data)
    assert arguments == {"a": [b"1", b""], "b": [b"\xff\x00\r\n--not the boundary"]}
    assert files == {
        "f": [
            {"filename": "x.txt", "body": b"one", "content_type": "text/plain; charset=latin-1"},
            {"filename": "y", "body": b"two", "content_type": "application/unknown"},
        ],
        "g": [{"filename": "z", "body": b"", "content_type": "text/css;\tcharset=utf-8"}],
    }


def test_it_adds_to_what_is_there():
    found = HTTPFile(filename="x", body=b"", content_type="a/b")
    arguments, files = {"a": [b"0"]}, {"f": [found]}
    parse_multipart_form_data(
        BOUNDARY, form(value("a", b"1"), file("f", "y", b"2")), arguments, files
    )
    assert arguments == {"a": [b"0", b"1"]}
    assert [file.filename for file in files["f"]] == ["x", "y"]


def test_a_file_has_attributes():
    found = only_file(form(file("f", "x.txt", b"body", "text/plain")))
    assert isinstance(found, HTTPFile)
    assert isinstance(found, ObjectDict)
    assert (found.filename, found.body, found.content_type) == ("x.txt", b"body", "text/plain")
    assert type(found.body) is bytes


def test_a_form_without_fields():
    assert parsed(form()) == ({}, {})
    assert parsed(b"--" + BOUNDARY + b"--") == ({}, {})


def test_the_last_line_end_may_be_missing_and_what_follows_is_not_read():
    data = form(value("a", b"1"))
    assert parsed(data[:-2]) == parsed(data) == ({"a": [b"1"]}, {})
    assert parsed(data + b"anything" * 10_000) == ({"a": [b"1"]}, {})
    for end in (b"x", b"--", b" ", b"\n", b"\r", b"-\r\n"):
        refused(data[:-2] + end, "must end with its boundary")
        refused(DELIMITER + b"--" + end, "must end with its boundary")
    assert parsed(data + form(value("b", b"2"))) == ({"a": [b"1"]}, {})


@pytest.mark.parametrize(
    ("boundary", "sent"),
    [
        (b"B", b"B"),
        (b"B" * 70, b"B" * 70),
        (b'"B"', b"B"),
        (b"'()+_,-./:=? B", b"'()+_,-./:=? B"),
        (b"--", b"--"),
    ],
)
def test_boundaries(boundary, sent):
    assert parsed(form(value("a", b"1"), boundary=sent), boundary) == ({"a": [b"1"]}, {})


@pytest.mark.parametrize(
    ("head", "name", "filename"),
    [
        ('form-data; name="a"; filename="b c;d.txt"', "a", "b c;d.txt"),
        ("form-data; name=a; filename=b.txt", "a", "b.txt"),
        ('FORM-DATA; Name="a" ; FileName="b"', "a", "b"),
        ('form-data;filename="b";name="a"', "a", "b"),
        ('form-data; name="é"; filename="ü €.txt"', "é", "ü €.txt"),
        # browsers escape a quote with a percent sign, but not the percent sign
        ('form-data; name="a%22"; filename="100%22 %0D.txt"', "a%22", "100%22 %0D.txt"),
        # others escape quotes and backslashes
        (r'form-data; name="a"; filename="b\"c\\d.txt"', "a", r'b"c\d.txt'),
        (r'form-data; name="a"; filename="C:\dir\b.txt"', "a", r"C:\dir\b.txt"),
        (r'form-data; name="a"; filename="b\"', "a", "b\\"),
        ('form-data; name="a"; filename="../../etc/passwd"', "a", "../../etc/passwd"),
        ("form-data; name=\"a\"; filename*=UTF-8''%E2%82%AC%20b.txt", "a", "€ b.txt"),
        ('form-data; name="a"; filename="_b"; filename*=utf-8\'de\'%C3%BC', "a", "ü"),
        ("form-data; name=\"a\"; filename*=iso-8859-1''%FC; filename=u", "a", "ü"),
    ],
)
def test_names(head, name, filename):
    arguments, files = parsed(form(part(f"Content-Disposition: {head}", b"x")))
    assert not arguments
    assert files == {
        name: [{"filename": filename, "body": b"x", "content_type": "application/unknown"}]
    }


@pytest.mark.parametrize("name", ["", "*=UTF-8''"])
def test_no_file_was_chosen(name):
    if name:
        data = form(part(f'Content-Disposition: form-data; name="a"; filename{name}'))
    else:
        data = form(file("a", "", b"", "application/octet-stream"))
    assert parsed(data) == ({"a": [b""]}, {})


def test_fields_of_a_part_that_mean_nothing():
    head = (
        'content-DISPOSITION:form-data; name="a"\r\n'
        "Content-Type: text/plain; charset=utf-16\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "Content-Length: 4\r\n"
        "X-Other: ü"
    )
    assert parsed(form(part(head, b"YQ=="), value("_charset_", b"utf-16"))) == (
        {"a": [b"YQ=="], "_charset_": [b"utf-16"]},
        {},
    )


# What others send


def test_as_requests_sends_it():
    data = (
        b"--6e3a4f1b2c\r\n"
        b'Content-Disposition: form-data; name="title"\r\n\r\n'
        b"A title\r\n"
        b"--6e3a4f1b2c\r\n"
        b'Content-Disposition: form-data; name="upload"; filename="report.csv"\r\n'
        b"Content-Type: text/csv\r\n\r\n"
        b"a,b\n1,2\n\r\n"
        b"--6e3a4f1b2c--\r\n"
    )
    assert parsed(data, b"6e3a4f1b2c") == (
        {"title": [b"A title"]},
        {"upload": [{"filename": "report.csv", "body": b"a,b\n1,2\n", "content_type": "text/csv"}]},
    )


def test_as_curl_sends_it():
    data = (
        b"--------------------------d74496d66958873e\r\n"
        b'Content-Disposition: form-data; name="f"; filename="a\\"b.bin"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n"
        b"\r\n\x00--\r\n"
        b"\r\n--------------------------d74496d66958873e--\r\n"
    )
    arguments, files = parsed(data, b"------------------------d74496d66958873e")
    assert arguments == {}
    assert files["f"][0].filename == 'a"b.bin'
    assert files["f"][0].body == b"\r\n\x00--\r\n"


def test_as_older_clients_of_python_send_it():
    data = (
        b"--B\r\n"
        b"Content-Disposition: form-data; name=\"f\"; filename*=utf-8''na%C3%AFve.txt\r\n"
        b"Content-Type: text/plain\r\n"
        b"MIME-Version: 1.0\r\n\r\n"
        b"x\r\n--B--\r\n\r\n"
    )
    assert parsed(data, b"B")[1]["f"][0].filename == "naïve.txt"


# What is refused


@pytest.mark.parametrize(
    "boundary", [b"", b'""', b"B" * 71, b"B ", b"B\r\n", b"B\n", b"\xc3\xa9", b"B\x00", b'"']
)
def test_what_is_no_boundary(boundary):
    refused(form(value("a", b"1"), boundary=boundary), "the boundary of", boundary=boundary)


GOOD = form(value("a", b"1"))
DELIMITER = b"--" + BOUNDARY


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "must begin with its boundary"),
        (b"a=1", "must begin with its boundary"),
        (b"preamble\r\n" + GOOD, "must begin with its boundary"),
        (b"\r\n" + GOOD, "must begin with its boundary"),
        (GOOD[1:], "must begin with its boundary"),
        (DELIMITER, "must end with its boundary"),
        (DELIMITER + b"\r\n", "must end with its boundary"),
        (DELIMITER + b"\r\na: b", "must end with its boundary"),
        (GOOD[:-4], "must end with its boundary"),
        (GOOD[:-3], "must end with its boundary"),
        (GOOD[:-6], "must end with its boundary"),
        (GOOD[: GOOD.rindex(DELIMITER) - 2], "must end with its boundary"),
        (GOOD[: GOOD.rindex(DELIMITER) - 3], "must end with its boundary"),
        (DELIMITER + b"x\r\n" + GOOD, "Unexpected byte after first boundary"),
        (GOOD.replace(b"\r\n", b" \r\n"), "Unexpected byte"),
        (GOOD.replace(b"\r\n", b"\n"), "Invalid line break"),
        (GOOD.replace(b"\r\n", b"\r"), "Unexpected byte"),
        (form(value("a", b"\r\n" + DELIMITER + b"x")), "Unexpected bytes after boundary"),
        (form(value("a", b"\r\n" + DELIMITER + b" \r\n")), "Unexpected bytes after boundary"),
        (form(b"\r\nx"), "Missing Content-Disposition"),
        (form(b"x"), "Malformed segment header"),
        (form(part("Content-Type: text/plain")), "Missing Content-Disposition"),
        (form(part("Content-Disposition: attachment; name=a")), "Wrong type"),
        (form(part("Content-Disposition: form-data")), "Missing name"),
        (form(part("Content-Disposition: form-data; filename=a")), "Missing name"),
        (form(value("", b"1")), "has no name"),
        (form(part("Content-Disposition: form-data; name=a; name=b")), "comes twice"),
        (form(part("Content-Disposition: form-data; name=a; filename=b c")), "malformed"),
        (form(part('Content-Disposition: form-data; name=a; filename="b')), "malformed"),
        (form(part("Content-Disposition: form-data; name=a; name*=utf-8''b")), r"filename\* only"),
        (form(part("Content-Disposition: form-data; name=a; filename*0=b")), r"filename\* only"),
        (
            form(part("Content-Disposition: form-data; name=a; filename*=utf-8''%FF")),
            "an extended parameter",
        ),
        (
            form(part("Content-Disposition: form-data; name=a; filename*=utf-8''b%00.txt")),
            "a file name must not hold control characters",
        ),
        (
            form(part("Content-Disposition: form-data; name=a; filename*=utf-8''%0D%0A")),
            "a file name must not hold control characters",
        ),
        (
            form(part("Content-Disposition: form-data; name=a\r\n" * 2 + "a: b")),
            "two Content-Dispositions",
        ),
        (form(part("Content-Disposition: form-data;\r\n name=a")), "continuation"),
        (form(part("Content-Disposition: form-data; name=a\r\n: b")), "header name"),
        (form(part("Content-Disposition: form-data; name=a\r\nb c: d")), "header name"),
        (form(part('Content-Disposition: form-data; name="a\x00"')), "control characters"),
        (form(part('Content-Disposition: form-data; name="a\nb"')), "control characters"),
        (form(part('Content-Disposition: form-data; name="a\rb"')), "control characters"),
        (form(part("Content-Disposition: form-data; name=a\r\nb: c\x7f")), "control character"),
        (form(part(b"Content-Disposition: form-data; name=\xe9")), "failed to decode"),
        (
            form(part("Content-Disposition: form-data; name=a\r\nContent-Length: 2", b"1")),
            "does not match",
        ),
        (
            form(part("Content-Disposition: form-data; name=a\r\nContent-Length: +1", b"1")),
            "Content-Length",
        ),
    ],
)
def test_what_is_malformed(data, message):
    refused(data, message)
    # a good part before it is not kept either
    if data.startswith(DELIMITER + b"\r\n"):
        refused(form(value("b", b"2"))[: -len(DELIMITER) - 4] + data, ".")


def test_an_error_does_not_repeat_what_was_sent():
    secret = b"\xe9secret"
    with pytest.raises(HTTPInputError) as caught:
        parsed(form(part(b"Content-Disposition: form-data; name=a\r\nb: " + secret)))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


# Bounds


def test_parts_are_counted():
    assert len(parsed(form(more=[value("a", b"1")] * 100))[0]["a"]) == 100
    refused(form(more=[value("a", b"1")] * 101), "more than 100 parts")
    few = ParseMultipartConfig(max_parts=2)
    assert parsed(form(value("a", b"1"), file("f", "x", b"2")), config=few)
    refused(form(more=[value("a", b"1")] * 3), "more than 2 parts", config=few)
    none = ParseMultipartConfig(max_parts=0)
    assert parsed(form(), config=none) == ({}, {})
    refused(form(value("a", b"1")), "more than 0 parts", config=none)
    many = ParseMultipartConfig(max_parts=5000)
    assert len(parsed(form(more=[value("a", b"1")] * 5000), config=many)[0]["a"]) == 5000


@pytest.mark.parametrize("is_first", [True, False])
def test_the_head_of_a_part_is_measured(is_first):
    before = [] if is_first else [value("b", b"x" * 20_000)]
    start = 'Content-Disposition: form-data; name="a"\r\nb: '
    head = start + "x" * (10 * 1024 - len(start))
    assert parsed(form(*before, part(head, b"1")))[0]["a"] == [b"1"]
    refused(form(*before, part(head + "x", b"1")), "larger than 10240 bytes")
    small = ParseMultipartConfig(max_part_header_size=len(start) + 1)
    assert parsed(form(part(start + "x", b"1")), config=small) == ({"a": [b"1"]}, {})
    refused(form(*before, part(start + "xy", b"1")), "larger than", config=small)
    refused(form(*before, part(start + "é", b"1")), "larger than", config=small)


def test_the_head_of_a_part_has_few_fields():
    head = 'Content-Disposition: form-data; name="a"' + "\r\nb: c" * 15
    assert parsed(form(part(head, b"1"))) == ({"a": [b"1"]}, {})
    refused(form(part(head + "\r\nb: c", b"1")), "more than 16 fields")


def test_what_is_behind_the_end_has_no_bound_but_that_of_the_body():
    assert parsed(GOOD + b"x" * 100_000 + b"\r\n\r\n") == ({"a": [b"1"]}, {})


def test_forms_may_be_refused_altogether():
    refused(GOOD, "not accepted here", config=ParseMultipartConfig(enabled=False))


@pytest.mark.parametrize(
    "head",
    [
        b"x" * (20 * MIB),
        b"x: " + b"y" * (20 * MIB),
        b"\r" * (20 * MIB),
        b"\n" * (20 * MIB),
        b"a: b\r\n" * (3 * MIB),
    ],
    ids=["name", "value", "cr", "lf", "fields"],
)
def test_a_long_head_is_refused_before_anything_is_copied(head):
    data = form(head)
    tracemalloc.start()
    try:
        refused(data, ".")
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


def test_too_many_parts_are_refused_before_they_are_taken_apart():
    data = form(more=[value("a", b"1")] * 200_000)
    tracemalloc.start()
    try:
        refused(data, "more than 100 parts")
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "unit",
    [
        b"\r\n",
        b"\r",
        b"-",
        b"\r\n--",
        b"\r\n" + DELIMITER[:-1],
        DELIMITER,
        b"\r\n" + DELIMITER[:-1] + b"x",
        DELIMITER[:20],
        b"\r\n\r\n",
        b"Content-Disposition: form-data; name=a\r\n\r\n",
    ],
)
def test_a_body_of_almost_boundaries_takes_linear_time(unit):
    # At 4 MiB, what is not linear would take hours.
    junk = unit * (4 * MIB // len(unit))
    assert parsed(form(value("a", junk))) == ({"a": [junk]}, {})
    for data in (
        junk,
        DELIMITER + junk,
        DELIMITER + b"\r\n" + junk,
        form(value("a", b""))[:-4] + junk,
        form(value("a", junk))[: -len(DELIMITER)],
    ):
        refused(data, ".")


@pytest.mark.slow
def test_a_boundary_that_matches_itself_takes_linear_time():
    boundary = b"-" * 69 + b"x"
    for junk in (b"\r\n" + b"-" * (32 * MIB), (b"\r\n" + b"-" * 71) * (MIB // 2)):
        assert parsed(form(value("a", junk), boundary=boundary), boundary)[0] == {"a": [junk]}
    boundary = b"-" * 70
    junk = (b"\r\n" + b"-" * 71) * (MIB // 2)
    assert parsed(form(value("a", junk), boundary=boundary), boundary)[0] == {"a": [junk]}


def test_a_file_is_copied_once():
    data = form(file("f", "x", b"y" * (16 * MIB)))
    tracemalloc.start()
    try:
        assert len(only_file(data).body) == 16 * MIB
        assert tracemalloc.get_traced_memory()[1] < 17 * MIB
    finally:
        tracemalloc.stop()


# Round trip

TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
NAMES = TEXT.filter(lambda name: '"' not in name and "\\" not in name)
BODIES = st.one_of(
    st.binary(max_size=40),
    st.lists(
        st.sampled_from([b"\r\n", b"\r", b"\n", b"-", b"--", b"B", b"Bo", b"\r\n--", b"a"]),
        max_size=12,
    ).map(b"".join),
)
ENTRIES = st.lists(
    st.one_of(
        st.tuples(NAMES, BODIES),
        st.tuples(NAMES, BODIES, NAMES, st.sampled_from([None, "text/plain", "a/b; c=d"])),
    ),
    max_size=8,
)


@given(ENTRIES, st.sampled_from([b"Bound", b"B", b"--B--", b"'()+_,-./:=?"]))
def test_round_trip(entries, boundary):
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[dict[str, object]]] = {}
    parts = []
    for entry in entries:
        name, body = entry[:2]
        if b"\r\n--" + boundary in b"\r\n" + body + b"\r\n":
            continue
        if len(entry) == 2:
            parts.append(value(name, body))
            arguments.setdefault(name, []).append(body)
        else:
            filename, content_type = entry[2:]
            parts.append(file(name, filename, body, content_type))
            files.setdefault(name, []).append(
                {
                    "filename": filename,
                    "body": body,
                    "content_type": content_type or "application/unknown",
                }
            )
    assert parsed(form(*parts, boundary=boundary), boundary) == (arguments, files)


@given(TEXT, TEXT)
def test_names_with_escapes_make_the_round_trip(name, filename):
    escaped = [re.sub(r'(["\\])', r"\\\1", text) for text in (name, filename)]
    assert parsed(form(file(escaped[0], escaped[1], b""))) == (
        {},
        {name: [{"filename": filename, "body": b"", "content_type": "application/unknown"}]},
    )


@given(TEXT)
def test_extended_names_make_the_round_trip(filename):
    from urllib.parse import quote

    head = f"Content-Disposition: form-data; name=a; filename*=UTF-8''{quote(filename, safe='')}"
    assert only_file(form(part(head))).filename == filename
