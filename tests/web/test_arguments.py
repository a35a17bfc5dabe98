"""Arguments of a request as text."""

import pytest
from tests.wire.server_under_test import Wire

from waterspout.web import HTTPError, MissingArgumentError, RequestHandler

FORM = "Content-Type: application/x-www-form-urlencoded"


class Args(RequestHandler):
    """Writes the argument ``a`` as every method finds it."""

    def get(self):
        self.write(
            {
                "get_argument": self.get_argument("a", None),
                "get_arguments": self.get_arguments("a"),
                "get_query_argument": self.get_query_argument("a", None),
                "get_query_arguments": self.get_query_arguments("a"),
                "get_body_argument": self.get_body_argument("a", None),
                "get_body_arguments": self.get_body_arguments("a"),
            }
        )

    post = get


class Required(RequestHandler):
    """Asks for the argument ``a`` in the way that the path tells."""

    def get(self, name):
        self.write(getattr(self, name)("a"))

    post = get


class Unstripped(RequestHandler):
    def get(self):
        self.write({"one": self.get_argument("a", strip=False)})
        assert self.get_arguments("a", strip=False) == [self.get_argument("a", strip=False)]
        assert self.get_query_argument("a", strip=False) == self.get_argument("a", strip=False)


RULES = [("/", Args), ("/raw", Unstripped), ("/required/(.*)", Required)]


async def found(wire: Wire, query: str, body: bytes = b"") -> dict[str, object]:
    import json

    client = await wire.client(RULES)
    answer = await client.ask(FORM, method="POST", path=f"/{query}", body=body)
    assert answer.status == 200
    return json.loads(answer.body)  # type: ignore[no-any-return]


async def test_query_and_body(wire: Wire):
    assert await found(wire, "?a=1&b=x&a=2", b"a=3&a=4&c=y") == {
        "get_argument": "4",
        "get_arguments": ["1", "2", "3", "4"],
        "get_query_argument": "2",
        "get_query_arguments": ["1", "2"],
        "get_body_argument": "4",
        "get_body_arguments": ["3", "4"],
    }


async def test_only_one_of_them(wire: Wire):
    only_query = await found(wire, "?a=1")
    assert only_query["get_argument"] == "1"
    assert only_query["get_body_argument"] is None
    assert only_query["get_body_arguments"] == []
    only_body = await found(wire, "", b"a=1")
    assert only_body["get_argument"] == "1"
    assert only_body["get_query_argument"] is None
    assert only_body["get_query_arguments"] == []


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("a=", ""),
        ("a", ""),
        ("a=%20+b+%09%0A", "b"),
        ("a=x%00y%08z%0Ez%1F", "x y z z"),
        ("a=x%09%0A%0B%0C%0Dy", "x\t\n\x0b\x0c\ry"),
        ("a=%C3%A9", "é"),
        ("a=%F0%9F%98%80", "\U0001f600"),
        ("a=b=c", "b=c"),
        ("a=1&a=", ""),
        ("%61=1", "1"),
        ("a=%", "%"),
        ("a=<script>", "<script>"),
    ],
)
async def test_values_are_decoded_and_stripped(wire: Wire, query, value):
    assert (await found(wire, f"?{query}"))["get_argument"] == value


async def test_strip_false(wire: Wire):
    client = await wire.client(RULES)
    assert (await client.ask(path="/raw?a=%20b%00+")).body == b'{"one": " b  "}'


@pytest.mark.parametrize("name", ["get_argument", "get_query_argument", "get_body_argument"])
async def test_a_missing_argument_is_a_400(wire: Wire, name, caplog):
    client = await wire.client(RULES)
    answer = await client.ask(path=f"/required/{name}?b=1")
    assert answer.status == 400
    assert "400 GET /required/" in caplog.text
    assert "Missing argument a" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("value", ["%FF", "%C3%28", "%ED%A0%80"])
async def test_what_is_no_utf_8_is_a_400(wire: Wire, value, caplog):
    client = await wire.client(RULES)
    answer = await client.ask(path=f"/?a={value}")
    assert answer.status == 400
    assert "Invalid unicode in a" in caplog.text
    assert "Traceback" not in caplog.text
    assert (await client.ask(path=f"/?b={value}")).status == 200


@pytest.mark.parametrize("where", ["query", "body"])
async def test_too_many_arguments_are_a_400(wire: Wire, where, caplog):
    client = await wire.client(RULES)
    many = "&".join(["a"] * 1001)
    if where == "query":
        answer = await client.ask(path=f"/?{many}")
    else:
        answer = await client.ask(FORM, method="POST", body=many.encode())
    assert answer.status == 400
    assert "Traceback" not in caplog.text
    assert len([line for line in caplog.text.splitlines() if "WARNING" in line]) == 1
    assert (await client.ask(path="/")).status == 200


async def test_too_many_arguments_that_nobody_asks_for_harm_nobody(wire: Wire):
    class Ignores(RequestHandler):
        def get(self):
            self.write("fine")

    client = await wire.client([("/", Ignores)])
    assert (await client.ask(path="/?" + "a&" * 2000)).body == b"fine"


async def test_a_form_that_is_encoded_is_a_400(wire: Wire):
    client = await wire.client(RULES)
    answer = await client.ask(FORM, "Content-Encoding: gzip", method="POST", body=b"a=1")
    assert answer.status == 400


async def test_a_body_that_is_no_form_has_no_arguments(wire: Wire):
    import json

    client = await wire.client(RULES)
    for kind in ("application/json", "text/plain", ""):
        answer = await client.ask(f"Content-Type: {kind}", method="POST", body=b"a=1")
        assert json.loads(answer.body)["get_body_arguments"] == []


async def test_arguments_may_be_decoded_otherwise(wire: Wire):
    class Latin(RequestHandler):
        def decode_argument(self, value, name=None):
            assert name == "a"
            return value.decode("latin-1")

        def get(self):
            self.write(self.get_argument("a"))

    client = await wire.client([("/", Latin)])
    assert (await client.ask(path="/?a=%E9")).body == "é".encode()


async def test_arguments_may_be_decoded_to_what_is_no_text(wire: Wire):
    class Raw(RequestHandler):
        def decode_argument(self, value, name=None):
            return value

        def get(self):
            self.write(self.get_argument("a"))

    client = await wire.client([("/", Raw)])
    assert (await client.ask(path="/?a=%FF")).body == b"\xff"


async def test_a_default_in_place_of_strip_is_told(wire: Wire, caplog):
    class Wrong(RequestHandler):
        def get(self):
            self.get_arguments("a", [])  # type: ignore[arg-type]

    client = await wire.client([("/", Wrong)])
    assert (await client.ask()).status == 500
    assert "TypeError: strip is True or False, not []" in caplog.text


def test_the_error_of_a_missing_argument():
    error = MissingArgumentError("a")
    assert isinstance(error, HTTPError)
    assert error.status_code == 400
    assert error.arg_name == "a"
    assert str(error) == "HTTP 400: Bad Request (Missing argument a)"
    # Programs show it to their clients.
    assert error.log_message == "Missing argument a"
    assert MissingArgumentError("100%").get_message() == "Missing argument 100%"
    assert MissingArgumentError("100%").log_message == "Missing argument 100%%"
