"""What a process does with memory that it has freed, counted in pages that it takes anew."""

import ctypes
import os
import subprocess
import sys

import pytest

from waterspout.process.memory import keep_freed_memory

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"),
    reason="there is no glibc here",
)

COUNT = """
import resource, sys
from waterspout.process.memory import expect_large_blocks, keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
if sys.argv[1] == "expected":
    expect_large_blocks()
def blocks():
    return [bytearray(b"x") * 1_000_000 for _ in range(3)]
blocks()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    blocks()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages(how):
    environment = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
    result = subprocess.run(
        [sys.executable, "-c", COUNT, how],
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return int(result.stdout)


def test_blocks_are_not_mapped_anew():
    assert pages("kept") < 1_000
    assert pages("expected") < 1_000
    assert pages("given back") > 20_000


@pytest.mark.parametrize("name", ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"])
def test_the_user_has_the_last_word(monkeypatch, name):
    monkeypatch.setenv(name, "131072")
    assert not keep_freed_memory()
