"""`AsyncHTTPTestCase`: each test has a server and a client of its own."""

from pathlib import Path
from typing import Any

from waterspout.httpclient import AsyncHTTPClient, HTTPResponse
from waterspout.httpserver import HTTPServer
from waterspout.simple_httpclient import SimpleAsyncHTTPClient
from waterspout.testing.case import AsyncTestCase
from waterspout.testing.socket import bind_unused_port
from waterspout.testing.timeout import get_async_test_timeout

__all__ = ["AsyncHTTPSTestCase", "AsyncHTTPTestCase", "without_proxies"]

# A key that everybody knows, and its certificate for localhost, 127.0.0.1 and ::1. For tests only.
_CERTIFICATE = Path(__file__).with_name("localhost.pem")


def without_proxies() -> dict[str, Any]:
    """Return what keeps a client from the proxies of the environment: the server is right here."""
    is_own = AsyncHTTPClient.configured_class() is SimpleAsyncHTTPClient
    return {"trust_env": False} if is_own else {}


class AsyncHTTPTestCase(AsyncTestCase):
    """Serves the application of `get_app` for each test, on a port of its own::

        class TestHello(AsyncHTTPTestCase):
            def get_app(self):
                return make_app()

            def test_home(self):
                self.assertEqual(self.fetch("/").code, 200)

    `fetch` is for plain tests; one under `gen_test` awaits ``self.http_client.fetch``, with a URL
    of `get_url`.
    """

    http_client: AsyncHTTPClient
    http_server: HTTPServer

    def setUp(self) -> None:
        """Make loop, client and server; to be called first by a method that overrides it."""
        super().setUp()
        listener, self._port = bind_unused_port()
        try:
            self.http_client = self.get_http_client()
            self._app = self.get_app()
            self.http_server = self.get_http_server()
        except BaseException:
            listener.close()
            AsyncTestCase.tearDown(self)  # which unittest doesn't call after this
            raise
        self.http_server.add_sockets([listener])

    def tearDown(self) -> None:
        """Close server and client; to be called last by a method that overrides it.

        Requests that are under way have the time of `get_async_test_timeout`, and are cut off then.
        """
        try:
            self.http_server.stop()
            self.http_client.close()
            grace = get_async_test_timeout()
            self.io_loop.run_sync(lambda: self.http_server.close_all_connections(grace))
        finally:
            super().tearDown()

    def get_app(self) -> Any:
        """Return what is served: an `Application`, or whatever else `HTTPServer` takes."""
        raise NotImplementedError(f"{type(self).__name__} must define get_app()")

    def get_http_client(self) -> AsyncHTTPClient:
        """Return the client, which is that of the loop; to be overridden for another."""
        return AsyncHTTPClient(**without_proxies())

    def get_http_server(self) -> HTTPServer:
        """Return the server, which does not listen yet; to be overridden for another."""
        return HTTPServer(self._app, **self.get_httpserver_options())

    def get_httpserver_options(self) -> dict[str, Any]:
        """Return more arguments of `HTTPServer`; none unless it is overridden."""
        return {}

    def get_http_port(self) -> int:
        """Return the port of the server."""
        return self._port

    def get_protocol(self) -> str:
        """Return the scheme of the server's URLs."""
        return "http"

    def get_url(self, path: str) -> str:
        """Return the URL of a path, with a query if it has one, on the server."""
        return f"{self.get_protocol()}://127.0.0.1:{self.get_http_port()}{path}"

    def fetch(self, path: str, raise_error: bool = False, **kwargs: Any) -> HTTPResponse:
        """Fetch a path of the server, or a whole URL, and return the response.

        `kwargs` are those of `AsyncHTTPClient.fetch`. Codes other than 200 to 299 are responses
        too, unless `raise_error` is true. TimeoutError after `get_async_test_timeout` seconds.
        """
        is_whole = path.lower().startswith(("http://", "https://"))
        url = path if is_whole else self.get_url(path)
        response: HTTPResponse = self.io_loop.run_sync(
            lambda: self.http_client.fetch(url, raise_error=raise_error, **kwargs),
            timeout=get_async_test_timeout(),
        )
        return response


class AsyncHTTPSTestCase(AsyncHTTPTestCase):
    """The same over TLS, with a certificate that is for tests only and that nobody else trusts."""

    def get_http_client(self) -> AsyncHTTPClient:
        """Return a client that takes any certificate."""
        arguments = {"defaults": {"validate_cert": False}, **without_proxies()}
        return AsyncHTTPClient(force_instance=True, **arguments)

    def get_httpserver_options(self) -> dict[str, Any]:
        """Return the arguments of `HTTPServer`, with `get_ssl_options`."""
        return {"ssl_options": self.get_ssl_options()}

    def get_ssl_options(self) -> Any:
        """Return the `ssl_options` of the server; to be overridden for another certificate."""
        return self.default_ssl_options()

    @staticmethod
    def default_ssl_options() -> dict[str, Any]:
        """Return the names of the files of the certificate for localhost and of its key."""
        return {"certfile": str(_CERTIFICATE), "keyfile": str(_CERTIFICATE)}

    def get_protocol(self) -> str:
        """Return the scheme of the server's URLs."""
        return "https"
