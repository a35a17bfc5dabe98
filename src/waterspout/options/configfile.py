"""Config files: Python that is run, and what it assigns to the names of options.

A config file can do all that the program can: never run what somebody else has written.
"""

import ast
import os
from pathlib import Path
from typing import Any

from waterspout.options.errors import Error

__all__ = ["ConfigFile"]


class ConfigFile:
    """The file at ``path``, which has been run; ``values`` has its names, ``__file__`` among them.

    Raises ``OSError`` if it cannot be read, and ``Error`` with file and line, with the cause as its
    ``__cause__``, if it is no Python or fails.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        source = Path(self.path).read_bytes()
        try:
            self._tree = ast.parse(source, self.path)
            code = compile(self._tree, self.path, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise Error(f"{self._place(error.lineno)}: {error.msg}") from error
        except (ValueError, RecursionError, MemoryError) as error:  # NULs; too deeply nested
            raise Error(f"{self._place(None)}: {type(error).__name__}: {error}") from error
        self.values: dict[str, Any] = {"__file__": os.path.abspath(self.path)}
        try:
            exec(code, self.values)  # noqa: S102 - that is what a config file is for
        except Exception as error:
            place = self._place(self._line_of_error(error))
            raise Error(f"{place}: {type(error).__name__}: {error}") from error

    def place_of(self, name: str) -> str:
        """Return where the file sets ``name``: the file, and the line if there is one."""
        lines = [
            node.lineno
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        ]
        return self._place(max(lines, default=None))

    def _place(self, line: int | None) -> str:
        place = f"config file {self.path}"
        return place if line is None else f"{place}, line {line}"

    def _line_of_error(self, error: BaseException) -> int | None:
        """Return the line of the file that was at work, if only by what it called."""
        line = None
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self.path:
                line = traceback.tb_lineno
            traceback = traceback.tb_next
        return line
