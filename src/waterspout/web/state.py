"""What a handler knows of its request and its response; compiled, a structure in C."""

from types import EllipsisType
from typing import Any

from waterspout.protocol.headers import HTTPHeaders

__all__ = ["HandlerState"]


class HandlerState:
    """The attributes that every request reads and writes; ``RequestHandler`` has the methods."""

    #: How many seconds a request may take whose handler has to wait; None is for ever, ``...`` what
    #: the server's policy says. For a class; ``request.connection.set_request_timeout`` is for one.
    request_timeout: float | EllipsisType | None = ...
    #: Whether the coroutine of the handler is cancelled when the client goes.
    cancel_on_disconnect = True

    def _take_request(self, application: Any, request: Any) -> None:
        self.application = application
        self.request = request
        self._headers_written = False
        self._finished = False
        self._auto_finish = True
        #: Lines of ``Set-Cookie`` by the names of the cookies; they outlive ``clear``.
        self._new_cookies: dict[str, str] | None = None
        self._begin_response()

    def _begin_response(self) -> None:
        """Begin the response anew; what has gone out stays out."""
        self._status_code = 200
        self._own_reason: str | None = None
        #: The fields, once the handler has touched them; the default ones until then.
        self._own_headers: HTTPHeaders | None = None
        self._response_etag: str | None = None
        self._write_buffer: list[bytes] = []
        #: Who changes the response on its way, once that has begun; None for nobody.
        self._transforms: list[Any] | None = None

    def __repr__(self) -> str:
        state = "finished" if self._finished else f"status={self._status_code}"
        return f"<{type(self).__name__} {self.request.method} {self.request.uri} {state}>"
