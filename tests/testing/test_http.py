"""`AsyncHTTPTestCase` and `AsyncHTTPSTestCase`."""

import os
import ssl
import subprocess
import sys
import textwrap

import pytest

from waterspout.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse
from waterspout.testing import AsyncHTTPSTestCase, AsyncHTTPTestCase, gen_test
from waterspout.web import Application, RequestHandler


class Hello(RequestHandler):
    """Says what it is asked with."""

    def get(self, name="world"):
        """Greet."""
        self.write(f"{self.request.protocol} {name} {self.get_query_argument('q', '')}")

    def post(self, name="world"):
        """Return the body."""
        self.write(self.request.body)


class Both(AsyncHTTPTestCase):
    """What holds with and without TLS."""

    __test__ = False

    def get_app(self):
        return Application([("/", Hello), ("/to/(.*)", Hello)])

    def test_fetch(self):
        response = self.fetch("/to/me?q=1")
        assert response.code == 200
        assert response.body.decode() == f"{self.get_protocol()} me 1"
        assert self.fetch(self.get_url("/")).body.endswith(b" world ")
        assert self.fetch("/", method="POST", body="text").body == b"text"

    def test_errors_are_responses(self):
        assert self.fetch("/missing").code == 404
        with pytest.raises(HTTPClientError, match="404"):
            self.fetch("/missing", raise_error=True)

    @gen_test
    async def test_a_coroutine(self):
        response = await self.http_client.fetch(self.get_url("/"))
        assert response.code == 200

    def test_urls(self):
        url = f"{self.get_protocol()}://127.0.0.1:{self.get_http_port()}/x"
        assert self.get_url("/x") == url
        assert self.http_server.sockets[0].getsockname()[1] == self.get_http_port()


class TestHTTP(Both):
    """Without TLS."""

    __test__ = True


class TestHTTPS(AsyncHTTPSTestCase, Both):
    """With TLS."""

    __test__ = True

    def test_the_certificate_is_for_this_machine(self):
        context = ssl.create_default_context(cafile=self.get_ssl_options()["certfile"])
        response = self.fetch(
            f"https://localhost:{self.get_http_port()}/", ssl_options=context, validate_cert=True
        )
        assert response.code == 200


class TestOptions(AsyncHTTPTestCase):
    """Of the server."""

    def get_app(self):
        return Application([("/", Hello)])

    def get_httpserver_options(self):
        return {"max_body_size": 3}

    def test_they_hold(self):
        assert self.fetch("/", method="POST", body="abc").code == 200
        assert self.fetch("/", method="POST", body="abcd").code == 413


def test_proxies_of_the_environment_are_not_asked(outcome, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")

    class Plain(AsyncHTTPTestCase):
        def get_app(self):
            return Application([("/", Hello)])

        def test(self):
            assert self.fetch("/", raise_error=True).code == 200

    class WithTLS(Plain, AsyncHTTPSTestCase):
        pass

    assert outcome(Plain) == []
    assert outcome(WithTLS) == []


def test_another_client_may_be_configured(outcome):
    class Mine(AsyncHTTPClient):
        def fetch_impl(self, request, callback):
            callback(HTTPResponse(request, 299, buffer=None))

    class Configured(AsyncHTTPTestCase):
        def get_app(self):
            return Application([("/", Hello)])

        def test(self):
            assert self.fetch("/").code == 299

    AsyncHTTPClient.configure(Mine)
    try:
        assert outcome(Configured) == []
    finally:
        AsyncHTTPClient.configure(None)


def test_there_must_be_an_application(outcome):
    class Missing(AsyncHTTPTestCase):
        def test(self):
            raise AssertionError("not reached")

    assert outcome(Missing) == ["NotImplementedError: Missing must define get_app()"]


def run(tmp_path, *arguments, **files):
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
    paths = [str(tmp_path), *filter(None, sys.path)]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=100,
    )


SOME = """
    from waterspout.testing import AsyncTestCase, gen_test

    class Test(AsyncTestCase):
        @gen_test
        async def test_one(self):
            pass

        def test_two(self):
            self.fail("on purpose")
    """


@pytest.mark.slow
def test_tests_by_their_names(tmp_path):
    done = run(tmp_path, "-m", "waterspout.testing", "some.Test.test_one", "--verbose", some=SOME)
    assert done.returncode == 0, done.stderr
    assert "test_one (some.Test.test_one) ... ok" in done.stderr
    done = run(tmp_path, "-m", "waterspout.testing", "--failfast", "some", some=SOME)
    assert done.returncode == 1
    assert "AssertionError: on purpose" in done.stderr


@pytest.mark.slow
def test_a_program_of_tests(tmp_path):
    program = """
        import unittest
        from waterspout.options import define, options
        from waterspout.testing import main

        define("color", default="red")

        def all():
            return unittest.defaultTestLoader.loadTestsFromName("some.Test.test_one")

        if __name__ == "__main__":
            main(verbosity=2)
        """
    done = run(tmp_path, "program.py", "--color=blue", some=SOME, program=program)
    assert done.returncode == 0, done.stderr
    assert "Ran 1 test" in done.stderr
    done = run(tmp_path, "program.py", "--quiet", "some.Test.test_two", some=SOME, program=program)
    assert done.returncode == 1
    done = run(tmp_path, "program.py", "--shape=round")
    assert done.returncode == 1
    assert "shape" in done.stderr


def test_no_tests(tmp_path):
    done = run(tmp_path, "-m", "waterspout.testing")
    assert done.returncode == 1
    assert "No tests specified" in done.stderr
