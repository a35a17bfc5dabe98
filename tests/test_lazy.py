"""Names and modules that are imported when they are asked for, and when that can't be done."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from waterspout import _lazy

_SOURCES = Path(_lazy.__file__).parents[1]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package ``parcel`` with a lazy name ``answer``, in ``parcel.contents``, which counts."""
    made = tmp_path / "parcel"
    made.mkdir()
    (made / "__init__.py").write_text(
        "from waterspout._lazy import lazy_names\n"
        "opened = []\n"
        "__getattr__, __dir__ = lazy_names(__name__, {'answer': 'contents', 'none': 'contents'})\n"
    )
    (made / "contents.py").write_text("import parcel\nparcel.opened.append(1)\nanswer = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield made
    for name in [name for name in sys.modules if name.partition(".")[0] == "parcel"]:
        del sys.modules[name]


def test_a_name_is_imported_when_it_is_asked_for(package):
    import parcel  # type: ignore[import-not-found]

    assert parcel.opened == []
    assert {"answer", "none", "opened"} <= set(dir(parcel))
    assert dir(parcel) == sorted(dir(parcel))
    assert parcel.answer == 42
    assert vars(parcel)["answer"] == 42
    assert parcel.opened == [1]
    with pytest.raises(AttributeError, match="module 'parcel' has no attribute 'more'"):
        parcel.more  # noqa: B018
    with pytest.raises(AttributeError, match="has no attribute 'none'"):
        parcel.none  # noqa: B018


def test_what_a_name_could_not_be_imported_for_is_not_remembered(package):
    import parcel

    (package / "contents.py").rename(package / "away")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match=r"parcel\.contents"):
            parcel.answer  # noqa: B018
    (package / "away").rename(package / "contents.py")
    assert parcel.answer == 42


def test_a_module_that_stands_for_another(package):
    lazy = _lazy.LazyModule("parcel.contents")
    assert repr(lazy) == "<LazyModule parcel.contents>"
    assert lazy.__name__ == "parcel.contents"
    assert "parcel" not in sys.modules
    assert lazy.answer == 42
    assert vars(lazy)["answer"] == 42
    assert sys.modules["parcel"].opened == [1]
    with pytest.raises(AttributeError, match=r"module 'parcel\.contents' has no attribute 'more'"):
        lazy.more  # noqa: B018
    sys.modules["parcel.contents"].more = "later"  # type: ignore[attr-defined]
    assert lazy.more == "later"


def test_what_a_module_could_not_be_imported_for_is_not_remembered(package):
    lazy = _lazy.LazyModule("parcel.contents")
    (package / "contents.py").rename(package / "away")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match=r"parcel\.contents"):
            lazy.answer  # noqa: B018
    (package / "away").rename(package / "contents.py")
    assert lazy.answer == 42


WITHOUT_DESCRIPTORS = """
import importlib, json, os, sys
import waterspout.httpclient, waterspout.tcpserver, waterspout.web

root = os.path.dirname(waterspout.__file__)
rooms = sys.argv[1].split()
left = None  # so many files more can be opened

def count(event, args):
    global left
    # An extension module is an "import" with a path; no other file is asked for by its name.
    is_file = isinstance(args[0], str) if event == "open" else event == "import" and args[1]
    if left is None or not is_file:
        return
    if left == 0:
        if event == "import":  # so the dynamic linker puts it
            raise ImportError(f"{args[1]}: cannot open shared object file: Too many open files")
        raise OSError(24, "Too many open files", args[0])
    left -= 1

def names(room):
    for directory, _, files in os.walk(os.path.join(root, room)):
        for file in files:
            if file.endswith(".py"):
                path = os.path.relpath(os.path.join(directory, file), os.path.dirname(root))
                yield path.removesuffix(".py").replace(os.sep, ".").removesuffix(".__init__")

def attempt(name, files):
    "Return whether so many files were enough, and what went wrong when there were more."
    global left
    left = files
    try:
        importlib.import_module(name)
        was_enough = True
    except (ImportError, OSError):
        was_enough = False
    left = None
    try:
        importlib.import_module(name)
    except BaseException as error:
        return was_enough, repr(error)
    return was_enough, None

def in_child(name, files):
    reader, writer = os.pipe()
    if not (child := os.fork()):
        os.write(writer, json.dumps(attempt(name, files)).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as told:
        answer = json.load(told)
    os.waitpid(child, 0)
    return answer

sys.addaudithook(count)
attempts, faults = 0, []
for name in sorted(found for room in rooms for found in names(room)):
    if name in sys.modules:
        continue
    was_enough, files = False, 0
    while not was_enough:
        was_enough, fault = in_child(name, files)
        if fault is not None:
            faults.append(f"{name} after {files} files: {fault}")
        files += 1
        attempts += 1
print(json.dumps([attempts, faults]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it forks")
@pytest.mark.parametrize(
    "rooms",
    [
        "httpserver http1connection iostream netutil",
        "web",
        "routing template locale",
        "httpclient net",
        "httputil protocol escape log",
    ],
)
def test_no_module_is_lost_for_ever_where_files_could_not_be_opened(rooms):
    """Wherever in its import, or that of a module it needs, the last descriptor was taken."""
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_DESCRIPTORS, rooms],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(_SOURCES)},
    )
    attempts, faults = json.loads(result.stdout)
    assert faults == []
    assert attempts > 10
