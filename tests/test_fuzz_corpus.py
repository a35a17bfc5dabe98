"""What the fuzz targets begin with, and what their guide has found, held in both forms."""

from pathlib import Path

import pytest
from fuzz import guided

_FILES = sorted(path for name in guided.TARGETS for path in (guided.CORPUS / name).iterdir())


@pytest.mark.parametrize("name", guided.TARGETS)
def test_seeds(name: str):
    check, seeds = guided.target(name)
    assert seeds
    for seed in seeds:
        check(seed)


@pytest.mark.parametrize("path", _FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_corpus(path: Path):
    check, _ = guided.target(path.parent.name)
    check(path.read_bytes())


def test_every_directory_has_a_target():
    assert {path.name for path in guided.CORPUS.iterdir()} == {*guided.TARGETS}


@pytest.mark.parametrize("name", guided.TARGETS)
@pytest.mark.parametrize("data", [b"", b"\0", b"\xff" * 40, bytes(range(256))])
def test_any_bytes_will_do(name: str, data: bytes):
    check, _ = guided.target(name)
    check(data)
