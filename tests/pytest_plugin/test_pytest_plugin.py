"""The plugin for pytest: whole runs, in processes of their own, beside other plugins."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("pytest_asyncio")

STRICT = "asyncio_default_fixture_loop_scope = function\n"
AUTO = STRICT + "asyncio_mode = auto\n"
ALONE = ("-p", "no:asyncio", "-p", "no:anyio")

CONFTEST = """
    import pytest
    from waterspout.web import Application, RequestHandler

    class Hello(RequestHandler):
        def get(self):
            self.write(self.request.protocol)

    @pytest.fixture
    def app():
        return Application([("/", Hello)])
    """


@pytest.fixture
def run(tmp_path):
    """A function that runs pytest on a test file; it returns the summary of the outcomes."""

    def run(*arguments, test, conftest=CONFTEST, ini="", plugins=()):
        for name, text in {"conftest.py": conftest, "test_it.py": test}.items():
            (tmp_path / name).write_text(textwrap.dedent(text))
        (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n" + ini)
        _install(tmp_path, "waterspout = waterspout.pytest_plugin", *plugins)
        paths = [str(tmp_path), *(str(Path(path).resolve()) for path in filter(None, sys.path))]
        command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTEST_ADDOPTS": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )
        print(done.stdout, done.stderr)
        outcomes = {}
        for line in done.stdout.splitlines():
            word, _, rest = line.partition(" test_it.py::")
            if rest:
                outcomes[rest.split(" - ")[0]] = word
        return outcomes, done.stdout

    return run


def _install(directory, *entry_points):
    """Make the plugins known to the interpreter as an installer does."""
    metadata = directory / "these_plugins-1.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: these-plugins\nVersion: 1\n")
    lines = ["[pytest11]", *entry_points]
    (metadata / "entry_points.txt").write_text("\n".join(lines))


OURS = """
    import asyncio
    import pytest
    from waterspout.ioloop import IOLoop

    ends = []
    loops = set()

    @pytest.fixture
    async def number():
        await asyncio.sleep(0)
        return 3

    @pytest.fixture
    async def database(number, io_loop):
        assert IOLoop.current() is io_loop
        try:
            yield
        finally:
            await asyncio.sleep(0)
            ends.append("closed")

    async def test_fresh_loop(io_loop):
        assert asyncio.get_running_loop() is io_loop.asyncio_loop

    async def test_fixtures(number, database):
        assert number == 3
        assert database is None
        assert ends == []

    def test_ends():
        assert ends == ["closed"]
        assert IOLoop.current(instance=False) is None

    @pytest.mark.parametrize("value", [1, 2])
    async def test_parameters(value, number):
        assert value < number

    class TestClass:
        @pytest.fixture
        async def own(self, number):
            self.there = number
            return self

        async def test_method(self, own):
            assert own is self
            assert self.there == 3

    async def test_server(http_server, http_client, base_url):
        response = await http_client.fetch(base_url + "/")
        assert response.body == b"http"
        assert http_server.sockets[0].getsockname()[0] == "127.0.0.1"

    def test_plain_test_of_server(io_loop, http_client, base_url):
        response = io_loop.run_sync(lambda: http_client.fetch(base_url + "/"))
        assert response.code == 200

    async def test_failure():
        assert await asyncio.sleep(0, 1) == 2

    async def test_task_that_is_left():
        async def work():
            try:
                await asyncio.Event().wait()
            finally:
                raise KeyError("left")
        asyncio.create_task(work()).add_done_callback(lambda task: task.exception())
        await asyncio.sleep(0)
    """

PASSED = (
    "test_fresh_loop",
    "test_fixtures",
    "test_ends",
    "test_parameters[1]",
    "test_parameters[2]",
    "TestClass::test_method",
    "test_server",
    "test_plain_test_of_server",
)


def test_coroutines_fixtures_and_servers(run):
    outcomes, output = run(*ALONE, test=OURS)
    assert [outcomes.pop(name) for name in PASSED] == ["PASSED"] * len(PASSED)
    # The one passes, and what it has left is an error behind it.
    assert outcomes == {"test_failure": "FAILED", "test_task_that_is_left": "ERROR"}
    assert "KeyError: 'left'" in output
    assert "assert 1 == 2" in output


def test_a_certificate_for_tests(run):
    outcomes, _ = run(
        *ALONE,
        test="""
        import pytest
        from waterspout.testing import AsyncHTTPSTestCase

        @pytest.fixture
        def http_server_options():
            return {"ssl_options": AsyncHTTPSTestCase.default_ssl_options()}

        async def test_tls(http_client, base_url):
            response = await http_client.fetch(base_url + "/")
            assert response.body == b"https"
        """,
    )
    assert outcomes == {"test_tls": "PASSED"}


def test_mistakes(run):
    outcomes, output = run(
        *ALONE,
        conftest="",
        test="""
        import pytest

        @pytest.fixture(scope="module")
        async def wide():
            return 1

        @pytest.fixture
        async def twice():
            yield 1
            yield 2

        async def test_wide(wide):
            pass

        async def test_twice(twice):
            pass

        async def test_without_app(base_url):
            pass
        """,
    )
    assert outcomes == {"test_wide": "ERROR", "test_twice": "ERROR", "test_without_app": "ERROR"}
    assert "'wide' is of async def and of scope 'module'" in output
    assert "'twice' yields more than once" in output
    assert "fixture 'app' not found" in output


MIXED = """
    import asyncio
    import pytest
    import pytest_asyncio

    @pytest_asyncio.fixture
    async def theirs():
        yield asyncio.get_running_loop()

    @pytest.mark.asyncio
    async def test_theirs(theirs):
        assert asyncio.get_running_loop() is theirs

    @pytest.fixture
    def anyio_backend():
        return "asyncio"

    @pytest.fixture
    async def anyios(anyio_backend):
        yield asyncio.get_running_loop()

    @pytest.mark.anyio
    async def test_anyio(anyios):
        assert asyncio.get_running_loop() is anyios
    """

UNMARKED = """
    @pytest.fixture
    async def ours():
        yield asyncio.get_running_loop()

    async def test_unmarked(ours):
        assert asyncio.get_running_loop() is ours

    async def test_with_server(http_client, base_url):
        assert (await http_client.fetch(base_url)).code == 200
    """


def test_beside_pytest_asyncio_strict_and_anyio(run):
    outcomes, _ = run(ini=STRICT, test=textwrap.dedent(MIXED) + textwrap.dedent(UNMARKED))
    assert outcomes == dict.fromkeys(
        ["test_theirs", "test_anyio", "test_unmarked", "test_with_server"], "PASSED"
    )


def test_beside_pytest_asyncio_auto(run):
    test = textwrap.dedent(MIXED) + textwrap.dedent(UNMARKED)
    test = test.split("\nasync def test_with_server")[0]
    outcomes, _ = run("-p", "no:anyio", ini=AUTO, test=_without_anyio(test))
    assert outcomes == dict.fromkeys(["test_theirs", "test_unmarked"], "PASSED")


def _without_anyio(test):
    start = test.index("@pytest.fixture\ndef anyio_backend")
    end = test.index("@pytest.fixture\nasync def ours")
    return test[:start] + test[end:]


def test_beside_anyio_auto(run):
    outcomes, _ = run(
        "-p",
        "no:asyncio",
        ini="anyio_mode = auto\n",
        test="""
        import asyncio, anyio, pytest

        @pytest.fixture
        async def group():
            async with anyio.create_task_group() as group:
                yield group

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        async def test_group(group):
            group.start_soon(asyncio.sleep, 0)
        """,
    )
    assert outcomes == {"test_group": "PASSED"}


def test_beside_plugins_with_fixtures_of_these_names(run, tmp_path):
    (tmp_path / "other_base_url.py").write_text(
        "import pytest\n@pytest.fixture(scope='session')\ndef base_url():\n    return 'theirs'\n"
    )
    outcomes, _ = run(
        *ALONE,
        plugins=["base_url = other_base_url"],
        test="""
        import pytest

        @pytest.fixture(scope="session", autouse=True)
        def verified(base_url):
            assert base_url == "theirs"

        async def test_both(base_url, http_server):
            assert base_url == "theirs"
            assert http_server.sockets
        """,
    )
    assert outcomes == {"test_both": "PASSED"}


def test_it_costs_nothing_where_it_is_not_used(run):
    outcomes, _ = run(
        *ALONE,
        conftest="",
        test="""
        import sys, unittest

        def test_modules():
            loaded = {name for name in sys.modules if name.partition(".")[0] == "waterspout"}
            assert "waterspout.pytest_plugin" in loaded
            assert not loaded & {"waterspout.ioloop", "waterspout.web", "waterspout.testing"}
            assert "asyncio" not in sys.modules or "waterspout.ioloop" not in loaded

        class TestUnittest(unittest.IsolatedAsyncioTestCase):
            async def test_own(self):
                pass
        """,
    )
    assert outcomes == {"test_modules": "PASSED", "TestUnittest::test_own": "PASSED"}
