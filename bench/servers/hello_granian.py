"""A bare RSGI application on granian: one worker, one runtime thread, uvloop.

hello_granian.py PORT
"""

import sys
from pathlib import Path
from typing import Any

HEADERS = [("content-type", "text/plain; charset=utf-8")]


async def app(scope: Any, protocol: Any) -> None:
    """Answer."""
    protocol.response_str(200, HEADERS, "Hello, world")


if __name__ == "__main__":
    from granian import Granian
    from granian.constants import Interfaces, Loops

    Granian(
        f"{Path(__file__).stem}:app",
        working_dir=Path(__file__).parent,
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.RSGI,
        workers=1,
        runtime_threads=1,
        blocking_threads=1,
        loop=Loops.uvloop,
        log_access=False,
    ).serve()
