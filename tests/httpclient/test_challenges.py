"""Challenges of servers, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.httpclient.auth.challenges import Challenge, parse_challenges, parse_parameters


@pytest.mark.parametrize(
    ("field", "challenges"),
    [
        ("", []),
        ("Basic", [("basic", {}, "")]),
        ("Negotiate, NTLM", [("negotiate", {}, ""), ("ntlm", {}, "")]),
        ('Basic realm="a b"', [("basic", {"realm": "a b"}, "")]),
        ("BASIC Realm=x", [("basic", {"realm": "x"}, "")]),
        (r'Basic realm="a\"b\\c"', [("basic", {"realm": 'a"b\\c'}, "")]),
        ('Basic realm="a, Digest nonce=1"', [("basic", {"realm": "a, Digest nonce=1"}, "")]),
        ("Negotiate YWJj==", [("negotiate", {}, "YWJj==")]),
        (
            'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
            [
                ("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}, ""),
                ("basic", {"realm": "simple"}, ""),
            ],
        ),
        (
            'Digest realm = "a" ,, nonce="b",Basic realm=c',
            [("digest", {"realm": "a", "nonce": "b"}, ""), ("basic", {"realm": "c"}, "")],
        ),
        (" , Basic realm=a, ", [("basic", {"realm": "a"}, "")]),
        # What is malformed ends it; what is ambiguous is left out.
        ('Basic realm="a', [("basic", {}, "")]),
        ("Basic realm=a b", [("basic", {}, "")]),
        ("=x, Basic", []),
        ("Digest nonce=1, nonce=2, Basic realm=c", [("basic", {"realm": "c"}, "")]),
    ],
)
def test_fields(field, challenges):
    assert parse_challenges([field]) == [Challenge(*challenge) for challenge in challenges]


def test_several_fields():
    found = parse_challenges(['Basic realm="a"', "nonsense=", "Bearer"])
    assert [challenge.scheme for challenge in found] == ["basic", "bearer"]


def test_there_is_an_end():
    assert len(parse_challenges(["A, " * 1000])) == 20
    assert parse_challenges(["A " + ",".join(f"p{number}=1" for number in range(100))]) == []


@pytest.mark.parametrize("piece", ['"', '\\"', "a ", "a=", 'a="', ",", "a=b,", " \t", "=", "A x,"])
def test_long_fields(piece):
    parse_challenges([piece * 20_000, 'Basic realm="' + piece * 20_000])


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_anything(field):
    for challenge in parse_challenges([field]):
        assert challenge.scheme.lower() in field.lower()
    parse_parameters(field)


def test_parameters_alone():
    assert parse_parameters('nextnonce="x", qop=auth') == {"nextnonce": "x", "qop": "auth"}
    assert parse_parameters("nonsense") == {}
