"""Which workers to start, to stop and to wait for: decided purely, from what has happened.

It knows no process, no signal and no clock: what happens is told to a `Fleet`, with the time,
and `decide` returns what is to be done now. Whoever does it is in `parent`.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Action", "Exit", "Fleet", "Hurry", "Kill", "Rules", "Start", "Stop", "Tell", "Worker"]

# A worker that has lived for so many seconds is not part of a crash loop.
_HEALTHY_AGE = 10.0
# Seconds until the second restart in a row; each further one waits for twice as long, to a bound.
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
# After so many starts in a row that failed, with no worker left, there is no hope.
_MAX_FAILED_STARTS = 5
# What a worker may take, in seconds, to end after its requests, or when it is told to hurry.
_END_MARGIN = 5.0
_HURRY = 2.0
# A second signal within so many seconds is the first one again.
_ECHO = 0.5


class State(Enum):
    """What a worker is about."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"  # told to end, after its requests
    HURRYING = "hurrying"  # told to end at once
    KILLED = "killed"


class Input(Enum):
    """What can happen to a worker; its end, after which it is no more, is none of these."""

    READY = "says that it is ready"
    STOP = "is told to end"
    HURRY = "is told to end at once"
    KILL = "is killed"


#: All there is; any other pair is a defect.
TRANSITIONS = {
    (State.STARTING, Input.READY): State.READY,
    (State.STARTING, Input.STOP): State.DRAINING,
    (State.STARTING, Input.KILL): State.KILLED,
    (State.READY, Input.STOP): State.DRAINING,
    (State.DRAINING, Input.READY): State.DRAINING,  # the two words met on their way
    (State.DRAINING, Input.HURRY): State.HURRYING,
    (State.DRAINING, Input.KILL): State.KILLED,
    (State.HURRYING, Input.READY): State.HURRYING,
    (State.HURRYING, Input.KILL): State.KILLED,
    (State.KILLED, Input.READY): State.KILLED,
}


class Goal(Enum):
    """What all of it is for."""

    SERVE = "serve"
    END = "end"
    END_NOW = "end now"


@dataclass(frozen=True, slots=True)
class Start:
    """Start a worker with this number, and say so by `Fleet.on_started` or `on_not_started`."""

    number: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Tell a worker to end after its requests."""

    pid: int


@dataclass(frozen=True, slots=True)
class Hurry:
    """Tell a worker that was told to end that it is to do it at once."""

    pid: int


@dataclass(frozen=True, slots=True)
class Kill:
    """End a worker that does not listen."""

    pid: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Write a line to the log."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Exit:
    """There is nothing left to do."""

    status: int


Action = Start | Stop | Hurry | Kill | Tell | Exit


@dataclass(frozen=True)
class Rules:
    """What the user wants; times in seconds, sizes in bytes."""

    workers: int = 1
    grace: float = 25.0
    #: For how long workers go on serving, at the end of it all, before their grace begins.
    readiness_delay: float = 0.0
    start_timeout: float = 120.0
    max_age: float | None = None
    max_memory: int | None = None
    #: Where the first start fails, wait for a reload instead of giving up.
    awaits_change: bool = False


@dataclass
class Worker:
    """A process. ``since`` is when it came into its state."""

    number: int
    pid: int
    generation: int
    since: float
    state: State = State.STARTING
    is_too_large: bool = False

    def take(self, given: Input, now: float) -> None:
        """Change the state as the table says."""
        state = TRANSITIONS[self.state, given]
        if state is not self.state:
            self.state = state
            self.since = now

    def __str__(self) -> str:
        return f"worker {self.number} (pid {self.pid})"


@dataclass
class _Place:
    """One of the numbers: failures in a row, and when the next start may be."""

    failures: int = 0
    not_before: float = 0.0

    def fail(self, now: float) -> float:
        """Note a failure; return for how many seconds no worker is started here."""
        self.failures += 1
        doublings = min(self.failures - 2, 16)
        delay = min(_FIRST_DELAY * 2**doublings, _LONGEST_DELAY) if self.failures > 1 else 0.0
        self.not_before = now + delay
        return delay


@dataclass
class Fleet:
    """The workers, and what is wanted of them.

    Numbers are 0 to ``rules.workers`` - 1; each is to have one worker that is ready. One that is
    to be replaced stays until its successor is ready, and one worker is replaced at a time.

    A generation is what one state of the program's code is called. Until a worker of it has
    become ready only one is started; where that one fails the first generation is given up with
    all, and a later one for the one before.
    """

    rules: Rules
    workers: dict[int, Worker] = field(default_factory=dict)
    goal: Goal = Goal.SERVE

    def __post_init__(self) -> None:
        self._places = [_Place() for _ in range(self.rules.workers)]
        self._told: list[Tell] = []
        self._status = 0
        self._generation = 0
        self._newest = 0
        self._proven: int | None = None
        self._failed_starts = 0
        self._awaits_change = False
        self._stopped = 0.0

    @property
    def is_serving(self) -> bool:
        """Whether workers are wanted at all."""
        return self.goal is Goal.SERVE

    @property
    def is_up_to_date(self) -> bool:
        """Whether each number has a worker that is ready, with the code that is wanted."""
        return all(
            any(found.generation == self._generation for found in self._at(number, State.READY))
            for number in range(self.rules.workers)
        )

    @property
    def _longest_end(self) -> float:
        return self.rules.readiness_delay + self.rules.grace

    # What happens

    def on_started(self, number: int, pid: int, now: float) -> None:
        """A process was started; it will say when it is ready."""
        self.workers[pid] = Worker(number, pid, self._generation, now)

    def on_not_started(self, number: int, why: str, now: float) -> None:
        """The system does not let a process be started."""
        self._on_failed_start(number, self._generation, f"worker {number} {why}", now)

    def on_ready(self, pid: int, now: float) -> None:
        """A worker is ready."""
        worker = self.workers[pid]
        worker.take(Input.READY, now)
        self._tell(logging.INFO, f"{worker} is ready")
        if worker.generation == self._generation:
            self._proven = self._generation
            self._failed_starts = 0

    def on_exit(self, pid: int, how: str, now: float, is_told: bool = False) -> None:
        """A process has ended: ``how``, in words; ``is_told`` if it has said why itself."""
        worker = self.workers.pop(pid)
        if self.goal is not Goal.SERVE or worker.state not in (State.STARTING, State.READY):
            return
        if worker.state is State.STARTING:
            what = "" if is_told else f"{worker} {how} before it was ready"
            self._on_failed_start(worker.number, worker.generation, what, now)
            return
        age = now - worker.since
        place = self._places[worker.number]
        if age >= _HEALTHY_AGE:
            place.failures = 0
        delay = place.fail(now)
        self._tell(logging.WARNING, f"{worker} {how} after {age:.1f} s{_restart(delay)}")

    def on_measured(self, pid: int, size: int, now: float) -> None:
        """A worker has ``size`` bytes of memory.

        Where each one soon has too many, for the program takes as much, there is a brake, too.
        """
        worker = self.workers[pid]
        most = self.rules.max_memory
        if most is None or worker.state is not State.READY or worker.is_too_large or size <= most:
            return
        worker.is_too_large = True
        place = self._places[worker.number]
        text = f"{worker} has grown to {size / 2**20:.0f} MiB and is replaced"
        if now - worker.since >= _HEALTHY_AGE:
            place.failures = 0
        elif delay := place.fail(now):
            text += f" in {delay:g} s: --max-memory is too little for it"
        self._tell(logging.INFO, text)

    def on_reload(self, why: str) -> None:
        """The program's code may have changed."""
        if self.goal is Goal.SERVE:
            self._newest += 1
            self._generation = self._newest
            self._awaits_change = False
            for place in self._places:
                place.failures, place.not_before = 0, 0.0
            self._tell(logging.INFO, f"{why}: the workers are replaced, one at a time")

    def on_stop(self, why: str, now: float) -> None:
        """All of it is to end: after the requests, or where this is said again at once.

        Said again so soon that no person can have meant it, it means nothing: some tools send a
        signal to a process, and then to its group.
        """
        if self.goal is Goal.SERVE:
            self.goal = Goal.END
            self._stopped = now
            self._tell(logging.INFO, f"{why}: ending, within {self._longest_end:g} s")
        elif self.goal is Goal.END and now - self._stopped >= _ECHO:
            self.on_quit(why, now)

    def on_quit(self, why: str, now: float) -> None:
        """All of it is to end at once."""
        if self.goal is not Goal.END_NOW:
            self.goal = Goal.END_NOW
            self._tell(logging.WARNING, f"{why}: ending at once")

    # What to do

    def decide(self, now: float) -> list[Action]:
        """Return what is to be done now, in this order, all of it before the next call."""
        decided = list(self._serve(now) if self.goal is Goal.SERVE else ())
        decided += self._end_overdue(now)
        if self.goal is not Goal.SERVE:
            decided += self._end(now)
        told, self._told = self._told, []
        if self.goal is not Goal.SERVE and not self.workers:
            return [*told, Exit(self._status)]
        return [*told, *decided]

    def wake_at(self, now: float) -> float | None:
        """Return when `decide` has to be asked again if nothing happens until then."""
        times = [self._deadline(worker) for worker in self.workers.values()]
        if self.goal is Goal.SERVE:
            times += [place.not_before for place in self._places]
        # What has come already and is not done yet, a replacement, waits for something to happen.
        return min((time for time in times if time is not None and time > now), default=None)

    def _serve(self, now: float) -> Iterator[Action]:
        for number in range(self.rules.workers):
            for worker in self._at(number, State.READY)[:-1]:
                worker.take(Input.STOP, now)
                yield Stop(worker.pid)
        if not self._awaits_change:
            for number in self._to_start(now):
                yield Start(number)

    def _to_start(self, now: float) -> list[int]:
        is_starting = any(found.state is State.STARTING for found in self.workers.values())
        is_proven = self._generation == self._proven
        if is_starting and not is_proven:
            return []
        numbers = range(self.rules.workers)
        empty = [n for n in numbers if not self._at(n, State.STARTING, State.READY)]
        free = [n for n in empty if self._places[n].not_before <= now]
        if empty or is_starting:
            return free if is_proven else free[:1]
        replaced = [
            number
            for number in numbers
            if self._places[number].not_before <= now
            for worker in self._at(number, State.READY)
            if self._is_to_be_replaced(worker, now)
        ]
        return replaced[:1]

    def _end(self, now: float) -> Iterator[Action]:
        for worker in self.workers.values():
            if worker.state in (State.STARTING, State.READY):
                worker.take(Input.STOP, now)
                yield Stop(worker.pid)
            if worker.state is State.DRAINING and self.goal is Goal.END_NOW:
                worker.take(Input.HURRY, now)
                yield Hurry(worker.pid)

    def _end_overdue(self, now: float) -> Iterator[Action]:
        for worker in self.workers.values():
            deadline = self._deadline(worker)
            if worker.state in (State.READY, State.KILLED) or deadline is None or deadline > now:
                continue
            was_starting = worker.state is State.STARTING
            what = f"{worker}, {worker.state.value} for {now - worker.since:.0f} s, is killed"
            worker.take(Input.KILL, now)
            yield Kill(worker.pid)
            if was_starting and self.goal is Goal.SERVE:
                self._on_failed_start(worker.number, worker.generation, what, now)
            else:
                self._tell(logging.ERROR, what)

    # About workers

    def _at(self, number: int, *states: State) -> list[Worker]:
        """Return the workers of a number, in the order in which they were started."""
        workers = self.workers.values()
        return [found for found in workers if found.number == number and found.state in states]

    def _is_to_be_replaced(self, worker: Worker, now: float) -> bool:
        if worker.generation != self._generation or worker.is_too_large:
            return True
        return self.rules.max_age is not None and now - worker.since >= self.rules.max_age

    def _deadline(self, worker: Worker) -> float | None:
        match worker.state:
            case State.STARTING:
                return worker.since + self.rules.start_timeout
            case State.READY:
                return None if self.rules.max_age is None else worker.since + self.rules.max_age
            case State.DRAINING:
                return worker.since + self._longest_end + _END_MARGIN
            case State.HURRYING:
                return worker.since + _HURRY
            case State.KILLED:
                return None

    def _on_failed_start(self, number: int, generation: int, what: str, now: float) -> None:
        if what:
            self._tell(logging.ERROR, what)
        if generation != self._generation:
            return  # There is newer code by now.
        if self._proven is None:
            if self.rules.awaits_change:
                self._awaits_change = True
                self._tell(logging.WARNING, "waiting for a change of the program's files")
            else:
                self._give_up()
        elif generation != self._proven:
            self._generation = self._proven
            text = "the new code cannot be started: the workers with the code of before go on"
            self._tell(logging.ERROR, text)
        else:
            self._failed_starts += 1
            delay = self._places[number].fail(now)
            is_ready = any(found.state is State.READY for found in self.workers.values())
            if self._failed_starts >= _MAX_FAILED_STARTS and not is_ready:
                what = f"no worker is left, and {self._failed_starts} starts have failed: giving up"
                self._tell(logging.CRITICAL, what)
                self._give_up()
            else:
                self._tell(logging.WARNING, f"worker {number} is missing{_restart(delay)}")

    def _give_up(self) -> None:
        self.goal = Goal.END
        self._status = 1

    def _tell(self, level: int, text: str) -> None:
        self._told.append(Tell(level, text))


def _restart(delay: float) -> str:
    return f", started anew in {delay:g} s" if delay else ", started anew"
