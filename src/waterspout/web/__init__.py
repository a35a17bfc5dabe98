"""The web framework: what a handler is, and the application that finds it."""

from waterspout.routing import URLSpec
from waterspout.web.application import Application
from waterspout.web.errorhandler import ErrorHandler
from waterspout.web.errors import Finish, HTTPError, MissingArgumentError
from waterspout.web.handler import RequestHandler

url = URLSpec

__all__ = [
    "Application",
    "ErrorHandler",
    "Finish",
    "HTTPError",
    "MissingArgumentError",
    "RequestHandler",
    "URLSpec",
    "url",
]
