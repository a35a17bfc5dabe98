"""Addresses: those in numbers, the order of those found, questions that are left behind."""

import math
import socket
import threading
import time

import pytest

from waterspout.net import Address, BlockingNet, DeadlineError, run_blocking
from waterspout.net.dns import Lookup, literal_address, order_addresses, resolve_blocking

V4, V6 = socket.AF_INET, socket.AF_INET6


def info(family, host):
    sockaddr = (host, 80) if family == V4 else (host, 80, 0, 0)
    return (family, socket.SOCK_STREAM, 6, "", sockaddr)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", Address(V4, ("127.0.0.1", 80))),
        ("::1", Address(V6, ("::1", 80, 0, 0))),
        ("localhost", None),
        ("example1", None),
        ("127.1", None),
        ("1.2.3.400", None),
        ("fe80::1%eth0", None),
        ("", None),
    ],
)
def test_numbers(host, address):
    assert literal_address(host, 80) == address


def test_families_take_turns():
    found = [info(V6, "a::1"), info(V6, "a::2"), info(V6, "a::3"), info(V4, "1.1.1.1")]
    hosts = [address.sockaddr[0] for address in order_addresses(found)]
    assert hosts == ["a::1", "1.1.1.1", "a::2", "a::3"]
    hosts = [address.sockaddr[0] for address in order_addresses(found[::-1])]
    assert hosts == ["1.1.1.1", "a::3", "a::2", "a::1"]
    assert order_addresses([]) == []


def test_doubles_and_strangers_are_left_out():
    unix = (getattr(socket, "AF_UNIX", -1), socket.SOCK_STREAM, 0, "", "/x")
    found = order_addresses([unix, info(V4, "1.1.1.1"), info(V4, "1.1.1.1")])
    assert found == [Address(V4, ("1.1.1.1", 80))]


def test_no_address_that_can_be_used(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: [])
    for deadline in (math.inf, time.monotonic() + 20):
        with pytest.raises(socket.gaierror, match=r"no address of example\.org"):
            resolve_blocking("example.org", 80, socket.AF_UNSPEC, deadline)


def test_a_question_that_is_left_behind(monkeypatch):
    stop = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: stop.wait(20) and [])
    with pytest.raises(DeadlineError):
        resolve_blocking("example.org", 80, socket.AF_UNSPEC, time.monotonic() + 0.02)
    stop.set()


def test_a_question_with_too_many_threads(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Lookup, "start", refuse)
    found = resolve_blocking("localhost", 80, V4, time.monotonic() + 20)
    assert found == [Address(V4, ("127.0.0.1", 80))]


def test_a_net():
    net = BlockingNet()
    assert run_blocking(net.resolve("127.0.0.1", 80, V4, 0.0)) == [Address(V4, ("127.0.0.1", 80))]
    found = run_blocking(net.resolve("localhost", 80, V4, math.inf))
    assert found == [Address(V4, ("127.0.0.1", 80))]
