"""A handler that answers every request with one error."""

from waterspout.web.errors import HTTPError
from waterspout.web.handler import RequestHandler

__all__ = ["ErrorHandler"]


class ErrorHandler(RequestHandler):
    """Answers with ``status_code``; what an application does with paths that no rule matches."""

    def initialize(self, status_code: int) -> None:
        """Take the status to answer with."""
        self.set_status(status_code)

    def prepare(self) -> None:
        """Raise the error."""
        raise HTTPError(self._status_code)

    def check_xsrf_cookie(self) -> None:
        """Refuse nothing: an error page changes nothing, and says what is wrong."""

    def check_trusted_origin(self, origin: str) -> bool:
        """Refuse nothing; see ``check_xsrf_cookie``."""
        return True
