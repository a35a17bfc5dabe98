"""The seam between wire and application."""

import pytest

from waterspout.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)


def test_a_message_delegate_need_override_nothing():
    delegate = HTTPMessageDelegate()
    line = RequestStartLine("GET", "/", "HTTP/1.1")
    assert delegate.headers_received(line, HTTPHeaders()) is None
    assert delegate.data_received(b"x") is None
    delegate.finish()
    delegate.on_connection_close()


def test_a_connection_must_override_all():
    connection = HTTPConnection()
    line = ResponseStartLine("HTTP/1.1", 200, "OK")
    for act in (
        lambda: connection.write_headers(line, HTTPHeaders()),
        lambda: connection.write(b"x"),
        connection.finish,
    ):
        with pytest.raises(NotImplementedError):
            act()


def test_a_server_delegate_must_take_requests():
    delegate = HTTPServerConnectionDelegate()
    with pytest.raises(NotImplementedError):
        delegate.start_request(None, HTTPConnection())
    delegate.on_close(None)
