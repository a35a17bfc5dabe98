"""Sets up logging as most programs want it: by options, to files and to the terminal."""

import logging
import os
import re
import sys
from typing import Any

from waterspout.log.pretty import LogFormatter

__all__ = ["define_logging_options", "enable_pretty_logging"]

_MAX_SIZE = 100 * 1000 * 1000
_BACKUPS = 10
_WHEN = re.compile(r"[smhd]|w[0-6]|midnight", re.IGNORECASE)


def define_logging_options(options: Any = None) -> None:
    """Define in ``options``, an ``OptionParser``, what `enable_pretty_logging` looks at.

    From then on logging is set up when ``options`` have been parsed. None stands for
    `waterspout.options.options`, which have them already. Raises ``waterspout.options.Error`` where
    one of them is defined.
    """
    if options is None:
        from waterspout.options import options  # which imports this
    options.define(
        "logging",
        default="info",
        help="what is logged: this level and above; 'none' leaves logging as it is",
        metavar="debug|info|warning|error|none",
    )
    options.define(
        "log_to_stderr",
        type=bool,
        help="log to the standard error, in colours on a terminal; by default where nothing else "
        "has been set up",
    )
    options.define(
        "log_file_prefix",
        type=str,
        metavar="PATH",
        help="file to log to, and what the names of older ones begin with; each process needs one "
        "of its own",
    )
    options.define(
        "log_file_max_size", default=_MAX_SIZE, help="size of a log file in bytes, in mode 'size'"
    )
    options.define("log_file_num_backups", default=_BACKUPS, help="number of older log files")
    options.define(
        "log_rotate_when",
        default="midnight",
        metavar="S|M|H|D|W0-W6|midnight",
        help="unit of the time, or the moment, after which a new log file is begun",
    )
    options.define(
        "log_rotate_interval", default=1, help="number of units after which one is begun"
    )
    options.define(
        "log_rotate_mode",
        default="size",
        metavar="size|time",
        help="what makes a new log file be begun",
    )
    options.add_parse_callback(lambda: enable_pretty_logging(options))


def enable_pretty_logging(options: Any = None, logger: logging.Logger | None = None) -> None:
    """Give ``logger`` (None: the root of all) a level and handlers with a ``LogFormatter``.

    ``options`` is any object with some of the attributes: ``logging`` (a level's name, or
    ``none`` for nothing to be done; ``info`` where there is none), ``log_to_stderr`` (None: if the
    logger has no handler else), ``log_file_prefix`` (a file to write to), ``log_rotate_mode``
    (``size`` or ``time``), ``log_file_max_size`` in bytes, ``log_file_num_backups``,
    ``log_rotate_when`` and ``log_rotate_interval`` (see ``TimedRotatingFileHandler``). None stands
    for `waterspout.options.options`: as long as the program gives them no value, what is ``info``
    and above goes to the standard error. What a logger has been given here is not added again.

    Raises ``ValueError`` for a level, a mode or a time that is none, ``OSError`` for a file that
    can't be opened.
    """
    if options is None:
        # Who has not imported them has no options, and is spared the import.
        options = getattr(sys.modules.get("waterspout.options"), "options", None)
    level = getattr(options, "logging", "info")
    if level is None or level.lower() == "none":
        return
    logger = logging.getLogger() if logger is None else logger
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"logging: {level!r} is no level: debug, info, warning, error or none")
    logger.setLevel(number)
    path = getattr(options, "log_file_prefix", None)
    if path and not _has_file(logger, path):
        handler = _file_handler(path, options)
        handler.setFormatter(LogFormatter(color=False))
        logger.addHandler(handler)
    to_stderr = getattr(options, "log_to_stderr", None)
    if (to_stderr and not _has_stderr(logger)) or (to_stderr is None and not logger.handlers):
        stderr = logging.StreamHandler()
        stderr.setFormatter(LogFormatter())
        logger.addHandler(stderr)


def _has_file(logger: logging.Logger, path: str) -> bool:
    name = os.path.abspath(path)
    return any(getattr(each, "baseFilename", None) == name for each in logger.handlers)


def _has_stderr(logger: logging.Logger) -> bool:
    return any(
        isinstance(each.formatter, LogFormatter) and getattr(each, "stream", None) is sys.stderr
        for each in logger.handlers
    )


def _file_handler(path: str, options: Any) -> logging.Handler:
    # It imports pickle and more, for nothing where no log goes to a file.
    import logging.handlers

    mode = getattr(options, "log_rotate_mode", "size")
    backups = getattr(options, "log_file_num_backups", _BACKUPS)
    if mode == "size":
        return logging.handlers.RotatingFileHandler(
            path,
            maxBytes=getattr(options, "log_file_max_size", _MAX_SIZE),
            backupCount=backups,
            encoding="utf-8",
        )
    if mode == "time":
        interval = getattr(options, "log_rotate_interval", 1)
        if interval < 1:
            raise ValueError(f"log_rotate_interval is 1 or more, not {interval}")
        when = getattr(options, "log_rotate_when", "midnight")
        if not isinstance(when, str) or not _WHEN.fullmatch(when):
            # The handler refuses it too, but leaves the file open.
            raise ValueError(f"log_rotate_when is S, M, H, D, W0 to W6 or midnight, not {when!r}")
        return logging.handlers.TimedRotatingFileHandler(
            path, when=when, interval=interval, backupCount=backups, encoding="utf-8"
        )
    raise ValueError(f"log_rotate_mode is 'size' or 'time', not {mode!r}")
