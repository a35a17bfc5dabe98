"""Addresses: those in numbers, the order of those found, questions that are left behind."""

import math
import os
import socket
import threading
import time
from typing import Any

import pytest

from waterspout.net import Address, BlockingNet, DeadlineError, dns, run_blocking
from waterspout.net.dns import (
    MOST_ADDRESSES,
    Lookup,
    begin_lookup,
    look_up,
    order_addresses,
    resolve_blocking,
)
from waterspout.net.sockets import literal_address

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


def test_a_host_with_thousands_of_addresses(monkeypatch):
    infos = [info(V4, f"10.{number >> 8}.{number & 255}.1") for number in range(5000)]
    infos += [info(V6, f"a::{number:x}") for number in range(5000)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: infos)
    found = look_up("example.org", 80, socket.AF_UNSPEC)
    assert len(found) == MOST_ADDRESSES
    assert [address.host for address in found[:4]] == ["10.0.0.1", "a::0", "10.0.1.1", "a::1"]


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


class Answers:
    """In the place of ``socket.getaddrinfo``: counts, and answers when it may."""

    def __init__(self, monkeypatch, answer):
        self.asked = []
        self.may_answer = threading.Event()
        self._answer = answer
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, *arguments):
        self.asked.append(arguments)
        assert self.may_answer.wait(20)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def ask_in_threads(count, patience=20.0):
    """Ask the same in some threads; return them, and the list that their outcomes come into."""
    outcomes: list[Any] = []
    all_here = threading.Barrier(count + 1, timeout=20)

    def ask():
        all_here.wait()
        try:
            outcomes.append(resolve_blocking("example.org", 80, V4, time.monotonic() + patience))
        except (OSError, DeadlineError) as error:
            outcomes.append(error)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    all_here.wait()
    return threads, outcomes


def join(threads):
    for thread in threads:
        thread.join()


def test_a_question_that_many_ask_is_one(monkeypatch):
    answers = Answers(monkeypatch, [info(V4, "192.0.2.1")])
    has_begun = threading.Semaphore(0)

    def begin(host, port, family):
        lookup = begin_lookup(host, port, family)
        has_begun.release()
        return lookup

    monkeypatch.setattr(dns, "begin_lookup", begin)
    threads, outcomes = ask_in_threads(5)
    for _ in threads:
        assert has_begun.acquire(timeout=20)
    first = begin_lookup("example.org", 80, V4)
    assert begin_lookup("example.org", 80, V4) is first
    other = begin_lookup("example.org", 81, V4)
    assert other is not first
    answers.may_answer.set()
    join([*threads, first, other])
    assert outcomes == [[Address(V4, ("192.0.2.1", 80))]] * 5
    assert len(answers.asked) == 2
    assert begin_lookup("example.org", 80, V4) is not first
    join([begin_lookup("example.org", 80, V4)])


def test_a_failure_is_told_to_all(monkeypatch):
    answers = Answers(monkeypatch, socket.gaierror(socket.EAI_NONAME, "not known"))
    lookup = begin_lookup("example.org", 80, V4)
    heard = threading.Event()
    lookup.listen(heard.set)
    answers.may_answer.set()
    errors = []
    for _ in range(2):
        lookup.join()
        with pytest.raises(socket.gaierror, match="not known") as raised:
            lookup.result()
        errors.append(raised.value)
    assert heard.wait(20)
    assert errors[0] is not errors[1]
    assert errors[0].errno == socket.EAI_NONAME
    # Who comes late hears of it at once.
    late = threading.Event()
    lookup.listen(late.set)
    assert late.is_set()


def test_each_has_a_deadline_of_its_own(monkeypatch):
    answers = Answers(monkeypatch, [info(V4, "192.0.2.1")])
    threads, outcomes = ask_in_threads(1)
    left, given_up = ask_in_threads(3, patience=0.01)
    join(left)
    assert [type(outcome) for outcome in given_up] == [DeadlineError] * 3
    assert not outcomes
    answers.may_answer.set()
    join(threads)
    assert outcomes == [[Address(V4, ("192.0.2.1", 80))]]
    assert len(answers.asked) == 1


def test_who_has_left_is_not_told(monkeypatch):
    answers = Answers(monkeypatch, [info(V4, "192.0.2.1")])
    lookup = begin_lookup("example.org", 80, V4)
    told = []
    lookup.listen(lambda: told.append("stays"))
    leaves = lambda: told.append("leaves")  # noqa: E731
    lookup.listen(leaves)
    lookup.leave(leaves)
    lookup.leave(leaves)
    answers.may_answer.set()
    lookup.join()
    assert told == ["stays"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_asks_by_itself(monkeypatch):
    answers = Answers(monkeypatch, [info(V4, "192.0.2.1")])
    lookup = begin_lookup("example.org", 80, V4)
    child = os.fork()
    if not child:
        answers.may_answer.set()
        found = resolve_blocking("example.org", 80, V4, time.monotonic() + 20)
        os._exit(found != [Address(V4, ("192.0.2.1", 80))])
    answers.may_answer.set()
    lookup.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_net():
    net = BlockingNet()
    assert run_blocking(net.resolve("127.0.0.1", 80, V4, 0.0)) == [Address(V4, ("127.0.0.1", 80))]
    found = run_blocking(net.resolve("localhost", 80, V4, math.inf))
    assert found == [Address(V4, ("127.0.0.1", 80))]
