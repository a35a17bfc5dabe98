"""The candidates: what is compared, in the order of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import environment
import wire


@dataclass(frozen=True)
class Candidate:
    """One line of a table and the program behind it."""

    name: str
    what: str
    script: str
    arguments: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The command to start it with, but for the arguments that differ from run to run.

        Makes what the candidate needs; raises MissingError if that fails.
        """
        if self.name == "floor":
            return [str(environment.program(self.script)), *self.arguments]
        is_own = self.name.startswith("waterspout")
        python = environment.checkout_python() if is_own else environment.peers_python()
        return [str(python), str(environment.BENCH / self.script), *self.arguments]


def _server(name: str, what: str, script: str, *arguments: str) -> Candidate:
    return Candidate(name, what, f"servers/{script}.py", arguments)


def _client(name: str, what: str, script: str) -> Candidate:
    return Candidate(name, what, f"clients/{script}.py")


FLOOR = Candidate("floor", "C, epoll, parses nothing", "floor", (wire.ANSWER, "sleep"))

# What the clients fetch from: the floor, which they never have to wake.
PARTNER = Candidate("floor", "C, epoll, never sleeps", "floor", (wire.ANSWER, "spin"))

# Each is started with the port as its last argument.
SERVERS = (
    FLOOR,
    _server("uvloop-raw", "uvloop protocol, parses nothing", "hello_uvloop_raw", wire.ANSWER),
    _server("waterspout", "RequestHandler, def get", "hello_waterspout"),
    _server("waterspout-async", "RequestHandler, async def get", "hello_waterspout_async"),
    _server("fastpysgi", "bare WSGI application", "hello_fastpysgi"),
    _server("fastpysgi-asgi", "bare ASGI application", "hello_fastpysgi_asgi"),
    _server("granian", "bare RSGI application", "hello_granian"),
    _server("uvicorn", "bare ASGI application", "hello_uvicorn"),
    _server("starlette", "Starlette route on uvicorn", "hello_starlette"),
    _server("aiohttp", "aiohttp.web handler, uvloop", "hello_aiohttp"),
    _server("tornado", "RequestHandler, def get", "hello_tornado"),
)

# Each is started with the folder of the static files and the port. The first is what the others are
# compared to.
FRAMEWORKS = (
    _server("waterspout", "waterspout.web", "web_waterspout"),
    _server("tornado", "tornado.web", "web_tornado"),
    _server("aiohttp", "aiohttp.web, uvloop", "web_aiohttp"),
    _server("starlette", "Starlette on uvicorn", "web_starlette"),
)

# Each is started with: URL, fetches to warm up, fetches, seconds, tasks. The first is the floor.
BLOCKING = (
    _client("raw-socket", "send and recv, parses nothing", "blocking_raw_socket"),
    _client("waterspout", "HTTPClient", "blocking_waterspout"),
    _client("pycurl", "one handle, reused", "blocking_pycurl"),
    _client("pyreqwest", "SyncClient", "blocking_pyreqwest"),
    _client("urllib3", "PoolManager", "blocking_urllib3"),
    _client("httpx2", "Client", "blocking_httpx2"),
    _client("requests", "Session", "blocking_requests"),
    _client("tornado", "HTTPClient", "blocking_tornado"),
)
ASYNCHRONOUS = (
    _client("raw-uvloop", "uvloop protocols, parse nothing", "async_raw_uvloop"),
    _client("waterspout", "AsyncHTTPClient", "async_waterspout"),
    _client("pyreqwest", "Client", "async_pyreqwest"),
    _client("aiohttp", "ClientSession", "async_aiohttp"),
    _client("httpx2", "AsyncClient", "async_httpx2"),
    _client("tornado", "AsyncHTTPClient", "async_tornado"),
)

# Each is started with the list, how many at a time, and where results go. The first is what the
# other is compared to.
LISTS = (
    _client("waterspout-loop", "a plain loop with AsyncHTTPClient", "urls_loop"),
    _client("waterspout-fetch", "waterspout fetch -i, with results", "urls_fetch"),
)


def choose(candidates: Sequence[Candidate], names: Sequence[str]) -> list[Candidate]:
    """The named candidates and the first, to which all are compared; all of them without names."""
    return [c for c in candidates if not names or c.name in names or c is candidates[0]]
