"""The soak of the bench, for as long as it takes to kill a worker twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_RUN = Path(__file__).resolve().parents[2] / "bench" / "run"


@pytest.mark.deep
@pytest.mark.timeout(300)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the bench reads /proc")
def test_all_promises_are_kept(tmp_path):
    record = tmp_path / "soak.json"
    done = subprocess.run(
        [sys.executable, str(_RUN), "soak", "--seconds", "25", "--json", str(record)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(record.read_text())
    assert found["notes"] == []
    assert found["results"]["kills"] == 2
    for name, tally in found["results"]["load"].items():
        assert (tally["wrong"], tally["failed"]) == (0, 0), name
        assert tally["right"] + tally["given_up"] > 10, name
