"""What is said of a template that is wrong."""

__all__ = ["ParseError"]


class ParseError(Exception):
    """A template that can't be understood: what, in which file (``filename``), at which line.

    Lines count from 1; 0 where there is no line to name.
    """

    def __init__(self, message: str, filename: str | None = None, lineno: int = 0) -> None:
        super().__init__(message, filename, lineno)
        self.message = message
        self.filename = filename
        self.lineno = lineno

    def __str__(self) -> str:
        return f"{self.message} at {self.filename}:{self.lineno}"
