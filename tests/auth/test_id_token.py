"""Which ID tokens are believed."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.auth import AuthError
from waterspout.auth.id_token import check_id_token

NOW = 1_800_000_000.0
GOOD = {
    "iss": "https://issuer.example",
    "sub": "248289761001",
    "aud": "client",
    "exp": NOW + 300,
    "iat": NOW,
    "nonce": "n-0S6_WzA2Mj",
}


def part(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims, header=None):
    return ".".join((part({"alg": "RS256"} if header is None else header), part(claims), "c2ln"))


def check(text):
    return check_id_token(
        text, issuer="https://issuer.example", client_id="client", nonce="n-0S6_WzA2Mj", now=NOW
    )


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": ["client"]},
        {"aud": ["client", "other"], "azp": "client"},
        {"azp": "client"},
        {"exp": NOW - 59},
        {"exp": int(NOW) + 1, "iat": NOW + 60, "nbf": NOW},
        {"email": "a@example.com"},
    ],
)
def test_good_tokens(claims):
    assert check(token({**GOOD, **claims})) == {**GOOD, **claims}


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"iss": "https://issuer.example/"}, "not from https://issuer.example"),
        ({"iss": None}, "not from"),
        ({"aud": "other"}, "its aud does not name us"),
        ({"aud": []}, "its aud does not name us"),
        ({"aud": {"client": 1}}, "its aud does not name us"),
        ({"aud": None}, "its aud does not name us"),
        ({"aud": ["client", "other"]}, "its azp is not ours"),
        ({"azp": "other"}, "its azp is not ours"),
        ({"azp": 1}, "its azp is not ours"),
        ({"exp": NOW - 60}, "has expired"),
        ({"exp": str(NOW + 300)}, "no time for exp"),
        ({"exp": None}, "no time for exp"),
        ({"exp": True}, "no time for exp"),
        ({"exp": float("inf")}, "no time for exp"),
        ({"exp": float("nan")}, "no time for exp"),
        ({"exp": 10**400}, "no time for exp"),
        ({"iat": NOW + 61}, "issued in the future"),
        ({"iat": None}, "no time for iat"),
        ({"nbf": NOW + 61}, "does not hold yet"),
        ({"nonce": "n-0S6_WzA2Mk"}, "its nonce is not ours"),
        ({"nonce": "\ud800"}, "its nonce is not ours"),
        ({"nonce": None}, "its nonce is not ours"),
        ({"sub": ""}, "it has no sub"),
        ({"sub": 1}, "it has no sub"),
        ({"sub": "x" * 256}, "it has no sub"),
    ],
)
def test_bad_claims(claims, message):
    with pytest.raises(AuthError, match=message):
        check(token({**GOOD, **claims}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no signed token"),
        ("a.b", "no signed token"),
        (token(GOOD) + ".more.parts", "no signed token"),
        (token(GOOD).rpartition(".")[0] + ".", "no signed token"),
        ("é.b.c", "no signed token"),
        (token(GOOD) + "\n", "no signed token"),
        (token(GOOD, {"alg": "none"}), "is not signed"),
        (token(GOOD, {"alg": "None"}), "is not signed"),
        (token(GOOD, {}), "is not signed"),
        (token(GOOD, {"alg": 1}), "is not signed"),
        (token(GOOD, []), "the header of the ID token is no JSON object"),
        (token(b"\xff"), "the payload of the ID token is no JSON object"),
        (token(b"[1]"), "the payload of the ID token is no JSON object"),
        (token(b"[" * 100_000), "the payload of the ID token is no JSON object"),
        ("a.b.c", "the header of the ID token is no JSON object"),
    ],
)
def test_what_is_no_token(text, message):
    with pytest.raises(AuthError, match=message):
        check(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "azp", "nbf"]), JSON))
def test_whatever_is_claimed_is_believed_or_refused(claims):
    try:
        found = check(token({**GOOD, **claims}))
    except AuthError:
        return
    assert found["iss"] == GOOD["iss"]
    assert found["nonce"] == GOOD["nonce"]
    assert "client" in found["aud"]


@given(st.text() | st.lists(st.binary(max_size=6).map(part), max_size=4).map(".".join))
def test_nothing_else_is_believed(text):
    with pytest.raises(AuthError):
        check(text)
