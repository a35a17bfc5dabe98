"""URLs of the command line, one after the other, each to standard output or to its file."""

import argparse
import os
import sys
from typing import Any, BinaryIO

from waterspout.cli.fetch.exits import (
    FAILED,
    TOO_MANY_REDIRECTS,
    WRITE_ERROR,
    exit_status,
)
from waterspout.cli.fetch.options import Plan, UsageError, file_name
from waterspout.cli.fetch.progress import Transfer
from waterspout.cli.fetch.talk import printable, show_line, talk_hooks
from waterspout.httpclient import HTTPClient, HTTPClientError, HTTPResponse

__all__ = ["fetch_all"]

_REDIRECTS = (301, 302, 303, 307, 308)


class WriteError(Exception):
    """What was fetched could not be written: why."""


def fetch_all(plan: Plan, args: argparse.Namespace) -> int:
    """Fetch what the plan says; return the exit status."""
    try:
        places = _places(plan, args)
        hooks = talk_hooks() if args.verbose else None
        client = HTTPClient(**plan.client, event_hooks=hooks)
    except (UsageError, ValueError, TypeError, NotImplementedError) as error:
        _tell(args, error)
        return error.status if isinstance(error, UsageError) else 2
    status = 0
    with client:
        for url, place in zip(plan.urls, places, strict=True):
            found = _fetch(client, plan, args, url, place)
            status = status or found
    return status


def _places(plan: Plan, args: argparse.Namespace) -> list[str | None]:
    """Return the files to write to; None is standard output, and "-" too, where it was chosen."""
    if args.remote_name:
        return [file_name(url) for url in plan.urls]
    chosen: list[str | None] = [*args.output]
    return chosen + [None] * (len(plan.urls) - len(chosen))


def _fetch(
    client: HTTPClient, plan: Plan, args: argparse.Namespace, url: str, place: str | None
) -> int:
    """Fetch one URL; return its exit status."""
    output = Output(place, args.include or args.head, args.fail)

    def on_header(line: str) -> None:
        if args.verbose:
            show_line("<", line)
        output.on_header(line)

    is_shown = not (output.is_standard or args.silent or args.verbose)
    transfer = Transfer(url, is_shown)
    try:
        with output, transfer:

            def take(data: bytes) -> None:
                transfer.add(len(data))
                output.on_body(data)

            def restart() -> None:
                transfer.restart()
                output.restart()

            request = plan.new_request(
                url,
                header_callback=on_header,
                streaming_callback=take,
                restart_callback=restart if output.can_restart else None,
            )
            transfer.expect(output)
            response = client.fetch(request, raise_error=False)
            output.finish()
    except WriteError as error:
        if str(error):
            _tell(args, error)
        return WRITE_ERROR
    except (HTTPClientError, OSError, ValueError, KeyError) as error:
        _tell(args, error)
        return exit_status(error)
    if args.timing:
        _show_timing(response)
    return _judge(response, args)


def _judge(response: HTTPResponse, args: argparse.Namespace) -> int:
    """Return the exit status for an answer."""
    if args.fail and response.code >= 400:
        _tell(args, f"HTTP {response.code} {response.reason}: {response.effective_url}")
        return FAILED
    if args.location and response.code in _REDIRECTS and "Location" in response.headers:
        _tell(args, f"more than {args.max_redirs} redirects: {response.effective_url}")
        return TOO_MANY_REDIRECTS
    return 0


def _show_timing(response: HTTPResponse) -> None:
    lines = [f"{response.request.method} {response.effective_url}"]
    lines += [f"  {name:<13} {value:10.6f} s" for name, value in response.time_info.items()]
    print("\n".join(map(printable, lines)), file=sys.stderr)


def _tell(args: argparse.Namespace, what: object) -> None:
    if args.show_error or not args.silent:
        print(f"waterspout fetch: {printable(str(what))}", file=sys.stderr)


class Output:
    """Where one response goes: its head if wanted, its body unless it is a failure.

    A file is made when the response has come.
    """

    def __init__(self, place: str | None, has_head: bool, fails: bool) -> None:
        self._place = place
        #: Whether it is standard output.
        self.is_standard = place in (None, "-")
        self._has_head = has_head
        self._fails = fails
        self._file: BinaryIO | None = None
        self._is_dropped = False
        self._has_begun = False  # its body
        #: The length of the body, if the response tells it.
        self.length: int | None = None

    def on_header(self, line: str) -> None:
        """Take a line of the head, as a ``header_callback`` does."""
        if line.startswith("HTTP/"):
            code = int(line.split(" ")[1])
            self._is_dropped = self._fails and code >= 400
        name, _, value = line.partition(":")
        if name.lower() == "content-length" and value.strip().isdigit():
            self.length = int(value)
        if self._has_head and not self._is_dropped:
            if self.is_standard and sys.stdout.isatty():
                text = line.rstrip("\r\n")
                line = printable(text) + line[len(text) :]
            self._write(line.encode("latin-1", "replace"))

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self._is_dropped:
            return
        if not self._has_begun:
            self._has_begun = True
            if self._place is None and b"\0" in data and sys.stdout.isatty():
                raise WriteError("that is no text: use -o FILE, or -o - to have it in the terminal")
        self._write(data)

    @property
    def can_restart(self) -> bool:
        """Whether what was written can be taken back: in a file, but not from who has read it."""
        place = self._place
        if place is None or self.is_standard:
            return False
        return os.path.isfile(place) or not os.path.exists(place)

    def restart(self) -> None:
        """Take back what was written, if there is any: it all comes once more."""
        self.length = None
        if self._file is not None:
            try:
                self._file.seek(0)
                self._file.truncate()
            except OSError as error:
                raise self._write_error(error) from None

    def finish(self) -> None:
        """Take note that the response is whole."""
        if not self._is_dropped:
            self._write(b"")

    def _write(self, data: bytes) -> None:
        try:
            if self._file is None:
                self._file = _open(None if self.is_standard else self._place)
            self._file.write(data)
            if self.is_standard:
                self._file.flush()
        except OSError as error:
            if self.is_standard:
                # What is in the buffer must not be written at the exit, which would fail again.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):  # Nobody reads any more.
                raise WriteError from None
            raise self._write_error(error) from None

    def _write_error(self, error: OSError) -> "WriteError":
        place = "standard output" if self.is_standard else self._place
        return WriteError(f"cannot write to {place!r}: {error.strerror}")

    def __enter__(self) -> "Output":
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc_info: object) -> None:
        if self._file is None or self.is_standard:
            return
        try:
            self._file.close()  # which writes what is left
        except OSError as error:
            if kind is None:
                raise self._write_error(error) from None


def _open(place: str | None) -> Any:
    return sys.stdout.buffer if place is None else open(place, "wb")
