"""Tags and what stands between them, and where."""

from hypothesis import given
from hypothesis import strategies as st

from waterspout.template import ParseError
from waterspout.template.scanner import Tag, scan


def test_places_count_lines_from_1_and_bytes_from_0():
    tags = [
        piece.content
        for piece in scan("é{{ a }}\né {{  b}}{#\n#}{%c%}", "t")
        if isinstance(piece, Tag)
    ]
    assert [(tag.text, tag.line, tag.column) for tag in tags] == [
        ("a", 1, 5),
        ("b", 2, 7),
        ("c", 3, 4),
    ]


@given(st.lists(st.sampled_from(["{{", "}}", "{%", "%}", "{#", "#}", "{", "!", "a", "\n", "é"])))
def test_anything_is_read_or_refused(parts):
    text = "".join(parts)
    pieces: list[str | Tag] = []
    error = None
    try:
        pieces.extend(scan(text, "t"))
    except ParseError as caught:
        error = caught
    assert all(pieces)
    lengths = [len(p) if isinstance(p, str) else len(p.content.text) for p in pieces]
    assert sum(lengths) <= len(text)
    assert error is None or 1 <= error.lineno <= text.count("\n") + 1
