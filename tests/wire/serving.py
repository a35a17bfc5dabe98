"""A server in a process of its own, for tests that need one to exhaust, to measure or to attack.

``python serving.py '{"loop": "uvloop"}'`` prints the port and serves until its stdin ends, so that
none outlives its test. The options are those of ``start`` in ``server_process``.
"""

import asyncio
import gc
import hashlib
import json
import logging
import os
import resource
import ssl
import sys
import threading
from typing import Any

from waterspout.httpserver import HTTPServer
from waterspout.netutil import bind_sockets
from waterspout.web import Application, RequestHandler, StaticFileHandler

#: Larger than what the sockets' buffers on both sides take together.
BIG = 8 * 1024 * 1024


class Hello(RequestHandler):
    """Answers as small as they come; with an ETag, as always."""

    def get(self) -> None:
        self.write("Hello, world")


class Echo(RequestHandler):
    """Tells what was asked."""

    SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PURGE")

    def prepare(self) -> None:
        request = self.request
        self.finish(
            {
                "method": request.method,
                "uri": request.uri,
                "peer": request.connection.remote_address[1],
                "remote_ip": request.remote_ip,
                "protocol": request.protocol,
                "fields": sorted(request.headers.get_all()),
                "size": len(request.body),
                "sha256": hashlib.sha256(request.body).hexdigest(),
            }
        )


class Look(RequestHandler):
    """Looks at all that a client can send; plain for GET, and a coroutine for the others."""

    def get(self) -> None:
        for name in self.request.arguments:
            self.get_arguments(name)
        for cookie in self.cookies:
            self.get_cookie(cookie)
        self.write(
            {
                "user": repr(self.get_signed_cookie("user")),
                "files": sorted(self.request.files),
                "locale": self.locale.code,
                "xsrf": len(self.xsrf_token),
                "url": self.request.full_url(),
            }
        )

    async def post(self) -> None:
        await asyncio.sleep(0)
        self.get()

    put = post


class Stream(RequestHandler):
    """Sends ``?count=`` chunks that differ, each of ``&lines=`` lines, and flushed."""

    async def get(self) -> None:
        lines = int(self.get_argument("lines", "100"))
        for index in range(int(self.get_argument("count"))):
            self.write(f"{index}\n" * lines)
            await self.flush()


class Big(RequestHandler):
    """More than a client that does not read can be sent."""

    def compute_etag(self) -> None:
        """Hash nothing."""

    def get(self) -> None:
        self.set_header("Content-Type", "application/octet-stream")
        self.write(bytes(BIG))


class Counts(logging.Handler):
    """How many requests have been answered, and how many refused."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = 0
        self.refused = 0

    def on_answer(self, handler: RequestHandler) -> None:
        """Count an answer of the application's."""
        self.answered += 1

    def emit(self, record: logging.LogRecord) -> None:
        """Count what the server has refused by itself."""
        self.refused += record.getMessage().startswith("refused a request ")


class Usage(RequestHandler):
    """What the process has used and done so far, but for this request."""

    def initialize(self, counts: Counts) -> None:
        """Take what counts."""
        self._counts = counts

    def get(self) -> None:
        """Answer it as JSON; ``objects`` are those that are in use."""
        gc.collect()
        used = resource.getrusage(resource.RUSAGE_SELF)
        with open("/proc/self/statm") as statm:
            pages = int(statm.read().split()[1])
        self.finish(
            {
                "seconds": used.ru_utime + used.ru_stime,
                "descriptors": len(os.listdir("/proc/self/fd")) - 1,
                "resident": pages * resource.getpagesize(),
                "objects": len(gc.get_objects()),
                "answered": self._counts.answered,
                "refused": self._counts.refused,
            }
        )


async def main(options: dict[str, Any]) -> None:
    """Serve until stdin ends."""
    counts = Counts()
    log = logging.getLogger("waterspout.general")
    log.setLevel(logging.INFO)
    log.addHandler(counts)
    log.propagate = False
    rules: list[Any] = [
        ("/", Hello),
        ("/echo.*", Echo),
        ("/look", Look),
        ("/stream", Stream),
        ("/big", Big),
        ("/usage", Usage, {"counts": counts}),
    ]
    if options.get("files"):
        rules.append(("/files/(.*)", StaticFileHandler, {"path": options["files"]}))
    context = None
    if options.get("certfile"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["certfile"])
    application = Application(
        rules,
        log_function=counts.on_answer,
        cookie_secret="a secret of this program",
        compress_response=options.get("compress", False),
    )
    server = HTTPServer(application, ssl_options=context, **options.get("server", {}))
    port, reuse_port = options.get("port", 0), options.get("reuse_port", False)
    address = options.get("address", "127.0.0.1")
    sockets = bind_sockets(port, address, reuse_port=reuse_port)
    server.add_sockets(sockets)
    if options.get("descriptors"):
        limit = options["descriptors"]
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    print(sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def wait() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, daemon=True).start()
    await ended.wait()
    server.stop()
    await server.close_all_connections(0)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    factory = None
    if given["loop"] == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main(given))
