"""What is counted, and how it is shown."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest
from tests.wire.server_under_test import Wire, request, turns

from waterspout.httpserver import HTTPServer
from waterspout.web import (
    Application,
    FallbackHandler,
    Metrics,
    MetricsHandler,
    RequestHandler,
    stream_request_body,
)

prometheus_client = pytest.importorskip("prometheus_client")


class Main(RequestHandler):
    SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "BREW")

    def get(self, *args):
        self.write("hello")

    post = brew = get


class Waiting(RequestHandler):
    def initialize(self, gate):
        self.gate = gate

    async def get(self):
        await self.gate.wait()


class Uninitialized(RequestHandler):
    def initialize(self):
        raise RuntimeError("no handler")


@stream_request_body
class Streaming(RequestHandler):
    def data_received(self, chunk):
        pass

    def put(self):
        self.write("done")


class Detaching(RequestHandler):
    async def get(self):
        self.set_status(101)
        self.set_header("Upgrade", "echo")
        await self.flush()
        self.detach().close()


class Counted:
    """An application whose figures are its own."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.registry = prometheus_client.CollectorRegistry()
        self.metrics = Metrics(self.registry)
        self.gate = asyncio.Event()

        def answer(request: Any) -> None:
            request.connection.respond(200, None, b"", b"called")

        rules = [
            (r"/item/(\d+)", Main),
            ("/wait", Waiting, {"gate": self.gate}),
            ("/none", Uninitialized),
            ("/stream", Streaming),
            ("/detach", Detaching),
            ("/call", FallbackHandler, {"fallback": answer}),
            ("/metrics", MetricsHandler),
        ]
        self.application = Application(rules, metrics=self.metrics, access_log=None)
        self.server = wire.serve(self.application, max_body_size=1000)

    def value(self, name: str, **labels: str) -> Any:
        return self.registry.get_sample_value(f"waterspout_{name}", labels)

    def requests(self) -> dict[tuple[str, str, str], float]:
        return {
            (found.labels["method"], found.labels["status"], found.labels["handler"]): found.value
            for metric in self.registry.collect()
            for found in metric.samples
            if found.name == "waterspout_requests_total"
        }


async def test_requests(wire: Wire):
    counted = Counted(wire)
    client = await wire.connect(counted.server)
    for number in range(3):
        await client.ask(path=f"/item/{number}")
    await client.ask(path="/nowhere")
    await client.ask(path="/none")
    await client.ask(path="/item/1", method="BREW")
    await client.ask(path="/item/1", method="POST", body=b"12345")
    await client.ask(path="/stream", method="PUT", body=b"123")
    await client.ask(path="/call")
    assert counted.requests() == {
        ("GET", "200", "Main"): 3,
        ("GET", "404", "ErrorHandler"): 1,
        ("GET", "500", "Uninitialized"): 1,
        ("OTHER", "200", "Main"): 1,
        ("POST", "200", "Main"): 1,
        ("PUT", "200", "Streaming"): 1,
        ("GET", "200", "FallbackHandler"): 1,
    }
    labels = {"method": "GET", "handler": "Main"}
    assert counted.value("request_duration_seconds_count", **labels) == 3
    assert counted.value("request_duration_seconds_bucket", le="+Inf", **labels) == 3
    assert counted.value("request_duration_seconds_sum", **labels) > 0
    assert counted.value("request_body_bytes_total") == 8
    assert counted.value("requests_in_progress") == 0


async def test_bytes(wire: Wire):
    counted = Counted(wire)
    client = await wire.connect(counted.server)
    await client.send(request(path="/item/1", method="GET") + b"nonsense\r\n\r\n")
    raw = await client.rest()
    assert raw.count(b"HTTP/1.1 ") == 2
    assert counted.value("response_bytes_total") == len(raw)


async def test_refused_requests(wire: Wire):
    counted = Counted(wire)
    for raw in (
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/3.0\r\nHost: a\r\n\r\n",
        request(method="POST", path="/item/1", body=b"x" * 1001),
        request("Transfer-Encoding: chunked", method="PUT", path="/stream") + b"fff\r\n",
    ):
        client = await wire.connect(counted.server)
        await client.send(raw)
        await client.rest()
    assert counted.requests() == {
        ("", "400", ""): 2,
        ("", "505", ""): 1,
        ("POST", "413", ""): 1,
        ("PUT", "413", "Streaming"): 1,
    }
    assert counted.value("requests_in_progress") == 0


async def test_what_is_under_way(wire: Wire):
    counted = Counted(wire)
    first, second = await wire.connect(counted.server), await wire.connect(counted.server)
    await first.send(request(path="/wait"))
    await wire.connection_count(counted.server, 2)
    assert await first.receives_nothing()
    assert counted.value("requests_in_progress") == 1
    assert counted.value("connections_open") == 2
    assert counted.value("connections_accepted_total") == 2
    counted.gate.set()
    assert (await first.response()).status == 200
    assert counted.value("requests_in_progress") == 0
    first.close()
    second.close()
    await wire.closed(counted.server)
    assert counted.value("connections_open") == 0
    assert counted.value("connections_accepted_total") == 2
    assert counted.value("connections_refused_total") == 0


async def test_a_client_that_has_gone(wire: Wire):
    counted = Counted(wire)
    client = await wire.connect(counted.server)
    await client.send(request(path="/wait"))
    assert await client.receives_nothing()
    client.reset()
    await wire.closed(counted.server)
    assert counted.requests() == {("GET", "", "Waiting"): 1}
    assert counted.value("requests_in_progress") == 0
    counted.gate.set()
    await turns()
    assert counted.requests() == {("GET", "", "Waiting"): 1}


async def test_a_connection_that_is_detached(wire: Wire):
    counted = Counted(wire)
    client = await wire.connect(counted.server)
    await client.send(request("Upgrade: echo", "Connection: upgrade", path="/detach"))
    await client.rest()
    assert counted.requests() == {("GET", "101", "Detaching"): 1}
    assert counted.value("requests_in_progress") == 0
    assert counted.value("connections_open") == 0


async def test_a_connection_that_comes_too_late(wire: Wire):
    counted = Counted(wire)
    counted.server._is_closed = True  # as if it had been accepted before, and not heard of
    client = await wire.connect(counted.server)
    assert await client.rest() == b""
    assert counted.value("connections_refused_total") == 1


async def test_no_client_makes_the_registry_grow(wire: Wire):
    counted = Counted(wire)
    client = await wire.connect(counted.server)
    for number in range(200):
        await client.ask(path=f"/{number}", method=f"M{number}", body=b"x")
    assert counted.requests() == {("OTHER", "405", "ErrorHandler"): 200}


async def test_an_observer_that_fails_takes_nothing_from_the_request(wire: Wire, caplog):
    counted = Counted(wire)

    def fail(*args: Any) -> None:
        raise RuntimeError("in the observer")

    for name in dir(Metrics):
        if name.startswith("on_"):
            setattr(counted.metrics, name, fail)
    client = await wire.connect(counted.server)
    assert (await client.ask(path="/item/1")).body == b"hello"
    await client.send(b"nonsense\r\n\r\n")
    assert (await client.response()).status == 400
    client.close()
    await wire.closed(counted.server)
    assert caplog.text.count("RuntimeError: in the observer") == 5


# The handler


async def test_the_handler_shows_them(wire: Wire):
    counted = Counted(wire)
    client = await wire.connect(counted.server)
    await client.ask(path="/item/1")
    answer = await client.ask(path="/metrics")
    assert answer.status == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert answer["Cache-Control"] == "no-store"
    assert "Etag" not in answer
    line = b'waterspout_requests_total{handler="Main",method="GET",status="200"} 1.0\n'
    assert line in answer.body
    answer = await client.ask(
        "Accept: application/openmetrics-text; version=1.0.0", path="/metrics"
    )
    assert answer["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.body.endswith(b"# EOF\n")
    assert (await client.ask(path="/metrics", method="HEAD")).status == 200


async def test_the_handler_on_a_port_of_its_own(wire: Wire):
    counted = Counted(wire)
    await (await wire.connect(counted.server)).ask(path="/item/1")
    rules = [("/metrics", MetricsHandler, {"metrics": counted.metrics})]
    client = await wire.client(rules)
    assert b'waterspout_requests_total{handler="Main"' in (await client.ask(path="/metrics")).body


async def test_without_the_setting_the_handler_says_what_it_needs(wire: Wire, caplog):
    client = await wire.client([("/metrics", MetricsHandler)])
    assert (await client.ask(path="/metrics")).status == 500
    assert "MetricsHandler needs the setting 'metrics' for what it shows" in caplog.text


# The setting


def test_true_is_the_same_for_all_and_tells_of_the_process():
    shared = Metrics.shared()
    assert Application(metrics=True).observer is shared
    assert Application(metrics=True).observer is shared
    assert shared.registry is prometheus_client.REGISTRY
    text, _ = shared.exposition("")
    assert b"python_info{" in text
    assert b"waterspout_connections_open " in text


@pytest.mark.parametrize("setting", [None, False])
def test_off(setting):
    application = Application(metrics=setting)
    assert application.observer is None
    assert HTTPServer(application).observer is None


def test_a_setting_that_is_wrong():
    with pytest.raises(TypeError, match=r"metrics is True or a waterspout\.web\.Metrics, not 'x'"):
        Application(metrics="x")


def test_a_registry_that_has_them_already():
    registry = prometheus_client.CollectorRegistry()
    shared = Metrics.shared(registry)
    assert Metrics.shared(registry) is shared
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Metrics(registry)


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ImportError, match=r"pip install 'waterspout\[metrics\]'"):
        Application(metrics=True)


async def test_clients_with_a_bad_proxy_header(wire: Wire):
    registry = prometheus_client.CollectorRegistry()
    metrics = Metrics(registry)
    server = wire.serve(Application(metrics=metrics), proxy_protocol=True)
    client = await wire.connect(server)
    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    assert await client.rest_or_reset() == b""
    assert registry.get_sample_value("waterspout_bad_proxy_headers_total") == 1
    assert registry.get_sample_value("waterspout_connections_accepted_total") == 0


# Several processes

WORKERS = """
import os
from waterspout.httpserver.refusal import Refusal
from waterspout.web import Metrics

metrics = Metrics.shared()
pids = []
for worker in range(3):
    pid = os.fork()
    if not pid:
        metrics.on_connection_open(None)
        metrics.on_refusal(Refusal(None, 400, ValueError(), None, b"", 10, 0, 0.0, ""))
        os._exit(0)
    os.waitpid(pid, 0)
    pids.append(pid)
for pid in pids[1:]:
    Metrics.forget_process(pid)
metrics.on_connection_open(None)
print(metrics.exposition("")[0].decode())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_several_processes_are_added_up(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", WORKERS], env=environment, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert "waterspout_connections_accepted_total 4.0" in lines
    assert "waterspout_connections_open 2.0" in lines  # those of the forgotten are not
    assert 'waterspout_requests_total{handler="",method="",status="400"} 3.0' in lines
    assert "waterspout_response_bytes_total 30.0" in lines
