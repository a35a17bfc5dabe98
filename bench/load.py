"""The load as the cases put it on: how much of it, and what it cost the server."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass

import environment
from processes import Child, ProcessError
from rounds import Sample

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Load:
    """So many requests, or as many as fit into `seconds`, over so many connections."""

    connections: int
    warmup: int
    requests: int
    seconds: float

    def put_on(self, server: Child, port: int, request: bytes, core: int) -> Sample:
        """Send one request again and again; what the server's process tree used meanwhile."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(request)
            file.flush()
            command = [str(environment.program("load")), str(port), str(self.connections)]
            command += [str(self.warmup), str(self.requests), str(self.seconds), file.name]
            patience = self.seconds + PATIENCE_SECONDS
            with Child(command, core, is_talking=True) as generator:
                generator.hear(patience)
                before = server.cpu_seconds()
                generator.say("go")
                counted = json.loads(generator.hear(patience))
                cpu_seconds = server.cpu_seconds() - before
        if not counted["requests"]:
            raise ProcessError(f"{counted['errors']} errors and no good answer")
        return Sample(cpu_seconds=cpu_seconds, **counted)
