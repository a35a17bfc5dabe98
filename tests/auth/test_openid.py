"""Sign-in by OpenID 2.0: what is asked, what an assertion must be, what it tells."""

from urllib.parse import parse_qs, urlencode

import pytest
from tests.auth.site import Answering, arguments, serve, signing_in, without_secrets
from tests.wire.server_under_test import Wire

from waterspout.auth import AuthError, AuthHTTPError, OpenIdMixin

EXCHANGE = "http://openid.net/srv/ax/1.0"
SCHEMA = "http://axschema.org/"


class Provider:
    """Sends every user back, signed in."""

    def __init__(self, wire: Wire) -> None:
        self.assertion: dict[str, str | None] = {}
        self.signed: set[str] | None = None
        self.return_to: str | None = None
        self.verdict: tuple[int, bytes] = (
            200,
            b"ns:http://specs.openid.net/auth/2.0\nis_valid:true\n",
        )
        self.asked: dict[str, str] = {}
        self.verified: dict[str, str] = {}
        url = serve(wire, [("/openid", Answering, {"answer": self.answer})])
        self.mixin = type("Mixin", (OpenIdMixin,), {"_OPENID_ENDPOINT": f"{url}/openid?a=b"})

    def answer(self, page):
        if page.request.method == "POST":
            form = parse_qs(page.request.body.decode(), keep_blank_values=True)
            self.verified = {name: value for name, [value] in form.items()}
            page.set_status(self.verdict[0])
            page.finish(self.verdict[1])
            return
        self.asked = arguments(page.request.full_url())
        right: dict[str, str | None] = {
            "ns": "http://specs.openid.net/auth/2.0",
            "mode": "id_res",
            "op_endpoint": "https://provider.example/openid",
            "claimed_id": "https://jane.example/",
            "identity": "https://jane.example/",
            "return_to": self.return_to or self.asked["openid.return_to"],
            "response_nonce": "2026-11-25T15:00:00Z1",
            "assoc_handle": "the-handle",
        }
        fields = {
            name: value for name, value in {**right, **self.assertion}.items() if value is not None
        }
        signed = set(fields) - {"mode", "ns"} if self.signed is None else self.signed
        fields["signed"] = ",".join(sorted(signed))
        query = urlencode({f"openid.{name}": value for name, value in fields.items()})
        back = self.asked["openid.return_to"]
        page.redirect(back + ("&" if "?" in back else "?") + query)


async def sign_in(handler):
    if handler.get_argument("openid.mode", None):
        return await handler.get_authenticated_user()
    return handler.authenticate_redirect()


def told(alias: str, **values: str) -> dict[str, str | None]:
    """Return fields that tell attributes."""
    fields: dict[str, str | None] = {f"ns.{alias}": EXCHANGE, f"{alias}.mode": "fetch_response"}
    for number, (name, value) in enumerate(values.items()):
        fields[f"{alias}.type.a{number}"] = SCHEMA + name.replace("_", "/")
        fields[f"{alias}.value.a{number}"] = value
    return fields


async def test_the_whole_way(wire: Wire):
    provider = Provider(wire)
    provider.assertion = told("ext1", contact_email="jane@example.com", pref_language="EN-us",
                              namePerson_first="Jane", namePerson_last="Doe",
                              namePerson_friendly="jd")  # fmt: skip
    async with signing_in(wire, provider.mixin, sign_in) as site:
        assert await site.user(path="/login?x=1") == {
            "claimed_id": "https://jane.example/",
            "email": "jane@example.com",
            "first_name": "Jane",
            "last_name": "Doe",
            "name": "Jane Doe",
            "locale": "en-us",
            "username": "jd",
        }
        select = "http://specs.openid.net/auth/2.0/identifier_select"
        assert provider.asked == {
            "a": "b",
            "openid.ns": "http://specs.openid.net/auth/2.0",
            "openid.mode": "checkid_setup",
            "openid.claimed_id": select,
            "openid.identity": select,
            "openid.return_to": f"{site.url}/login?x=1",
            "openid.realm": f"{site.url}/",
            "openid.ns.ax": EXCHANGE,
            "openid.ax.mode": "fetch_request",
            "openid.ax.type.firstname": SCHEMA + "namePerson/first",
            "openid.ax.type.fullname": SCHEMA + "namePerson",
            "openid.ax.type.lastname": SCHEMA + "namePerson/last",
            "openid.ax.type.email": SCHEMA + "contact/email",
            "openid.ax.type.language": SCHEMA + "pref/language",
            "openid.ax.type.username": SCHEMA + "namePerson/friendly",
            "openid.ax.required": "firstname,fullname,lastname,email,language,username",
        }
        assert provider.verified["openid.mode"] == "check_authentication"
        assert provider.verified["openid.claimed_id"] == "https://jane.example/"
        assert "x" not in provider.verified


@pytest.mark.parametrize(
    ("assertion", "user"),
    [
        ({}, {}),
        (told("ax", namePerson="J. Doe", namePerson_first="Jane"),
         {"name": "J. Doe", "first_name": "Jane"}),
        (told("ax", contact_email="jane@example.com"),
         {"name": "jane", "email": "jane@example.com"}),
        ({"ns.ax": EXCHANGE, "ax.type.e": SCHEMA + "contact/email", "ax.count.e": "1",
          "ax.value.e.1": "a@b"}, {"name": "a", "email": "a@b"}),
        ({**told("ax", contact_email="a@b"), "ns.ax": "other"}, {}),
        ({**told("ax", contact_email="a@b"), "ax.value.a0": None}, {}),
    ],
)  # fmt: skip
async def test_attributes(wire: Wire, assertion, user):
    provider = Provider(wire)
    provider.assertion = assertion
    async with signing_in(wire, provider.mixin, sign_in) as site:
        assert await site.user() == {"claimed_id": "https://jane.example/", **user}


@pytest.mark.parametrize("unsigned", ["ns.ax", "ax.type.a0", "ax.value.a0"])
async def test_attributes_that_are_not_signed_do_not_count(wire: Wire, unsigned):
    provider = Provider(wire)
    provider.assertion = told("ax", contact_email="forged@example.com")
    provider.signed = {
        *("op_endpoint", "claimed_id", "identity", "return_to", "response_nonce", "assoc_handle"),
        *({"ns.ax", "ax.type.a0", "ax.value.a0"} - {unsigned}),
    }
    async with signing_in(wire, provider.mixin, sign_in) as site:
        assert await site.user() == {"claimed_id": "https://jane.example/"}


async def test_what_is_asked_for(wire: Wire):
    async def ask(handler):
        if handler.get_argument("openid.mode", None):
            return await handler.get_authenticated_user()
        return handler.authenticate_redirect("/login?back=1", ax_attrs=[])

    provider = Provider(wire)
    async with signing_in(wire, provider.mixin, ask) as site:
        await site.user()
        assert provider.asked["openid.return_to"] == f"{site.url}/login?back=1"
        assert not any(".ax" in name for name in provider.asked)


SIGNED = {"op_endpoint", "claimed_id", "identity", "return_to", "response_nonce", "assoc_handle"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"assertion": {"mode": "cancel"}}, "has not been signed in"),
        ({"assertion": {"mode": "setup_needed"}}, "no positive assertion"),
        *(({"signed": SIGNED - {name}}, f"has not signed {name}") for name in sorted(SIGNED)),
        ({"signed": SIGNED, "assertion": {"response_nonce": None}}, "not signed response_nonce"),
        ({"return_to": "https://evil.example/login"}, "its return_to is not this one"),
        ({"return_to": "/login"}, "its return_to is not this one"),
        ({"verdict": (200, b"is_valid:false\n")}, "is not its own"),
        ({"verdict": (200, b"error:no is_valid:true\n")}, "is not its own"),
        ({"verdict": (200, b"")}, "is not its own"),
        ({"verdict": (200, b"x" * 1_100_000)}, "answered with more than 1048576 bytes"),
        ({"verdict": (500, b"is_valid:true\n")}, "the answer of http://127.0.0.1"),
    ],
)
async def test_what_is_refused(wire: Wire, changes, message):
    provider = Provider(wire)
    for name, value in changes.items():
        setattr(provider, name, value)
    async with signing_in(wire, provider.mixin, sign_in) as site:
        error = await site.error()
        assert isinstance(error, AuthError)
        assert isinstance(error, AuthHTTPError) == (provider.verdict[0] == 500)
        assert message in str(error)
        without_secrets(error, "the-handle", "2026-11-25T15:00:00Z1")


async def test_an_assertion_for_other_arguments(wire: Wire):
    provider = Provider(wire)
    async with signing_in(wire, provider.mixin, sign_in) as site:
        back = await site.browser.go(f"{site.url}/login?user=1", 1)
        url = back.headers["Location"].replace("user=1", "user=2", 1)
        error = site.told(await site.browser.visit(url))
        assert "its return_to is not this one" in str(error)
