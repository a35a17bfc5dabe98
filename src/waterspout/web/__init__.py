"""The web framework: what a handler is, and the application that finds it."""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names
from waterspout.routing import URLSpec
from waterspout.web.application import Application
from waterspout.web.errorhandler import ErrorHandler
from waterspout.web.errors import Finish, HTTPError, MissingArgumentError
from waterspout.web.handler import RequestHandler
from waterspout.web.streaming import stream_request_body
from waterspout.web.transforms import GZipContentEncoding, OutputTransform

if TYPE_CHECKING:
    from waterspout.web.authentication import authenticated
    from waterspout.web.checks import Checks
    from waterspout.web.eventstream import Event, EventStream
    from waterspout.web.fallbackhandler import FallbackHandler
    from waterspout.web.healthhandler import HealthHandler, ReadyHandler
    from waterspout.web.metrics import Metrics
    from waterspout.web.metricshandler import MetricsHandler
    from waterspout.web.redirecthandler import RedirectHandler
    from waterspout.web.signed import (
        DEFAULT_SIGNED_VALUE_MIN_VERSION,
        DEFAULT_SIGNED_VALUE_VERSION,
        MAX_SUPPORTED_SIGNED_VALUE_VERSION,
        MIN_SUPPORTED_SIGNED_VALUE_VERSION,
        create_signed_value,
        decode_signed_value,
        get_signature_key_version,
    )
    from waterspout.web.slashes import addslash, is_absolute, removeslash
    from waterspout.web.staticfilehandler import StaticFileHandler
    from waterspout.web.uimodules import TemplateModule, UIModule

url = URLSpec

__all__ = [
    "DEFAULT_SIGNED_VALUE_MIN_VERSION",
    "DEFAULT_SIGNED_VALUE_VERSION",
    "MAX_SUPPORTED_SIGNED_VALUE_VERSION",
    "MIN_SUPPORTED_SIGNED_VALUE_VERSION",
    "Application",
    "Checks",
    "ErrorHandler",
    "Event",
    "EventStream",
    "FallbackHandler",
    "Finish",
    "GZipContentEncoding",
    "HTTPError",
    "HealthHandler",
    "Metrics",
    "MetricsHandler",
    "MissingArgumentError",
    "OutputTransform",
    "ReadyHandler",
    "RedirectHandler",
    "RequestHandler",
    "StaticFileHandler",
    "TemplateModule",
    "UIModule",
    "URLSpec",
    "addslash",
    "authenticated",
    "create_signed_value",
    "decode_signed_value",
    "get_signature_key_version",
    "is_absolute",
    "removeslash",
    "stream_request_body",
    "url",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Checks": "checks",
        "Event": "eventstream",
        "EventStream": "eventstream",
        "FallbackHandler": "fallbackhandler",
        "HealthHandler": "healthhandler",
        "ReadyHandler": "healthhandler",
        "Metrics": "metrics",
        "MetricsHandler": "metricshandler",
        "RedirectHandler": "redirecthandler",
        "StaticFileHandler": "staticfilehandler",
        "DEFAULT_SIGNED_VALUE_MIN_VERSION": "signed",
        "DEFAULT_SIGNED_VALUE_VERSION": "signed",
        "MAX_SUPPORTED_SIGNED_VALUE_VERSION": "signed",
        "MIN_SUPPORTED_SIGNED_VALUE_VERSION": "signed",
        "create_signed_value": "signed",
        "decode_signed_value": "signed",
        "get_signature_key_version": "signed",
        "TemplateModule": "uimodules",
        "UIModule": "uimodules",
        "addslash": "slashes",
        "authenticated": "authentication",
        "is_absolute": "slashes",
        "removeslash": "slashes",
    },
)
