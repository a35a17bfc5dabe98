"""What the parent decides, as tables of cases: no process, no clock."""

import itertools
import logging

import pytest

from waterspout.cli.serve.fleet import (
    TRANSITIONS,
    Exit,
    Fleet,
    Hurry,
    Input,
    Kill,
    Rules,
    Start,
    State,
    Stop,
    Tell,
    Worker,
)


class Play:
    """A fleet, and a clock; each worker's pid is 100 times its turn, plus its number."""

    def __init__(self, **rules):
        self.fleet = Fleet(Rules(**rules))
        self.now = 1000.0
        self.said: list[str] = []
        self._turns = itertools.count(1)

    def decide(self, after: float = 0.0):
        """Let time pass; return what is decided but the lines, after it has been done."""
        self.now += after
        decided = self.fleet.decide(self.now)
        lines = [action.text for action in decided if isinstance(action, Tell)]
        self.said += [line for line in lines if not line.endswith(" is ready")]
        decided = [action for action in decided if not isinstance(action, Tell)]
        for action in decided:
            if isinstance(action, Start):
                pid = 100 * next(self._turns) + action.number
                self.fleet.on_started(action.number, pid, self.now)
        return decided

    def ready(self, *pids):
        for pid in pids:
            self.fleet.on_ready(pid, self.now)

    def end(self, *pids, how="has exited with status 1", is_told=False):
        for pid in pids:
            self.fleet.on_exit(pid, how, self.now, is_told)

    def stop(self, after: float = 0.0):
        self.now += after
        self.fleet.on_stop("SIGTERM", self.now)

    def serving(self, *pids):
        """Begin: all workers are ready."""
        self.decide()
        self.ready(100)
        self.decide()
        self.ready(*pids)
        assert self.decide() == []
        return self


def running(workers=2, **rules):
    """Return a play with workers 100, 201, 302 ... ready."""
    pids = [100 * (number + 1) + number for number in range(1, workers)]
    return Play(workers=workers, **rules).serving(*pids)


# The table


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("given", Input)
def test_a_worker_changes_as_the_table_says(state, given):
    worker = Worker(0, 1, 0, 0.0, state)
    if (state, given) in TRANSITIONS:
        worker.take(given, 5.0)
        assert worker.state is TRANSITIONS[state, given]
        assert worker.since == (0.0 if worker.state is state else 5.0)
    else:
        with pytest.raises(KeyError):
            worker.take(given, 5.0)


def test_every_state_ends():
    """Whatever a worker is about, there is a way to its being killed."""
    reached = {State.KILLED}
    for _ in State:
        reached |= {state for (state, _), after in TRANSITIONS.items() if after in reached}
    assert reached == set(State)


# The begin


def test_one_worker_shows_that_the_code_is_good_then_come_the_others():
    play = Play(workers=3)
    assert play.decide() == [Start(0)]
    assert play.decide() == []
    play.ready(100)
    assert play.decide() == [Start(1), Start(2)]
    play.ready(201, 302)
    assert play.decide() == []
    assert play.said == []


@pytest.mark.parametrize("is_told", [False, True])
def test_where_the_first_cannot_start_all_is_given_up(is_told):
    play = Play(workers=2)
    play.decide()
    play.end(100, is_told=is_told)
    assert play.decide() == [Exit(1)]
    why = "worker 0 (pid 100) has exited with status 1 before it was ready"
    assert play.said == ([] if is_told else [why])


def test_where_no_process_can_be_made_all_is_given_up():
    play = Play(workers=1)
    assert play.fleet.decide(0.0) == [Start(0)]
    play.fleet.on_not_started(0, "cannot be started: no memory", 0.0)
    assert play.decide() == [Exit(1)]
    assert play.said == ["worker 0 cannot be started: no memory"]


def test_one_that_does_not_come_to_an_end_of_its_start_is_killed():
    play = Play(workers=2, start_timeout=60.0)
    play.decide()
    assert play.fleet.wake_at(play.now) == play.now + 60.0
    assert play.decide(59.9) == []
    assert play.decide(0.1) == [Kill(100)]
    play.end(100, how="was ended by SIGKILL")
    assert play.decide() == [Exit(1)]
    assert play.said == ["worker 0 (pid 100), starting for 60 s, is killed"]


def test_the_first_start_waits_for_a_change():
    play = Play(workers=1, awaits_change=True)
    play.decide()
    play.end(100, is_told=True)
    assert play.decide(1000.0) == []
    assert play.fleet.wake_at(play.now) is None
    play.fleet.on_reload("main.py has changed")
    assert play.decide() == [Start(0)]
    play.end(200, is_told=True)
    assert play.decide() == []
    play.stop()
    assert play.decide() == [Exit(0)]


# Those that die


def test_one_that_dies_is_started_anew_at_once():
    play = running(3)
    play.now += 60.0
    play.end(201, how="was ended by SIGKILL")
    assert play.decide() == [Start(1)]
    assert play.said == ["worker 1 (pid 201) was ended by SIGKILL after 60.0 s, started anew"]


def test_a_crash_loop_has_a_brake():
    """Deaths soon after the start: at once, then after 0.5, 1, 2 ... 30 seconds."""
    play = running(2)
    pid, delays = 201, []
    for turn in range(4, 14):
        play.end(pid)
        began = play.now
        decided = play.decide()
        while not decided:
            wake = play.fleet.wake_at(play.now)
            assert wake > play.now
            decided = play.decide(wake - play.now)
        assert decided == [Start(1)]
        delays.append(play.now - began)
        [pid] = [pid for pid, found in play.fleet.workers.items() if found.number == 1]
        assert pid // 100 == turn - 1
        play.ready(pid)
    assert delays == [0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_the_brake_is_of_the_one_that_crashes():
    play = running(2)
    play.end(201)
    play.decide()
    play.ready(301)
    play.end(301)
    assert play.decide() == []
    play.end(100)
    assert play.decide() == [Start(0)]


def test_who_lives_for_a_while_is_no_crash_loop():
    play = running(2)
    for turn in range(3, 9):
        play.now += 10.0
        play.end(100 * (turn - 1) + 1)
        assert play.decide() == [Start(1)]
        play.ready(100 * turn + 1)


def test_failed_starts_with_others_at_work_are_tried_for_ever():
    play = running(2)
    play.end(201)
    for _ in range(20):
        play.decide(30.0)
        [pid] = [pid for pid in play.fleet.workers if pid != 100]
        play.end(pid)
    assert play.decide() == []
    assert not [action for action in play.decide(30.0) if isinstance(action, Exit)]


def test_failed_starts_with_nobody_left_are_given_up():
    play = running(2)
    play.end(100, 201)
    for _ in range(4):
        assert Exit(1) not in play.decide(30.0)
        play.end(next(iter(play.fleet.workers)))
    play.decide(30.0)
    play.end(*play.fleet.workers)
    assert play.decide() == [Exit(1)]
    assert play.said[-1] == "no worker is left, and 5 starts have failed: giving up"


def test_in_a_crash_loop_a_start_that_works_is_a_new_hope():
    play = running(1)
    for _ in range(20):
        pid = next(iter(play.fleet.workers))
        play.end(pid)
        play.decide(30.0)
        play.ready(next(iter(play.fleet.workers)))
    assert play.decide() == []


# Replacement


def test_reload_replaces_one_at_a_time_and_the_new_one_is_there_first():
    play = running(2)
    play.fleet.on_reload("SIGHUP")
    assert play.decide() == [Start(0)]
    assert play.decide() == []
    play.ready(300)
    assert play.decide() == [Stop(100), Start(1)]
    play.ready(401)
    assert play.decide() == [Stop(201)]
    play.end(100, 201, how="has exited with status 0")
    assert play.decide() == []
    assert play.said == ["SIGHUP: the workers are replaced, one at a time"]


def test_where_the_new_code_is_bad_the_old_workers_go_on():
    play = running(2)
    play.fleet.on_reload("SIGHUP")
    play.decide()
    play.end(300, is_told=True)
    assert play.decide() == []
    assert play.said[-1].endswith("the workers with the code of before go on")
    assert sorted(play.fleet.workers) == [100, 201]
    play.fleet.on_reload("SIGHUP")  # with better code
    assert play.decide() == [Start(0)]
    play.ready(400)
    assert play.decide() == [Stop(100), Start(1)]


def test_a_reload_is_over_when_all_have_the_new_code():
    play = Play(workers=2)
    assert not play.fleet.is_up_to_date
    play.serving(201)
    assert play.fleet.is_up_to_date
    play.fleet.on_reload("SIGHUP")
    assert not play.fleet.is_up_to_date
    play.decide()
    play.ready(300)
    play.decide()
    assert not play.fleet.is_up_to_date
    play.ready(401)
    assert play.fleet.is_up_to_date


def test_a_reload_is_over_when_the_new_code_is_bad():
    play = running(2)
    play.fleet.on_reload("SIGHUP")
    play.decide()
    play.end(300)
    assert play.fleet.is_up_to_date


def test_code_that_changes_during_a_reload():
    play = running(2)
    play.fleet.on_reload("SIGHUP")
    play.decide()
    play.fleet.on_reload("SIGHUP")
    assert play.decide() == []
    play.ready(300)  # of the code in between
    assert play.decide() == [Stop(100), Start(0)]
    play.ready(400)
    assert play.decide() == [Stop(300), Start(1)]


def test_code_in_between_that_cannot_be_started_is_not_waited_for():
    play = running(2)
    play.fleet.on_reload("SIGHUP")
    play.decide()
    play.fleet.on_reload("SIGHUP")
    play.end(300, is_told=True)
    assert play.decide() == [Start(0)]


def test_one_that_dies_during_a_reload_is_replaced_by_one_with_the_new_code():
    play = running(2)
    play.fleet.on_reload("SIGHUP")
    play.decide()
    play.end(201)
    assert play.decide() == []  # the new code has not shown that it is good
    play.ready(300)
    assert play.decide() == [Stop(100), Start(1)]


def test_reload_ends_the_brake():
    play = running(2)
    for pid in (201, 301):
        play.end(pid)
        play.decide()
        if pid == 201:
            play.ready(301)
    assert play.decide() == []
    play.fleet.on_reload("SIGHUP")
    assert play.decide() == [Start(1)]


def test_age():
    play = running(2, max_age=100.0)
    assert play.fleet.wake_at(play.now) == play.now + 100.0
    assert play.decide(100.0) == [Start(0)]
    assert play.fleet.wake_at(play.now) != play.now
    play.ready(300)
    assert play.decide() == [Stop(100), Start(1)]
    play.ready(401)
    assert play.decide() == [Stop(201)]
    play.end(100, 201)
    assert play.decide(99.0) == []


def test_a_replacement_that_cannot_start_leaves_the_old_one_and_has_a_brake():
    play = running(2, max_age=100.0)
    play.decide(100.0)
    play.end(300)
    assert play.decide() == [Start(0)]
    play.end(400)
    decided = play.decide()
    assert Start(0) not in decided
    assert 100 in play.fleet.workers


def test_memory():
    play = running(2, max_memory=1000)
    play.fleet.on_measured(201, 1000, play.now)
    assert play.decide() == []
    play.fleet.on_measured(201, 1001, play.now)
    assert play.decide() == [Start(1)]
    play.fleet.on_measured(201, 2000, play.now)
    play.ready(301)
    assert play.decide() == [Stop(201)]
    assert len(play.said) == 1


def test_a_bound_that_the_program_alone_exceeds_has_a_brake():
    play = running(1, max_memory=1000)
    waits = []
    for turn in range(1, 11):
        begun = play.now
        play.fleet.on_measured(100 * turn, 1001, begun)
        while Start(0) not in play.decide():
            wake = play.fleet.wake_at(play.now)
            assert wake is not None
            play.now = wake
        waits.append(play.now - begun)
        play.ready(100 * (turn + 1))
        assert play.decide() == [Stop(100 * turn)]
        play.end(100 * turn, how="has exited with status 0")
    assert waits == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert "and is replaced in 30 s: --max-memory is too little for it" in play.said[-1]
    play.now += 10.0
    play.fleet.on_measured(1100, 1001, play.now)
    assert play.decide() == [Start(0)]


def test_memory_is_no_matter_where_it_has_no_bound():
    play = running(1)
    play.fleet.on_measured(100, 1 << 60, play.now)
    assert play.decide() == []


def test_one_that_does_not_end_is_killed():
    play = running(1, grace=20.0)
    play.fleet.on_reload("SIGHUP")
    play.decide()
    play.ready(200)
    assert play.decide() == [Stop(100)]
    assert play.decide(24.9) == []
    assert play.decide(0.1) == [Kill(100)]
    assert play.decide(100.0) == []
    play.end(100, how="was ended by SIGKILL")
    assert play.said[-1] == "worker 0 (pid 100), draining for 25 s, is killed"


# The end


def test_the_end_waits_for_all():
    play = running(2)
    play.stop()
    assert play.decide() == [Stop(100), Stop(201)]
    assert play.decide() == []
    play.end(100, how="has exited with status 0")
    assert play.decide() == []
    play.end(201, how="has exited with status 0")
    assert play.decide() == [Exit(0)]
    assert play.said == ["SIGTERM: ending, within 25 s"]


def test_nobody_is_started_when_all_is_to_end():
    play = running(2)
    play.stop()
    play.decide()
    play.fleet.on_reload("SIGHUP")
    play.end(100, how="was ended by SIGKILL")
    assert play.decide() == []


def test_one_that_starts_is_told_to_end_too():
    play = Play(workers=1)
    play.decide()
    play.stop()
    assert play.decide() == [Stop(100)]
    play.ready(100)  # the words met on their way
    assert play.decide() == []


def test_a_second_signal_means_now():
    play = running(2)
    play.stop()
    play.decide()
    play.stop(after=0.5)
    assert play.decide() == [Hurry(100), Hurry(201)]
    assert play.decide() == []
    assert play.decide(2.0) == [Kill(100), Kill(201)]
    play.end(100, 201)
    assert play.decide() == [Exit(0)]


def test_an_echo_of_the_signal_means_nothing():
    play = running(1)
    play.stop()
    play.stop(after=0.4)
    assert play.decide() == [Stop(100)]
    assert play.decide() == []


def test_quit_means_now_from_the_begin():
    play = running(2)
    play.fleet.on_quit("SIGQUIT", play.now)
    assert play.decide() == [Stop(100), Hurry(100), Stop(201), Hurry(201)]


def test_a_killed_one_is_not_told_to_hurry():
    play = running(1, grace=1.0)
    play.stop()
    play.decide()
    assert play.decide(6.0) == [Kill(100)]
    play.stop()
    assert play.decide() == []


def test_lines_are_told_once_and_with_a_level():
    fleet = running(1).fleet
    assert fleet.decide(0.0) == []
    fleet.on_reload("SIGHUP")
    assert [action for action in fleet.decide(0.0) if isinstance(action, Tell)] == [
        Tell(logging.INFO, "SIGHUP: the workers are replaced, one at a time")
    ]
    assert not [action for action in fleet.decide(0.0) if isinstance(action, Tell)]
