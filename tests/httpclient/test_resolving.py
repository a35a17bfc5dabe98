"""Who is asked for addresses, what answers may look like, and for how long they hold."""

import asyncio
import socket
import threading
import time

import pytest
from tests.httpclient.loops import eventually, settled

from waterspout.httpclient.resolving import Names, addresses_of, check_resolver
from waterspout.net import Address, AsyncNet, BlockingNet, DeadlineError, run_blocking
from waterspout.net.fake import FakeNet

V4, V6, ANY = socket.AF_INET, socket.AF_INET6, socket.AF_UNSPEC
ONE, TWO = Address(V4, ("192.0.2.1", 80)), Address(V4, ("192.0.2.2", 80))
SIX = Address(V6, ("::1", 80, 0, 0))


@pytest.mark.parametrize(
    ("answer", "addresses"),
    [
        (["192.0.2.1"], [ONE]),
        (("::1", "192.0.2.1"), [SIX, ONE]),
        (["192.0.2.1", "192.0.2.2", "192.0.2.1", "::1"], [ONE, SIX, TWO]),
        ([(V4, ("192.0.2.1", 80))], [ONE]),
        ([[int(V4), ["192.0.2.1", 80]]], [ONE]),
        ([(V6, socket.SOCK_STREAM, 6, "", ("::1", 80, 0, 0))], [SIX]),
        (iter(["192.0.2.1"]), [ONE]),
        ([(socket.AF_UNIX, "/s")], [Address(socket.AF_UNIX, "/s")]),
    ],
)
def test_answers(answer, addresses):
    assert addresses_of(answer, "a.test", 80, ANY) == addresses


def test_of_one_family():
    assert addresses_of(["::1", "192.0.2.1"], "a.test", 80, V4) == [ONE]
    assert addresses_of(["::1", "192.0.2.1"], "a.test", 80, V6) == [SIX]
    with pytest.raises(socket.gaierror, match=r"no address of a\.test"):
        addresses_of(["::1"], "a.test", 80, V4)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, TypeError),
        ("192.0.2.1", TypeError),
        (b"x", TypeError),
        (5, TypeError),
        ([None], TypeError),
        ([("192.0.2.1", 80)], TypeError),
        ([(V4,)], TypeError),
        (["b.test"], ValueError),
        ([""], ValueError),
    ],
)
def test_what_is_no_answer(answer, error):
    with pytest.raises(error, match=r"a resolver returns .*: a\.test"):
        addresses_of(answer, "a.test", 80, ANY)


def test_no_address():
    with pytest.raises(socket.gaierror, match=r"a\.test"):
        addresses_of([], "a.test", 80, ANY)


def test_answers_are_bounded():
    def without_end():
        number = 0
        while True:
            yield f"10.0.{number // 256}.{number % 256}"
            number += 1

    assert len(addresses_of(without_end(), "a.test", 80, ANY)) == 64


def test_what_is_no_resolver():
    check_resolver(None)
    check_resolver(len)
    for wrong in (5, "x", object()):
        with pytest.raises(TypeError, match="resolver must be"):
            check_resolver(wrong)


class Counting:
    def __init__(self):
        self.asked = []

    def __call__(self, host, port, family):
        self.asked.append((host, port, family))
        return ["192.0.2.1"]


def ask(names, host="a.test", port=80, family=ANY):
    return run_blocking(names.addresses(host, port, family, 2000.0))


def test_an_answer_holds_for_a_while():
    net, resolver = FakeNet(), Counting()
    names = Names(net, resolver)
    for _ in range(3):
        assert ask(names) == [ONE]
        net.now += 1
    assert resolver.asked == [("a.test", 80, ANY)]
    net.now += 2.5
    ask(names)
    assert len(resolver.asked) == 2


def test_other_questions_have_other_answers():
    names = Names(FakeNet(), Counting())
    for question in (("a.test", 80, ANY), ("a.test", 81, ANY), ("a.test", 80, V4), ("b", 80, ANY)):
        ask(names, *question)
        ask(names, *question)
    assert len(names._resolver.asked) == 4


def test_what_the_system_says_is_kept_as_well():
    net = FakeNet()
    net.hosts["a.test"] = [TWO]
    names = Names(net, None)
    assert ask(names) == [TWO]
    net.hosts["a.test"] = [ONE]
    assert ask(names) == [TWO]
    names.forget("a.test", 80, ANY)
    names.forget("a.test", 80, ANY)
    assert ask(names) == [ONE]


def test_failures_are_not_kept():
    net = FakeNet()
    net.hosts["a.test"] = socket.gaierror(socket.EAI_AGAIN, "try again")
    names = Names(net, None)
    with pytest.raises(socket.gaierror):
        ask(names)
    net.hosts["a.test"] = [ONE]
    assert ask(names) == [ONE]


def test_what_is_kept_is_bounded():
    names = Names(FakeNet(), Counting())
    for number in range(300):
        ask(names, f"{number}.test")
    assert repr(names) == "<Names 256>"
    ask(names, "299.test")
    ask(names, "0.test")
    assert len(names._resolver.asked) == 301


def test_numbers_are_nobodys_question():
    names = Names(FakeNet(), Counting())
    assert ask(names, "192.0.2.2") == [TWO]
    assert ask(names, "::1", 80, V6) == [SIX]
    assert not names._resolver.asked
    assert repr(names) == "<Names 0>"


def test_a_resolver_that_has_to_wait():
    async def waiting(host, port, family):
        await asyncio.sleep(0)

    with pytest.raises(
        RuntimeError, match=r"the resolver <.*waiting.* for a\.test: a blocking call"
    ):
        ask(Names(FakeNet(), waiting))


def test_a_resolver_that_needs_a_loop():
    async def needing(host, port, family):
        return await asyncio.get_running_loop().getaddrinfo(host, port)

    with pytest.raises(RuntimeError, match="no running event loop"):
        ask(Names(FakeNet(), needing))


# Several who ask the same


class Slow:
    """A resolver that answers when it may."""

    def __init__(self, answer):
        self.asked = self.cancelled = 0
        self.may_answer = asyncio.Event()
        self._answer = answer

    async def resolve(self, host, port, family):
        self.asked += 1
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def begin(net, names, patience=20.0):
    return net.start(names.addresses("a.test", 80, ANY, net.time() + patience))


def test_many_ask_once(run):
    async def main():
        net, resolver = AsyncNet(asyncio.get_running_loop()), Slow(["192.0.2.1"])
        names = Names(net, resolver)
        futures = [begin(net, names) for _ in range(5)]
        await settled()
        futures.pop().cancel()
        resolver.may_answer.set()
        assert await asyncio.gather(*futures) == [[ONE]] * 4
        assert await begin(net, names) == [ONE]
        assert resolver.asked == 1
        assert net.gates == 0
        net.close()

    run(main())


def test_a_failure_is_told_to_all(run):
    async def main():
        net, resolver = AsyncNet(asyncio.get_running_loop()), Slow(OSError(5, "no answer"))
        names = Names(net, resolver)
        futures = [begin(net, names) for _ in range(3)]
        await settled()
        resolver.may_answer.set()
        errors = await asyncio.gather(*futures, return_exceptions=True)
        assert [str(error) for error in errors] == ["[Errno 5] no answer"] * 3
        assert len(set(map(id, errors))) == 3
        with pytest.raises(OSError, match="no answer"):
            await begin(net, names)
        assert resolver.asked == 2
        net.close()

    run(main())


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_who_asks_for_all_gives_up(run, is_cancelled):
    async def main():
        net, resolver = AsyncNet(asyncio.get_running_loop()), Slow(["192.0.2.1"])
        names = Names(net, resolver)
        first = begin(net, names, 20.0 if is_cancelled else 0.01)
        others = [begin(net, names) for _ in range(3)]
        await settled()
        if is_cancelled:
            first.cancel()
        with pytest.raises(asyncio.CancelledError if is_cancelled else DeadlineError):
            await first
        await eventually(lambda: resolver.asked == 2)
        assert not any(other.done() for other in others)
        resolver.may_answer.set()
        assert await asyncio.gather(*others) == [[ONE]] * 3
        assert (resolver.asked, resolver.cancelled) == (2, 1)
        assert net.gates == 0
        net.close()

    run(main())


def test_each_has_a_deadline_of_its_own(run):
    async def main():
        net, resolver = AsyncNet(asyncio.get_running_loop()), Slow(["192.0.2.1"])
        names = Names(net, resolver)
        first = begin(net, names)
        with pytest.raises(DeadlineError):
            await begin(net, names, 0.01)
        resolver.may_answer.set()
        assert await first == [ONE]
        net.close()

    run(main())


def test_threads_ask_once():
    asked, may_answer = threading.Semaphore(0), threading.Event()
    count = 0

    def resolve(host, port, family):
        nonlocal count
        count += 1
        asked.release()
        assert may_answer.wait(20)
        return ["192.0.2.1"]

    names = Names(BlockingNet(), resolve)
    found = []

    def ask(patience):
        until = time.monotonic() + patience
        try:
            found.append(run_blocking(names.addresses("a.test", 80, ANY, until)))
        except DeadlineError:
            found.append([])

    threads = [threading.Thread(target=ask, args=(20,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert asked.acquire(timeout=20)
    ask(0.01)
    assert found == [[]]
    may_answer.set()
    for thread in threads:
        thread.join()
    assert found == [[], *[[ONE]] * 4]
    assert count == 1
