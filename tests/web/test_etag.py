"""Entity tags, and the requests that are conditional on them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.server_under_test import Wire

from waterspout.web import RequestHandler
from waterspout.web.etag import compute_etag, matches, names_exactly


class Hello(RequestHandler):
    def get(self):
        self.write("hello ")
        self.write(b"world")

    head = post = get


class Status(Hello):
    def get(self):
        self.set_status(201)
        super().get()


class Own(RequestHandler):
    """Has the tag that the query says, which may be anything."""

    def compute_etag(self):
        return self.get_argument("tag", None, strip=False)

    def get(self):
        if "header" in self.request.arguments:
            self.set_header("A", "b")
        self.write("hello")


class Set(RequestHandler):
    """Sets the field itself, and computes none."""

    def get(self):
        self.set_header("Etag", '"own"')
        self.write("hello")

    def compute_etag(self):
        return None


class Length(RequestHandler):
    def get(self):
        self.set_header("Content-Length", "5")
        self.set_header("Content-Language", "en")
        self.set_header("Cache-Control", "no-cache")
        self.write("hello")


RULES = [("/", Hello), ("/status", Status), ("/own", Own), ("/set", Set), ("/length", Length)]


async def test_the_tag_is_that_of_the_body(wire: Wire):
    client = await wire.client(RULES)
    answer = await client.ask()
    tag = answer["Etag"]
    assert tag == compute_etag([b"hello world"])
    assert (await client.ask(method="HEAD"))["Etag"] == tag
    assert "Etag" not in await client.ask(method="POST")
    assert "Etag" not in await client.ask(path="/status")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("template", "is_known"),
    [
        ("{}", True),
        ("W/{}", True),
        ("*", True),
        (" * ", True),
        ('"a", {}', True),
        ('W/"a",W/{},"b"', True),
        ('"a,b" , {}', True),
        ('"a"', False),
        ('"a", W/"b"', False),
        ("", False),
        ('"*"', False),
        ("{}x", True),
        ("x", False),
    ],
)
async def test_if_none_match(wire: Wire, method, template, is_known):
    client = await wire.client(RULES)
    tag = (await client.ask())["Etag"]
    answer = await client.ask(f"If-None-Match: {template.format(tag)}", method=method)
    assert answer.status == (304 if is_known else 200)
    assert answer["Etag"] == tag
    if is_known:
        assert answer.body == b""
        for name in ("Content-Length", "Content-Type", "Transfer-Encoding"):
            assert name not in answer
        assert "Date" in answer
    assert (await client.ask()).body == b"hello world"


async def test_a_list_on_several_lines(wire: Wire):
    client = await wire.client(RULES)
    tag = (await client.ask())["Etag"]
    answer = await client.ask('If-None-Match: "a"', f"If-None-Match: {tag}")
    assert answer.status == 304


async def test_only_what_is_found_is_not_modified(wire: Wire):
    client = await wire.client(RULES)
    for path, method in (("/status", "GET"), ("/", "POST"), ("/nowhere", "GET")):
        assert (await client.ask("If-None-Match: *", path=path, method=method)).status != 304


async def test_a_304_keeps_what_is_not_about_the_body(wire: Wire):
    client = await wire.client(RULES)
    tag = (await client.ask(path="/length"))["Etag"]
    answer = await client.ask(f"If-None-Match: {tag}", path="/length")
    assert answer.status == 304
    assert answer["Cache-Control"] == "no-cache"
    for name in ("Content-Length", "Content-Type", "Content-Language"):
        assert name not in answer
    assert (await client.ask(path="/length")).body == b"hello"


async def test_a_tag_of_ones_own(wire: Wire):
    client = await wire.client(RULES)
    for query in ('tag="x"', 'tag=W/"x"', 'tag="x"&header'):
        answer = await client.ask(path=f"/own?{query}")
        assert answer["Etag"] == query.removeprefix("tag=").removesuffix("&header")
        again = await client.ask('If-None-Match: W/"x"', path=f"/own?{query}")
        assert again.status == 304
    answer = await client.ask(path="/own")
    assert "Etag" not in answer
    assert answer.body == b"hello"
    assert (await client.ask("If-None-Match: *", path="/own")).status == 200


async def test_a_tag_that_is_set_as_a_field(wire: Wire):
    client = await wire.client(RULES)
    assert (await client.ask(path="/set"))["Etag"] == '"own"'
    assert (await client.ask('If-None-Match: "own"', path="/set")).status == 304
    assert (await client.ask('If-None-Match: "other"', path="/set")).status == 200


@pytest.mark.parametrize("tag", ['"%0d%0aX:+y"', '"%00"', '"%0a"', '"%e2%82%ac"'])
@pytest.mark.parametrize("header", ["", "&header"])
async def test_nothing_can_be_injected_by_a_tag(wire: Wire, tag, header, caplog):
    client = await wire.client(RULES)
    path = f"/own?tag={tag}{header}".replace("%0d", "%0d")
    if "%00" in tag:
        # get_argument makes a space of it
        assert (await client.ask(path=path)).status == 200
        return
    answer = await client.ask(path=path)
    assert answer.status == 500
    assert "X" not in answer
    assert "ValueError" in caplog.text


async def test_a_tag_of_bytes_is_an_error_that_is_told(wire: Wire, caplog):
    class Wrong(Hello):
        def compute_etag(self):
            return b'"x"'

    client = await wire.client([("/", Wrong)])
    assert (await client.ask()).status == 500


@given(st.lists(st.binary(max_size=700), max_size=3))
def test_equal_bodies_have_equal_tags(chunks):
    tag = compute_etag(chunks)
    assert tag == compute_etag([b"".join(chunks)])
    assert tag != compute_etag([*chunks, b"x"])
    assert matches(tag, tag)
    assert matches(tag, f'"a", W/{tag}')
    assert not matches(tag, f"{tag[:-2]}")


@pytest.mark.parametrize("unit", ['"', '"a",', "W/", 'W/"', '"a', ", ", "a;q=0,", " "])
def test_a_list_is_read_in_linear_time(unit):
    # At this length, what takes a square of steps would take ten minutes.
    text = unit * (500_001 // len(unit))
    assert not matches('"x"', text)
    assert not names_exactly(text, '"x"')
