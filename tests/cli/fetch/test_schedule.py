"""Which URL is next, where no host may be asked too many at a time."""

import pytest

from waterspout.cli.fetch.schedule import Schedule, host_of


def schedule(per_host, *urls):
    made = Schedule(per_host)
    for url in urls:
        made.add([url])
    return made


def taken(made):
    found = []
    while (url := made.take()) is not None:
        found.append(url)
    return found


def test_without_a_bound_it_is_the_order_of_the_list():
    made = schedule(None, "http://a/1", "http://a/2", "http://b/3")
    assert taken(made) == ["http://a/1", "http://a/2", "http://b/3"]
    assert made.waiting == 0
    made.finish("http://a/1")


def test_a_busy_host_does_not_hold_up_the_others():
    made = schedule(1, "http://a/1", "http://a/2", "http://a/3", "http://b/4")
    assert taken(made) == ["http://a/1", "http://b/4"]
    assert made.waiting == 2


def test_what_has_waited_for_a_host_goes_before_what_came_later():
    made = schedule(1, "http://a/1", "http://a/2", "http://a/3")
    assert taken(made) == ["http://a/1"]
    made.add(["http://a/4"])
    made.finish("http://a/1")
    assert taken(made) == ["http://a/2"]
    made.finish("http://a/2")
    assert taken(made) == ["http://a/3"]
    made.finish("http://a/3")
    assert taken(made) == ["http://a/4"]
    made.finish("http://a/4")
    assert made.waiting == 0


def test_several_of_a_host_if_so_many_are_allowed():
    made = schedule(2, *(f"http://a/{n}" for n in range(5)))
    assert len(taken(made)) == 2
    made.finish("http://a/0")
    assert len(taken(made)) == 1


def test_many_urls_of_one_host_take_no_longer_each():
    made = schedule(1, *(f"http://a/{n}" for n in range(20_000)))
    for number in range(20_000):
        assert taken(made) == [f"http://a/{number}"]
        made.finish(f"http://a/{number}")


def test_what_waits_for_a_host_is_measured():
    made = schedule(1, *(f"http://a/{n}" for n in range(3)))
    assert made.parked_size == 0
    taken(made)
    assert made.parked_size > 2 * len("http://a/0")
    for number in range(3):
        made.finish(f"http://a/{number}")
        taken(made)
    assert made.parked_size == 0


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://Example.org/a", "example.org"),
        ("http://me:secret@example.org:8080/", "example.org:8080"),
        ("Example.org/a", "example.org"),
        ("example.org:8080", "example.org:8080"),
        ("", ""),
        ("http://[broken/", ""),
    ],
)
def test_the_host_of_a_url(url, host):
    assert host_of(url) == host
