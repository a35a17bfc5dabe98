"""Sets up logging as most programs want it: by options, to files and to the terminal."""

import logging
from typing import Any

from waterspout.log.pretty import LogFormatter

__all__ = ["enable_pretty_logging"]

_MEBIBYTE = 1024 * 1024


def enable_pretty_logging(options: Any = None, logger: logging.Logger | None = None) -> None:
    """Give ``logger`` (None: the root of all) a level and handlers with a ``LogFormatter``.

    ``options`` is any object with some of the attributes: ``logging`` (a level's name, or
    ``none`` for nothing to be done; ``info`` where there is none), ``log_to_stderr`` (None: if the
    logger has no handler else), ``log_file_prefix`` (a file to write to), ``log_rotate_mode``
    (``size`` or ``time``), ``log_file_max_size`` in bytes, ``log_file_num_backups``,
    ``log_rotate_when`` and ``log_rotate_interval`` (see ``TimedRotatingFileHandler``). Without
    ``options`` it writes what is ``info`` and above to the standard error. Raises ``ValueError``
    for a level or a mode that is none.
    """
    level = getattr(options, "logging", "info")
    if level is None or level.lower() == "none":
        return
    logger = logging.getLogger() if logger is None else logger
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"logging: {level!r} is no level: debug, info, warning, error or none")
    logger.setLevel(number)
    if path := getattr(options, "log_file_prefix", None):
        handler = _file_handler(path, options)
        handler.setFormatter(LogFormatter(color=False))
        logger.addHandler(handler)
    to_stderr = getattr(options, "log_to_stderr", None)
    if to_stderr or (to_stderr is None and not logger.handlers):
        stderr = logging.StreamHandler()
        stderr.setFormatter(LogFormatter())
        logger.addHandler(stderr)


def _file_handler(path: str, options: Any) -> logging.Handler:
    # It imports pickle and more, for nothing where no log goes to a file.
    import logging.handlers

    mode = getattr(options, "log_rotate_mode", "size")
    backups = getattr(options, "log_file_num_backups", 10)
    if mode == "size":
        return logging.handlers.RotatingFileHandler(
            path,
            maxBytes=getattr(options, "log_file_max_size", 100 * _MEBIBYTE),
            backupCount=backups,
            encoding="utf-8",
        )
    if mode == "time":
        return logging.handlers.TimedRotatingFileHandler(
            path,
            when=getattr(options, "log_rotate_when", "midnight"),
            interval=getattr(options, "log_rotate_interval", 1),
            backupCount=backups,
            encoding="utf-8",
        )
    raise ValueError(f"log_rotate_mode is 'size' or 'time', not {mode!r}")
