"""What the server and the client write down, and what follows from it. No clock, no I/O.

All times are seconds of the system's monotonic clock, which both processes read.
"""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Event", "Fetch", "at_once", "duration", "is_queue", "seconds", "total", "verdict"]

_WORDS = {10: "ten"}


class Event(NamedTuple):
    """One line of the server's report."""

    kind: str
    """``listening``, or of a request: ``began``, ``held`` (the loop was seen in it), ``ended``."""
    at: float
    uri: str = ""
    detail: str = ""
    """The port; the client's address; the line that held the loop."""

    def to_line(self) -> bytes:
        """Return the event as a line of JSON."""
        return json.dumps(self).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Event":
        """Return the event of a line."""
        return cls(*json.loads(line))


@dataclass(slots=True)
class Fetch:
    """One request, as both sides saw it; None is what has not happened yet."""

    number: int
    asked: float
    began: float | None = None
    ended: float | None = None
    answered: float | None = None

    @property
    def waited(self) -> float | None:
        """How long it waited for its handler to begin."""
        return None if self.began is None else self.began - self.asked


def at_once(fetches: Sequence[Fetch]) -> int:
    """Return how many handlers were at work at the same time, at most."""
    changes = []
    for fetch in fetches:
        if fetch.began is not None and fetch.ended is not None:
            changes += [(fetch.began, 1), (fetch.ended, -1)]
    working = most = 0
    for _, change in sorted(changes):  # At the same moment the end comes before the beginning.
        working += change
        most = max(most, working)
    return most


def total(fetches: Sequence[Fetch]) -> float:
    """Return the time from the first question to the last answer."""
    answers = [fetch.answered for fetch in fetches if fetch.answered is not None]
    return max(answers) - min(fetch.asked for fetch in fetches)


def is_queue(fetches: Sequence[Fetch]) -> bool:
    """Tell whether one handler worked after the other."""
    return len(fetches) > 1 and at_once(fetches) == 1


def verdict(path: str, fetches: Sequence[Fetch], held_at: str | None, why_free: str) -> str:
    """Return the sentence that says why the fetches took as long as they did.

    ``held_at`` is the line that the loop was seen to be held at, None if it never was.
    ``why_free`` is what the handler does with the loop, to be said if they were no queue.
    """
    works = [f.ended - f.began for f in fetches if f.began is not None and f.ended is not None]
    longest = max(fetch.waited or 0.0 for fetch in fetches)
    count = _WORDS.get(len(fetches), str(len(fetches)))
    if is_queue(fetches):
        usual = statistics.median(works)
        where = "" if held_at is None else f" at {held_at}"
        return (
            f"GET {path} held the loop {len(works)} times {seconds(usual, usual)}{where}:"
            f" the {count} queue, and the last waited {seconds(longest, usual)}."
            " Make it async, or offload it."
        )
    most = at_once(fetches)
    crowd = f"all {count}" if most == len(fetches) else f"{most} of {count}"
    return (
        f"GET {path} {why_free}: {crowd} were at work at the same time, and none waited longer"
        f" than {duration(longest)} for its turn."
    )


def seconds(time: float, scale: float) -> str:
    """Return a time for people, as exact as things of the length ``scale`` need it."""
    return f"{time:.1f} s" if scale >= 0.95 else f"{time:.2f} s"


def duration(time: float) -> str:
    """Return a time for people that may be very short."""
    return f"{time:.2f} s" if time >= 0.1 else f"{1000 * time:.1f} ms"
