"""A plugin for pytest: ``async def`` tests and fixtures, a server and a client for each test.

It is found by itself where waterspout is installed. A test of ``async def`` is run on an event loop
of its own, and so are fixtures of ``async def`` that it asks for, unless pytest-asyncio, anyio or
another plugin does: what they have marked, or collect in a mode of their own, is theirs.

    @pytest.fixture
    def app():
        return make_app()

    async def test_home(http_client, base_url):
        response = await http_client.fetch(base_url + "/")
        assert response.code == 200

Fixtures, all for one test: ``io_loop``, the `IOLoop`; ``http_server``, an `HTTPServer` of the
fixture ``app`` on a port of its own, with the arguments in ``http_server_options``, which may be
overridden; ``base_url``, its URL without a slash at the end; ``http_client``, an `AsyncHTTPClient`.
With the options of `waterspout.testing.AsyncHTTPSTestCase.default_ssl_options` it is https, and the
client takes that certificate.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from waterspout.httpclient import AsyncHTTPClient
    from waterspout.httpserver import HTTPServer
    from waterspout.ioloop import IOLoop

# Nothing of waterspout is imported before a test needs it: every run of pytest loads this file.

# Plugins that run coroutines, by the marks that they know their tests by.
_MARKS_OF_OTHERS = ("anyio", "asyncio", "asyncio_cooperative", "tornado", "trio", "twisted")


def pytest_configure(config: pytest.Config) -> None:
    """Add the fixtures; but not those that another plugin has by the same name."""
    manager = config.pluginmanager
    if not manager.hasplugin("tornado"):
        manager.register(Fixtures(), "waterspout-fixtures")
        if not manager.hasplugin("base_url"):
            manager.register(BaseURL(), "waterspout-base-url")


def _is_ours(item: Any) -> bool:
    """Tell whether an item is a coroutine that nobody else runs."""
    return (
        type(item) is pytest.Function
        and inspect.iscoroutinefunction(item.obj)
        and "anyio_backend" not in item.fixturenames
        and not any(item.get_closest_marker(mark) for mark in _MARKS_OF_OTHERS)
    )


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test of ``async def``."""
    if not _is_ours(pyfuncitem):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    io_loop: IOLoop = pyfuncitem._request.getfixturevalue("io_loop")
    io_loop.run_sync(functools.partial(pyfuncitem.obj, **arguments))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Run a fixture of ``async def`` for a test that is ours."""
    function: Any = fixturedef.func
    is_generator = inspect.isasyncgenfunction(function)
    is_async = is_generator or inspect.iscoroutinefunction(function)
    if not is_async or not _is_ours(request._pyfuncitem):
        return (yield)
    if fixturedef.scope != "function":
        pytest.fail(
            f"the fixture {fixturedef.argname!r} is of async def and of scope {fixturedef.scope!r}:"
            " each test has an event loop of its own, so it can be of scope 'function' only",
            pytrace=False,
        )
    io_loop: IOLoop = request.getfixturevalue("io_loop")
    begin = function
    owner = getattr(function, "__self__", None)
    if owner is not None and isinstance(request.instance, type(owner)):
        begin = function.__func__.__get__(request.instance)

    def run(**arguments: Any) -> Any:
        if is_generator:
            return _run_to_yield(begin(**arguments), fixturedef, io_loop)
        return io_loop.run_sync(functools.partial(begin, **arguments))

    replaceable: Any = fixturedef
    replaceable.func = run
    try:
        return (yield)
    finally:
        replaceable.func = function


def _run_to_yield(
    generator: AsyncGenerator[Any], fixturedef: pytest.FixtureDef[Any], io_loop: "IOLoop"
) -> Any:
    """Run a fixture up to its ``yield``; the rest is run when the test has ended."""

    async def rest() -> None:
        async for _ in generator:
            await generator.aclose()
            pytest.fail(f"the fixture {fixturedef.argname!r} yields more than once", pytrace=False)

    value = io_loop.run_sync(generator.__anext__)
    fixturedef.addfinalizer(lambda: io_loop.run_sync(rest))
    return value


class Fixtures:
    """Those that only another plugin for Tornado's names has too."""

    @pytest.fixture
    def io_loop(self) -> "Iterator[IOLoop]":
        """The event loop of this test."""
        from waterspout.ioloop import IOLoop
        from waterspout.testing.leftovers import end_tasks

        before = IOLoop.current(instance=False)
        io_loop = IOLoop()
        try:
            yield io_loop
            end_tasks(io_loop.asyncio_loop)
        finally:
            io_loop.close(all_fds=True)
            if before is not None:
                before.make_current()

    @pytest.fixture
    def http_server_options(self) -> dict[str, Any]:
        """More arguments of the server; to be overridden."""
        return {}

    @pytest.fixture
    def http_server(
        self, io_loop: "IOLoop", app: Any, http_server_options: dict[str, Any]
    ) -> "Iterator[HTTPServer]":
        """A server of ``app`` on a port of its own."""
        from waterspout.httpserver import HTTPServer
        from waterspout.testing import bind_unused_port, get_async_test_timeout

        server = HTTPServer(app, **http_server_options)
        listener, _ = bind_unused_port()
        server.add_socket(listener)
        yield server
        server.stop()
        grace = get_async_test_timeout()
        io_loop.run_sync(functools.partial(server.close_all_connections, grace))

    @pytest.fixture
    def http_client(
        self,
        request: pytest.FixtureRequest,
        io_loop: "IOLoop",
        http_server_options: dict[str, Any],
    ) -> "Iterator[AsyncHTTPClient]":
        """A client of this test."""
        if "http_server" in request.fixturenames:
            # Made before the client, so that it ends after it: TLS ends with a word from each side.
            request.getfixturevalue("http_server")
        from waterspout.httpclient import AsyncHTTPClient
        from waterspout.testing import AsyncHTTPSTestCase
        from waterspout.testing.http import without_proxies

        defaults: dict[str, Any] = {}
        own = AsyncHTTPSTestCase.default_ssl_options()
        if http_server_options.get("ssl_options") == own:
            defaults["ca_certs"] = own["certfile"]
        client = AsyncHTTPClient(force_instance=True, defaults=defaults, **without_proxies())
        yield client
        client.close()


class BaseURL:
    """The fixture that pytest-base-url has too, for a whole session."""

    @pytest.fixture
    def base_url(self, http_server: "HTTPServer", http_server_options: dict[str, Any]) -> str:
        """The URL of ``http_server``, without a slash at the end."""
        scheme = "https" if http_server_options.get("ssl_options") else "http"
        host, port = http_server.sockets[0].getsockname()[:2]
        return f"{scheme}://{host}:{port}"
