"""OpenID 2.0 with attribute exchange, for the providers that still have it.

Only with one provider that the program knows: nothing is discovered, and the provider itself is
asked whether an assertion is its own (section 11.4.2 of OpenID Authentication 2.0).
"""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from waterspout.auth.errors import AuthError
from waterspout.auth.handler import handler_of
from waterspout.auth.provider import FORM, ask
from waterspout.httpclient import AsyncHTTPClient, HTTPRequest
from waterspout.httputil import url_concat
from waterspout.web import RequestHandler

__all__ = ["OpenIdMixin"]

_SELECT = "http://specs.openid.net/auth/2.0/identifier_select"
_EXCHANGE = "http://openid.net/srv/ax/1.0"

# What attributes are called: by the program, in the request, and in the exchange.
_ATTRIBUTES = {
    "name": {
        "firstname": "http://axschema.org/namePerson/first",
        "fullname": "http://axschema.org/namePerson",
        "lastname": "http://axschema.org/namePerson/last",
    },
    "username": {"username": "http://axschema.org/namePerson/friendly"},
    "email": {"email": "http://axschema.org/contact/email"},
    "language": {"language": "http://axschema.org/pref/language"},
}
# Section 10.1: what a positive assertion must have signed.
_MUST_BE_SIGNED = ("op_endpoint", "return_to", "response_nonce", "assoc_handle")


class OpenIdMixin:
    """Sign-in by OpenID 2.0: a base of handlers, beside `RequestHandler`.

    A subclass has ``_OPENID_ENDPOINT``, the URL of the provider.
    """

    _OPENID_ENDPOINT: str

    def authenticate_redirect(
        self,
        callback_uri: str | None = None,
        ax_attrs: list[str] = ["name", "email", "language", "username"],  # noqa: B006
    ) -> None:
        """Send the user to the provider, who sends the user back to ``callback_uri``.

        That is absolute or relative to this request, and this request itself if it is not given.
        ``ax_attrs`` are what to ask about the user.
        """
        handler = handler_of(self)
        arguments = self._openid_args(callback_uri or handler.request.uri, ax_attrs)
        handler.redirect(url_concat(self._OPENID_ENDPOINT, arguments))

    async def get_authenticated_user(
        self, http_client: AsyncHTTPClient | None = None
    ) -> dict[str, Any]:
        """Return the user who has come back: ``claimed_id``, and what the provider tells of it.

        The latter are some of ``name first_name last_name username email locale``. What is not
        signed does not count. Raises `AuthError`.
        """
        fields = _fields(handler_of(self))
        _check(fields, handler_of(self).request.full_url())
        form = {f"openid.{name}": value for name, value in fields.items()}
        form["openid.mode"] = "check_authentication"
        request = HTTPRequest(
            self._OPENID_ENDPOINT,
            method="POST",
            headers=FORM,
            body=urlencode(form),
            follow_redirects=False,
        )
        response = await ask(http_client or self.get_auth_http_client(), request)
        if b"is_valid:true" not in response.body.split(b"\n"):
            raise AuthError("the OpenID provider says that this assertion is not its own")
        return _user(fields)

    def get_auth_http_client(self) -> AsyncHTTPClient:
        """Return the client that asks the provider. May be overridden."""
        return AsyncHTTPClient()

    def _openid_args(self, callback_uri: str, ax_attrs: list[str] | None = None) -> dict[str, str]:
        """Return the arguments of the request that the user takes to the provider."""
        here = handler_of(self).request.full_url()
        arguments = {
            "openid.ns": "http://specs.openid.net/auth/2.0",
            "openid.claimed_id": _SELECT,
            "openid.identity": _SELECT,
            "openid.return_to": urljoin(here, callback_uri),
            "openid.realm": urljoin(here, "/"),
            "openid.mode": "checkid_setup",
        }
        wanted: dict[str, str] = {}
        for attribute in ax_attrs or ():
            wanted.update(_ATTRIBUTES.get(attribute, {}))
        if wanted:
            arguments["openid.ns.ax"] = _EXCHANGE
            arguments["openid.ax.mode"] = "fetch_request"
            arguments.update({f"openid.ax.type.{name}": uri for name, uri in wanted.items()})
            arguments["openid.ax.required"] = ",".join(wanted)
        return arguments


def _fields(handler: RequestHandler) -> dict[str, str]:
    """Return the fields of the assertion, without ``openid.``."""
    return {
        name.removeprefix("openid."): values[-1].decode("utf-8", "replace")
        for name, values in handler.request.arguments.items()
        if name.startswith("openid.")
    }


def _check(fields: dict[str, str], url: str) -> None:
    """Raise `AuthError` unless ``fields`` assert something to this very URL."""
    if fields.get("mode") == "cancel":
        raise AuthError("the user has not been signed in at the OpenID provider")
    if fields.get("mode") != "id_res":
        raise AuthError("this is no positive assertion of an OpenID provider")
    signed = fields.get("signed", "").split(",")
    for name in (
        *_MUST_BE_SIGNED,
        *(name for name in ("claimed_id", "identity") if name in fields),
    ):
        if name not in signed or name not in fields:
            raise AuthError(f"the OpenID provider has not signed {name}")
    # Section 11.1: it is for us, and not for another site that has passed it on.
    meant, here = urlsplit(fields["return_to"]), urlsplit(url)
    if meant[:3] != here[:3] or not set(parse_qsl(meant.query)) <= set(parse_qsl(here.query)):
        raise AuthError("the OpenID assertion is for another URL: its return_to is not this one")


def _user(fields: dict[str, str]) -> dict[str, Any]:
    told = _attributes(fields)
    names = _ATTRIBUTES["name"]
    user: dict[str, Any] = {}
    first, last = told.get(names["firstname"], ""), told.get(names["lastname"], "")
    email = told.get(_ATTRIBUTES["email"]["email"], "")
    # The whole name as it is told, or put together, or what there is of it.
    joined = " ".join(name for name in (first, last) if name)
    found = {
        "first_name": first,
        "last_name": last,
        "name": told.get(names["fullname"], "") or joined or email.partition("@")[0],
        "email": email,
        "locale": told.get(_ATTRIBUTES["language"]["language"], "").lower(),
        "username": told.get(_ATTRIBUTES["username"]["username"], ""),
        "claimed_id": fields.get("claimed_id", ""),
    }
    user.update({name: value for name, value in found.items() if value})
    return user


def _attributes(fields: dict[str, str]) -> dict[str, str]:
    """Return the attributes that are told and signed, by their URIs."""
    signed = frozenset(fields.get("signed", "").split(","))
    aliases = [
        name.removeprefix("ns.")
        for name, value in fields.items()
        if name.startswith("ns.") and value == _EXCHANGE and name in signed
    ]
    told: dict[str, str] = {}
    for alias in aliases[:1]:
        prefix = f"{alias}.type."
        for name, uri in fields.items():
            if not name.startswith(prefix) or name not in signed:
                continue
            short = name.removeprefix(prefix)
            for value in (f"{alias}.value.{short}", f"{alias}.value.{short}.1"):
                if value in fields and value in signed:
                    told[uri] = fields[value]
    return told
