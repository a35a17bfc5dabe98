"""The command line of ``fetch``: its help, its mistakes, and who does the work."""

import argparse
import functools
import sys
from typing import Any

from waterspout.cli.fetch.options import UsageError, plan_of
from waterspout.cli.values import COUNT, SECONDS, SIZE, Kind

__all__ = ["add_arguments", "run"]

_DESCRIPTION = """\
Fetch URLs and write what comes, piece by piece, to standard output or to files. A URL without a
scheme is one of http. With -i the URLs are those of a list, fetched many at a time, and what is
written is a line of JSON for each.
"""

_EPILOG = """\
values:
  SIZE  bytes, or with a unit: 64k, 10M, 2G
  TIME  seconds, or with a unit: 500ms, 30s, 5m
  DATA  text, or @FILE for the content of a file, @- for standard input

examples:
  waterspout fetch example.com                           to standard output
  waterspout fetch -L -O https://example.com/a.tar.gz    follow redirects, keep the name
  waterspout fetch --json '{"a": 1}' localhost:8888/api
  waterspout fetch -F name=me -F photo=@me.jpg -u me https://example.com/upload
  waterspout fetch -i urls.txt -o results.jsonl --concurrency 50 --output-dir bodies

lists: a line a URL; empty lines and those that begin with # are skipped. A line of the results is
  {"url", "status", "bytes", "seconds", "final_url", "error"}, and "sha256" and "file" where asked
  for; status is null, and error {"kind", "message"}, where there was no answer.
  With -o the results are added to a file. If it is there already, the URLs that have a result are
  not fetched again: a run that was stopped, by whatever, goes on where it was. Lists take up to a
  minute a URL, unless --max-time says otherwise.

exit status, as curl's: 0 done, 1 no scheme of ours, 2 wrong usage, 3 no URL, 6 unknown host,
  7 no connection, 8 no HTTP, 18 a body cut short, 22 a status from 400 on with -f, 23 not written,
  26 not read, 28 too late, 35 no TLS, 47 too many redirects, 52 no answer, 56 connection broken,
  60 certificate not accepted, 63 body too large, 97 the proxy refused, 130 interrupted.
  Of several URLs it is that of the first one that failed.

Credentials are shown nowhere. Those on a command line can be seen by others on the machine while
it runs: with -u NAME the password is asked for.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare all options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.usage = f"{parser.prog} [OPTIONS] URL...   or   {parser.prog} [OPTIONS] -i FILE"
    parser.description = _DESCRIPTION
    parser.epilog = _EPILOG
    parser.add_argument("urls", metavar="URL", nargs="*", help="what to fetch")
    _add_request(parser.add_argument_group("the request"))
    _add_output(parser.add_argument_group("the output"))
    _add_connection(parser.add_argument_group("the connection"))
    _add_list(parser.add_argument_group("lists"))


def run(args: argparse.Namespace) -> int:
    """Fetch; return the exit status."""
    try:
        plan = plan_of(vars(args))
    except UsageError as error:
        print(f"waterspout fetch: {error}", file=sys.stderr)
        return error.status
    if args.input is not None:
        from waterspout.cli.fetch.batch import run_batch

        return run_batch(plan, args)
    from waterspout.cli.fetch.single import fetch_all

    return fetch_all(plan, args)


def _add_request(group: Any) -> None:
    group.add_argument(
        "-X", "--request", metavar="METHOD", help="the method; GET, or POST with a body"
    )
    group.add_argument(
        "-H",
        "--header",
        metavar="LINE",
        action="append",
        default=[],
        help='a header, "Name: value"; "Name;" for an empty one; @FILE for a file with a line each',
    )
    for flags, kind, text in (
        (
            ("-d", "--data"),
            "-d",
            "a body, sent as a form; several are joined by &; line ends of files are left out",
        ),
        (("--data-binary",), "--data-binary", "the same, to the last byte"),
        (("--data-raw",), "--data-raw", "the same, with no meaning in an @"),
    ):
        group.add_argument(
            *flags,
            dest="data",
            metavar="DATA",
            action="append",
            default=[],
            type=functools.partial(_pair, kind),  # One list: what is joined keeps its order.
            help=text,
        )
    group.add_argument(
        "-G", "--get", action="store_true", help="add what -d says to the URL, and send no body"
    )
    group.add_argument("--json", metavar="DATA", action="append", default=[], help="a body of JSON")
    group.add_argument(
        "-F",
        "--form",
        metavar="FIELD",
        action="append",
        default=[],
        help="a field of a form with files: name=value, name=@FILE, name=<FILE (as text);"
        " ;type= and ;filename= may follow",
    )
    group.add_argument("-I", "--head", action="store_true", help="ask for the headers alone")
    group.add_argument(
        "-u", "--user", metavar="NAME:PASSWORD", help="sign in; without :PASSWORD it is asked for"
    )
    group.add_argument(
        "-b",
        "--cookie",
        metavar="COOKIES",
        action="append",
        default=[],
        help='cookies to send, "name=value; name=value"',
    )
    group.add_argument("-e", "--referer", metavar="URL", help="where the URL was found")
    group.add_argument("-A", "--user-agent", metavar="NAME", help="what to be called")
    group.add_argument("-L", "--location", action="store_true", help="go where a redirect leads")
    group.add_argument(
        "--max-redirs", metavar="NUMBER", type=_type(COUNT), default=50, help="how many (50)"
    )


def _add_output(group: Any) -> None:
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        action="append",
        default=[],
        help="write to a file; of several URLs each has an -o of its own. With -i: the results",
    )
    group.add_argument(
        "-O",
        "--remote-name",
        action="store_true",
        help="write to files that are called as in the URLs, in the working directory",
    )
    group.add_argument("--include", action="store_true", help="write the headers before the body")
    group.add_argument(
        "-f", "--fail", action="store_true", help="a status from 400 on is a failure, without body"
    )
    group.add_argument(
        "--compressed", action="store_true", help="ask for compression, which is done anyway"
    )
    group.add_argument(
        "--raw", action="store_true", help="ask for no compression, and decode nothing"
    )
    group.add_argument(
        "--max-filesize", metavar="SIZE", type=_type(SIZE), help="the longest body that is taken"
    )
    group.add_argument("-s", "--silent", action="store_true", help="show no errors and no progress")
    group.add_argument(
        "-S", "--show-error", action="store_true", help="with -s: show errors all the same"
    )
    group.add_argument(
        "-v", "--verbose", action="store_true", help="show the heads of both sides, on stderr"
    )
    group.add_argument("--timing", action="store_true", help="show where the time went, on stderr")


def _add_connection(group: Any) -> None:
    group.add_argument("-x", "--proxy", metavar="URL", help='the proxy to ask; "" for none')
    group.add_argument("--unix-socket", metavar="FILE", help="the unix socket to connect to")
    group.add_argument(
        "--interface", metavar="NAME", help="the address, or the interface, to connect from"
    )
    group.add_argument(
        "-k", "--insecure", action="store_true", help="accept any certificate of a server"
    )
    group.add_argument("--cacert", metavar="FILE", help="the certificates to trust")
    group.add_argument("--cert", metavar="FILE", help="the certificate to show")
    group.add_argument("--key", metavar="FILE", help="its key, where it is not in the same file")
    group.add_argument(
        "--connect-timeout",
        metavar="TIME",
        type=_type(SECONDS),
        default=20.0,
        help="until a connection stands (20s); 0 is for ever",
    )
    group.add_argument(
        "--max-time", metavar="TIME", type=_type(SECONDS), help="for all of it; 0 is for ever"
    )
    group.add_argument(
        "--retries", metavar="NUMBER", type=_type(COUNT), default=0, help="try again (0)"
    )
    group.add_argument("--http-version", metavar="VERSION", help="1.1, which is what there is")


def _add_list(group: Any) -> None:
    group.add_argument("-i", "--input", metavar="FILE", help="a list of URLs; - is standard input")
    group.add_argument(
        "--concurrency", metavar="NUMBER", type=_type(COUNT), help="URLs at a time (20)"
    )
    group.add_argument(
        "--per-host", metavar="NUMBER", type=_type(COUNT), help="of one host at a time"
    )
    group.add_argument("--output-dir", metavar="DIR", help="keep the bodies in files there")
    group.add_argument("--sha256", action="store_true", help="tell the digests of the bodies")


def _pair(kind: str, text: str) -> tuple[str, str]:
    return kind, text


def _type(kind: Kind) -> Any:
    """Return what argparse calls with the text of a value."""

    def read(text: str) -> Any:
        try:
            return kind.read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read
