"""Authentication, each case in three styles."""

import hashlib
import re

import pytest
from tests.httpclient.scripted_server import OK, always, answering, response, serve

from waterspout.httpclient import Auth, BasicAuth, BearerAuth, DigestAuth, NetrcAuth
from waterspout.httpclient.auth.credentials import Asked
from waterspout.httpclient.target import parse_url

BASIC = "Basic bWU6cHc="  # me:pw
REFUSED = "401 Unauthorized"


def challenge(nonce="1", **others):
    fields = "".join(f', {name}="{value}"' for name, value in others.items())
    return response(
        b"who?", REFUSED, WWW_Authenticate=f'Digest realm="r", qop="auth", nonce="{nonce}"{fields}'
    )


def sent(request):
    return request.headers.get("authorization", "")


def parameter(request, name):
    found = re.search(rf'{name}="?([^",]*)', sent(request))
    return found and found[1]


@pytest.mark.parametrize(
    ("auth", "field"),
    [
        (("me", "pw"), BASIC),
        (BasicAuth("me", "pw"), BASIC),
        (BasicAuth("\u00e9", b"\xff"), "Basic w6k6/w=="),
        (BearerAuth("abc.def-_~+/="), "Bearer abc.def-_~+/="),
    ],
)
def test_what_is_sent_at_once(make_client, auth, field):
    with serve(always()) as server:
        client = make_client(defaults={"auth": auth})
        client.fetch(server.url)
        make_client().fetch(server.url, auth=auth)
        assert [sent(request) for request in server.requests] == [field, field]
        # In the URL it is nearer to the request.
        client.fetch(server.url.replace("//", "//you:x@"))
        assert sent(server.last) == "Basic eW91Ong="
        client.fetch(server.url, auth_username="you", auth_password="x")
        assert sent(server.last) == "Basic eW91Ong="


@pytest.mark.parametrize(
    ("auth", "error", "match"),
    [
        ("me:pw", TypeError, "auth must be a pair of user name and password, or an Auth, not str"),
        (("me",), TypeError, "auth must be a pair"),
        (("me", 1), TypeError, "auth must be a pair"),
        (("a:b", "pw"), ValueError, "must not hold a colon"),
    ],
)
def test_wrong_credentials(client, auth, error, match):
    with pytest.raises(error, match=match) as caught:
        client.fetch("http://127.0.0.1:1/", auth=auth)
    assert "pw" not in str(caught.value)


def test_two_ways_at_once(client):
    with pytest.raises(ValueError, match="auth and auth_username are two ways"):
        client.fetch("http://127.0.0.1:1/", auth=("a", "b"), auth_username="c")


def test_wrong_tokens():
    with pytest.raises(ValueError, match="visible ASCII") as caught:
        BearerAuth("secret\r\n")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "auth", [("me", "pw"), BasicAuth("me", "pw"), BearerAuth("t"), DigestAuth("me", "pw")]
)
def test_nobody_else_is_told(client, auth):
    def moved(url):
        return response(b"", "302 Moved", Location=url)

    with (
        serve(always(challenge())) as other,
        serve(answering(moved("/here"), moved(other.url))) as server,
    ):
        client.fetch(server.url, auth=auth, raise_error=False)
        assert not any("authorization" in request.headers for request in other.requests)
        assert len(other.requests) == 1
        if not isinstance(auth, DigestAuth):
            assert all(sent(request) for request in server.requests)


def test_who_comes_back_comes_without(client):
    with serve(always()) as server, serve(always()) as other:
        other.scripts = (answering(response(b"", "302 Moved", Location=server.url + "back")),)
        server.scripts = (answering(response(b"", "302 Moved", Location=other.url), OK),)
        client.fetch(server.url, auth=BearerAuth("t"))
        assert [sent(request) for request in server.requests] == ["Bearer t", ""]


@pytest.mark.parametrize(
    "arguments",
    [
        {"auth": DigestAuth("me", "pw")},
        {"auth_username": "me", "auth_password": "pw", "auth_mode": "digest"},
    ],
)
def test_digest(client, arguments):
    done = response(b"in", Authentication_Info="rspauth=x")
    with serve(answering(challenge(), done, done)) as server:
        seen: list[str] = []
        answer = client.fetch(server.url + "a?b=c", header_callback=seen.append, **arguments)
        again = client.fetch(server.url, method="POST", body=b"x", **arguments)
    assert answer.body == again.body == b"in"
    assert [one.code for one in answer.history] == [401]
    assert again.history == []
    assert seen[0] == "HTTP/1.1 200 OK\r\n"
    assert server.connections == 1
    first, second, third = server.requests
    assert sent(first) == ""
    assert parameter(second, "nc") == "00000001"
    assert parameter(third, "nc") == "00000002"
    secret = hashlib.md5(b"me:r:pw").hexdigest()
    hashed = hashlib.md5(b"GET:/a?b=c").hexdigest()
    expected = f"{secret}:1:00000001:{parameter(second, 'cnonce')}:auth:{hashed}"
    assert parameter(second, "response") == hashlib.md5(expected.encode()).hexdigest()
    assert third.body == b"x"


def test_digest_with_credentials_of_the_url(client):
    with serve(answering(challenge(), OK)) as server:
        url = server.url.replace("//", "//me:pw@")
        assert client.fetch(url, auth_mode="digest").body == b"ok"
        assert sent(server.requests[0]) == ""
        assert parameter(server.last, "username") == "me"


def test_a_wrong_password_is_told_once(client):
    with serve(always(challenge())) as server:
        answer = client.fetch(server.url, auth=DigestAuth("me", "no"), raise_error=False)
        assert answer.code == 401
        assert answer.body == b"who?"
        assert len(server.requests) == 2


def test_a_nonce_that_is_old(client):
    auth = DigestAuth("me", "pw")
    with serve(answering(challenge("1"), OK, challenge("2"), OK, challenge("3"), OK)) as server:
        for _ in range(3):
            assert client.fetch(server.url, auth=auth).body == b"ok"
        assert [parameter(request, "nonce") for request in server.requests] == (
            [None, "1", "1", "2", "2", "3"]
        )


def test_a_server_that_is_never_satisfied(client):
    with serve(always(challenge(stale="true"))) as server:
        assert client.fetch(server.url, auth=DigestAuth("a", "b"), raise_error=False).code == 401
        assert len(server.requests) == 4


def test_a_body_goes_out_again(client):
    def produce(write):
        return write(b"data")

    with serve(answering(challenge(), OK)) as server:
        client.fetch(server.url, method="PUT", body_producer=produce, auth=DigestAuth("me", "pw"))
        assert [request.body for request in server.requests] == [b"data", b"data"]


@pytest.fixture
def netrc_file(tmp_path):
    path = tmp_path / "netrc"
    path.write_text("machine 127.0.0.1\n login me\n password pw\n")
    path.chmod(0o600)
    return path


def test_netrc(client, netrc_file, monkeypatch):
    with serve(always()) as server:
        monkeypatch.setenv("NETRC", str(netrc_file))
        client.fetch(server.url)
        client.fetch(server.url, auth=NetrcAuth())
        monkeypatch.delenv("NETRC")
        client.fetch(server.url, auth=NetrcAuth(netrc_file))
        client.fetch(server.url.replace("127.0.0.1", "localhost"), auth=NetrcAuth(netrc_file))
        assert [sent(request) for request in server.requests] == ["", BASIC, BASIC, ""]


def test_hosts_in_netrc_are_compared_without_case(netrc_file):
    netrc_file.write_text(
        "machine Example.ORG login me password pw\ndefault login you password x\n"
    )
    auth = NetrcAuth(netrc_file)
    asked = Asked("GET", parse_url("http://EXAMPLE.org/"), b"")
    assert auth.authorization(asked) == BASIC
    assert auth.authorization(asked._replace(target=parse_url("http://a/"))) == "Basic eW91Ong="


def test_netrc_at_home(tmp_path, netrc_file, monkeypatch):
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"\.netrc"):
        NetrcAuth()
    netrc_file.rename(tmp_path / ".netrc")
    assert repr(NetrcAuth()) == f"<NetrcAuth {tmp_path / '.netrc'}>"
    (tmp_path / ".netrc").chmod(0o644)
    with pytest.raises(ValueError, match="permissi"):
        NetrcAuth()


def test_a_broken_netrc(tmp_path):
    path = tmp_path / "netrc"
    path.write_text("machine a\nlogin me\npassword secret words\n")
    with pytest.raises(ValueError, match=r"netrc, line [34]: not understood") as caught:
        NetrcAuth(path)
    assert "words" not in str(caught.value)


def test_one_of_the_programs_own(client):
    class TokenAuth(Auth):
        token = ""

        def authorization(self, asked):
            return f"Token {self.token}" if self.token else None

        def answer(self, asked, challenges, answered):
            self.token = challenges[0].parameters["hint"]
            return not answered

    refusal = response(b"", REFUSED, WWW_Authenticate="Token hint=x")
    with serve(answering(refusal, OK)) as server:
        assert client.fetch(server.url, auth=TokenAuth()).body == b"ok"
        assert sent(server.last) == "Token x"
    asked = Asked("GET", parse_url("http://example.org/"), b"")
    assert Auth().authorization(asked) is None
    assert not Auth().answer(asked, [], 0)


def test_no_secrets_are_shown():
    assert repr(BasicAuth("me", "pw")) == "<BasicAuth 'me'>"
    assert repr(BearerAuth("t0ken")) == "<BearerAuth>"
