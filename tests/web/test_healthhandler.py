"""What an orchestrator gets to know."""

import asyncio
import json

import pytest
from tests.wire.server_under_test import Wire, turns

from waterspout.web import Checks, HealthHandler, ReadyHandler


def state(answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["status"]


async def test_it_is_alive(wire: Wire):
    client = await wire.client([("/healthz", HealthHandler)])
    answer = await client.ask(path="/healthz")
    assert answer.status == 200
    assert json.loads(answer.body) == {"status": "ok", "checks": {}}
    assert answer["Content-Type"] == "application/json; charset=UTF-8"
    assert answer["Cache-Control"] == "no-store"
    assert (await client.ask(method="HEAD", path="/healthz")).status == 200
    assert (await client.ask(method="POST", path="/healthz")).status == 405


async def test_one_check_that_fails_is_enough(wire: Wire, caplog):
    def secret():
        raise OSError("password=secret")

    checks = Checks({"disk": lambda: None, "database": secret})
    client = await wire.client([("/", ReadyHandler, {"checks": checks})])
    answer = await client.ask()
    assert state(answer) == (503, "failing")
    assert json.loads(answer.body)["checks"] == {"disk": "ok", "database": "failed"}
    assert b"secret" not in answer.body
    assert "password=secret" in caplog.text


async def test_readiness_ends_with_the_begin_of_the_drain(wire: Wire):
    server = wire.serve([("/healthz", HealthHandler), ("/readyz", ReadyHandler)])
    client = await wire.connect(server)
    assert state(await client.ask(path="/readyz")) == (200, "ok")
    draining = asyncio.create_task(server.drain(None, readiness_delay=3600.0))
    await turns()
    for asking in (client, await wire.connect(server)):
        assert state(await asking.ask(path="/readyz")) == (503, "draining")
        assert state(await asking.ask(path="/healthz")) == (200, "ok")
        asking.close()
    server.cut_connections()
    await draining


async def test_a_plain_dictionary_is_a_mistake_that_is_told(wire: Wire, caplog):
    client = await wire.client([("/", ReadyHandler, {"checks": {"disk": print}})])
    answer = await client.ask()
    assert answer.status == 500
    assert "checks is a waterspout.web.Checks, not {'disk'" in caplog.text


@pytest.mark.parametrize("count", [1, 20])
async def test_many_who_ask_at_once_cost_one_run(wire: Wire, count):
    runs = []

    async def check():
        runs.append(1)
        await turns(3)

    server = wire.serve([("/", ReadyHandler, {"checks": Checks({"a": check}, max_age=3600.0)})])
    clients = [await wire.connect(server) for _ in range(count)]
    answers = await asyncio.gather(*(client.ask() for client in clients))
    answers += [await client.ask() for client in clients]
    assert {answer.status for answer in answers} == {200}
    assert runs == [1]
