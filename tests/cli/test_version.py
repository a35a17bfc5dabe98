"""The command that shows what an installation is made of."""

import platform
import sys

import pytest

from waterspout._version import __version__
from waterspout.cli import main, version


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Run the command; return its lines, by their first word."""
    assert main(["version"]) == 0
    lines = capsys.readouterr().out.splitlines()
    return {first: rest.strip() for first, _, rest in (line.partition(" ") for line in lines)}


def test_versions(capsys):
    facts = shown(capsys)
    assert facts["waterspout"] == __version__
    assert facts["python"] == f"{platform.python_implementation()} {platform.python_version()}"


def test_loop_without_uvloop(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert shown(capsys)["loop"] == "asyncio"


def test_loop_with_uvloop(capsys):
    uvloop = pytest.importorskip("uvloop")
    assert shown(capsys)["loop"] == f"uvloop {uvloop.__version__}"


@pytest.mark.parametrize(
    ("modules", "engine"),
    [
        ({}, "interpreted"),
        ({"waterspout.a": False, "waterspout.b": False}, "interpreted"),
        ({"waterspout.a": True, "waterspout.b": True}, "compiled"),
        (
            {"waterspout.a": True, "waterspout.b": False},
            "mixed (compiled: waterspout.a; interpreted: waterspout.b)",
        ),
    ],
)
def test_engine(modules, engine, monkeypatch, capsys):
    monkeypatch.setattr(version, "hot_modules", lambda: modules)
    assert shown(capsys)["engine"] == engine
