"""Every test that `behaviours.txt` names is there: it says which of them holds what."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest
from tests.wire.cases import BAD_REQUESTS, BAD_RESPONSES

_TESTS = Path(__file__).parent
_CASES = {
    "wire/test_server_errors.py": [case.name for case in BAD_REQUESTS],
    "wire/client/test_responses.py": [case.name for case in BAD_RESPONSES],
}


def _behaviours() -> Iterator[tuple[str, list[str]]]:
    behaviour, tests = "", list[str]()
    for line in (_TESTS / "behaviours.txt").read_text(encoding="ascii").splitlines():
        if line.startswith("    "):
            tests.append(line.strip())
        elif line and not line.startswith(("#", "..")):
            if behaviour:
                yield behaviour, tests
            behaviour, tests = line, []
    yield behaviour, tests


BEHAVIOURS = dict(_behaviours())


@cache
def functions(file: str) -> frozenset[str]:
    """Return the names of the functions of a file of tests."""
    tree = ast.parse((_TESTS / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_what_holds_it_is_there(behaviour):
    assert BEHAVIOURS[behaviour]
    for test in BEHAVIOURS[behaviour]:
        file, _, rest = test.partition("::")
        name, bracket, case = rest.partition("[")
        assert name in functions(file), test
        if bracket:
            pattern = case.removesuffix("]")
            assert any(fnmatchcase(known, pattern) for known in _CASES[file]), test
