"""Under wrk: workers come and go, and the server ends, without a failed request."""

import re
import signal
import subprocess

import pytest
from tests.cli.serve.served import APP, Served
from tests.interop.programs import find

_CONNECTIONS = 20
#: An address that no other test listens at: when the server has ended, its port may be somebody's.
_HOST = "127.7.7.7"
#: wrk may have to wait for its turn of the processor.
_OPTIONS = ("--access-log", "off", "--timeout-next-request", "20s")


@pytest.fixture
def served(tmp_path):
    find("wrk")
    (tmp_path / "main.py").write_text(APP)
    found = Served(tmp_path, "--host", _HOST, "--port", "0", "--workers", "2", *_OPTIONS)
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

    def end(self) -> None:
        """Let it ask no more."""
        self._process.send_signal(signal.SIGINT)

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
    with Wrk(served, 60, *fields) as wrk:
        for _ in range(3):
            served.send(signal.SIGHUP)
            workers = served.wait_for_workers(2, without=workers)
        wrk.end()
        answers, failed = wrk.result()
    assert answers > 100
    assert _nothing(failed), failed


@pytest.mark.slow
@pytest.mark.parametrize("fields", [(), ("-H", "Connection: close")], ids=["kept", "closed"])
def test_the_end(served: Served, fields: tuple[str, ...]):
    served.wait_for_workers(2)
    with Wrk(served, 60, *fields) as wrk:
        for _ in range(100):  # by then wrk is at work too
            assert served.get()
        assert served.end() == 0
        wrk.end()
        answers, failed = wrk.result()
    assert answers
    # Afterwards nobody listens, which wrk hears of when it connects or first writes.
    assert _nothing(failed, "connect", "write"), failed
