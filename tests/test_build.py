"""The form that the package runs in: its version, its hot modules compiled or interpreted."""

import importlib
import os
import re
import subprocess
import sys

import pytest

import waterspout
from waterspout._build import hot_modules

REPORT = """
import importlib
from waterspout._build import hot_modules

for name in hot_modules():
    print(importlib.import_module(name).__file__)
"""


def python(*arguments: str, **environment: str) -> str:
    """Run this Python anew; return what it printed."""
    result = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


def test_version_has_the_form_that_installers_sort_by():
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc|\.dev)\d+)?", waterspout.__version__)


def test_importing_the_package_is_cheap():
    loaded = python("-X", "importtime", "-c", "import sys, waterspout; print(*sys.modules)").split()
    assert "asyncio" not in loaded
    assert "argparse" not in loaded


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'waterspout' has no attribute 'walk'"):
        waterspout.walk  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("name", ["web", "httputil", "netutil"])
@pytest.mark.slow
def test_a_module_is_imported_when_it_is_asked_for(name):
    assert python("-c", f"import waterspout; print(waterspout.{name}.__name__)") == (
        f"waterspout.{name}\n"
    )


@pytest.mark.parametrize("name", ["_version2", "__path2__", "no.web", "web ", ""])
def test_what_is_no_module_is_no_attribute(name):
    assert not hasattr(waterspout, name)


def test_the_fault_of_a_module_is_told_as_it_is(monkeypatch):
    monkeypatch.delattr(waterspout, "util", raising=False)
    monkeypatch.setitem(sys.modules, "waterspout.util", None)
    with pytest.raises(ModuleNotFoundError, match=r"import of waterspout\.util halted"):
        waterspout.util  # noqa: B018


def test_programs_find_the_version_of_the_names_that_they_count_on():
    """They compare it, mostly to know what Tornado can do."""
    assert waterspout.version_info >= (6, 6)
    assert len(waterspout.version_info) == 4
    assert waterspout.version == ".".join(map(str, waterspout.version_info[:3]))


def test_run_is_that_of_the_event_loop():
    assert waterspout.run is importlib.import_module("waterspout.ioloop").run


@pytest.mark.parametrize("value", ["1", "yes"])
@pytest.mark.slow
def test_no_extensions_imports_every_hot_module_from_its_source(value):
    files = python("-c", REPORT, WATERSPOUT_NO_EXTENSIONS=value).splitlines()
    assert len(files) == len(hot_modules())
    assert all(file.endswith(".py") for file in files)


@pytest.mark.parametrize("value", ["", "0"])
def test_no_extensions_unset_or_zero_changes_nothing(value):
    form = "import sys; print('waterspout._interpreted' in sys.modules)"
    assert python("-c", f"import waterspout; {form}", WATERSPOUT_NO_EXTENSIONS=value) == "False\n"


def test_hot_modules_tells_the_form_that_is_imported():
    for name, is_compiled in hot_modules().items():
        file = importlib.import_module(name).__file__
        assert file is not None
        assert is_compiled is not file.endswith(".py")


@pytest.mark.skipif(
    not os.environ.get("WATERSPOUT_EXPECT_COMPILED"), reason="nobody expects compiled modules"
)
def test_hot_modules_are_compiled():
    interpreted = [name for name, is_compiled in hot_modules().items() if not is_compiled]
    assert interpreted == [], "build/checkout/compile.log tells why"
