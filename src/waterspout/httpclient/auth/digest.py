"""`DigestAuth`: user name and password that are never sent, but a hash of them (RFC 7616).

Theory of operation. A server hands out a nonce with its refusal. From then on each request to that
origin carries a hash over the password, the nonce, and how many requests have used that, so only
the first one is refused. What belongs to a nonce is a session; a new one takes its place when the
server says that it is stale, refuses it, or names the next one.

Sessions never change, and a count is one step of the interpreter: there is no lock.
"""

import hashlib
import itertools
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from waterspout.httpclient.auth.challenges import Challenge, parse_parameters
from waterspout.httpclient.auth.credentials import Asked, Auth
from waterspout.protocol.headers import HTTPHeaders

__all__ = ["DigestAuth"]

# Section 6.1. The last one is not in every OpenSSL.
_HASHES: dict[str, Callable[[bytes], Any]] = {
    "MD5": partial(hashlib.md5, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
}
if "sha512_256" in hashlib.algorithms_available:
    _HASHES["SHA-512-256"] = partial(hashlib.new, "sha512_256")

# Origins whose sessions are remembered.
_MAX_SESSIONS = 100

# How often a fetch answers that its nonce was stale.
_MAX_ANSWERED = 3


class DigestAuth(Auth):
    """Digest authentication: MD5, SHA-256 and SHA-512-256, with ``-sess``, ``auth`` and
    ``auth-int``.

    Keep it for the fetches that follow: they are not refused first. The first challenge that can be
    answered is, as the server prefers it. ``auth-int``, with which the body is hashed too, is used
    where the server does not want ``auth``.
    """

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        self.username = username
        self._password = password
        self._sessions: dict[tuple[str, str, int], _Session] = {}

    def authorization(self, asked: Asked) -> str | None:
        """Return the field, if there is a nonce."""
        session = self._sessions.get(asked.target.origin)
        return None if session is None else session.authorization(asked)

    def answer(self, asked: Asked, challenges: Sequence[Challenge], answered: int) -> bool:
        """Begin a session by the first challenge that can be answered; tell whether there is one.

        Who was refused with a nonce that is not stale has another password.
        """
        origin = asked.target.origin
        for challenge in challenges:
            if challenge.scheme != "digest":
                continue
            is_stale = challenge.parameters.get("stale", "").lower() == "true"
            if answered and (not is_stale or answered >= _MAX_ANSWERED):
                break
            session = self._begin(challenge.parameters, asked.body is not None)
            if session is not None:
                if len(self._sessions) >= _MAX_SESSIONS:
                    self._sessions.clear()
                self._sessions[origin] = session
                return True
        self._sessions.pop(origin, None)
        return False

    def learn(self, asked: Asked, headers: HTTPHeaders) -> None:
        """Take the next nonce, if the server names one (section 3.5)."""
        field = headers.get("Authentication-Info")
        session = self._sessions.get(asked.target.origin)
        if field is None or session is None:
            return
        nonce = parse_parameters(field).get("nextnonce")
        if nonce and nonce != session.parameters["nonce"]:
            following = self._begin({**session.parameters, "nonce": nonce}, session.has_body)
            if following is not None:
                self._sessions[asked.target.origin] = following

    def _begin(self, parameters: dict[str, str], has_body: bool) -> "_Session | None":
        """Return a session, or None where the challenge can't be answered."""
        algorithm = parameters.get("algorithm", "MD5").upper()
        hash_name = algorithm.removesuffix("-SESS")
        if hash_name not in _HASHES or not parameters.get("nonce") or "realm" not in parameters:
            return None
        qop = ""
        if "qop" in parameters:
            offered = [name.strip().lower() for name in parameters["qop"].split(",")]
            if "auth" in offered:
                qop = "auth"
            elif "auth-int" in offered and has_body:
                qop = "auth-int"
            else:
                return None
        elif algorithm.endswith("-SESS"):
            return None  # There is no client's nonce to hash then.
        return _Session(
            self.username,
            self._password,
            parameters,
            _HASHES[hash_name],
            algorithm.endswith("-SESS"),
            qop,
            has_body,
        )

    def __repr__(self) -> str:
        return f"<DigestAuth {self.username!r}>"


class _Session:
    """What requests with one nonce have in common."""

    def __init__(
        self,
        username: str | bytes,
        password: str | bytes,
        parameters: dict[str, str],
        hash_of: Callable[[bytes], Any],
        is_sess: bool,
        qop: str,
        has_body: bool,
    ) -> None:
        self.parameters = parameters
        self.has_body = has_body
        self._hash_of = hash_of
        self._qop = qop
        self._count = itertools.count(1)
        self._nonce = _bytes(parameters["nonce"])
        self._client_nonce = secrets.token_hex(16)
        # Section 4: without a charset it is up to the client; the old one is Latin-1.
        is_utf8 = parameters.get("charset", "").upper() == "UTF-8"
        name = _encoded(username, is_utf8)
        realm = _bytes(parameters["realm"])
        secret = self._hash(name, realm, _encoded(password, is_utf8))
        if is_sess:
            # Section 3.4.2: once for all requests of the session.
            secret = self._hash(secret, self._nonce, self._client_nonce.encode("ascii"))
        self._secret = secret
        self._user = self._user_parameter(name, realm, is_utf8)

    def authorization(self, asked: Asked) -> str:
        """Return the field for one more request (section 3.4)."""
        parameters = self.parameters
        target = asked.target.path
        request = [asked.method.encode("ascii"), target.encode("ascii")]
        if self._qop == "auth-int":
            request.append(self._hash(asked.body or b""))
        request_hash = self._hash(*request)
        fields = [
            self._user,
            f"realm={_quoted(parameters['realm'])}",
            f"nonce={_quoted(parameters['nonce'])}",
            f"uri={_quoted(target)}",
        ]
        if "algorithm" in parameters:
            fields.append(f"algorithm={parameters['algorithm']}")
        if self._qop:
            count = f"{next(self._count):08x}"
            nonces = [self._nonce, *map(str.encode, (count, self._client_nonce, self._qop))]
            response = self._hash(self._secret, *nonces, request_hash)
            fields += [f"qop={self._qop}", f"nc={count}", f'cnonce="{self._client_nonce}"']
        else:
            # As it was in RFC 2069; there are servers that know nothing else.
            response = self._hash(self._secret, self._nonce, request_hash)
        fields.append(f'response="{response.decode("ascii")}"')
        if "opaque" in parameters:
            fields.append(f"opaque={_quoted(parameters['opaque'])}")
        return f"Digest {', '.join(fields)}"

    def _user_parameter(self, name: bytes, realm: bytes, is_utf8: bool) -> str:
        if self.parameters.get("userhash", "").lower() == "true":
            # Section 3.4.4.
            hashed = self._hash(name, realm).decode("ascii")
            return f'username="{hashed}", userhash=true'
        if is_utf8 and not name.isascii():
            return f"username*=UTF-8''{quote(name, safe='')}"
        return f"username={_quoted(name.decode('latin-1'))}"

    def _hash(self, *parts: bytes) -> bytes:
        digest: str = self._hash_of(b":".join(parts)).hexdigest()
        return digest.encode("ascii")


def _encoded(text: str | bytes, is_utf8: bool) -> bytes:
    if isinstance(text, bytes):
        return text
    text = unicodedata.normalize("NFC", text)
    if is_utf8:
        return text.encode("utf-8")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def _bytes(value: str) -> bytes:
    """Return what a field's value was on the wire."""
    return value.encode("latin-1")


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
