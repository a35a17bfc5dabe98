"""Where templates come from: names, directories, what is kept, what is refused."""

import threading

import pytest

from waterspout.template import BaseLoader, DictLoader, Loader, ParseError, Template


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    for name, text in {
        "page.html": '{% include "sub/a.html" %}',
        "sub/a.html": '[{% include "b.html" %}{% include "../top.html" %}]',
        "sub/b.html": "b",
        "sub/out.html": '\n{% include "../../out.html" %}',
        "top.html": "top",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "out.html").write_text("out")
    return folder


def test_names_are_relative_to_the_template_they_stand_in(root):
    loader = Loader(str(root))
    assert loader.load("page.html").generate() == b"[btop]"
    assert sorted(loader.templates) == ["page.html", "sub/a.html", "sub/b.html", "top.html"]


@pytest.mark.parametrize("name", ["../out.html", "sub/../../out.html", "../root2/x"])
def test_relative_names_do_not_leave_the_root(root, name):
    with pytest.raises(FileNotFoundError, match=r"below .* only"):
        Loader(str(root)).load(name)


def test_include_does_not_leave_the_root_and_tells_its_place(root):
    with pytest.raises(FileNotFoundError) as caught:
        Loader(str(root)).load("sub/out.html")
    assert caught.value.__notes__ == ["include '../../out.html' at sub/out.html:2"]


def test_absolute_paths_lead_anywhere(root):
    assert Loader(str(root)).load(str(root.parent / "out.html")).generate() == b"out"


def test_template_that_is_not_there(root):
    with pytest.raises(FileNotFoundError):
        Loader(str(root)).load("none.html")
    with pytest.raises(KeyError, match="there is no template 'none"):
        DictLoader({}).load("none")


RESOLVED = [
    ("x", None, "x"),
    ("x", "a/b", "a/x"),
    ("../x", "a/b", "x"),
    ("x", "<string>", "x"),
    ("/x", "a/b", "/x"),
    ("x", "/a/b", "x"),
]


@pytest.mark.parametrize(("name", "parent", "expected"), RESOLVED)
def test_resolve_path(root, name, parent, expected):
    assert DictLoader({}).resolve_path(name, parent) == expected
    assert Loader(str(root)).resolve_path(name, parent) == expected


def test_templates_are_kept_until_reset():
    loader = DictLoader({"a": "1"})
    template = loader.load("a")
    loader.dict["a"] = "2"
    assert loader.load("a") is template
    loader.reset()
    assert loader.load("a").generate() == b"2"


def test_wrong_template_is_not_kept():
    loader = DictLoader({"a": "{{"})
    for _ in range(2):
        with pytest.raises(ParseError, match="at a:1"):
            loader.load("a")
    loader.dict["a"] = "ok"
    assert loader.load("a").generate() == b"ok"


@pytest.mark.parametrize("tag", ["extends", "include"])
def test_circle_of_files(tag):
    files = {
        "a": f'\n{{% {tag} "b" %}}',
        "b": f'\n\n{{% {tag} "c" %}}',
        "c": f'{{% {tag} "b" %}}',
    }
    with pytest.raises(ParseError) as caught:
        DictLoader(files).load("a")
    assert str(caught.value) == "a template includes or extends itself: b -> c -> b at c:1"


def test_circle_without_the_loader_noticing():
    class Careless(BaseLoader):
        def load(self, name, parent_path=None):
            return Template('{% include "a" %}', name=name, loader=self)

    with pytest.raises(ParseError, match="nested too deeply"):
        Careless().load("a")


def test_loader_of_ones_own():
    class Letters(BaseLoader):
        def resolve_path(self, name, parent_path=None):
            return name.upper()

        def _create_template(self, name):
            text = '{% include "b" %}' if name == "A" else name
            return Template(text, name=name, loader=self)

    loader = Letters()
    assert loader.load("a").generate() == b"B"
    assert list(loader.templates) == ["B", "A"]


def test_base_loader_is_no_loader():
    with pytest.raises(NotImplementedError):
        BaseLoader().load("a")


def test_many_threads_load_once():
    made = []
    gate = threading.Barrier(8)

    class Counting(DictLoader):
        def _create_template(self, name):
            made.append(name)
            return super()._create_template(name)

    loader = Counting({"a": '{% include "b" %}{{ x }}', "b": "b"})
    results = []

    def load(number):
        gate.wait(timeout=30)
        results.append(loader.load("a").generate(x=number))

    threads = [threading.Thread(target=load, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(results) == [b"b%d" % number for number in range(8)]
    assert sorted(made) == ["a", "b"]
