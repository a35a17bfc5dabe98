"""Print the tables: ``python -m waterspout.protocol.http1.states``."""

from waterspout.protocol.http1.states import READING, WRITING, Input, State


def _print(name: str, table: dict[tuple[State, Input], State]) -> None:
    print(name)
    for (state, event), following in table.items():
        print(f"  {state.name:<12} {event.name:<12} -> {following.name}")


_print("reading", READING)
_print("writing", WRITING)
