"""Cookies of a handler: those that came, those that go out, and when they do."""

import datetime
import email.utils
import time

import pytest
from tests.wire.server_under_test import Response, Wire

from waterspout.web import Application, Finish, HTTPError, RequestHandler


class Calls(RequestHandler):
    """Does what ``act`` does."""

    def initialize(self, act):
        self.act = act

    def get(self):
        return self.act(self)

    head = post = get


async def answer(wire: Wire, act, *lines: str) -> Response:
    client = await wire.client([("/", Calls, {"act": act})])
    return await client.ask(*lines)


async def read(wire: Wire, cookie: str, ask):
    """Return what ``ask`` finds out inside a handler about the request's ``Cookie``."""
    found = []
    assert (await answer(wire, lambda h: found.append(ask(h)), f"Cookie: {cookie}")).status == 200
    [result] = found
    return result


def sent(response: Response) -> list[str]:
    return [value for name, value in response.fields if name == "set-cookie"]


# The request's


@pytest.mark.parametrize(
    ("cookie", "name", "value"),
    [
        ("a=1; b=2", "a", "1"),
        ("a=1; b=2", "b", "2"),
        ("a=1; b=2", "c", None),
        ("a=1; a=2", "a", "2"),
        ("a=", "a", ""),
        (r'a="x\054\"y\""', "a", 'x,"y"'),
        ("a=\xe9", "a", "\xe9"),
        ("A=1", "a", None),
        ("a", "", None),
        ("path=1", "path", None),
        ("a[0]=1; b=2", "a[0]", None),
        ("a[0]=1; b=2", "b", "2"),
        ('"a"=1; \xff=2; ;;=; b="; c=3', "c", "3"),
        ("", "a", None),
    ],
)
async def test_get_cookie(wire, cookie, name, value):
    assert await read(wire, cookie, lambda h: h.get_cookie(name)) == value
    default = object()
    expected = default if value is None else value
    assert await read(wire, cookie, lambda h: h.get_cookie(name, default)) == expected

    def look_at_all(handler):
        morsel = handler.cookies.get(name)
        assert handler.cookies is handler.request.cookies
        return None if morsel is None else morsel.value, handler.get_cookie(name)

    assert await read(wire, cookie, look_at_all) == (value, value)


async def test_cookies_that_somebody_has_changed(wire):
    def change(handler):
        handler.request.cookies["a"] = "new"
        del handler.request.cookies["b"]
        return handler.get_cookie("a"), handler.get_cookie("b"), handler.get_cookie("c")

    assert await read(wire, "a=1; b=2; c=3", change) == ("new", None, "3")


async def test_a_request_without_cookies(wire):
    found = []
    await answer(wire, lambda h: found.append((h.get_cookie("a"), dict(h.cookies))))
    assert found == [(None, {})]


async def test_cookies_in_several_fields(wire):
    found = []
    await answer(
        wire,
        lambda h: found.append([h.get_cookie("a"), h.get_cookie("b")]),
        "Cookie: a=1",
        "Cookie: b=2",
    )
    assert found == [["1", "2"]]


# The response's


async def test_set_cookie(wire):
    def act(handler):
        handler.set_cookie("a", "1")
        handler.set_cookie("b", b"2", "example.com", None, "/x")
        handler.set_cookie("c", "3", path=None, httponly=True, secure=True, samesite="Lax")
        handler.set_cookie("d", "4", max_age=60, partitioned=True)
        assert handler.get_cookie("a") is None

    assert sent(await answer(wire, act)) == [
        "a=1; Path=/",
        "b=2; Domain=example.com; Path=/x",
        "c=3; HttpOnly; SameSite=Lax; Secure",
        "d=4; Max-Age=60; Partitioned; Path=/",
    ]


async def test_the_last_one_of_a_name_is_sent(wire):
    def act(handler):
        handler.set_cookie("a", "1", path="/x", httponly=True)
        handler.set_cookie("b", "2")
        handler.set_cookie("a", "3")
        handler.clear_cookie("b")
        handler.set_cookie("b", "4")

    assert sent(await answer(wire, act)) == ["a=3; Path=/", "b=4; Path=/"]


def moment(line: str) -> float:
    [expires] = [part[8:] for part in line.split("; ") if part.startswith("expires=")]
    return email.utils.parsedate_to_datetime(expires).timestamp()


@pytest.mark.parametrize(
    "expires",
    [
        1359312200,
        1359312200.9,
        time.gmtime(1359312200),
        datetime.datetime(2013, 1, 27, 18, 43, 20),
        datetime.datetime(2013, 1, 27, 18, 43, 20, tzinfo=datetime.UTC),
    ],
)
async def test_expires(wire, expires):
    [line] = sent(
        await answer(wire, lambda h: h.set_cookie("a", "1", expires=expires, expires_days=9))
    )
    assert moment(line) == 1359312200


async def test_expires_at_the_beginning_of_time(wire):
    [line] = sent(await answer(wire, lambda h: h.set_cookie("a", "1", expires=0, max_age=0)))
    assert line == "a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/"


@pytest.mark.parametrize("days", [0, 1, 0.5, -1, 400])
async def test_expires_days(wire, days):
    before = int(time.time())
    [line] = sent(await answer(wire, lambda h: h.set_cookie("a", "1", expires_days=days)))
    assert before <= moment(line) - days * 86400 <= time.time()


async def test_clear_cookie(wire):
    def act(handler):
        handler.clear_cookie("a")
        handler.clear_cookie(
            "b", path="/x", domain="d", secure=True, samesite="none", expires_days=3
        )

    [first, second] = sent(await answer(wire, act))
    assert first.startswith('a=""; expires=')
    assert first.endswith("; Path=/")
    assert moment(first) < time.time() - 300 * 86400
    assert second.startswith('b=""; Domain=d; expires=')
    assert second.endswith("; Path=/x; SameSite=none; Secure")
    assert moment(second) < time.time() - 300 * 86400


@pytest.mark.parametrize("attribute", ["expires", "max_age", "Expires", "max-age"])
async def test_clear_cookie_knows_when(wire, attribute):
    def act(handler):
        with pytest.raises(TypeError, match=f"clear_cookie\\(\\) takes no '{attribute}'"):
            handler.clear_cookie("a", **{attribute: 5})

    assert (await answer(wire, act)).status == 200


async def test_clear_all_cookies(wire):
    found = await answer(
        wire, lambda h: h.clear_all_cookies(path="/x"), "Cookie: a=1; path=2; a[0]=3; b=4; c"
    )
    assert found.status == 200
    assert [line.partition("=")[0] for line in sent(found)] == ["a", "b"]
    assert all(line.endswith("; Path=/x") for line in sent(found))


# When they go out


async def fail(handler):
    raise HTTPError(403)


async def crash(handler):
    raise ZeroDivisionError


def end(handler):
    raise Finish("the end")


async def stream(handler):
    handler.write("x")
    await handler.flush()
    handler.write("y")


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (fail, 403),
        (end, 200),
        (stream, 200),
        (lambda h: h.clear(), 200),
        (lambda h: h.clear_header("Set-Cookie"), 200),
        (lambda h: h.redirect("/"), 302),
        (lambda h: h.set_status(204), 204),
        (lambda h: h.set_status(304), 304),
        (lambda h: h.send_error(500), 500),
        (lambda h: h.write({"a": 1}), 200),
    ],
)
async def test_they_go_out_with_every_response(wire, act, status):
    def set_and_act(handler):
        handler.set_cookie("a", "1")
        return act(handler)

    found = await answer(wire, set_and_act)
    assert found.status == status
    assert sent(found) == ["a=1; Path=/"]


async def test_they_go_out_where_the_body_is_known_already(wire):
    def act(handler):
        handler.set_cookie("a", "1")
        handler.write("hello")

    tag = (await answer(wire, act))["Etag"]
    found = await answer(wire, act, f"If-None-Match: {tag}")
    assert found.status == 304
    assert sent(found) == ["a=1; Path=/"]


async def test_they_go_out_beside_fields_of_the_program(wire):
    def act(handler):
        handler.set_cookie("a", "1")
        handler.set_header("Set-Cookie", "own=1")

    assert sorted(sent(await answer(wire, act))) == ["a=1; Path=/", "own=1"]


async def test_they_go_out_once(wire):
    def act(handler):
        if handler.get_argument("first", None):
            handler.set_cookie("a", "1")

    client = await wire.client([("/", Calls, {"act": act})])
    assert sent(await client.ask(path="/?first=1")) == ["a=1; Path=/"]
    assert sent(await client.ask()) == []


async def test_a_cookie_after_the_head_comes_too_late(wire):
    async def act(handler):
        await handler.flush()
        handler.set_cookie("a", "1")
        handler.write("whole")

    found = await answer(wire, act)
    assert sent(found) == []
    assert found.body == b"whole"


# What may not be sent


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "a\r\nX: y", "value": "1"}, "invalid cookie name"),
        ({"name": "a;b", "value": "1"}, "invalid cookie name"),
        ({"name": "", "value": "1"}, "invalid cookie name"),
        ({"name": "path", "value": "1"}, "invalid cookie name"),
        ({"value": "1\r\nX: y"}, "its value must not hold"),
        ({"value": "1\0"}, "its value must not hold"),
        ({"value": "1 2"}, "its value must not hold"),
        ({"value": "\u20ac"}, "its value must not hold"),
        ({"path": "/; Domain=evil"}, "invalid path"),
        ({"path": "/\r\nX: y"}, "invalid path"),
        ({"domain": "d;e"}, "invalid domain"),
        ({"samesite": "lax; Domain=evil"}, "invalid samesite"),
        ({"max_age": "5; Domain=evil"}, "invalid max_age"),
        ({"Path": "/; Domain=evil"}, "invalid path"),
        ({"DOMAIN": "d\0"}, "invalid domain"),
        ({"SameSite": "lax\r\nX: y"}, "invalid samesite"),
        ({"Max-Age": "5\r\nX: y"}, "invalid max_age"),
        ({"comment": "c;d"}, "invalid comment"),
        ({"bogus": "x"}, "there is no attribute 'bogus'"),
        ({"x; Domain": "evil"}, "there is no attribute"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_what_would_break_out_is_refused_at_the_call(wire, arguments, message):
    def act(handler):
        with pytest.raises(ValueError, match=message):
            handler.set_cookie(**{"name": "a", "value": "1", **arguments})
        handler.write("fine")

    found = await answer(wire, act)
    assert found.status == 200
    assert sent(found) == []


@pytest.mark.parametrize("name", [5, None])
async def test_names_and_values_are_text(wire, name):
    def act(handler):
        with pytest.raises(TypeError):
            handler.set_cookie(name, "1")
        with pytest.raises(TypeError):
            handler.set_cookie("a", name)

    assert sent(await answer(wire, act)) == []


@pytest.mark.parametrize(
    ("spelling", "given", "line"),
    [
        ("HttpOnly", True, "a=1; HttpOnly; Path=/"),
        ("Secure", True, "a=1; Path=/; Secure"),
        ("Path", "/x", "a=1; Path=/x"),
        ("Domain", "d", "a=1; Domain=d; Path=/"),
        ("SameSite", "Lax", "a=1; Path=/; SameSite=Lax"),
        ("max-age", 5, "a=1; Max-Age=5; Path=/"),
        ("Expires", 5, "a=1; expires=Thu, 01 Jan 1970 00:00:05 GMT; Path=/"),
        ("Partitioned", True, "a=1; Partitioned; Path=/"),
    ],
)
async def test_other_spellings_are_deprecated(wire, spelling, given, line):
    def act(handler):
        with pytest.warns(DeprecationWarning, match=f"not '{spelling}'") as warned:
            handler.set_cookie("a", "1", **{spelling: given})
        assert warned[0].filename == __file__

    assert sent(await answer(wire, act)) == [line]


def test_a_request_that_sets_none_has_no_table_for_them():
    handler = RequestHandler.__new__(RequestHandler)
    handler._take_request(Application(), None)
    assert handler._new_cookies is None
