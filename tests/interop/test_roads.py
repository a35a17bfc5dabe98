"""Programs that have been behind proxies for long: curl's opinion, and haproxy as a proxy."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest
from tests.httpclient.fixtures import make_client
from tests.httpclient.scripted_server import always, response, serve
from tests.httpclient.test_environment import CASES
from tests.interop.programs import find

from waterspout.httpclient import HTTPClientError

__all__ = ["make_client"]


@pytest.fixture(scope="module")
def curl():
    """curl, of a version that knows networks in ``no_proxy``."""
    found = find("curl")
    shown = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.match(r"curl (\d+)\.(\d+)", shown)
    assert version is not None
    if (int(version[1]), int(version[2])) < (7, 86):
        pytest.skip("this curl knows no networks")
    return found


@pytest.mark.slow
def test_curl_makes_the_same_exceptions(curl):
    differing = []
    with serve(always(response(b"proxy"))) as proxy, serve(always()) as origin:
        for listed, host, _, is_covered in CASES:
            shown = f"[{host}]" if ":" in host else host
            names = () if ":" in host else ("--resolve", f"{host}:{origin.port}:127.0.0.1")
            done = subprocess.run(
                [
                    *(curl, "-q", "--silent", "--max-time", "5", "--connect-timeout", "1"),
                    *names,
                    f"http://{shown}:{origin.port}/",
                ],
                env={**os.environ, "http_proxy": proxy.url, "no_proxy": listed},
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
            # Where nobody listens it has tried to connect straight away.
            if (done.stdout != b"proxy") is not is_covered:
                differing.append((listed, host, done.stdout, done.returncode))
    assert differing == []


_HAPROXY = """
global
    maxconn 100
defaults
    mode http
    timeout connect 10s
    timeout client 30s
    timeout server 30s
userlist people
    user me insecure-password s3cret
frontend front
    bind fd@{descriptor}
    option http-use-proxy-header
    http-request auth realm front unless {{ http_auth(people) }}
    http-request set-dst url_ip
    http-request set-dst-port url_port
    http-request del-header Proxy-Authorization
    default_backend back
backend back
    server any 0.0.0.0:0
"""


@pytest.mark.deep
def test_haproxy_fetches_for_those_whom_it_knows(make_client, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as listener, serve(always()) as origin:
        config = tmp_path / "config"
        config.write_text(_HAPROXY.format(descriptor=listener.fileno()))
        process = subprocess.Popen(
            [find("haproxy"), "-db", "-f", str(config)],
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port = listener.getsockname()[1]
            client = make_client()
            for _ in range(2):
                answer = client.fetch(
                    origin.url + "x?y", proxy=f"http://me:s3cret@127.0.0.1:{port}"
                )
                assert answer.body == b"ok"
            assert origin.last.target.endswith("/x?y")
            assert origin.last.headers["host"] == f"127.0.0.1:{origin.port}"
            assert len(client.flow.pool.idle) == 1
            with pytest.raises(HTTPClientError) as caught:
                client.fetch(origin.url, proxy=f"http://me:wrong@127.0.0.1:{port}")
            assert caught.value.code == 407
            with pytest.raises(HTTPClientError, match=f"the proxy 127.0.0.1:{port} refused .* 407"):
                client.fetch("https://127.0.0.1:1/", proxy=f"http://me:wrong@127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(timeout=30)
