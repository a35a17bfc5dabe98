"""Arguments of a handler beside Tornado's: decoding, stripping, defaults, the order of values."""

import warnings
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

import waterspout.httputil
import waterspout.web

tornado_web = pytest.importorskip("tornado.web", reason="tornado is not installed")
tornado_httputil = pytest.importorskip("tornado.httputil")

FORM = "application/x-www-form-urlencoded"

PIECES = (
    "a b c = & && + %20 % %zz %C3%A9 %00 %0A %85 %C2%85 %C2%A0 %7F %08 %09 %0B %1c %1F ; %26 %3D"
    " %61 [] / ? %E2%80%A8 %EF%BB%BF %FF %ED%A0%80 a= &a= &b="
)
QUERIES = st.lists(st.sampled_from(PIECES.split()), max_size=12).map("".join)


def handlers(query: str, body: str, content_type: str = FORM) -> list[Any]:
    """Return a handler of ours and one of Tornado's, of the same request."""
    made = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for web, httputil in (
            (waterspout.web, waterspout.httputil),
            (tornado_web, tornado_httputil),
        ):
            request = httputil.HTTPServerRequest(
                "POST",
                "/?" + query,
                headers=httputil.HTTPHeaders({"Content-Type": content_type}),
                body=body.encode("latin-1"),
                connection=mock.Mock(),
            )
            if httputil is tornado_httputil:
                request._parse_body()
            made.append(web.RequestHandler(web.Application(), request))
    return made


def told(handler: Any, call: str, *args: Any, **kwargs: Any) -> Any:
    """Return what a call gives, or the status and the message of its error."""
    try:
        return getattr(handler, call)(*args, **kwargs)
    except (waterspout.web.HTTPError, tornado_web.HTTPError) as error:
        return type(error).__name__, error.status_code, str(error)


@given(QUERIES, QUERIES)
def test_the_same_request_has_the_same_arguments(query, body):
    ours, theirs = handlers(query, body)
    for name in ("arguments", "query_arguments", "body_arguments", "files"):
        assert getattr(ours.request, name) == getattr(theirs.request, name)
    for name in [*theirs.request.arguments, "none"]:
        for where in ("", "query_", "body_"):
            for strip in (True, False):
                assert told(ours, f"get_{where}arguments", name, strip) == told(
                    theirs, f"get_{where}arguments", name, strip
                )
                for default in ((), (None,), ("default",), (5,)):
                    call = f"get_{where}argument"
                    assert told(ours, call, name, *default, strip=strip) == told(
                        theirs, call, name, *default, strip=strip
                    )


@given(st.text(st.characters(max_codepoint=0x2FFF), max_size=8))
def test_any_text_comes_back_alike(text):
    from urllib.parse import quote

    for query in (f"a={quote(text)}", f"a=x{quote(text)}x"):
        ours, theirs = handlers(query, query)
        for strip in (True, False):
            assert ours.get_argument("a", strip=strip) == theirs.get_argument("a", strip=strip)


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8", "text/plain", ""])
def test_the_same_types_are_forms(content_type):
    ours, theirs = handlers("", "a=1&b", content_type)
    assert ours.request.body_arguments == theirs.request.body_arguments


@pytest.mark.parametrize("count", [1000, 1001])
@pytest.mark.parametrize("where", ["query", "body"])
def test_the_same_number_of_arguments_is_too_much(count, where):
    many = "&".join(["a"] * count)
    query, body = (many, "") if where == "query" else ("", many)
    if count > 1000:
        with pytest.raises(tornado_httputil.HTTPInputError):
            handlers(query, body)
        request = waterspout.httputil.HTTPServerRequest(
            "POST",
            "/?" + query,
            headers=waterspout.httputil.HTTPHeaders({"Content-Type": FORM}),
            body=body.encode(),
        )
        with pytest.raises(waterspout.httputil.HTTPInputError):
            _ = request.arguments
    else:
        ours, theirs = handlers(query, body)
        assert ours.request.arguments == theirs.request.arguments
