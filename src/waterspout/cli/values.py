"""What the values of options look like, on the command line as text and in TOML as its types.

Each kind has one function that takes either and returns the value, or raises ``ValueError`` with
what it must be.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["COUNT", "FLAG", "MODE", "PATH", "PEERS", "PORT", "RATE", "SECONDS", "SIZE", "TEXT"]
__all__ += ["WORKERS", "Kind", "choice", "or_off"]

_SIZE = re.compile(r"(\d{1,18})\s*([kmgt]?)(i?b)?", re.ASCII | re.IGNORECASE)
_SECONDS = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*(ms|s|m|h|d)?", re.ASCII)
_FACTORS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Kind:
    """A kind of value: how it is read, how it is shown, and what stands for it in the help."""

    metavar: str
    read: Callable[[Any], Any]
    show: Callable[[Any], str] = str


def _read_count(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value, re.ASCII):
        return int(value)
    if type(value) is int and 0 <= value <= _LARGEST:
        return value
    raise ValueError(f"must be a whole number from 0 on, not {value!r}")


def _read_port(value: Any) -> int:
    try:
        port = _read_count(value)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise ValueError(f"must be a number from 0 to 65535, not {value!r}")
    return port


def _read_workers(value: Any) -> int | None:
    if value == "auto":
        return None
    try:
        workers = _read_count(value)
    except ValueError:
        workers = 0
    if not 1 <= workers <= 1024:
        raise ValueError(f"must be a number from 1 to 1024, or auto, not {value!r}")
    return workers


def _read_size(value: Any) -> int:
    if type(value) is int and 0 <= value <= _LARGEST:
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    size = int(found[1]) * 1024 ** " kmgt".index(found[2].lower() or " ") if found else -1
    if not 0 <= size <= _LARGEST:
        raise ValueError(f"must be a number of bytes, or one like 64k, 10M, 2G, not {value!r}")
    return size


def _show_size(value: int) -> str:
    for power, unit in ((3, "G"), (2, "M"), (1, "k")):
        if value and value % 1024**power == 0:
            return f"{value // 1024**power}{unit}"
    return str(value)


def _read_seconds(value: Any) -> float:
    if type(value) in (int, float) and 0 <= value < math.inf:
        return float(value)
    found = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"must be a number of seconds, or one like 500ms, 5m, 2h, not {value!r}")
    return float(found[1]) * _FACTORS[found[2] or "s"]


def _show_seconds(value: float) -> str:
    return f"{value:g}s"


def _read_rate(value: Any) -> float:
    try:
        rate = float(value) if type(value) in (int, float, str) else math.nan
    except ValueError:
        rate = math.nan
    if not 0 <= rate < math.inf:
        raise ValueError(f"must be a number from 0 on, not {value!r}")
    return rate


def _read_text(value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError(f"must be a text, not {value!r}")
    return value


def _read_mode(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-7]{3,4}", value, re.ASCII):
        return int(value, 8)
    raise ValueError(f'must be permissions in octal, like "660", not {value!r}')


def _read_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"must be true or false, not {value!r}")


def _read_peers(value: Any) -> list[str]:
    names = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        raise ValueError(f"must be a list of addresses and networks, not {value!r}")
    from waterspout.httpserver.peers import PeerList  # which is slow to import for who fetches

    try:
        PeerList(names)
    except ValueError as error:
        raise ValueError(f"must be a list of peers: {error}") from None
    return names


def choice(*names: str) -> Kind:
    """Return the kind of one of some words."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value in names:
            return value
        raise ValueError(f"must be {', '.join(names[:-1])} or {names[-1]}, not {value!r}")

    return Kind("|".join(names), read)


def or_off(kind: Kind) -> Kind:
    """Return a kind of which "off" is a value too: None."""

    def read(value: Any) -> Any:
        return None if value == "off" else kind.read(value)

    def show(value: Any) -> str:
        return "off" if value is None else kind.show(value)

    return Kind(f"{kind.metavar}|off", read, show)


COUNT = Kind("NUMBER", _read_count)
PORT = Kind("PORT", _read_port)
WORKERS = Kind("NUMBER|auto", _read_workers, lambda value: value or "auto")
SIZE = Kind("SIZE", _read_size, _show_size)
SECONDS = Kind("TIME", _read_seconds, _show_seconds)
RATE = Kind("NUMBER", _read_rate, lambda value: f"{value:g}")
TEXT = Kind("TEXT", _read_text)
PATH = Kind("FILE", _read_text)
PEERS = Kind("PEER,...", _read_peers, ",".join)
MODE = Kind("MODE", _read_mode, lambda value: f"{value:o}")
FLAG = Kind("", _read_flag, lambda value: "on" if value else "off")
