"""What is played, in which order, and what is said about it."""

import time
from collections.abc import Callable
from typing import NamedTuple

from waterspout.cli.demo import server
from waterspout.cli.demo.client import (
    TEN,
    fetch_and_block,
    fetch_ten,
    fetch_with_callback,
    uri,
)
from waterspout.cli.demo.drawing import Line, bars, legend, paragraph, speech, totals
from waterspout.cli.demo.places import listing
from waterspout.cli.demo.process import ServerProcess
from waterspout.cli.demo.records import Event, Fetch, duration, is_queue, seconds, total, verdict
from waterspout.cli.demo.screen import Screen
from waterspout.ioloop import run as run_in_loop
from waterspout.web import RequestHandler

__all__ = ["TOTAL_DELAYS", "play"]

#: How long it all takes: one fetch and one, ten in a row, ten at once and ten at once.
TOTAL_DELAYS = 14


class Ten(NamedTuple):
    """What is special about one of the parts with ten fetches."""

    title: str
    intro: str
    name: str
    path: str
    handler: type[RequestHandler]
    why_free: str
    """What the handler does with the loop, if it doesn't hold it."""


TENS = [
    Ten(
        "3  Ten at once, and the server's handler blocks",
        "One event loop runs all handlers, one at a time. This one keeps it for itself:",
        "blocking",
        "/blocking",
        server.Blocking,
        "left the loop free",
    ),
    Ten(
        "4  The same ten, and the handler is async",
        "This one gives the loop back at its await, until what it waits for is there:",
        "async",
        "/async",
        server.Awaiting,
        "gave the loop back while it waited",
    ),
    Ten(
        "5  The same ten, and the handler lets a thread block",
        "For calls that can only block: this one lets another thread wait, and awaits that:",
        "in threads",
        "/threaded",
        server.Offloading,
        "left the loop free while threads slept",
    ),
]


def play(delay: float, screen: Screen) -> None:
    """Play all five parts, with a server that takes ``delay`` seconds for one answer."""
    screen.show(
        [("What is the difference between synchronous and asynchronous?", "heading")],
        [],
        *paragraph(
            f"A server is started that takes {seconds(delay, delay)} for each answer, as if it"
            " asked a database (it only sleeps). A client fetches from it, in five ways."
            f" That takes {seconds(TOTAL_DELAYS * delay, delay)} in all.",
            screen.width,
        ),
    )
    with ServerProcess(delay) as process:
        stage = Stage(delay, screen, process)
        stage.say(f"The server: process {process.pid}, {stage.address}", "dim")
        first, second = play_synchronous(stage), play_asynchronous(stage)
        stage.say(
            f"The server took {seconds(delay, delay)} both times. The first fetch() kept its caller"
            f" for {duration(first)}, the second for {duration(second)}: there the event loop"
            " waits, and calls handle(response) when the answer is there."
        )
        times = [(ten.name, total(play_ten(stage, ten))) for ten in TENS]
    screen.show([], [("In short: ten fetches at once", "heading")], [])
    screen.show(*totals(times, screen.width, screen.glyphs))
    stage.say(
        "Synchronous: who calls waits. Asynchronous: the event loop waits, for all at the same"
        " time, as long as nobody blocks it."
    )


class Stage:
    """What every part needs: the server, the screen, and the delay that was asked for."""

    def __init__(self, delay: float, screen: Screen, process: ServerProcess) -> None:
        self.delay = delay
        self.screen = screen
        self.process = process
        self.address = process.address()
        #: How long a client waits at most: for ten answers in a row, on a slow machine.
        self.patience = 30.0 + 2 * TEN * delay
        #: How long the axis of all drawings is, in seconds.
        self.length = TEN * delay

    def head(self, title: str, *lines: Line) -> None:
        """Begin a part."""
        number, _, words = title.partition("  ")
        heading = paragraph(words, self.screen.width, "heading", first=f"{number}  ")
        self.screen.show([], *heading, [], *lines)

    def say(self, words: str, style: str = "") -> None:
        """Say something about what was seen, or will be."""
        self.screen.show([], *paragraph(words, self.screen.width, style))

    def line(self, at: float, who: str, what: str) -> None:
        """Say who did what, ``at`` seconds after the part began."""
        self.screen.show(*speech(at, who, what, self.screen.width))


def play_synchronous(stage: Stage) -> float:
    """Fetch and block; return for how long."""
    stage.head("1  The caller waits: HTTPClient().fetch(url)")
    fetch = Fetch(1, asked=time.monotonic())
    stage.process.on_began = _announce(stage, fetch)
    stage.line(0.0, "client", "calls fetch(), and now it stands still")
    answer = fetch_and_block(stage.address, "/", fetch, stage.patience)
    kept = time.monotonic() - fetch.asked
    stage.process.wait_until_ended(uri("/", fetch))
    stage.line(kept, "client", f"fetch() returns {answer!r}: only now it can go on")
    return kept


def play_asynchronous(stage: Stage) -> float:
    """Fetch with a callback; return for how long that blocked."""
    stage.head("2  The caller goes on: AsyncHTTPClient().fetch(url, callback=handle)")
    fetch = Fetch(2, asked=time.monotonic())
    stage.process.on_began = _announce(stage, fetch)
    returned: list[float] = []
    ticks: list[float] = []

    def on_return() -> None:
        returned.append(time.monotonic() - fetch.asked)
        stage.line(returned[0], "client", "fetch() has returned: it goes on, without the answer")

    def on_tick() -> None:
        ticks.append(time.monotonic())
        at = ticks[-1] - fetch.asked
        stage.line(at, "client", f"does something else ({len(ticks)})")

    stage.line(0.0, "client", "launches the fetch")
    answer = run_in_loop(
        fetch_with_callback(
            stage.address,
            "/",
            fetch,
            stage.patience,
            on_return,
            on_tick,
            interval=0.3 * stage.delay,
        )
    )
    stage.process.wait_until_ended(uri("/", fetch))
    assert fetch.answered is not None
    stage.line(fetch.answered - fetch.asked, "client", f"handle(response) gets {answer!r}")
    return returned[0]


def play_ten(stage: Stage, ten: Ten) -> list[Fetch]:
    """Fetch ten times at once, draw who worked and who waited; return what was measured."""
    screen, process, path = stage.screen, stage.process, ten.path
    stage.head(ten.title, *paragraph(ten.intro, screen.width), [])
    screen.show(*listing(ten.handler.get, screen.width), [])
    if ten is TENS[0]:
        screen.show(*legend(screen.glyphs), [])
    process.on_began = None
    fetches: list[Fetch] = []

    def draw() -> list[Line]:
        now = time.monotonic()
        process.complete([(uri(path, fetch), fetch) for fetch in fetches])
        return bars(fetches, now, stage.length, screen.width, screen.glyphs)

    with screen.drawing(draw):
        run_in_loop(fetch_ten(stage.address, path, fetches, stage.patience))
        process.wait_until_ended(*(uri(path, fetch) for fetch in fetches))
        stage.length = max(stage.length, total(fetches))
    sentence = verdict(path, fetches, process.held_at(path), ten.why_free)
    stage.say(sentence, "bad" if is_queue(fetches) else "good")
    return fetches


def _announce(stage: Stage, fetch: Fetch) -> Callable[[Event], None]:
    """Return what tells that the server has begun with ``fetch``."""

    def announce(event: Event) -> None:
        what = f"{event.detail} is here; the answer takes {seconds(stage.delay, stage.delay)}"
        stage.line(event.at - fetch.asked, "server", what)

    return announce
