"""URLs of static files, and the rules that lead to them."""

import os

import pytest
from tests.wire.server_under_test import Wire

from waterspout.web import Application, RequestHandler, StaticFileHandler
from waterspout.web.staticfilehandler import static_rules


class Url(RequestHandler):
    def get(self):
        kwargs = {}
        if host := self.get_argument("host", None):
            kwargs["include_host"] = host == "1"
        if self.get_argument("bare", None):
            kwargs["include_version"] = False
        self.write(self.static_url(self.get_argument("path"), **kwargs))


class HostUrl(Url):
    include_host = True


class Own(StaticFileHandler):
    @classmethod
    def make_static_url(cls, settings, path, include_version=True, extra=""):
        return f"/own/{path}{extra}"


class OwnUrl(RequestHandler):
    def get(self):
        self.write(self.static_url("a", extra="!"))


@pytest.fixture
def root(tmp_path):
    """A directory with a file."""
    (tmp_path / "a.txt").write_bytes(b"content")
    return tmp_path


def client(wire: Wire, **settings):
    rules = [("/", Url), ("/host", HostUrl), ("/own", OwnUrl)]
    return wire.client(Application(rules, log_function=lambda handler: None, **settings))


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/?path=a.txt", "/static/a.txt?v={}"),
        ("/?path=a.txt&bare=1", "/static/a.txt"),
        ("/?path=a.txt&host=1", "http://a/static/a.txt?v={}"),
        ("/host?path=a.txt", "http://a/static/a.txt?v={}"),
        ("/host?path=a.txt&host=0", "/static/a.txt?v={}"),
        ("/?path=none", "/static/none"),
    ],
)
async def test_urls(wire: Wire, root, path, url):
    version = StaticFileHandler.get_content_version(str(root / "a.txt"))
    answer = await (await client(wire, static_path=str(root))).ask(path=path)
    assert answer.body.decode() == url.format(version)


async def test_the_url_leads_to_the_file_and_is_kept_long(wire: Wire, root):
    asking = await client(wire, static_path=str(root))
    url = (await asking.ask(path="/?path=a.txt")).body.decode()
    answer = await asking.ask(path=url)
    assert (answer.body, answer["Cache-Control"]) == (b"content", "max-age=315360000")


async def test_the_version_changes_with_the_file(wire: Wire, root):
    asking = await client(wire, static_path=str(root))
    before = (await asking.ask(path="/?path=a.txt")).body
    (root / "a.txt").write_bytes(b"changed")
    after = (await asking.ask(path="/?path=a.txt")).body
    assert before != after


class Changing(StaticFileHandler):
    """Has something else each time it is asked."""

    count = 0

    @classmethod
    def get_content(cls, abspath, start=None, end=None):
        Changing.count += 1
        return b"%d" % Changing.count


@pytest.mark.parametrize("is_caching", [True, False])
async def test_versions_of_what_is_no_file_are_kept_if_the_setting_says_so(
    wire: Wire, root, is_caching
):
    StaticFileHandler.reset()
    asking = await client(
        wire,
        static_path=str(root),
        static_handler_class=Changing,
        static_hash_cache=is_caching,
    )
    first, second = [(await asking.ask(path="/?path=none")).body for _ in range(2)]
    assert (first == second) is is_caching


class Counting(StaticFileHandler):
    """Counts how often a file's version is made."""

    count = 0

    @classmethod
    def get_content_version(cls, abspath):
        Counting.count += 1
        return super().get_content_version(abspath)


@pytest.mark.parametrize(("is_caching", "count"), [(True, 1), (False, 2)])
async def test_versions_of_files_are_kept_if_the_setting_says_so(
    wire: Wire, root, is_caching, count
):
    os.utime(root / "a.txt", (1_000_000_000, 1_000_000_000))
    StaticFileHandler.reset()
    Counting.count = 0
    asking = await client(
        wire,
        static_path=str(root),
        static_handler_class=Counting,
        static_hash_cache=is_caching,
    )
    first, second = [(await asking.ask(path="/?path=a.txt")).body for _ in range(2)]
    assert first == second
    assert Counting.count == count


async def test_a_class_of_ones_own(wire: Wire, root):
    asking = await client(wire, static_path=str(root), static_handler_class=Own)
    assert (await asking.ask(path="/own")).body == b"/own/a!"


async def test_without_the_setting_it_is_told(wire: Wire, caplog):
    assert (await (await client(wire)).ask(path="/?path=a")).status == 500
    assert "Url needs the setting 'static_path' for static_url()" in caplog.text


def test_rules_of_settings():
    assert static_rules({}) == []
    assert static_rules({"static_path": ""}) == []
    settings = {"static_path": "/srv", "static_handler_args": {"default_filename": "i"}}
    rules = static_rules(settings)
    assert [rule[0] for rule in rules] == [
        "/static/(.*)",
        r"/(favicon\.ico)",
        r"/(robots\.txt)",
    ]
    assert all(rule[1] is StaticFileHandler for rule in rules)
    assert all(rule[2] == {"path": "/srv", "default_filename": "i"} for rule in rules)


def test_the_prefix_is_no_expression():
    [rule, *_] = static_rules({"static_path": "/srv", "static_url_prefix": "/a.b+/"})
    assert rule[0] == r"/a\.b\+/(.*)"
