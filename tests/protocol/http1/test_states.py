"""The tables of the two machines."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from waterspout.protocol.errors import LocalProtocolError
from waterspout.protocol.http1 import (
    ClientConnection,
    EncodedRequest,
    Limits,
    ServerConnection,
    states,
)
from waterspout.protocol.http1.states import ILLEGAL, READING, WRITING, Input, State, flatten

TABLES = {"reading": READING, "writing": WRITING}
FINAL = {State.CLOSED, State.FAILED, State.SWITCHED}


@pytest.fixture(params=TABLES)
def table(request):
    return TABLES[request.param]


def test_each_pair_reaches_a_state(table):
    for (state, event), following in table.items():
        assert isinstance(state, State)
        assert isinstance(event, Input)
        assert isinstance(following, State)


def test_each_state_is_reached_from_the_beginning_and_nothing_else_is_listed(table):
    reached = {State.HEAD}
    while True:
        more = {following for (state, _), following in table.items() if state in reached}
        if more <= reached:
            break
        reached |= more
    assert {state for state, _ in table} <= reached


def test_every_state_that_is_not_final_can_be_left(table):
    for state in set(table.values()) - FINAL:
        assert any(following is not state for (at, _), following in table.items() if at is state), (
            state
        )


def test_final_states_are_not_left(table):
    for (state, _), following in table.items():
        if state in FINAL:
            assert following is state


def test_a_fault_is_possible_wherever_something_is_read():
    reading = {state for state, event in READING if event is not Input.FAULT} - FINAL
    for state in reading:
        assert READING[state, Input.FAULT] is State.FAILED


def test_the_end_of_the_connection_is_possible_wherever_something_is_written():
    for state, _ in WRITING:
        assert (state, Input.EOF) in WRITING


def test_a_message_cut_off_is_never_complete():
    for state in (State.LENGTH_BODY, State.CHUNK_SIZE, State.CHUNK_DATA, State.TRAILERS):
        assert READING.get((state, Input.EOF)) is None
        assert WRITING.get((state, Input.EOF)) in (None, State.FAILED)


def test_only_a_complete_message_is_followed_by_another(table):
    assert [state for state, event in table if event is Input.NEXT] == [State.COMPLETE]


def test_flatten_agrees_with_the_table(table):
    flat = flatten(table)
    assert len(flat) == len(State) * len(Input)
    for state in State:
        for event in Input:
            following = flat[state * len(Input) + event]
            assert following == table.get((state, event), ILLEGAL)


def test_no_state_is_taken_for_an_illegal_pair():
    assert ILLEGAL not in list(State)
    assert [int(state) for state in State] == list(range(len(State)))
    assert [int(event) for event in Input] == list(range(len(Input)))


def test_the_plain_integers_are_those_of_the_enumerations():
    for member in [*State, *Input]:
        plain = getattr(states, member.name)
        assert type(plain) is int
        assert plain == member


def test_printing():
    result = subprocess.run(
        [sys.executable, "-W", "error", "-m", "waterspout.protocol.http1.states"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stderr == ""
    lines = [line.split() for line in result.stdout.splitlines()]
    expected: list[list[str]] = []
    for name, table in TABLES.items():
        expected.append([name])
        for (state, event), following in table.items():
            expected.append([state.name, event.name, "->", following.name])
    assert lines == expected


def cut_off(connection: ServerConnection) -> None:
    connection.send_response(200, None, b"", 5)
    connection.send_eof()


# How connections are brought into each state of writing, and what each of them refuses there.
WRITERS: dict[State, Callable[[ServerConnection], object]] = {
    State.HEAD: lambda connection: None,
    State.LENGTH_BODY: lambda connection: connection.send_response(200, None, b"", 5),
    State.CHUNK_SIZE: lambda connection: connection.send_response(200, None, b"", -1),
    State.COMPLETE: lambda connection: connection.send_response(204, None, b"", 0),
    State.CLOSED: ServerConnection.send_eof,
    State.FAILED: cut_off,
    State.SWITCHED: lambda connection: connection.send_switch(b""),
}


def server_with_request() -> ServerConnection:
    connection = ServerConnection(Limits())
    connection.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    connection.next_event()
    connection.next_event()
    return connection


@pytest.mark.parametrize("state", WRITERS)
def test_a_pair_that_is_not_listed_raises_and_changes_nothing(state):
    attempts: dict[Input, Callable[[ServerConnection], object]] = {
        Input.INTERIM: lambda connection: connection.send_interim(103),
        Input.NO_BODY: lambda connection: connection.send_response(204, None, b"", 0),
        Input.LENGTH: lambda connection: connection.send_response(200, None, b"", 5),
        Input.CHUNKED: lambda connection: connection.send_response(200, None, b"", -1),
        Input.SWITCH: lambda connection: connection.send_switch(b""),
        Input.EOF: ServerConnection.send_eof,
    }
    for event, attempt in attempts.items():
        connection = server_with_request()
        WRITERS[state](connection)
        assert connection.writing == state
        following = WRITING.get((state, event))
        if following is None:
            with pytest.raises(LocalProtocolError):
                attempt(connection)
            assert connection.writing == state
        else:
            attempt(connection)
            assert connection.writing == following


def test_a_connection_tells_its_states():
    server = server_with_request()
    assert repr(server) == "<ServerConnection reading COMPLETE writing HEAD>"
    client = ClientConnection(Limits())
    client.send_request(EncodedRequest("POST", "/", b"", 5))
    assert repr(client) == "<ClientConnection reading HEAD writing LENGTH_BODY>"
