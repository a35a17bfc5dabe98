"""The fuzz target of the HTTP/1 engine, run for a while; and the two forms of the engine."""

import os
import subprocess
import sys

import pytest
from fuzz import http1

from waterspout._build import hot_modules


def test_a_few_inputs():
    assert http1.run(seed=1, count=500) == 500


@pytest.mark.deep
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(100, 108))
def test_many_inputs(seed):
    assert http1.run(seed=seed, count=50_000) == 50_000


def test_every_seed_as_it_is():
    for raw in http1.SEEDS:
        http1.check(raw, list(range(len(raw))))


def told(form: str, seed: int, count: int) -> list[str]:
    """Return what an engine told of the inputs of a seed; ``form`` is WATERSPOUT_NO_EXTENSIONS."""
    result = subprocess.run(
        [sys.executable, "-m", "fuzz.http1", "--digest", f"--seed={seed}", f"--count={count}"],
        env={**os.environ, "WATERSPOUT_NO_EXTENSIONS": form},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.splitlines()


COMPILED = any(
    is_compiled for name, is_compiled in hot_modules().items() if name.startswith("waterspout.pro")
)


@pytest.mark.skipif(not COMPILED, reason="here the engine is interpreted: there is one form only")
@pytest.mark.parametrize(
    ("seed", "count"),
    [
        pytest.param(7, 500, marks=pytest.mark.slow),
        pytest.param(8, 50_000, marks=pytest.mark.deep),
    ],
)
@pytest.mark.timeout(1200)
def test_compiled_and_interpreted_forms_tell_the_same(seed, count):
    compiled, interpreted = told("", seed, count), told("1", seed, count)
    assert len(compiled) == count
    assert compiled == interpreted
