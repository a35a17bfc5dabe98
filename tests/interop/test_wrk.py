"""Under wrk: workers come and go, and the server ends, without a failed request.

But for one thing that no server can help (RFC 9112 section 9.3.1): a kept connection that lies idle
is closed, and the next request is on its way already. wrk counts it; a client repeats it.
"""

import re
import signal
import subprocess

import pytest
from tests.cli.serve.served import APP, Served
from tests.interop.programs import find

_CONNECTIONS = 20
#: What may fail, where connections are kept and where each request closes its own.
_RACES = {False: ("read",), True: ()}


@pytest.fixture
def served(tmp_path):
    find("wrk")
    (tmp_path / "main.py").write_text(APP)
    found = Served(tmp_path, "--port", "0", "--workers", "2", "--access-log", "off")
    yield found
    found.close()


class Wrk:
    """wrk at work, for some seconds."""

    def __init__(self, served: Served, seconds: int, *options: str) -> None:
        host, port = served.address
        url = f"http://{host}:{port}/"
        self._process = subprocess.Popen(
            [find("wrk"), "-t", "1", "-c", str(_CONNECTIONS), "-d", str(seconds), *options, url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._process.kill()
        self._process.communicate()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def result(self) -> tuple[int, dict[str, int]]:
        """Return how many answers it had, and what failed, when it is through."""
        told, _ = self._process.communicate(timeout=60)
        assert self._process.returncode == 0, told
        requests = re.search(r"(\d+) requests in", told)
        assert requests is not None, told
        failed = dict(re.findall(r"(connect|read|write|timeout) (\d+)", told))
        failed.update(re.findall(r"(Non-2xx) or 3xx responses: (\d+)", told))
        return int(requests[1]), {what: int(number) for what, number in failed.items()}


def _nothing(failed: dict[str, int], *besides: str) -> bool:
    return not any(number for what, number in failed.items() if what not in besides)


@pytest.mark.slow
@pytest.mark.parametrize("fields", [(), ("-H", "Connection: close")], ids=["kept", "closed"])
def test_new_code_again_and_again(served: Served, fields: tuple[str, ...]):
    workers = served.wait_for_workers(2)
    rounds = 0
    with Wrk(served, 4, *fields) as wrk:
        while wrk.is_running:
            served.send(signal.SIGHUP)
            workers = served.wait_for_workers(2, without=workers)
            rounds += 1
        answers, failed = wrk.result()
    assert rounds >= 2
    assert answers > 100
    assert _nothing(failed, *_RACES[bool(fields)]), failed
    # No more than one for each connection that a worker has ended, and each round ends two workers.
    assert failed.get("read", 0) <= _CONNECTIONS * 2 * rounds


@pytest.mark.slow
@pytest.mark.parametrize("fields", [(), ("-H", "Connection: close")], ids=["kept", "closed"])
def test_the_end(served: Served, fields: tuple[str, ...]):
    served.wait_for_workers(2)
    with Wrk(served, 3, *fields) as wrk:
        for _ in range(100):  # by then wrk is at work too
            assert served.get()
        assert served.end() == 0
        answers, failed = wrk.result()
    assert answers
    # Afterwards nobody listens, which wrk hears of when it connects or first writes.
    assert _nothing(failed, "connect", "write", *_RACES[bool(fields)]), failed
    assert failed.get("read", 0) <= _CONNECTIONS
