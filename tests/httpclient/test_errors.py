"""What can go wrong, as errors: how they are made, what they tell, and that they travel."""

import copy
import pickle
import socket
import ssl
from types import SimpleNamespace

import pytest

from waterspout import httpclient
from waterspout.httpclient import HTTPClientError, HTTPRequest, HTTPResponse, errors
from waterspout.httpclient.failures import explained
from waterspout.httpclient.hop import first_hop
from waterspout.httpclient.settings import Settings
from waterspout.net import CallbackError, DeadlineError
from waterspout.protocol.errors import LocalProtocolError, RemoteProtocolError

URL = "http://me:secret@example.org/path?q"
# `HTTPClientError` is the first one.
FAMILY = [
    value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, HTTPClientError) and value.__name__ == name
    if not name.startswith("_")
]


def failing(phase: str, **state: object) -> SimpleNamespace:
    """What is known of an exchange."""
    settings = Settings()
    hop = first_hop(HTTPRequest(URL), settings)
    return SimpleNamespace(
        **{
            "hop": hop,
            "phase": phase,
            "deadline": 20.0,
            "sent": 1.0,
            "has_ended": False,
            "has_begun": False,
            **state,
        }
    )


@pytest.mark.parametrize(
    ("error", "state", "kind", "phase"),
    [
        (DeadlineError(), {"phase": "waiting in the queue"}, "HTTPTimeoutError", "queue"),
        (DeadlineError(), {"phase": "connecting to x:80"}, "HTTPTimeoutError", "connect"),
        (OSError(113, "no route"), {"phase": "connecting to x:80"}, "HTTPConnectError", "connect"),
        (
            ConnectionRefusedError(111, "refused"),
            {"phase": "connecting to x:80"},
            "HTTPConnectionRefusedError",
            "connect",
        ),
        (socket.gaierror(-2, "none"), {"phase": "resolving x"}, "HTTPResolveError", "resolve"),
        (ssl.SSLError(1, "no"), {"phase": "shaking hands (TLS) with x"}, "HTTPTLSError", "tls"),
        (
            ssl.SSLCertVerificationError(1, "no"),
            {"phase": "shaking hands (TLS) with x"},
            "HTTPCertificateError",
            "tls",
        ),
        (
            ConnectionResetError(104, "reset"),
            {"sent": 1.0, "phase": "reading the response"},
            "HTTPConnectionResetError",
            "read",
        ),
        (
            ssl.SSLError(1, "bad record"),
            {"sent": 1.0, "has_begun": True},
            "HTTPConnectionLostError",
            "read",
        ),
        (
            ssl.SSLError(1, "certificate required"),
            {"sent": 1.0, "phase": "waiting for the response"},
            "HTTPTLSError",
            "wait",
        ),
        (
            BrokenPipeError(32, "pipe"),
            {"sent": 1.0, "phase": "sending the request"},
            "HTTPConnectionLostError",
            "send",
        ),
        (RemoteProtocolError("bad"), {}, "HTTPProtocolError", "read"),
        (RemoteProtocolError("bad"), {"has_ended": True}, "HTTPStreamClosedError", "read"),
        (RemoteProtocolError("long", 413), {}, "HTTPTooLargeError", "read"),
        (RemoteProtocolError("long", 431), {}, "HTTPTooLargeError", "read"),
        (
            errors.HTTPProtocolError("switched"),
            {"phase": "waiting for the response"},
            "HTTPProtocolError",
            "wait",
        ),
    ],
)
def test_what_is_told(error, state, kind, phase):
    exchange = failing(**{"phase": "reading the response", "sent": 0.0, **state})
    told = explained(error, exchange, 19.0)
    assert type(told).__name__ == kind
    assert isinstance(told, HTTPClientError)
    assert told.code == 599
    assert told.phase == phase
    assert told.url == "http://example.org/path?q"
    assert "secret" not in f"{told}{told!r}"


@pytest.mark.parametrize(
    ("now", "sent", "name"),
    [
        (19.0, 0.0, "connect_timeout"),
        (19.0, 1.0, "read_timeout"),
        (19.996, 0.0, "request_timeout"),
        (19.996, 1.0, "request_timeout"),
    ],
)
def test_which_limit_it_was(now, sent, name):
    told = explained(DeadlineError(), failing("doing something", sent=sent), now)
    assert isinstance(told, errors.HTTPTimeoutError)
    assert told.timeout == name
    assert name in str(told)


@pytest.mark.parametrize("error", [LocalProtocolError("ours"), RuntimeError("x"), KeyError("y")])
def test_what_is_told_as_it_is(error):
    assert explained(error, failing("sending the request"), 1.0) is error


def test_what_a_callback_raised():
    try:
        raise CallbackError from ZeroDivisionError("mine")
    except CallbackError as error:
        told = explained(error, failing("reading the response"), 1.0)
    assert type(told) is ZeroDivisionError


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_all_are_public_and_explained(kind):
    assert getattr(httpclient, kind.__name__) is kind
    assert kind.__name__ in httpclient.__all__
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize("kind", FAMILY[1:], ids=lambda kind: kind.__name__)
def test_all_can_be_pickled_and_copied(kind):
    error = kind("what went wrong")
    error.url, error.phase = "http://example.org/", "read"
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is kind
        assert str(again) == str(error) == "what went wrong"
        assert (again.code, again.url, again.phase) == (599, "http://example.org/", "read")


def test_what_the_system_said_can_be_pickled():
    cause = ssl.SSLCertVerificationError(1, "not good")
    cause.verify_code = 20
    error = errors.from_os_error(cause, "message", True)
    error = pickle.loads(pickle.dumps(error))
    assert isinstance(error, errors.HTTPCertificateError)
    assert (error.errno, error.strerror, error.verify_code) == (1, "not good", 20)


def test_an_error_with_a_response_can_be_pickled():
    response = HTTPResponse(HTTPRequest(URL), 404, effective_url="http://example.org/")
    error = pickle.loads(pickle.dumps(response.error))
    assert (error.code, error.message, error.url) == (404, "Not Found", "http://example.org/")
    assert error.response.code == 404


def test_without_a_message():
    assert str(errors.HTTPTimeoutError()) == "Timeout"
    assert str(HTTPClientError(404)) == "HTTP 404: Not Found"
