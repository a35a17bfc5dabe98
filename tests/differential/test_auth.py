"""Sign-in beside Tornado's: signatures of OAuth 1, and where users are sent to."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout import auth
from waterspout.auth.signature import signature

theirs = pytest.importorskip("tornado.auth", reason="Tornado is not installed")

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = st.text(st.sampled_from("abXY09-._~"), max_size=6)
URLS = ["https://example.com/", "HTTP://Example.com/a/b", "http://127.0.0.1:8080/request"]


@given(
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(URLS),
    st.dictionaries(NAMES, TEXTS, max_size=5),
    TEXTS,
    st.none() | TEXTS,
)
def test_signatures(method, url, parameters, secret, token_secret):
    token = None if token_secret is None else {"key": "token", "secret": token_secret}
    expected = theirs._oauth10a_signature(
        {"key": "k", "secret": secret}, method, url, parameters, token
    )
    ours = signature(method, url, parameters.items(), secret, token_secret or "")
    assert ours.encode() == expected


def test_names_that_need_an_escape_differ():
    # RFC 5849 section 3.4.1.3.2 has them escaped, and so has its example, with ``c@``.
    arguments = ("GET", "https://example.com/", {"c@": ""})
    expected = theirs._oauth10a_signature({"key": "k", "secret": "s"}, *arguments, None)
    assert signature("GET", "https://example.com/", [("c@", "")], "s").encode() != expected


class Sent:
    """Enough of a handler to be sent away."""

    request = SimpleNamespace(
        full_url=lambda: "https://example.com/login?x=1", uri="/login?x=1", protocol="https"
    )

    def redirect(self, url: str) -> None:
        self.location = url


def location(base: type, method: str, attributes: dict[str, str], *args: Any, **kwargs: Any) -> Any:
    """Return where a method of a mixin sends to, and with which arguments."""
    kind: Any = type("Mixed", (base, Sent), attributes)
    sent = object.__new__(kind)  # theirs warn that they are deprecated
    getattr(sent, method)(*args, **kwargs)
    parts = urlsplit(sent.location)
    return parts[:3], sorted(parse_qsl(parts.query))


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"redirect_uri": "https://example.com/back", "client_id": "c", "client_secret": "s"},
        {"extra_params": {"state": "a b"}, "scope": ["email", "profile"]},
        {"response_type": "token", "scope": []},
    ],
)
@pytest.mark.filterwarnings("ignore:client_secret argument:DeprecationWarning")
@pytest.mark.parametrize("name", ["OAuth2Mixin", "GoogleOAuth2Mixin", "FacebookGraphMixin"])
def test_oauth2_redirects(name, kwargs):
    own = {"_OAUTH_AUTHORIZE_URL": "https://p.example/a?b=c"} if name == "OAuth2Mixin" else {}
    ours, other = getattr(auth, name), getattr(theirs, name)
    method = "authorize_redirect"
    assert location(ours, method, own, **kwargs) == location(other, method, own, **kwargs)


@pytest.mark.parametrize("args", [(), ("/back",), ("/back", ["name", "email"]), ("/back", [])])
def test_openid_redirects(args):
    own = {"_OPENID_ENDPOINT": "https://p.example/openid"}
    (where, ours), (there, other) = (
        location(module.OpenIdMixin, "authenticate_redirect", own, *args)
        for module in (auth, theirs)
    )
    assert where == there
    for pairs in (ours, other):
        for number, (name, value) in enumerate(pairs):
            if name == "openid.ax.required":  # in any order
                pairs[number] = (name, sorted(value.split(",")))
    assert ours == other


def test_names():
    for name in ("AuthError", "OAuthMixin", "TwitterMixin", "OpenIdMixin"):
        public = {attribute for attribute in vars(getattr(theirs, name)) if attribute[0] != "_"}
        assert public <= set(dir(getattr(auth, name)))
    for name in ("TwitterMixin", "GoogleOAuth2Mixin", "FacebookGraphMixin"):
        for attribute, value in vars(getattr(theirs, name)).items():
            if attribute.isupper() and isinstance(value, str | bool):
                found = getattr(getattr(auth, name), attribute)
                assert found == (value.rstrip("?") if isinstance(value, str) else value)
