"""UI modules and UI methods: who has them, what they bring into a page."""

import types

import pytest
from tests.web.test_rendering import Page, application, body_of
from tests.wire.server_under_test import Wire

from waterspout.web import Application, TemplateModule, UIModule


class Entry(UIModule):
    def render(self, text, bold=False):
        return f"<b>{text}</b>" if bold else text

    def javascript_files(self):
        return ["entry.js", "/absolute.js", "https://a/b.js"]

    def embedded_javascript(self):
        return "entry();"

    def css_files(self):
        return "entry.css"

    def embedded_css(self):
        return b"b {}"

    def html_head(self):
        return "<meta>"

    def html_body(self):
        return "<hr>"


class Plain(UIModule):
    def render(self):
        return self.render_string("plain", user=self.current_user, code=self.locale.code)

    def javascript_files(self):
        return ("entry.js", "plain.js")


def shout(handler, text):
    return f"{text.upper()} {handler.request.method}"


MODULES = {"Entry": Entry, "Plain": Plain}

PAGE = "<head>h</head><body>{% module Entry('a') %}{% module Entry('b', bold=True) %}</body>"
ENTRY_SCRIPTS = (
    '<script src="/static/entry.js" type="text/javascript"></script>'
    '<script src="/absolute.js" type="text/javascript"></script>'
    '<script src="https://a/b.js" type="text/javascript"></script>'
)
HEAD = (
    '<link href="/static/entry.css" type="text/css" rel="stylesheet"/>\n'
    '<style type="text/css">\nb {}\n</style>\n'
    "<meta>\n"
)
EMBEDDED = '<script type="text/javascript">\n//<![CDATA[\nentry();\n//]]>\n</script>\n'


async def test_what_a_module_needs_is_put_in_once(wire: Wire):
    page = await body_of(wire, application({"a": PAGE}, ui_modules=MODULES))
    expected = f"<head>h{HEAD}</head><body>a<b>b</b>{ENTRY_SCRIPTS}\n{EMBEDDED}<hr>\n</body>"
    assert page == expected


async def test_files_of_several_modules_are_loaded_once(wire: Wire):
    files = {"a": "<head></head>{% module Entry('') %}{% module Plain() %}</body>"}
    files["plain"] = "{{ user }}{{ code }}{{ handler.get_status() }}"
    page = await body_of(wire, application(files, ui_modules=MODULES))
    assert "meen_US200" in page
    assert page.count("entry.js") == 1
    assert page.index("/static/entry.js") < page.index("/static/plain.js")


async def test_elements_may_be_overridden(wire: Wire):
    class Own(Page):
        def render_linked_js(self, js_files):
            return f"js{list(js_files)}"

        def render_embed_js(self, js_embed):
            return b"".join(js_embed)

        def render_linked_css(self, css_files):
            return f"css{list(css_files)}"

        def render_embed_css(self, css_embed):
            return b"".join(css_embed)

    page = await body_of(wire, application({"a": PAGE}, Own, ui_modules={"Entry": Entry}))
    assert page == (
        "<head>hcss['entry.css']\nb {}\n<meta>\n</head><body>a<b>b</b>"
        "js['entry.js', '/absolute.js', 'https://a/b.js']\nentry();\n<hr>\n</body>"
    )


@pytest.mark.parametrize(
    "page", ["<head></head>{% module Entry('') %}", "{% module Entry('') %}</body>"]
)
async def test_page_without_a_place_for_what_a_module_needs(wire: Wire, page, caplog):
    client = await wire.client(application({"a": page}, ui_modules=MODULES, serve_traceback=True))
    answer = await client.ask(path="/a")
    assert answer.status == 500
    assert "'a' has no </" in answer.body.decode()


async def test_unknown_module_is_told_with_the_known_ones(wire: Wire, caplog):
    served = application({"a": "\n{% module Etnry() %}"}, ui_modules=MODULES, serve_traceback=True)
    client = await wire.client(served)
    told = (await client.ask(path="/a")).body.decode()
    assert 'File "a", line 2' in told
    assert "there is no UI module 'Etnry'; the application has Entry, Plain, Template" in told


async def test_template_module_has_names_of_its_own(wire: Wire):
    files = {
        "a": "{% set y = 1 %}{% module Template('b', y='<') %}",
        "b": "{{ y }}{{ request.method }}{% try %}{{ x }}{% except NameError %}no x{% end %}",
    }
    assert await body_of(wire, application(files)) == "&lt;GETno x"


async def test_resources_of_template_modules(wire: Wire):
    resources = (
        "css_files='b.css', javascript_files=['b.js'], embedded_css='b{}', "
        "embedded_javascript='b();', html_head='<b>', html_body='<i>'"
    )
    files = {
        "a": "<head></head><body>{% module Template('b') %}{% module Template('b') %}</body>",
        "b": f"{{{{ set_resources({resources}) }}}}b",
    }
    page = await body_of(wire, application(files))
    for part in ("/static/b.css", "/static/b.js", "b{}", "b();", "<b>", "<i>"):
        assert page.count(part) == 1
    assert "<body>bb<script" in page


async def test_resources_that_change_are_refused(wire: Wire, caplog):
    files = {
        "a": "{% for n in (1, 2) %}{% module Template('b', n=n) %}{% end %}",
        "b": "{{ set_resources(html_head=str(n)) }}",
    }
    client = await wire.client(application(files, serve_traceback=True))
    told = (await client.ask(path="/a")).body.decode()
    assert "set_resources() in 'b' was called with other resources" in told


async def test_modules_that_are_built_in(wire: Wire):
    files = {"a": "{% module linkify('http://a.b') %}{% module xsrf_form_html() %}"}
    assert await body_of(wire, application(files)) == '<a href="http://a.b">http://a.b</a><form>'


async def test_methods_get_the_handler(wire: Wire):
    files = {"a": "{{ shout('a') }}{{ handler.ui.shout('b') }}"}
    served = application(files, ui_methods={"shout": shout})
    assert await body_of(wire, served) == "A GETB GET"


async def test_modules_by_item_and_attribute(wire: Wire):
    files = {"a": "{% raw modules['Entry']('a') %}{% raw modules.Entry('b') %}<head></head></body>"}
    page = await body_of(wire, application(files, ui_modules=MODULES))
    assert page.startswith("ab")


def test_settings_are_modules_dictionaries_or_lists():
    module = types.ModuleType("module")
    vars(module).update(Entry=Entry, shout=shout, _hidden=shout, Upper=shout, number=3)
    served = Application(ui_modules=[module, {"Other": Plain, "number": 3}], ui_methods=[module])
    own = {name: served.ui_modules[name] for name in ("Entry", "Other")}
    assert own == {"Entry": Entry, "Other": Plain}
    assert set(served.ui_modules) - set(own) == {"Template", "linkify", "xsrf_form_html"}
    assert served.ui_modules["Template"] is TemplateModule
    assert served.ui_methods == {"shout": shout}


@pytest.mark.parametrize("name", ["ui_modules", "ui_methods"])
@pytest.mark.parametrize("wrong", [5, "module", [3]])
def test_settings_that_are_something_else(name, wrong):
    with pytest.raises(TypeError, match=f"{name} is a module, a dict or a list of them, not"):
        Application(**{name: wrong})


async def test_module_without_render(wire: Wire, caplog):
    served = application(
        {"a": "{% module UIModule() %}"}, ui_modules={"UIModule": UIModule}, serve_traceback=True
    )
    client = await wire.client(served)
    assert "UIModule has no method render" in (await client.ask(path="/a")).body.decode()
