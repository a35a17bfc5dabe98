"""What holds for all tests.

Every warning is an error (pyproject.toml): a socket left open, or an exception that nobody could
catch, in a destructor or a thread, fails the test that it came up in.
"""

import gc
import os
from collections.abc import Generator

import pytest
from hypothesis import settings

import checkout
from waterspout._build import hot_modules

# Programs under test, in this process and others, find no proxies here but those of a test.
for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
    os.environ.pop(name, None)
    os.environ.pop(name.upper(), None)

# A busy machine is slow now and then, which says nothing about the code: no deadlines.
settings.register_profile("gate", deadline=None)
settings.register_profile("fast", deadline=None, max_examples=15)
settings.register_profile("deep", deadline=None, max_examples=5000)
settings.load_profile("gate")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the collector of garbage what pytest keeps to the end: a million objects.

    It would look at all of them again and again while they are made, and then whenever a test asks
    for a collection, to find out what it has left behind itself.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Spare it, too, what is kept of each test that has been; a file leaves no garbage behind."""
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path != item.path:
            gc.collect()
            gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so where compiled modules were tested that are not those of the sources."""
    if any(hot_modules().values()) and not checkout.is_up_to_date():
        terminalreporter.write_line(
            "The hot modules were compiled from other sources: ./check compiles them anew, "
            "WATERSPOUT_NO_EXTENSIONS=1 does without.",
            yellow=True,
        )
