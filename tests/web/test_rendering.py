"""Pages: which template, what it sees, when it is loaded anew."""

import pytest
from tests.wire.server_under_test import Wire

from waterspout.template import DictLoader, Loader
from waterspout.web import Application, RequestHandler


class Page(RequestHandler):
    """Renders the template that the path names, with what other topics give a handler."""

    current_user = "me"

    def get(self, name):
        self.render(name, x="<x>")

    def static_url(self, path, include_host=None, **kwargs):
        return f"/static/{path}"

    def reverse_url(self, name, *args):
        return f"/{name}"

    def xsrf_form_html(self):
        return "<form>"


def application(files, handler=Page, **settings):
    if files is not None:
        settings["template_loader"] = DictLoader(files)
    settings.setdefault("log_function", lambda handler: None)
    return Application([("/(.*)", handler)], **settings)


async def body_of(wire: Wire, served: Application, name: str = "a") -> str:
    client = await wire.client(served)
    answer = await client.ask(path=f"/{name}")
    assert answer.status == 200
    return answer.body.decode()


NAMES = [
    ("{{ handler.get_status() }}", "200"),
    ("{{ request.method }}", "GET"),
    ("{{ current_user }}", "me"),
    ("{{ locale.code }}", "en_US"),
    ("{{ _('a') }}{{ pgettext('context', 'b') }}", "ab"),
    ("{{ static_url('a.css') }}", "/static/a.css"),
    ("{% raw xsrf_form_html() %}", "<form>"),
    ("{{ reverse_url('home') }}", "/home"),
    ("{{ x }}", "&lt;x&gt;"),
]


@pytest.mark.parametrize(("text", "expected"), NAMES)
async def test_what_templates_see(wire: Wire, text, expected):
    assert await body_of(wire, application({"a": text})) == expected


async def test_namespace_may_be_extended_and_gives_way_to_variables(wire: Wire):
    class Own(Page):
        def get_template_namespace(self):
            return {**super().get_template_namespace(), "x": 1, "y": 2}

    assert await body_of(wire, application({"a": "{{ x }}{{ y }}"}, Own)) == "&lt;x&gt;2"


async def test_render_string_is_bytes_and_leaves_the_request_open(wire: Wire):
    class Two(Page):
        def get(self, name):
            for x in (1, 2):
                self.write(self.render_string(name, x=x))

    assert await body_of(wire, application({"a": "{{ x }},"}, Two)) == "1,2,"


async def test_render_ends_the_request(wire: Wire):
    caught = []

    class Late(Page):
        async def get(self, name):
            await self.render(name)
            with pytest.raises(RuntimeError, match="after finish") as error:
                self.render(name)
            caught.append(error)

    assert await body_of(wire, application({"a": "once"}, Late)) == "once"
    assert len(caught) == 1


async def test_templates_of_a_directory(wire: Wire, tmp_path):
    (tmp_path / "a.html").write_text("{{ x }}\n\n{% include 'b.html' %}")
    (tmp_path / "b.html").write_text("b")
    served = application(None, template_path=str(tmp_path))
    assert await body_of(wire, served, "a.html") == "&lt;x&gt;\nb"
    [loader] = served.template_loaders.values()
    assert isinstance(loader, Loader)


async def test_settings_reach_the_loader(wire: Wire, tmp_path):
    (tmp_path / "a.html").write_text("{{ x }}\n\n")
    settings = {"autoescape": None, "template_whitespace": "oneline"}
    served = application(None, template_path=str(tmp_path), **settings)
    assert await body_of(wire, served, "a.html") == "<x> "


async def test_without_a_path_templates_are_beside_the_file_that_renders(wire: Wire, tmp_path):
    (tmp_path / "a.html").write_text("beside")
    source = tmp_path / "program.py"
    source.write_text("def get(self, name):\n    self.render(name)\n")
    names: dict = {}
    exec(compile(source.read_text(), str(source), "exec"), names)
    handler = type("Beside", (Page,), {"get": names["get"]})
    assert await body_of(wire, application(None, handler), "a.html") == "beside"


async def test_two_applications_have_two_loaders(wire: Wire):
    for text in ("one", "two"):
        assert await body_of(wire, application({"a": text})) == text


async def test_handlers_that_make_their_own_loader_have_it(wire: Wire):
    class Own(Page):
        def create_template_loader(self, template_path):
            return DictLoader({"a": "own"})

    served = Application(
        [("/own/(.*)", Own), ("/(.*)", Page)],
        template_loader=DictLoader({"a": "shared"}),
        log_function=lambda handler: None,
    )
    assert await body_of(wire, served, "a") == "shared"
    assert await body_of(wire, served, "own/a") == "own"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, "1"), ({"compiled_template_cache": False}, "2"), ({"debug": True}, "2")],
)
async def test_templates_are_kept_unless_told_otherwise(wire: Wire, settings, expected):
    files = {"a": "1"}
    served = application(files, **settings)
    assert await body_of(wire, served) == "1"
    files["a"] = "2"
    assert await body_of(wire, served) == expected


async def test_templates_are_loaded_once_a_request(wire: Wire):
    made = []

    class Counting(DictLoader):
        def _create_template(self, name):
            made.append(name)
            return super()._create_template(name)

    files = {"a": "{% module Template('b') %}{% module Template('b') %}", "b": "b"}
    served = application(None, template_loader=Counting(files), compiled_template_cache=False)
    for _ in range(2):
        assert await body_of(wire, served) == "bb"
    assert made == ["a", "b"] * 2


async def test_wrong_template_is_told_on_the_page_of_a_developer(wire: Wire, caplog):
    served = application({"a": "\n{{ 1 / 0 }}"}, serve_traceback=True)
    client = await wire.client(served)
    answer = await client.ask(path="/a")
    assert answer.status == 500
    assert 'File "a", line 2, in <template>\n    {{ 1 / 0 }}' in answer.body.decode()
