"""From ``MODULE:APP`` to the application itself; what goes wrong is told in the user's terms.

To import a program runs it: this is done in workers only.
"""

import asyncio
import difflib
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable
from typing import Any

from waterspout.httputil import HTTPServerConnectionDelegate

__all__ = ["ApplicationError", "load", "split_name"]

# What is on the way from here to the user's code: this file, the import system, event loops.
_FOREIGN = (__file__, "<frozen ", os.path.dirname(asyncio.__file__), "uvloop/")

_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


class ApplicationError(Exception):
    """Why there is no application to serve: a line, under the traceback of its own code maybe."""

    def __init__(self, line: str, error: BaseException | None = None) -> None:
        super().__init__(line)
        self.trace = "" if error is None else _own_traceback(error)
        #: The files that the traceback names: what a failed import leaves no module of.
        self.files = [] if error is None else sorted(_files(error))


def split_name(name: str) -> tuple[str, str]:
    """Return module and name of ``MODULE:APP``; ``ValueError`` in one line for anything else."""
    module, colon, attribute = name.partition(":")
    if not colon or not module or not attribute:
        raise ValueError(f"an application is named as MODULE:APP, not {name!r}")
    if module.endswith(".py") or "/" in module:
        dotted = module.removesuffix(".py").strip("./").replace("/", ".")
        raise ValueError(f"a module is named as in an import, {dotted}:{attribute}, not {name!r}")
    if attribute.endswith("()"):
        raise ValueError(f"a function is called for you: {name[:-2]}, not {name!r}")
    if not _NAME.fullmatch(module) or not _NAME.fullmatch(attribute):
        raise ValueError(f"an application is named as MODULE:APP, not {name!r}")
    return module, attribute


def load(name: str, loop: asyncio.AbstractEventLoop) -> Any:
    """Return the application that ``MODULE:APP`` names, or that the function of this name makes.

    A coroutine function is run in ``loop``, which does not run otherwise. Raises
    `ApplicationError`.
    """
    module_name, attribute = split_name(name)
    _find_in_working_directory()
    module = _imported(module_name)
    found = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise ApplicationError(_no_attribute(found, module_name, part)) from None
    return _checked(_made(found, name, loop), name)


def _find_in_working_directory() -> None:
    """Let modules be imported from the working directory, as Python's -m does."""
    directory = os.getcwd()
    if not {"", directory} & set(sys.path):
        sys.path.insert(0, directory)


def _imported(name: str) -> Any:
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            where = f"neither in {os.getcwd()} nor where Python looks for modules"
            raise ApplicationError(f"no module {error.name!r} {where}") from None
        raise ApplicationError(f"cannot import {name!r}", error) from None
    except (Exception, SystemExit) as error:
        raise ApplicationError(f"cannot import {name!r}", error) from None
    return sys.modules[name]


def _no_attribute(found: Any, module_name: str, part: str) -> str:
    names = [name for name in dir(found) if not name.startswith("_")]
    alike = difflib.get_close_matches(part, names, n=1)
    hint = f", did you mean {alike[0]!r}?" if alike else ""
    return f"module {module_name!r} has no {part!r}{hint}"


def _made(found: Any, name: str, loop: asyncio.AbstractEventLoop) -> Any:
    """Return what a function without arguments, or a class, makes; other things as they are."""
    if not (inspect.isroutine(found) or isinstance(found, type)) or _needs_arguments(found):
        return found
    try:
        made = found()
        if inspect.iscoroutine(made):
            made = loop.run_until_complete(made)
    except (Exception, SystemExit) as error:
        raise ApplicationError(f"{name} has failed", error) from None
    if made is None:
        raise ApplicationError(f"{name}() returned None instead of an application")
    return made


def _needs_arguments(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind()
    except TypeError:
        return True
    except ValueError:  # one in C, that does not tell
        return False
    return False


def _checked(found: Any, name: str) -> Any:
    if hasattr(found, "start_exchange") or isinstance(found, HTTPServerConnectionDelegate):
        return found
    hint = ""
    if callable(found) and not isinstance(found, type):
        count = _argument_count(found)
        if count == 1:
            return found
        if count == 2:
            hint = ": a WSGI application is served by waterspout.wsgi.WSGIContainer(...)"
        elif count == 3:
            hint = ": an ASGI application needs an ASGI server"
    raise ApplicationError(
        f"{name} is {_described(found)}, no Application, no HTTPServerConnectionDelegate, and no"
        f" function that makes one{hint}"
    )


def _argument_count(function: Callable[..., Any]) -> int | None:
    """Return with how many arguments, 1 to 3, a function can be called."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    for count in (1, 2, 3):
        try:
            signature.bind(*range(count))
        except TypeError:
            continue
        return count
    return None


def _described(found: Any) -> str:
    return f"the class {found.__name__}" if isinstance(found, type) else f"{found!r:.80}"


def _own_traceback(error: BaseException) -> str:
    """Return the traceback of an error from where the user's code begins."""
    shown = traceback.TracebackException.from_exception(error)
    frames = list(shown.stack)
    while frames and frames[0].filename.startswith(_FOREIGN):
        del frames[0]
    shown.stack = traceback.StackSummary.from_list(frames)
    return "".join(shown.format())


def _files(error: BaseException) -> set[str]:
    frames = traceback.extract_tb(error.__traceback__)
    files = {frame.filename for frame in frames if not frame.filename.startswith("<")}
    if isinstance(error, SyntaxError) and error.filename is not None:
        files.add(error.filename)
    for earlier in (error.__cause__, error.__context__):
        if earlier is not None:
            files |= _files(earlier)
    return files
