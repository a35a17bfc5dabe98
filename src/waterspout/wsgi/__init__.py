"""Applications of the synchronous kind (WSGI, PEP 3333), served by the HTTP server."""

from waterspout.wsgi.container import WSGIContainer
from waterspout.wsgi.environ import to_wsgi_str

__all__ = ["WSGIContainer", "to_wsgi_str"]
