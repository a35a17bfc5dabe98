"""Under slow attacks by slowhttptest: everybody else goes on being served."""

import subprocess

import pytest
from tests.interop.programs import find
from tests.wire.server_process import LOOPS, ServerProcess, start

# Each mode, the page it attacks, and whether it holds connections open.
_MODES = {
    "slow heads": (["-H"], "/", True),
    "slow bodies": (["-B", "-s", "1000000"], "/echo", True),
    "slow reading": (["-X", "-w", "10", "-y", "20", "-z", "5", "-n", "1"], "/files/large", True),
    "slow reading of a stream": (
        ["-X", "-w", "10", "-y", "20", "-z", "5", "-n", "1"],
        "/stream?count=1000&lines=20000",
        True,
    ),
    "many ranges": (["-R", "-a", "5", "-b", "3000"], "/files/large", False),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory):
    directory = tmp_path_factory.mktemp("files")
    (directory / "large").write_bytes(bytes(8 * 1024 * 1024))
    return str(directory)


def _attack(server: ServerProcess, mode: str, connections: int, seconds: int) -> bool:
    """Attack, and tell whether there was the time to open as many connections as it holds."""
    options, path, is_holding = _MODES[mode]
    before = server.usage()
    attacker = subprocess.Popen(
        [
            find("slowhttptest"),
            *("-c", str(connections), "-r", str(connections), "-l", str(seconds)),
            *("-i", "1", "-p", "10", "-v", "1"),
            *("-u", f"http://{server.address}:{server.port}{path}"),
            *options,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    most = 0
    try:
        # Each answer comes, or it times out here.
        while attacker.poll() is None:
            assert server.get("/") == b"Hello, world"
            most = max(most, server.usage()["descriptors"])
        assert attacker.stdout is not None
        told = attacker.stdout.read()
    finally:
        attacker.kill()
        attacker.communicate()
    assert attacker.returncode == 0, told
    assert "Exit status:" in told
    assert "service available" in told
    assert "YES" in told.rpartition("service available")[2].split("\n")[0]
    for _ in range(10_000):
        usage = server.usage()
        if usage["descriptors"] <= before["descriptors"] + 2:
            break
    else:
        pytest.fail("connections of the attack are still open")
    # What they had in memory was bounded, and the slow ones have cost next to nothing.
    assert usage["resident"] - before["resident"] < connections * 512 * 1024
    return not is_holding or most > 0.9 * connections


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", _MODES)
def test_others_are_served(mode: str, files: str):
    with start(files=files) as server:
        assert any(_attack(server, mode, connections=300, seconds=time) for time in (2, 8, 32))


@pytest.mark.deep
@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", _MODES)
@pytest.mark.parametrize("loop", LOOPS)
def test_others_are_served_for_long(loop: str, mode: str, files: str):
    with start(loop, files=files) as server:
        assert any(_attack(server, mode, connections=1000, seconds=time) for time in (30, 90))
