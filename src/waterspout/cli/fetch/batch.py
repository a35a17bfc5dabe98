"""A list of URLs, many at a time: read as they are needed, a result written for each."""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

from waterspout.cli.fetch.bodies import Body, Count, directory_of_bodies
from waterspout.cli.fetch.descriptors import want_descriptors
from waterspout.cli.fetch.exits import FAILED, READ_ERROR, USAGE, WRITE_ERROR, exit_status
from waterspout.cli.fetch.lists import MAX_LINE, URLList
from waterspout.cli.fetch.options import Plan, UsageError, with_scheme
from waterspout.cli.fetch.progress import amount, bar, live
from waterspout.cli.fetch.results import ForeignFileError, Results, line_of
from waterspout.cli.fetch.schedule import Schedule
from waterspout.cli.fetch.talk import printable
from waterspout.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from waterspout.httpclient.flow import Flow
from waterspout.httpclient.settings import Settings
from waterspout.httpclient.target import without_credentials
from waterspout.httpclient.waiting import fetch_soon
from waterspout.ioloop import run
from waterspout.net import AsyncNet
from waterspout.net.clock import Clock
from waterspout.net.gates import Gate

__all__ = ["Batch", "run_batch"]

_CONCURRENCY = 20

# What is read ahead, so that a busy host does not hold up the others: URLs of some 30 MB in memory.
_AHEAD = 32 * 1024 * 1024


def run_batch(plan: Plan, args: argparse.Namespace) -> int:
    """Fetch a list; return the exit status."""
    try:
        want_descriptors((args.concurrency or _CONCURRENCY) * (1 if args.output_dir is None else 2))
        if args.output_dir is None:
            return _run(plan, args)
        with directory_of_bodies(args.output_dir):
            return _run(plan, args)
    except (OSError, UsageError) as error:
        return _tell(error, args)


def _run(plan: Plan, args: argparse.Namespace) -> int:
    urls = URLList(args.input)
    try:
        results = Results(args.output[0] if args.output and args.output[0] != "-" else None)
    except (OSError, ForeignFileError) as error:
        urls.close()
        _tell(error, args)
        return WRITE_ERROR
    batch = Batch(plan, urls, results, args)
    try:
        return run(batch.run())
    except BrokenPipeError:
        return WRITE_ERROR
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        return _tell(error, args)
    finally:
        urls.close()
        results.close()
        if not args.silent:
            print(f"waterspout fetch: {batch.summary}", file=sys.stderr)


def _tell(error: Exception, args: argparse.Namespace) -> int:
    """Tell what ends the run; return the exit status."""
    print(f"waterspout fetch: {printable(str(error))}", file=sys.stderr)
    if not isinstance(error, OSError):
        return USAGE
    return READ_ERROR if error.filename == args.input else WRITE_ERROR


class Batch:
    """One run over a list. Belongs to the loop that runs it."""

    def __init__(
        self, plan: Plan, urls: URLList, results: Results, args: argparse.Namespace
    ) -> None:
        self._plan = plan
        self._urls = urls
        self._results = results
        self._fails = args.fail
        self._directory: str | None = args.output_dir
        self._is_hashed = args.sha256
        # Whether all that is wanted of a body is its size; the body of a request is no stream.
        self._is_counted = not (args.sha256 or args.output_dir or args.form)
        self._is_shown = not args.silent
        self._concurrency: int = args.concurrency or _CONCURRENCY
        self._schedule = Schedule(args.per_host)
        self._flow: Any = None
        self._net: Any = None
        self._clock = Clock(time.monotonic)
        self._idle: list[asyncio.Future[None]] = []  # where the others wait
        self._settled: list[Reply] = []  # in this pass of the loop
        self._is_reading = False
        self._is_read = False
        self._status = 0
        self._failure: OSError | None = None  # results can't be written
        self._begun_count = 0
        self._begun = self._clock.now()
        self.done = self.failed = self.skipped = self.size = 0

    async def run(self) -> int:
        """Fetch all; return the exit status. To cancel it ends all that is under way."""
        net = self._net = AsyncNet(asyncio.get_running_loop())
        self._flow = Flow(net, Settings(**{**self._plan.client, "max_clients": self._concurrency}))
        try:
            with live(self._line, self._is_shown):
                # No Tasks: they take more, and nothing here asks which one it is in.
                await _all([net.start(self._work()) for _ in range(self._concurrency)])
        finally:
            self._flow.close()
            net.close()
            self._results.flush()
        return self._status

    @property
    def summary(self) -> str:
        """What was done, in a line."""
        seconds = max(self._clock.now() - self._begun, 1e-6)
        parts = [f"{self.done} fetched ({amount(self.size)}, {self.done / seconds:.0f}/s)"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.skipped:
            parts.append(f"{self.skipped} done before")
        return ", ".join(parts)

    def _line(self) -> str:
        urls = self._urls
        if not urls.size:
            return self.summary
        # What is read ahead is not done; but on the average lines are of one length.
        seen = self.done + self.skipped
        share = urls.position / urls.size
        if seen:
            share *= seen / (seen + self._schedule.waiting)
        return f"{bar(share)} {share:4.0%}  {self.summary}"

    # The work

    async def _work(self) -> None:
        """Fetch one URL after the other until there is none."""
        schedule = self._schedule
        reply: Reply = self._net.gate(Reply)
        count: Count | None = None
        reused: HTTPRequest | None = None
        if self._is_counted:
            # One for all: to make one costs as much as the rest that is done here.
            count = Count()
            reused = self._plan.new_request(
                "", streaming_callback=count.take, restart_callback=count.restart
            )
        begun = self._clock.now()
        while True:
            url = schedule.take()
            if url is None:
                if not await self._wait_for_urls():
                    self._wake()
                    reply.close_gate()
                    return
                begun = self._clock.now()
                continue
            if self._failure is not None:
                raise self._failure
            body = self._new_body(url) if count is None else count
            response = failure = None
            reply.begin(self)
            try:
                if len(url) > MAX_LINE:
                    raise ValueError(f"the URL has more than {MAX_LINE} characters")
                request = reused or self._plan.new_request(
                    "", streaming_callback=body.take, restart_callback=body.restart
                )
                request.url = url if url.startswith("http://") else with_scheme(url)
                body.size = 0
                fetch_soon(self._flow, request, False, reply)
                await reply
                response = reply.response()
                body.finish()
            except BaseException as error:
                reply.leave()
                body.drop()
                failure = self._failed(error)
            finally:
                schedule.finish(url)
                if self._idle:
                    self._wake_one()
            ended = self._clock.now()
            self._add(url, ended - begun, body, response, failure)
            begun = ended
            if failure is not None:
                await self._net.pause()  # It may have failed at once, and so may all others.
                begun = self._clock.now()

    async def _wait_for_urls(self) -> bool:
        """Read more of the list, or wait for who does; False if there is nothing left to do."""
        if self._is_read and not self._schedule.waiting:
            return False
        if self._is_reading or self._is_read or self._schedule.parked_size >= _AHEAD:
            waiter = asyncio.get_running_loop().create_future()
            self._idle.append(waiter)
            await waiter
            return True
        self._is_reading = True
        try:
            found = await self._urls.read()
            await self._net.pause()  # A list may be long, and have nothing to do in it.
        finally:
            self._is_reading = False
        if found is None:
            self._is_read = True
        else:
            left = found
            if self._results.earlier:
                left = [url for url in found if not self._results.take(_shown(url))]
                self.skipped += len(found) - len(left)
            self._schedule.add(left)
        self._wake()
        return True

    def settle(self, reply: "Reply") -> None:
        """Have who waits for a reply go on in the next pass of the loop, with all others who can.

        To do the same for many in a row costs a quarter less than all for each.
        """
        self._settled.append(reply)
        if len(self._settled) == 1:
            self._net.loop.call_soon(self._open_settled)

    def _open_settled(self) -> None:
        settled, self._settled = self._settled, []
        for reply in settled:
            reply.open()

    def _wake(self) -> None:
        for waiter in self._idle:
            if not waiter.done():
                waiter.set_result(None)
        self._idle.clear()

    def _wake_one(self) -> None:
        while self._idle:
            waiter = self._idle.pop()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _failed(self, error: BaseException) -> dict[str, str]:
        """Return what a result says of an error; raise it if it ends the run."""
        if isinstance(error, OSError) and not isinstance(error, HTTPClientError):
            raise BodyError(error.errno, error.strerror, error.filename) from error
        if not isinstance(error, _FAILURES):
            raise error
        self._note(exit_status(error))
        return {"kind": type(error).__name__, "message": str(error)}

    def _add(
        self,
        url: str,
        seconds: float,
        body: Body | Count,
        response: HTTPResponse | None,
        failure: dict[str, str] | None,
    ) -> None:
        """Add a result to the others."""
        status = final_url = None
        if response is not None and failure is None:
            status, final_url = response.code, response.effective_url
            if self._fails and status >= 400:
                self._note(FAILED)
        more: dict[str, str | None] | None = None
        if not self._is_counted:
            more = {}
            if self._is_hashed:
                more["sha256"] = body.sha256 if failure is None else None
            if body.path is not None:
                more["file"] = body.path if failure is None else None
        shown = url if "@" not in url else _shown(url)
        size = body.size
        if self._results.add(line_of(shown, status, size, seconds, final_url, failure, more)):
            self._net.loop.call_soon(self._write)
        self.done += 1
        self.size += size

    def _new_body(self, url: str) -> Body:
        self._begun_count += 1
        return Body(_shown(url), self._begun_count, self._directory, self._is_hashed)

    def _write(self) -> None:
        """Write the results that have come together in this pass of the loop."""
        try:
            self._results.flush()
        except OSError as error:
            self._failure = error

    def _note(self, status: int) -> None:
        self.failed += 1
        self._status = self._status or status


# What a URL can fail with, and the others go on.
_FAILURES = (HTTPClientError, ValueError, KeyError, NotImplementedError)


def _shown(url: str) -> str:
    """Return a URL as results have it."""
    return without_credentials(url) if "@" in url else url


class Reply(Gate):
    """The future of a fetch, for a worker of a batch; it is good for one after the other.

    It has what `waiting.fetch_soon` needs of one.
    """

    def begin(self, batch: Batch) -> None:
        """Be the future of another fetch."""
        self._batch = batch
        self._is_done = False
        self._response: HTTPResponse | None = None
        self._failure: BaseException | None = None
        self._listener: Callable[[Any], object] | None = None

    def response(self) -> HTTPResponse:
        """Return the response, or raise what there is instead; after `begin` and a wait."""
        if self._failure is not None:
            raise self._failure
        assert self._response is not None
        return self._response

    def leave(self) -> None:
        """Want no response any more."""
        listener = self._listener
        self._is_done = True
        if listener is not None:
            self._listener = None
            listener(self)

    # What a future has

    def done(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._is_done

    def set_result(self, response: HTTPResponse) -> None:
        """Be done."""
        self._is_done = True
        self._response = response
        self._batch.settle(self)

    def set_exception(self, error: BaseException) -> None:
        """Be done, without a response."""
        self._is_done = True
        self._failure = error
        self._batch.settle(self)

    def cancel(self) -> None:
        """Be done, as the loop ends."""
        self.set_exception(asyncio.CancelledError())

    def add_done_callback(self, listener: Callable[[Any], object]) -> None:
        """Keep whom to tell if the worker leaves."""
        self._listener = listener

    def remove_done_callback(self, listener: Callable[[Any], object]) -> None:
        """Tell nobody."""
        self._listener = None


class BodyError(OSError):
    """A body could not be kept in its file."""


async def _all(futures: list[asyncio.Future[None]]) -> None:
    """Return when all are done; the first that fails ends them all, and is raised."""
    try:
        await asyncio.gather(*futures)
    finally:
        for future in futures:
            future.cancel()
        await asyncio.gather(*futures, return_exceptions=True)
