"""Which line holds the loop: found from beside, and told by file, line and call."""

import queue
import sys
import threading

from waterspout.cli.demo import server
from waterspout.cli.demo.drawing import text
from waterspout.cli.demo.places import listing, place
from waterspout.cli.demo.watchdog import Watchdog, held_at


def blocked(hurdle: threading.Event) -> None:
    hurdle.wait()


HELD_AT = blocked.__code__.co_firstlineno + 1


def test_a_thread_that_is_held():
    hurdle = threading.Event()
    reports: queue.SimpleQueue = queue.SimpleQueue()

    def work():
        watchdog = Watchdog(0.0, reports.put)
        watchdog.look_later("/slow?1", blocked.__code__)
        blocked(hurdle)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        event = reports.get(timeout=30)
    finally:
        hurdle.set()
        thread.join()
    assert event.kind == "held"
    assert event.uri == "/slow?1"
    assert event.detail == f"cli/test_demo_watchdog.py:{HELD_AT} (hurdle.wait)"


def test_a_stack_that_is_not_in_the_function():
    assert held_at(sys._getframe(), blocked.__code__) is None


def test_no_stack():
    assert held_at(None, blocked.__code__) is None


def test_the_innermost_call_does_not_count_but_the_line_of_the_function():
    def inner():
        return held_at(sys._getframe(), outer.__code__)

    def outer():
        return inner()

    line = outer.__code__.co_firstlineno + 1
    assert outer() == f"cli/test_demo_watchdog.py:{line} (inner)"


def test_a_line_without_a_call():
    code = blocked.__code__
    assert place(code, 1) == "cli/test_demo_watchdog.py:1"


def test_the_listing_of_a_handler():
    lines = [text(line) for line in listing(server.Blocking.get, 80)]
    number = server.Blocking.get.__code__.co_firstlineno
    assert lines == [
        "   demo/server.py",
        f"{number:>6}  def get(self) -> None:",
        f"{number + 1:>6}      time.sleep(self.delay)",
        f'{number + 2:>6}      self.write("Hello, world")',
    ]


def test_a_listing_has_room_in_a_narrow_terminal():
    lines = [text(line) for line in listing(server.Offloading.get, 50)]
    assert max(map(len, lines)) <= 50
    assert lines[-2].startswith(" " * 20)
