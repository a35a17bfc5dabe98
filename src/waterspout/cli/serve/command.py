"""The command line of ``serve``: its help, its mistakes, and what comes before the first worker."""

import argparse
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from typing import Any

from waterspout.cli.serve.application import split_name
from waterspout.cli.serve.fleet import Fleet, Rules
from waterspout.cli.serve.listeners import listen_on_file, removed_at_end
from waterspout.cli.serve.logs import set_up
from waterspout.cli.serve.notification import Notification
from waterspout.cli.serve.options import OPTIONS, Option, policy_of
from waterspout.cli.serve.parent import Parent
from waterspout.cli.serve.pidfile import PidFile
from waterspout.cli.serve.settings import APP_KEY, settings_of
from waterspout.cli.serve.tls import context_of
from waterspout.cli.values import FLAG, WORKERS
from waterspout.netutil import bind_sockets, systemd_sockets
from waterspout.process import cpu_count

__all__ = ["add_arguments", "run"]

# Where the default is that there is none.
_WITHOUT_DEFAULT = {"unix", "certfile", "keyfile", "pid-file", "trusted-downstream", "protocol"}

_DESCRIPTION = """\
Serve an application: the object APP in MODULE, which is imported as Python would do it from the
working directory. APP is an Application, any other HTTPServerConnectionDelegate, a WSGIContainer,
or a function (plain or async) without arguments that makes one.
"""

_EPILOG = """\
values:
  SIZE  bytes, or with a unit: 64k, 10M, 2G
  TIME  seconds, or with a unit: 500ms, 30s, 5m, 2h, 1d

examples:
  waterspout serve main:app                         http://127.0.0.1:8888, one worker
  waterspout serve main:app --reload                while you work on it
  waterspout serve shop.web:make_app --host :: --port 443 --workers auto \\
      --certfile cert.pem --keyfile key.pem         for the world
  waterspout serve main:app --unix /run/app.sock    behind a proxy
  waterspout serve --config serve.toml              all of it from a file, such as

      app = "shop.web:make_app"
      port = 8000
      workers = "auto"
      limit-body-size = "10M"
      timeout-idle = "30s"

signals, for the process that was started (its number is in --pid-file):
  SIGTERM, SIGINT  end: running requests have the time of --grace; the second signal cuts them
  SIGHUP           replace the workers one at a time, with the code, certificates, limits and
                   timeouts there are now; if these are no good the old ones go on. No request is
                   dropped. Where to listen and how many workers stays as it was.

systemd: the sockets of a socket unit are used in place of --host, --port and --unix; with
Type=notify-reload (or notify) it is told when there is a worker that serves, when a reload
begins and ends, and when the end has begun.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare all options; those that are not given are not among the arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.usage = f"{parser.prog} MODULE:APP [OPTIONS]"
    parser.description = _DESCRIPTION
    parser.epilog = _EPILOG
    parser.argument_default = argparse.SUPPRESS
    parser.add_argument(
        APP_KEY,
        metavar="MODULE:APP",
        nargs="?",
        default=argparse.SUPPRESS,
        help="what to serve, unless the file of --config says it",
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="a TOML file with options by their names; the command line wins over it",
    )
    groups: dict[str, Any] = {}
    for option in OPTIONS:
        if option.group not in groups:
            groups[option.group] = parser.add_argument_group(option.group)
        _add(groups[option.group], option)


def run(args: argparse.Namespace) -> int:
    """Listen, and watch the workers that serve; return the exit status."""
    try:
        given = vars(args)
        settings = settings_of(given)
        split_name(settings[APP_KEY])
        policy_of(settings)
        context_of(settings)
        rules = _rules(settings)
        handed_over = systemd_sockets()
    except (ValueError, OSError) as error:
        print(f"waterspout serve: {error}", file=sys.stderr)
        return 2
    set_up(settings["access_log"])
    with ExitStack() as stack:
        try:
            listeners = [stack.enter_context(item) for item in handed_over or _listen(settings)]
        except OSError as error:
            print(f"waterspout serve: {error.strerror}", file=sys.stderr)
            return 1
        if not handed_over and settings["unix"] is not None:
            stack.enter_context(removed_at_end(settings["unix"]))
        pid_file = settings["pid_file"]
        stack.enter_context(nullcontext() if pid_file is None else PidFile(pid_file))
        name = f"serving {settings[APP_KEY]} at {' '.join(_urls(settings, listeners))}"
        return Parent(
            Fleet(rules),
            given,
            listeners,
            name,
            Notification(),
            watches_sources=settings["reload"],
            are_handed_over=bool(handed_over),
        ).run()


def _add(group: Any, option: Option) -> None:
    """Add an option to its group of the help."""
    words = f"{option.help} " if option.help else ""
    default = option.kind.show(option.default) if option.default is not None else "off"
    if option.name in _WITHOUT_DEFAULT:
        text = words.rstrip()
    elif option.kind is WORKERS and option.default is None:
        text = f"{words}(auto)"
    else:
        text = f"{words}({default})"
    text = text.replace("%", "%%")
    if option.kind is FLAG:
        group.add_argument(f"--{option.name}", action=argparse.BooleanOptionalAction, help=text)
    else:
        group.add_argument(
            f"--{option.name}", type=_argument_type(option), metavar=option.kind.metavar, help=text
        )


def _argument_type(option: Option) -> Callable[[str], Any]:
    """Return what argparse calls with the text of a value."""

    def read(text: str) -> Any:
        try:
            return option.kind.read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _rules(settings: dict[str, Any]) -> Rules:
    return Rules(
        workers=settings["workers"] or cpu_count(),
        grace=settings["grace"],
        readiness_delay=settings["readiness_delay"],
        start_timeout=settings["timeout_start"],
        max_age=settings["max_age"],
        max_memory=settings["max_memory"],
        awaits_change=settings["reload"],
    )


def _listen(settings: dict[str, Any]) -> list[socket.socket]:
    if settings["unix"] is not None:
        file, mode, backlog = settings["unix"], settings["unix_mode"], settings["backlog"]
        return [listen_on_file(file, mode, backlog)]
    return bind_sockets(settings["port"], settings["host"], backlog=settings["backlog"])


def _urls(settings: dict[str, Any], listeners: Sequence[socket.socket]) -> list[str]:
    scheme = "http" if settings["certfile"] is None else "https"
    return [_url(scheme, listener.getsockname()) for listener in listeners]


def _url(scheme: str, address: Any) -> str:
    """Return where it can be reached; @ begins the name of a unix socket that is no file."""
    if not isinstance(address, tuple):
        return f"unix:{os.fsdecode(address).replace(chr(0), '@')}"
    host, port, *_ = address
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"
