"""Digest authentication: the fields that answer challenges."""

import hashlib
import secrets

import pytest

from waterspout.httpclient.auth import digest
from waterspout.httpclient.auth.challenges import parse_challenges, parse_parameters
from waterspout.httpclient.auth.credentials import Asked
from waterspout.httpclient.auth.digest import DigestAuth
from waterspout.httpclient.target import parse_url
from waterspout.protocol.headers import HTTPHeaders

# RFC 7616 section 3.9.1
REALM = "http-auth@example.org"
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CLIENT_NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
URL = "http://www.example.org/dir/index.html"


def asked(method="GET", url=URL, body=b""):
    return Asked(method, parse_url(url), body)


def answered(auth, challenge, request=None):
    """Answer a challenge; return the parameters of the field."""
    request = request or asked()
    assert auth.answer(request, parse_challenges([challenge]), 0)
    return fields(auth, request)


def fields(auth, request=None):
    field = auth.authorization(request or asked())
    scheme, _, rest = field.partition(" ")
    assert scheme == "Digest"
    return parse_parameters(rest)


def challenge(**parameters):
    parameters = {"realm": f'"{REALM}"', "nonce": f'"{NONCE}"', **parameters}
    return "Digest " + ", ".join(f"{name}={value}" for name, value in parameters.items())


@pytest.fixture
def fixed(monkeypatch):
    monkeypatch.setattr(secrets, "token_hex", lambda size: CLIENT_NONCE)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_the_rfc(fixed, algorithm, response):
    got = answered(
        DigestAuth("Mufasa", "Circle of Life"),
        challenge(qop='"auth, auth-int"', algorithm=algorithm, opaque=f'"{OPAQUE}"'),
    )
    assert got == {
        "username": "Mufasa",
        "realm": REALM,
        "uri": "/dir/index.html",
        "algorithm": algorithm,
        "nonce": NONCE,
        "nc": "00000001",
        "cnonce": CLIENT_NONCE,
        "qop": "auth",
        "response": response,
        "opaque": OPAQUE,
    }


@pytest.mark.skipif("SHA-512-256" not in digest._HASHES, reason="OpenSSL without it")
def test_the_example_with_a_hashed_name(monkeypatch):
    got = answered(
        DigestAuth("J\u00e4s\u00f8n Doe", "Secret, or not?"),
        challenge(qop="auth", algorithm="SHA-512-256", charset="UTF-8", userhash="true"),
    )
    name = "J\u00e4s\u00f8n Doe".encode() + b":" + REALM.encode()
    assert got["username"] == hashlib.new("sha512_256", name).hexdigest()
    assert got["userhash"] == "true"


def test_without_qop_as_it_was():
    # RFC 2069 section 2.4, with the response of its errata.
    got = answered(
        DigestAuth("Mufasa", "CircleOfLife"),
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",'
        ' opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    )
    assert got["response"] == "1949323746fe6a43ef61f9606e7febea"
    assert "nc" not in got
    assert "algorithm" not in got


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def test_sessions():
    auth = DigestAuth("me", "pw")
    got = answered(auth, challenge(qop="auth", algorithm="MD5-sess"))
    nonces = (NONCE, got["cnonce"])
    secret = md5(md5("me", REALM, "pw"), *nonces)
    request = md5("GET", "/dir/index.html")
    assert got["response"] == md5(secret, NONCE, "00000001", got["cnonce"], "auth", request)
    again = fields(auth)
    assert again["cnonce"] == got["cnonce"]
    assert again["response"] == md5(secret, NONCE, "00000002", got["cnonce"], "auth", request)


def test_the_body_is_hashed():
    request = asked("POST", body=b"data")
    got = answered(DigestAuth("me", "pw"), challenge(qop="auth-int"), request)
    assert got["qop"] == "auth-int"
    hashed = md5("POST", "/dir/index.html", md5("data"))
    assert got["response"] == md5(
        md5("me", REALM, "pw"), NONCE, "00000001", got["cnonce"], "auth-int", hashed
    )


def test_a_body_that_is_not_known_is_not_hashed():
    auth = DigestAuth("me", "pw")
    unknown = asked("POST", body=None)
    assert not auth.answer(unknown, parse_challenges([challenge(qop="auth-int")]), 0)
    assert auth.answer(unknown, parse_challenges([challenge(qop='"auth-int,auth"')]), 0)


def test_names_in_quotes_and_beyond_ascii():
    assert answered(DigestAuth('a"b\\c', "x"), challenge(qop="auth"))["username"] == 'a"b\\c'
    assert answered(DigestAuth("\u00e9", "x"), challenge(qop="auth"))["username"] == "\u00e9"
    assert answered(DigestAuth("e\u0301", "x"), challenge(qop="auth"))["username"] == "\u00e9"
    got = answered(DigestAuth("\u00e9 x", "x"), challenge(qop="auth", charset="UTF-8"))
    assert got["username*"] == "UTF-8''%C3%A9%20x"
    assert "username" not in got
    got = answered(DigestAuth("\u20ac", "x"), challenge(qop="auth"))
    assert got["username"].encode("latin-1") == "\u20ac".encode()
    assert answered(DigestAuth(b"me", b"x"), challenge(qop="auth"))["username"] == "me"


@pytest.mark.parametrize(
    "refused",
    [
        "Basic realm=x",
        'Digest realm="x"',
        'Digest nonce="x"',
        'Digest realm="x", nonce=""',
        challenge(algorithm="MD4"),
        challenge(algorithm="MD5-sess"),
        challenge(qop="auth-conf"),
        "",
    ],
)
def test_what_can_not_be_answered(refused):
    auth = DigestAuth("me", "pw")
    assert not auth.answer(asked(), parse_challenges([refused]), 0)
    assert auth.authorization(asked()) is None


def test_the_first_one_that_can_be_answered():
    got = answered(
        DigestAuth("me", "pw"),
        ", ".join(challenge(qop="auth", algorithm=name) for name in ("MD4", "SHA-256", "MD5")),
    )
    assert got["algorithm"] == "SHA-256"


def test_counting_and_origins():
    auth = DigestAuth("me", "pw")
    assert auth.authorization(asked()) is None
    assert answered(auth, challenge(qop="auth"))["nc"] == "00000001"
    assert fields(auth)["nc"] == "00000002"
    assert fields(auth, asked(url="http://www.example.org/other?x=1"))["uri"] == "/other?x=1"
    assert auth.authorization(asked(url="https://www.example.org/")) is None
    assert auth.authorization(asked(url="http://example.org/")) is None


def test_who_is_refused_has_another_password_unless_the_nonce_was_stale():
    auth = DigestAuth("me", "pw")
    answered(auth, challenge(qop="auth"))
    stale = parse_challenges([challenge(qop="auth", nonce='"2"', stale="TRUE")])
    assert auth.answer(asked(), stale, 1)
    assert fields(auth)["nonce"] == "2"
    assert not auth.answer(asked(), stale, 3)
    answered(auth, challenge(qop="auth"))
    assert not auth.answer(asked(), parse_challenges([challenge(qop="auth")]), 1)
    # The next fetch begins anew.
    assert auth.authorization(asked()) is None


def test_the_server_names_the_next_nonce():
    auth = DigestAuth("me", "pw")
    auth.learn(asked(), HTTPHeaders({"Authentication-Info": 'nextnonce="2"'}))
    assert auth.authorization(asked()) is None
    answered(auth, challenge(qop="auth"))
    auth.learn(asked(), HTTPHeaders({"X": "y"}))
    auth.learn(asked(), HTTPHeaders({"Authentication-Info": f'nextnonce="{NONCE}"'}))
    assert fields(auth)["nc"] == "00000002"
    auth.learn(asked(), HTTPHeaders({"Authentication-Info": 'nextnonce="2"'}))
    got = fields(auth)
    assert (got["nonce"], got["nc"]) == ("2", "00000001")


def test_what_is_remembered_has_a_bound():
    auth = DigestAuth("me", "pw")
    for number in range(250):
        answered(auth, challenge(qop="auth"), asked(url=f"http://h{number}/"))
    assert len(auth._sessions) <= 100


def test_no_secrets_are_shown():
    auth = DigestAuth("me", "secret")
    answered(auth, challenge(qop="auth"))
    assert "secret" not in repr(auth)
    assert "secret" not in str(auth.authorization(asked()))
